"""The one view behind every record type: Flask-Admin's model view with its doors closed (docs/adr/0003).

Flask-Admin decides what a screen shows when the view is built, for everybody. Here nothing is decided then: each
getter is answered per request, from the declaration and the reader's rights, and everything that is not overridden
denies. No instance is ever registered; `RecordsHost` calls it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar, NoReturn

from flask import Blueprint
from flask_admin import Admin
from flask_admin.form import BaseForm
from flask_admin.model import BaseModelView

from backoffice.screens import forms
from backoffice.screens.form_items import Posted
from backoffice.screens.reader import Reader, current_reader
from models import access, listed, listing, records, registry
from models.access import Purpose
from models.declarations import Field, RecordType
from models.errors import NotFound
from models.glances import Glances
from models.listing import ListQuery, Page
from models.person.roles import Role
from models.record import LEVEL_FIELD
from models.records import Sight

Row = tuple[Sight, Mapping[str, Any]]


class RecordView(BaseModelView):
    """The screens of one version of one record type.

    The permissive switches of Flask-Admin are all off; what a person may do is asked of `models.access` and
    `models.records`, for each request.
    """

    can_create = can_edit = can_delete = can_export = can_view_details = False
    can_set_page_size = False
    column_display_actions = False
    named_filter_urls = False
    list_template = "records/list.html"
    details_template = "records/details.html"
    create_template = edit_template = "records/form.html"
    action_disallowed_list: ClassVar[list[str]] = ["delete"]

    def __init__(self, entry: registry.Registered, admin: Admin | None) -> None:
        self.rt: RecordType = entry.rt
        self.makers: dict[tuple[str, frozenset[Role]], Any] = {}
        super().__init__(entry.document, name=entry.rt.slug, endpoint=f"records_{entry.rt.slug}")
        self.admin = admin

    # --- closed: what Flask-Admin would open or remember

    def create_blueprint(self, admin: Admin) -> Blueprint:
        """:raises TypeError: always: a registered view would have routes that nobody guards."""
        raise TypeError("a record view is served by the records host, never registered")

    def _refresh_cache(self) -> None:
        """Remember nothing: who asks decides what there is."""

    def is_accessible(self) -> bool:
        """Whether the reader can reach anything of this type, or add to it."""
        person = current_reader().person
        reach = access.reach(person, self.rt, Purpose.VIEW)
        return not reach.nothing or access.may_create(person, self.rt)

    def is_action_allowed(self, name: str) -> bool:
        """Flask-Admin's own actions (mass delete) do not exist here."""
        return False

    def scaffold_list_columns(self) -> list[str]:
        """No column by default: an undeclared field is invisible."""
        return []

    def scaffold_sortable_columns(self) -> dict[str, str]:
        """Nothing sorts by default."""
        return {}

    def scaffold_filters(self, name: Any) -> None:
        """Flask-Admin's filters are not used: they take any column."""

    def scaffold_form(self) -> type[BaseForm]:
        """An empty form: fields come per request."""
        return BaseForm  # type: ignore[no-any-return]

    scaffold_list_form = None
    """No editing in the list: it would pass by the version check."""

    def init_search(self) -> bool:
        """Flask-Admin's search is not used: it looks into columns that the reader may not see."""
        return False

    def delete_model(self, model: Any) -> NoReturn:
        """:raises NotFound: always: records are archived, or destroyed by three signatures (D1)."""
        raise NotFound()

    # --- answered per request

    def get_pk_value(self, model: Sight) -> str:
        """A record's key in addresses is its number."""
        return model.number

    def visible_fields(self, reader: Reader) -> tuple[Field, ...]:
        """The declared fields that the reader may read in full records."""
        return access.visible_fields(reader.person, self.rt)

    def get_list_columns(self) -> list[tuple[str, str]]:
        """Name and label of each column: the title, then what is declared as listed and theirs to see."""
        reader = current_reader()
        return [(f.name, f.label.text(reader.language)) for f in self.columns(reader)]

    def columns(self, reader: Reader) -> tuple[Field, ...]:
        """The fields of the list's columns, the title first."""
        title = self.rt.by_name[self.rt.title]
        return (title, *(f for f in self.visible_fields(reader) if f.listed and f is not title))

    def get_sortable_columns(self) -> dict[str, str]:
        """What the list may be sorted by: declared as sortable and theirs to see."""
        known = self.queryable(current_reader())
        return {name: name for name, field in known.items() if listing.sortable(field)}

    def queryable(self, reader: Reader) -> dict[str, Field]:
        """The fields by which the reader may filter or sort."""
        return listing.queryable(self.rt, self.visible_fields(reader))

    def get_list(
        self, query: ListQuery, fields: tuple[Field, ...], purpose: Purpose = Purpose.VIEW
    ) -> tuple[list[Row], Page]:
        """One page of records as the reader may see them, each with what is stored of it; nothing but `fields` is
        read. Classified ones that are shown in full are in the audit trail first. There is no total: counting
        everything costs too much.

        :raises BadQuery: for what the reader may not filter or sort by.
        :raises NotAudited: without its entry nothing classified is shown (X7).
        """
        reader = current_reader()
        person = reader.person
        reach = access.reach(person, self.rt, purpose)
        glances = Glances(person, self.rt, reach, fields)
        found = listing.page(self.rt, reach, query, self.visible_fields(reader), only=glances.names)
        seen = ((glances.of(row), row) for row in found.rows)
        rows: list[Row] = [(sight, row) for sight, row in seen if sight is not None]
        listed.note(person, listed.classified(sight for sight, _ in rows), reader.now, via="screen")
        return rows, found

    def get_one(self, number: str) -> Sight:
        """A record again, after a use case of the same request has read (and audited) it. :raises NotFound:"""
        return records.again(current_reader().person, self.rt.slug, number)

    def create_form(
        self, obj: Any = None, posted: Posted | None = None, prefill: Mapping[str, str] | None = None
    ) -> forms.RecordForm:
        """The reader's form for a new record."""
        reader = current_reader()
        level = self.rt.default_level.value
        wanted = records.form_fields(reader.person, self.rt)
        fields = tuple(replace(f, default=level) if f.name == LEVEL_FIELD else f for f in wanted)
        return forms.build(self.rt.slug, fields, {}, reader, posted, prefill)

    def edit_form(
        self,
        obj: Any = None,
        posted: Posted | None = None,
        asked: forms.RecordForm | None = None,
        former: forms.Versions | None = None,
    ) -> forms.RecordForm:
        """The reader's form for a record as it is stored (`obj`); `asked` and `former` as in `forms.build`."""
        reader = current_reader()
        fields = records.form_fields(reader.person, self.rt, obj)
        return forms.build(self.rt.slug, fields, obj, reader, posted, asked=asked, former=former)


_views: dict[tuple[str, int], RecordView] = {}


def view_of(slug: str, admin: Admin | None) -> RecordView:
    """The view of a type in force; one instance per version of the type.

    :raises NotFound: for an unknown type and for one of which the reader can reach nothing, alike (X6).
    """
    entry = registry.get(slug)
    view = _views.get((slug, entry.rt.version))
    if view is None or view.model is not entry.document:
        view = _views[slug, entry.rt.version] = RecordView(entry, admin)
    if not view.is_accessible():
        raise NotFound()
    return view
