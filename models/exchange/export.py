"""Lists as files: the same rows as the list of the same address, with the same cards and masks, streamed.

What may leave is decided by `access` for the purpose of export: a record that the person reads but may not take out
leaves as its card, and is named by that where others point to it. Before the first byte the audit trail has who takes
what; every classified record that leaves in full has its own entry, written before its row is; the end adds how many
rows left, by level, and the file's SHA-256.
Classified types carry in each row the level, the reader and the time (X1), so that no cut or sorted copy loses them;
printed, a sheet that holds classified rows bears them at its head. What a person has borrowed leaves under its card and
with a receipt (X4), never with a list. A value that cannot be opened leaves as a mark, is counted in the trail and told
in the file's last line.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from typing import Any

from bson import ObjectId

from config.database import database, transaction
from models import access, audit, listed, listing, names, registry, sealing, sights, store
from models.access import Purpose
from models.calendar import local
from models.declarations import LEVEL_LABELS, Field, Label, Level, RecordType
from models.errors import Forbidden, Refusal
from models.exchange import inner_rows
from models.exchange.cells import Cell, cell_of, is_typed
from models.exchange.mapping import EXPORT_HEADINGS, RECEIPT_HEADING, label_within
from models.exchange.writing import Column, stream_csv, stream_xlsx
from models.key_vault.refusals import UNREADABLE
from models.kinds import parts_of
from models.listing import ListQuery
from models.names import Names
from models.person.roles import Person
from models.reading import service as reading
from models.record import LEVEL_FIELD, collection_name, leaving_with
from models.sights import Sight
from models.watermark import watermark

log = logging.getLogger(__name__)

AT_ONCE = 500
MOST_NAMED = 20
UNREADABLE_TOLD = Label(
    "共有 {count} 处内容因密钥已销毁或数据损坏而无法读取，以“{mark}”标出。请联系系统管理员。",
    "{count} values could not be read, for their keys were destroyed or they are damaged; they are marked “{mark}”. "
    "Please tell an administrator.",
)
FORMATS = ("csv", "xlsx")


class UnknownFormat(Refusal):
    """Lists are exported as CSV or XLSX."""

    code, status = "unknown_format", 400
    zh, en = "导出格式应为 CSV 或 XLSX。", "Lists are exported as CSV or XLSX."


@dataclass(frozen=True)
class Card:
    """A card under which records leave (X4): these and no others, each row with the receipt's number."""

    receipt: str
    numbers: tuple[str, ...]


@dataclass(frozen=True)
class Export:
    """One export that was allowed and audited; `pieces` is the file, to be taken once."""

    name: str
    pieces: Generator[bytes, None, None]


def leaving(person: Person, rt: RecordType) -> tuple[Field, ...]:
    """The fields that an export writes for a person, what it adds of its own apart."""
    number, *own = leaving_with(rt)
    return (number, *access.visible_fields(person, rt), *own)


def export(
    person: Person,
    slug: str,
    query: ListQuery,
    form: str,
    *,
    now: datetime,
    language: str = "",
    via: str = "screen",
    card: Card | None = None,
) -> Export:
    """A list as a file. `query` is the list's own; its page is left aside, the whole list leaves. With `card`, its
    records leave instead.

    :raises Forbidden: when nothing of this type may leave with this person.
    :raises BadQuery: for a query that the list would refuse.
    :raises UnknownFormat: for anything but csv and xlsx.
    :raises TooMuchReading: when the person is to wait, who has read so many records lately: what is above internal in
        the file counts as read (X7).
    """
    rt = registry.get(slug).rt
    if form not in FORMATS:
        raise UnknownFormat
    if card is None:
        person = replace(person, grants={**person.grants, Purpose.EXPORT.value: frozenset()})
    if not access.may_export(person, rt):
        raise Forbidden()
    reading.refuse_held(person, now)
    language = language or person.language
    sheet = _Sheet(person, rt, language, now, card.receipt if card else "")
    reach = access.reach(person, rt, Purpose.EXPORT)
    visible = access.visible_fields(person, rt)
    listing.compile_query(rt, reach, query, visible)  # refused here, before the audit entry and the first byte
    detail = {"format": form, "via": via, "archived": query.archived, "searched": bool(query.q)}
    detail |= {"filters": [f"{f.field.name}:{f.operator}" for f in listing.leaves(query.filters)]}
    detail |= {"receipt": card.receipt} if card else {}
    transaction(lambda: audit.append("export", person, audit.Subject(slug), now=now, detail=detail))
    sons = _borrowed(rt, reach, card) if card else listing.scan(rt, reach, query, visible)
    rows = sheet.rows(sons, reach)
    columns = sheet.columns()
    title = rt.plural.text(language)
    body = stream_csv(columns, rows) if form == "csv" else stream_xlsx(columns, rows, title, sheet.mark)
    return Export(f"{rt.slug}-{local(now):%Y%m%d-%H%M}.{form}", _counted(body, sheet, detail))


def _borrowed(rt: RecordType, reach: access.Reach, card: Card) -> Iterator[Mapping[str, Any]]:
    """The records of a card that may leave, in order of their numbers."""
    condition = {"$and": [{"number": {"$in": list(card.numbers)}}, reach.query(archived=None)]}
    yield from database()[collection_name(rt.slug)].find(condition).sort("number", 1)


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
        if sheet.unreadable:
            done["unreadable"] = sheet.unreadable
        if complete:
            done["sha256"] = digest.hexdigest()
        subject = audit.Subject(sheet.rt.slug)
        transaction(lambda: audit.append("export_done", sheet.person, subject, now=sheet.now, detail=done))


class _Sheet:
    """The rows of one export for one reader. How a column leaves is settled once, before the first row."""

    def __init__(self, person: Person, rt: RecordType, language: str, now: datetime, receipt: str) -> None:
        self.person, self.rt, self.language, self.now, self.receipt = person, rt, language, now, receipt
        title = rt.by_name[rt.title]
        shown = access.visible_fields(person, rt)
        listed = tuple(f for f in shown if f.listed and f is not title)
        rest = tuple(f for f in shown if f is not title and not f.listed)
        self.fields = (title, *listed, *rest)
        self.withheld = {f.name for f in self.fields if f.withheld}
        self.pointing = tuple(f for f in self.fields if f.kind in names.POINTERS or parts_of(f))
        self.sealed = sealing.sealed_fields(rt).keys() & {f.name for f in self.fields}
        self.spots = tuple((f, part) for f in self.fields for part in _parts(f))
        self.cells = (("number", None), *self._cells(), *self._own_cells())
        self.level_labels = {level.value: LEVEL_LABELS[level].text(language) for level in Level}
        self.count = 0
        self.levels: dict[str, int] = {}
        self.unreadable = 0
        self.damaged: dict[str, None] = {}
        self.named: set[ObjectId | None] = set()

    def columns(self) -> list[Column]:
        """The headings, in the reader's language: number, title, what the list shows, the rest, the engine's own."""
        number, *own = leaving_with(self.rt)
        spots = ((number, None), *self.spots, *((field, None) for field in own))
        made = [_column(field, part, self.language) for field, part in spots]
        if self.rt.classified:
            made += [Column(label.text(self.language)) for label in EXPORT_HEADINGS]
            made += [Column(RECEIPT_HEADING.text(self.language))] if self.receipt else []
        return made

    def _cells(self) -> Iterator[tuple[str, Cell | None]]:
        """The columns of the declared fields: one for each field of a group, one for all rows of a list."""
        for field, part in self.spots:
            if field.kind == "embedded_list":
                yield field.name, inner_rows.told(field, self.language)
            else:
                yield field.name, cell_of(field, self.language) if part is None else _within(part, self.language)

    def _own_cells(self) -> tuple[tuple[str, Cell | None], ...]:
        """The engine's own columns."""
        states = self.rt.workflow.states if self.rt.workflow else ()
        labels = {state.value: state.label.text(self.language) for state in states}
        how: dict[str, Cell] = {
            "state": lambda value, _: labels.get(value),
            "owner": lambda value, found: found.person(value),
        }
        _number, *own = leaving_with(self.rt)
        return tuple((field.name, how.get(field.name)) for field in own if field.name != LEVEL_FIELD)  # that is stamped

    def rows(self, sons: Iterator[Mapping[str, Any]], reach: access.Reach) -> Iterator[Sequence[Any]]:
        """The rows, some hundreds at a time: names resolved together, classified records audited before they leave."""
        while chunk := list(islice(sons, AT_ONCE)):
            seen = [(self._without_withheld(son, reach), reach.sees(son.get("acl") or ())) for son in chunk]
            whole: Sequence[Mapping[str, Any]] = [son for son, how in seen if how == "full"]
            cards = {son["_id"]: sights.sight(self.person, self.rt, reach, son) for son, how in seen if how == "card"}
            self._note(whole)
            whole = sealing.opened(self.rt, whole, self.sealed, self._unreadable)
            found = self._names(whole, [card for card in cards.values() if card is not None])
            opened = iter(whole)
            for son, how in seen:  # a record that changed meanwhile may come twice: as its card, and in full
                if how == "full":
                    self.count += 1
                    yield self._row(next(opened), found)
                elif how == "card" and (card := cards.get(son["_id"])) is not None:
                    self.count += 1
                    yield self._card_row(card, found)
        if self.unreadable:
            yield [self._told(), *([None] * (len(self.columns()) - 1))]

    def _unreadable(self, son: Mapping[str, Any]) -> None:
        """A value leaves as a mark: everybody else's rows are not held up by it."""
        self.unreadable += 1
        self.damaged.setdefault(son["number"])

    def _told(self) -> str:
        """The last line of a file in which something could not be opened; operators learn in which records."""
        numbers = ", ".join(islice(self.damaged, MOST_NAMED))
        log.error("export of %s: %d values cannot be opened, in %s", self.rt.slug, self.unreadable, numbers)
        return UNREADABLE_TOLD.text(self.language).format(count=self.unreadable, mark=UNREADABLE.text(self.language))

    def _without_withheld(self, son: Mapping[str, Any], reach: access.Reach) -> Mapping[str, Any]:
        if not reach.withholds(son.get("acl") or ()):
            return son
        return {name: value for name, value in son.items() if name not in self.withheld}

    def _note(self, sons: Iterable[Mapping[str, Any]]) -> None:
        """Write who takes which classified records out, and count them as read."""
        internal = Level.INTERNAL.value
        out = [son for son in sons if self.rt.classified and (son.get("level") or internal) != internal]
        for son in out:
            self.levels[son["level"]] = self.levels.get(son["level"], 0) + 1
        reading.count_leaving(self.person, self.now, len(out))
        subjects = [(store.subject(self.rt, son), ()) for son in out]
        detail = {"purpose": Purpose.EXPORT.value}
        transaction(lambda: audit.append_many(Purpose.EXPORT.value, self.person, subjects, now=self.now, detail=detail))

    def _names(self, whole: Sequence[Mapping[str, Any]], cards: Sequence[Sight]) -> Names:
        rows: list[tuple[Sequence[Field], Mapping[str, Any]]] = [(self.pointing, son) for son in whole]
        rows += [(card.fields, card.values) for card in cards]
        people: list[ObjectId | None] = [son.get("owner") for son in whole]
        people += [card.values.get("owner") for card in cards]
        with listed.gathered() as named:
            found = names.resolve(self.person, rows, language=self.language, people=people, purpose=Purpose.EXPORT)
        self._note_named(named)
        return found

    def _note_named(self, found: Mapping[ObjectId | None, audit.Subject]) -> None:
        """Write which other classified records the rows name, each once in a file, before they leave (X7)."""
        fresh = {record: one for record, one in found.items() if record not in self.named}
        self.named.update(fresh)
        if fresh:
            transaction(lambda: listed.tell(self.person, fresh.values(), self.now, via="export"))

    def _row(self, son: Mapping[str, Any], found: Names) -> list[Any]:
        """A record that leaves in full; its columns are fields that the reader may see."""
        get = son.get
        row = [
            None if (value := get(name)) is None else value if cell is None else cell(value, found)
            for name, cell in self.cells
        ]
        return row + self._stamp(get("level"))

    def _card_row(self, card: Sight, found: Names) -> list[Any]:
        """A record of which only the card leaves."""
        row: list[Any] = [card.number, *(self._card_value(field, part, card, found) for field, part in self.spots)]
        owner = found.person(card.values.get("owner"))
        row += [owner if name == "owner" else None for name, _ in self._own_cells()]
        return row + self._stamp(card.level)

    def _card_value(self, field: Field, part: Field | None, card: Sight, found: Names) -> Any:
        value = card.values.get(field.name)  # a sight holds nothing that the reader may not see
        if part is not None and isinstance(value, Mapping):
            field, value = part, value.get(part.name)
        return value if field.card == "masked" or is_typed(field) else found.text(field, value)

    def _stamp(self, level: str | None) -> list[Any]:
        """Level, reader and time, in each row of a classified type (X1)."""
        if not self.rt.classified:
            return []
        own = [self.level_labels[level or Level.INTERNAL.value], self.person.name, self.now]
        return [*own, self.receipt] if self.receipt else own

    def mark(self) -> str:
        """What stands at the head of each printed sheet: the highest level of the rows so far, the reader, the time."""
        highest = max(self.levels, key=lambda one: Level(one).rank, default="")
        return watermark(highest, self.person, self.now, self.language, self.receipt)


def _parts(field: Field) -> tuple[Field | None, ...]:
    return field.fields if field.kind == "embedded" else (None,)


def _within(part: Field, language: str) -> Cell:
    """How one field of a stored group leaves."""
    cell = cell_of(part, language)

    def inner(group: Any, found: Names) -> Any:
        value = group.get(part.name)
        return value if value is None or cell is None else cell(value, found)

    return inner


def _column(field: Field, part: Field | None, language: str) -> Column:
    label = field.label if part is None else label_within(field, part)
    shown = part or field
    return Column(label.text(language), "text" if shown.currencies else shown.kind)
