"""Lists as files: the same rows as the list of the same address, with the same cards and masks, streamed.

What may leave is decided by `access` for the purpose of export: a record that the person reads but may not take out
leaves as its card. Before the first byte the audit trail has who takes what; every classified record that leaves in
full has its own entry, written before its row is; the end adds how many rows left, by level, and the file's SHA-256.
Classified types carry in each row the level, the reader and the time (X1), so that no cut or sorted copy loses them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from bson import ObjectId

from config.database import transaction
from models import access, audit, listing, names, records, registry
from models.access import Purpose
from models.calendar import local
from models.declarations import LEVEL_LABELS, Field, Level, RecordType
from models.errors import Forbidden, Refusal
from models.exchange.mapping import EXPORT_HEADINGS
from models.exchange.writing import Column, stream_csv, stream_xlsx
from models.listing import ListQuery
from models.names import Names
from models.person.roles import Person
from models.record import SYSTEM_FIELDS
from models.records import Sight

AT_ONCE = 500
FORMATS = ("csv", "xlsx")
TYPED = ("integer", "decimal", "money", "percent", "date", "datetime")
SYSTEM = {f.name: f for f in SYSTEM_FIELDS}


class UnknownFormat(Refusal):
    """Lists are exported as CSV or XLSX."""

    code, status = "unknown_format", 400
    zh, en = "导出格式应为 CSV 或 XLSX。", "Lists are exported as CSV or XLSX."


@dataclass(frozen=True)
class Export:
    """One export that was allowed and audited; `pieces` is the file, to be taken once."""

    name: str
    pieces: Generator[bytes, None, None]


def export(
    person: Person, slug: str, query: ListQuery, form: str, *, now: datetime, language: str = "", via: str = "screen"
) -> Export:
    """A list as a file. `query` is the list's own; its page is left aside, the whole list leaves.

    :raises Forbidden: when nothing of this type may leave with this person.
    :raises BadQuery: for a query that the list would refuse.
    :raises UnknownFormat: for anything but csv and xlsx.
    """
    rt = registry.get(slug).rt
    if form not in FORMATS:
        raise UnknownFormat
    if not access.may_export(person, rt):
        raise Forbidden()
    language = language or person.language
    sheet = _Sheet(person, rt, language, now)
    reach = access.reach(person, rt, Purpose.EXPORT)
    visible = access.visible_fields(person, rt)
    listing.compile_query(rt, reach, query, visible)  # refused here, before the audit entry and the first byte
    detail = {"format": form, "via": via, "archived": query.archived, "searched": bool(query.q)}
    detail |= {"filters": [f"{f.field.name}:{f.operator}" for f in listing.leaves(query.filters)]}
    transaction(lambda: audit.append("export", person, audit.Subject(slug), now=now, detail=detail))
    sons = listing.scan(rt, reach, query, visible)
    rows = sheet.rows(sons, reach)
    columns = sheet.columns()
    body = stream_csv(columns, rows) if form == "csv" else stream_xlsx(columns, rows, rt.plural.text(language))
    return Export(f"{rt.slug}-{local(now):%Y%m%d-%H%M}.{form}", _counted(body, sheet, detail))


def _counted(body: Iterator[bytes], sheet: _Sheet, detail: Mapping[str, Any]) -> Generator[bytes, None, None]:
    """The file's pieces; once they have left, or the reader went away, the trail learns how much it was."""
    digest, complete = hashlib.sha256(), False
    try:
        for piece in body:
            digest.update(piece)
            yield piece
        complete = True
    finally:
        done = {"rows": sheet.count, "levels": sheet.levels, "complete": complete, "format": detail["format"]}
        if complete:
            done["sha256"] = digest.hexdigest()
        subject = audit.Subject(sheet.rt.slug)
        transaction(lambda: audit.append("export_done", sheet.person, subject, now=sheet.now, detail=done))


class _Sheet:
    """The rows of one export for one reader."""

    def __init__(self, person: Person, rt: RecordType, language: str, now: datetime) -> None:
        self.person, self.rt, self.language, self.now = person, rt, language, now
        title = rt.by_name[rt.title]
        shown = access.visible_fields(person, rt)
        listed = tuple(f for f in shown if f.listed and f is not title)
        rest = tuple(f for f in shown if f is not title and not f.listed)
        self.fields = (title, *listed, *rest)
        self.count = 0
        self.levels: dict[str, int] = {}

    def columns(self) -> list[Column]:
        """The headings, in the reader's language: number, title, what the list shows, the rest, the engine's own."""
        made = [_column(SYSTEM["number"], self.language)]
        made += [_column(f, self.language) for f in self.fields]
        made += [_column(f, self.language) for f in self._system()]
        if self.rt.classified:
            made += [Column(SYSTEM["level"].label.text(self.language))]
            made += [Column(label.text(self.language)) for label in EXPORT_HEADINGS]
        return made

    def _system(self) -> tuple[Field, ...]:
        wanted = ["owner", "created_at", "updated_at"]
        return tuple(SYSTEM[name] for name in (["state"] if self.rt.workflow else []) + wanted)

    def rows(self, sons: Iterator[Mapping[str, Any]], reach: access.Reach) -> Iterator[Sequence[Any]]:
        """The rows, some hundreds at a time: names resolved together, classified records audited before they leave."""
        while chunk := list(islice(sons, AT_ONCE)):
            seen = (records.sight(self.person, self.rt, reach, son) for son in chunk)
            sights = [one for one in seen if one is not None]
            self._note(sights)
            found = self._names(sights)
            for one in sights:
                self.count += 1
                yield self._row(one, found)

    def _note(self, sights: Iterable[Sight]) -> None:
        out = [s for s in sights if s.full and self.rt.classified and s.level != Level.INTERNAL.value]
        for one in out:
            self.levels[one.level] = self.levels.get(one.level, 0) + 1
        subjects = [(audit.Subject(self.rt.slug, s.id, s.number, s.level), ()) for s in out]
        detail = {"purpose": Purpose.EXPORT.value}
        transaction(lambda: audit.append_many(Purpose.EXPORT.value, self.person, subjects, now=self.now, detail=detail))

    def _names(self, sights: Sequence[Sight]) -> Names:
        people: list[ObjectId | None] = [s.values.get("owner") for s in sights]
        return names.resolve(self.person, [(s.fields, s.values) for s in sights], language=self.language, people=people)

    def _row(self, sight: Sight, found: Names) -> list[Any]:
        row: list[Any] = [sight.number]
        row += [self._value(field, sight, found) for field in self.fields]
        row += [self._own(field, sight, found) for field in self._system()]
        if self.rt.classified:
            level = LEVEL_LABELS[Level(sight.level)].text(self.language)
            row += [level, self.person.name, self.now]
        return row

    def _value(self, field: Field, sight: Sight, found: Names) -> Any:
        value = sight.values.get(field.name)  # a sight holds nothing that the reader may not see
        if not sight.full:
            return value if field.card == "masked" or _typed(field) else found.text(field, value)
        return value if _typed(field) else found.text(field, value)

    def _own(self, field: Field, sight: Sight, found: Names) -> Any:
        value = sight.values.get(field.name)
        if field.name == "owner":
            return found.person(value)
        if field.name == "state":
            state = access.state_of(self.rt, sight.values) if sight.full else None
            return state.label.text(self.language) if state else None
        return value if sight.full else None


def _typed(field: Field) -> bool:
    """Whether a spreadsheet holds the value itself and not its text. An amount with its own currency is a text."""
    return field.kind in TYPED and not field.currencies


def _column(field: Field, language: str) -> Column:
    return Column(field.label.text(language), "text" if field.currencies else field.kind)
