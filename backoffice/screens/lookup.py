"""Type-ahead for pointers: records and people whose name holds what was typed, as JSON, within the reader's reach."""

from __future__ import annotations

from flask import jsonify, request
from flask.typing import ResponseReturnValue
from flask_admin import expose

from backoffice.screens.base import view_of
from backoffice.screens.reader import Reader, current_reader
from backoffice.screens.routes import RecordRoutes
from models import access, listing, records, registry
from models.access import Purpose
from models.declarations import Field, RecordType
from models.errors import NotFound
from models.listing import BadQuery, ListQuery
from models.merge.service import merges_any
from models.names import POINTERS, title_of
from models.person import directory
from models.record import SYSTEM_FIELDS

OFFERED = 10
LONGEST = 100
SHORTEST = 2


class LookupRoutes(RecordRoutes):
    """What a combobox asks."""

    @expose("/<slug>/lookup")  # type: ignore[untyped-decorator]
    def lookup(self, slug: str) -> ResponseReturnValue:
        """What the pointer field `field` of a type may point to, for what was typed (`q`)."""
        view, reader = view_of(slug, self.admin), current_reader()
        field = pointer_field(view.rt, reader, request.args.get("field", ""))
        text = request.args.get("q", "").strip()
        if len(text) > LONGEST or "\x00" in text:
            raise BadQuery(parameter="q")
        if field.kind == "person":
            return jsonify(people(field, text))
        return jsonify(pointed_records(registry.get(field.to).rt, text, reader))


def pointer_field(rt: RecordType, reader: Reader, path: str) -> Field:
    """The pointer at a path such as `customer` or `team.person`, if the reader may see or fill it.

    :raises NotFound: otherwise.
    """
    known = (*access.visible_fields(reader.person, rt), *records.form_fields(reader.person, rt), *SYSTEM_FIELDS)
    if merges_any(reader.person, rt):
        known += (Field(name="merged_into", kind="reference", label=rt.label, to=rt.slug),)
    fields, found = known, None
    for part in path[:200].split("."):
        found = next((f for f in fields if f.name == part), None)
        if found is None:
            raise NotFound()
        fields = found.fields
    if found is None or found.kind not in POINTERS:
        raise NotFound()
    return found


def people(field: Field, text: str) -> list[dict[str, str]]:
    """Active people who may stand in the field."""
    rows = directory.find(text, field.roles, OFFERED)
    return [{"number": row["email"], "title": row["name"], "detail": row["email"]} for row in rows]


def pointed_records(rt: RecordType, text: str, reader: Reader) -> list[dict[str, str]]:
    """Records whose searchable text holds what was typed; the newest ones while it is too short to search.

    Cards never answer a search, and do not stand among the newest either: what is typed must not find them (X6).
    """
    reach = access.reach(reader.person, rt, Purpose.VIEW).without_cards
    query = ListQuery(q=text if len(text) >= SHORTEST else "", limit=OFFERED)
    rows = listing.page(rt, reach, query, access.visible_fields(reader.person, rt), only=(rt.title,)).rows
    return [
        {
            "number": row["number"],
            "title": title_of(reader.person, rt, row, "full", reader.language),
            "detail": row["number"],
        }
        for row in rows
    ]
