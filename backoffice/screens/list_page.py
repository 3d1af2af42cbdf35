"""What the list page shows: columns, rows, filter chips and the maker of filters."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from jinja2.utils import htmlsafe_json_dumps
from markupsafe import Markup

from backoffice import addresses, trail
from backoffice.screens import cells
from backoffice.screens.base import RecordView, Row
from backoffice.screens.bulk_bar import bar
from backoffice.screens.filter_words import FilterWords, maker_words, offered, operator_labels
from backoffice.screens.list_rows import SYSTEM, Rows
from backoffice.screens.listing_args import Asked
from backoffice.screens.reader import Reader
from models import access, listed, listing, names, registry
from models.declarations import Field, Level
from models.destruction.document import SLUG as DESTRUCTION
from models.errors import Refusal
from models.listing import Page, leaves
from models.listing.address import PAGE_SIZES
from models.merge.service import merges_any
from models.names import Names
from models.records import Sight
from models.watermark import watermark

Context = dict[str, Any]


NOT_A_COLUMN = ("embedded_list", "files")


def context(view: RecordView, asked: Asked, rows: list[Row], page: Page, reader: Reader) -> Context:
    """The context of `records/list.html`."""
    fields = columns(view, reader, asked.query.columns)
    found = names.resolve(
        reader.person,
        [(sight.fields, sight.values) for sight, _ in rows],
        language=reader.language,
        people=[sight.values.get("owner") for sight, _ in rows],
    )
    trail.ahead()
    bulk = bar(view.rt, reader, asked.address(), archived=asked.query.archived)
    made = Rows(view.rt, fields, found, reader, asked.address(), pick=bulk is not None)
    html, maker = made.html(rows), _maker(view, reader)
    at = addresses.of("records.listing", slug=view.rt.slug)
    return {
        "type": type_of(view, reader),
        "columns": [_column(f, f.name in maker.sortable, asked, at, reader) for f in fields],
        "rows": html,
        "on_screen_only": made.on_screen_only,
        "left_empty": _leaves_empty(view, fields, rows),
        "chips": chips(asked, at, reader),
        "filled": _filled(view, asked, rows, at, reader),
        "filters": bool(maker.fields),
        "filter_fields": maker.fields,
        "filter_list": maker.json,
        "filter_words": maker.words,
        "column_choice": _column_choice(view, fields, reader),
        "columns_url": f"{at}?{asked.address(columns='')}" if asked.query.columns else "",
        "sizes": [_size(one, asked, at) for one in PAGE_SIZES],
        "operators": maker.operators,
        "q": asked.query.q,
        "watermark": mark((sight for sight, _ in rows), reader),
        "pager": _pager(asked, page, at),
        "bulk": bulk,
        "can": {
            "create": access.may_create(reader.person, view.rt),
            "import": access.may_import(reader.person, view.rt),
            "export": access.may_export(reader.person, view.rt),
        },
        "urls": {
            "list": at,
            "new": f"{at}new",
            "export": f"{at}export?{asked.address()}",
            "import": f"{at}import",
            "everything": at,
            "duplicates": f"{at}duplicates" if _notes_pairs(view, reader) else "",
            "outdated": f"{at}outdated" if view.rt.slug == DESTRUCTION else "",
            "archive": f"{at}?archived=1" if view.rt.rights.archive and not asked.query.archived else "",
        },
    }


def mark(shown: Iterable[Sight], reader: Reader) -> str:
    """The mark of a list that shows classified records in full, with their highest level (X1); '' for others."""
    levels = {one.level for one in shown if one.full} - {Level.INTERNAL.value}
    highest = max(levels, key=lambda one: Level(one).rank, default="")
    return watermark(highest, reader.person, reader.now, reader.language)


def _leaves_empty(view: RecordView, fields: tuple[Field, ...], rows: list[Row]) -> bool:
    """Whether a column is empty for a classified record because lists do not show it."""
    hidden = {f.name for f in fields if f.name in view.rt.by_name} - listed.shown(view.rt)
    return bool(hidden) and bool(listed.classified(sight for sight, _ in rows))


def _notes_pairs(view: RecordView, reader: Reader) -> bool:
    """Whether pairs that may be one are noted for this type, and the reader may merge them."""
    return registry.get(view.rt.slug).hooks.pairs is not None and merges_any(reader.person, view.rt)


@dataclass(frozen=True)
class Maker:
    """What the filter maker offers to people of some roles in one language."""

    fields: Markup
    operators: list[Context]
    json: Markup
    words: Markup
    sortable: frozenset[str]


def _maker(view: RecordView, reader: Reader) -> Maker:
    """Made once for each kind of reader: a page of twenty rows would spend a third of its time on it."""
    key = (reader.language, reader.person.roles)
    found: Maker | None = view.makers.get(key)
    if found is None:
        labels = operator_labels(reader.language)
        filters = [offered(f, labels, reader) for f in view.queryable(reader).values() if f.filterable]
        operators = [{"value": one, "label": label} for one, label in labels.items()]
        options = (Markup('<option value="{}">{}</option>').format(one["name"], one["label"]) for one in filters)
        found = Maker(
            Markup("").join(options),
            operators,
            htmlsafe_json_dumps(filters),
            htmlsafe_json_dumps(maker_words(f"{addresses.of('records.listing', slug=view.rt.slug)}lookup")),
            frozenset(view.get_sortable_columns()),
        )
        view.makers[key] = found
    return found


def type_of(view: RecordView, reader: Reader) -> Context:
    """A type as templates name it."""
    rt = view.rt
    return {
        "slug": rt.slug,
        "label": rt.label.text(reader.language),
        "plural": rt.plural.text(reader.language),
        "one": rt.label.within(reader.language),
        "many": rt.plural.within(reader.language),
        "icon": rt.icon,
        "classified": rt.classified,
        "purpose": rt.help.text(reader.language) if rt.help else "",
        "url": addresses.of("records.listing", slug=rt.slug),
    }


def columns(view: RecordView, reader: Reader, chosen: tuple[str, ...] = ()) -> tuple[Field, ...]:
    """The list's columns: the title, then those that were chosen; or how the record stands, what is declared as
    listed, the owner."""
    title, *rest = view.columns(reader)
    if chosen:
        known = showable(view, reader)
        return (title, *(known[name] for name in chosen if name != title.name))
    standing = [SYSTEM["state"]] if view.rt.workflow is not None else []
    standing += [SYSTEM["due_at"]] if view.rt.due else []
    owner = listing.system_fields(view.rt)["owner"]
    return (title, *standing, *(f for f in rest if f.name != view.rt.due), owner)


def showable(view: RecordView, reader: Reader) -> dict[str, Field]:
    """What may stand in a column: the engine's own fields and those that the reader may read."""
    declared = {f.name: f for f in view.visible_fields(reader) if f.kind not in NOT_A_COLUMN}
    return {**listing.system_fields(view.rt), **declared}


def names_of(reader: Reader, sights: list[Sight]) -> Names:
    """The names that some records need, in one query per type."""
    people = [one for sight in sights for one in cells.person_ids(sight.values)]
    rows = [(sight.fields, sight.values) for sight in sights]
    return names.resolve(reader.person, rows, language=reader.language, people=people)


def _column(field: Field, sortable: bool, asked: Asked, at: str, reader: Reader) -> Context:
    name = field.name
    sorted_by = asked.query.sort == name
    wanted = f"-{name}" if sorted_by and not asked.query.descending else name
    return {
        "name": field.name,
        "label": field.label.text(reader.language),
        "numeric": field.kind in cells.NUMERIC,
        "sortable": sortable,
        "sorted": ("desc" if asked.query.descending else "asc") if sorted_by else "",
        "sort_url": f"{at}?{asked.address(sort=wanted)}" if sortable else "",
    }


def refused(made: Context, refusal: Refusal, asked: Asked, reader: Reader) -> Context:
    """The context of a list that was not asked for: why, and which filter it is about. There is nothing to take out or
    to keep as a view."""
    return made | {
        "notice": refusal.text(reader.language),
        "refused": True,
        "chips": chips(asked, made["urls"]["list"], reader, refusal.about),
        "can": made["can"] | {"export": False},
        "view_saver": made["view_saver"] | {"url": ""},
    }


def chips(asked: Asked, at: str, reader: Reader, refused: str = "") -> list[Context]:
    """The filters in force, each with the address of the list without it. `refused` is the field whose name filter
    stands for too many."""
    words = FilterWords(asked, at, reader, refused)
    made = [words.chip(part, (index,)) for index, part in enumerate(asked.query.filters)]
    if asked.query.q:
        made.append({"label": f"“{asked.query.q}”", "remove_url": f"{at}?{asked.address(q='')}"})
    if asked.query.archived:
        made.append({"label": _("Archived"), "remove_url": f"{at}?{asked.address(archived='')}"})
    return made


def _column_choice(view: RecordView, shown: tuple[Field, ...], reader: Reader) -> list[Context]:
    """The columns to choose from; the title is always there."""
    names_shown = {f.name for f in shown}
    return [
        {"name": f.name, "label": f.label.text(reader.language), "shown": f.name in names_shown}
        for f in showable(view, reader).values()
        if f.name != view.rt.title
    ]


def _filled(view: RecordView, asked: Asked, rows: list[Row], at: str, reader: Reader) -> Context | None:
    """What leaves out the empty values with which an order begins; None where it begins with others."""
    name = asked.query.sort
    field = view.queryable(reader).get(name)
    if field is None or not field.filterable or asked.query.descending or not rows:
        return None
    first = rows[0][0]
    if (
        not first.full
        or first.values.get(name) is not None
        or any(f.field == field for f in leaves(asked.query.filters))
    ):
        return None
    label = _("Leave out those without “%(field)s”", field=field.label.text(reader.language))
    return {"label": label, "url": f"{at}?{asked.address(**{name: 'filled'})}"}


def _size(size: int, asked: Asked, at: str) -> Context:
    wanted = "" if size == PAGE_SIZES[0] else str(size)
    return {"label": str(size), "url": f"{at}?{asked.address(show=wanted)}", "active": size == asked.query.limit}


def _pager(asked: Asked, page: Page, at: str) -> Context:
    return {
        "prev_url": f"{at}?{asked.address(before=page.previous)}" if page.previous else "",
        "next_url": f"{at}?{asked.address(after=page.next)}" if page.next else "",
    }
