"""Taking records of an import back, as far as nobody has worked on them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bson import ObjectId

from config.database import database
from models import access, bulk, registry, store
from models.access import Purpose
from models.declarations import Field
from models.errors import Sentence
from models.exchange.document import Batch
from models.exchange.writing import Column, stream_csv, told
from models.person.roles import Person
from models.record import collection_name

AT_ONCE = 200
SHOWN = 50
COUNTED = 10_000
"""Of records that an undo would take no more are counted."""

CHANGED = Sentence("导入后有改动。", "It was changed after the import.")
ARCHIVED = Sentence("已归档。", "It is archived.")
USED = Sentence(
    "已开放给他人、被依法保全，或有其他记录指向它。",
    "It was opened to somebody, is on legal hold, or another record points to it.",
)
"""Which of these is nobody's to learn who does not see the other record, or may not know for whom it is open (X6)."""
STAYED = Sentence("未删除。", "It stayed.")
"""Stands for the reason where a person sees the card of a record."""
FREE = Sentence("现在可以撤销。", "It can be taken back now.")
Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Undone:
    """What a chunk of an undo did; `at_row` is its last row."""

    at_row: int
    undone: int
    kept: int


@dataclass(frozen=True)
class Kept:
    """A record of an import that an undo left, and why."""

    number: str
    why: Sentence


def undo_chunk(batch: Batch, person: Person, now: datetime, count: int) -> Undone | None:
    """Take back the next records of an import, inside a transaction; None when there are none left."""
    sons = _records(batch, batch.at_row, count)
    if not sons:
        return None
    staying = _staying(batch.type, sons)
    free = [son for son in sons if son["_id"] not in staying]
    bulk.take_back(batch.type, free, actor=person, now=now, batch=batch.id)
    return Undone(sons[-1]["batch_row"], len(free), len(sons) - len(free))


def untouched(person: Person, batch: Batch) -> int:
    """How many records of an import that the person reads have not been written since, counted up to one more than
    `COUNTED`: those that an undo removes, if no other record points to them. A card does not say whether its record
    was written (X6)."""
    unused = {"rev": 1, "granted": {"$in": [None, []]}, "held": {"$in": [None, False]}}
    condition = {"$and": [unused, _seen(batch, _reach(person, batch), cards=False)]}
    return database()[collection_name(batch.type)].count_documents(condition, limit=COUNTED + 1)


def kept(person: Person, batch: Batch, limit: int) -> list[Kept]:
    """The first records of an import that are still here, among those that the person sees, with what speaks against
    taking them back now."""
    reach = _reach(person, batch)
    found = database()[collection_name(batch.type)].find(_seen(batch, reach)).sort("batch_row", 1).limit(limit)
    return _told(batch, reach, list(found))


def count_kept(person: Person, batch: Batch) -> int:
    """How many records of an import that the person sees are still here, counted up to one more than `COUNTED`."""
    condition = _seen(batch, _reach(person, batch))
    return database()[collection_name(batch.type)].count_documents(condition, limit=COUNTED + 1)


@dataclass(frozen=True)
class Numbers:
    """Some of an import's records in the order of its file; `next` and `previous` are the rows of the file behind and
    before which the neighbouring ones are, None where there are none."""

    numbers: tuple[str, ...]
    next: int | None
    previous: int | None


def numbers(person: Person, batch: Batch, *, after: int | None, before: int | None, limit: int = SHOWN) -> Numbers:
    """The records of an import that the person sees and that are still here: those behind a row of its file, or those
    before one."""
    sign = -1 if before is not None else 1
    bound: dict[str, Any] = {"$lt": before} if before is not None else {"$gt": -1 if after is None else after}
    condition = {"$and": [{"batch_row": bound}, _seen(batch, _reach(person, batch))]}
    shown = {"number": 1, "batch_row": 1}
    found = database()[collection_name(batch.type)].find(condition, shown).sort("batch_row", sign).limit(limit + 1)
    sons = list(found)
    more, sons = len(sons) > limit, sons[:limit]
    begun = (after if before is None else before) is not None
    if sign < 0:
        sons.reverse()
    ahead, behind = (more, begun) if sign < 0 else (begun, more)
    return Numbers(
        tuple(son["number"] for son in sons),
        next=sons[-1]["batch_row"] if sons and behind else None,
        previous=sons[0]["batch_row"] if sons and ahead else None,
    )


def all_kept(person: Person, batch: Batch, language: str) -> Iterator[bytes]:
    """All of them as CSV. One that the person does not see leaves no line: by its place, between its neighbours, they
    would know it (X6)."""
    chinese = language.startswith("zh")
    titles = ("编号", "保留原因") if chinese else ("Number", "Why it stays")
    return stream_csv([Column(title) for title in titles], _lines(person, batch, language))


def _lines(person: Person, batch: Batch, language: str) -> Iterator[tuple[str, str]]:
    reach = _reach(person, batch)
    at_row = -1
    while sons := _records(batch, at_row, AT_ONCE):
        for one in _told(batch, reach, sons):
            yield one.number, told([("", one.why)], language)
        at_row = sons[-1]["batch_row"]


def _reach(person: Person, batch: Batch) -> access.Reach:
    return access.reach(person, registry.get(batch.type).rt, Purpose.VIEW)


def _seen(batch: Batch, reach: access.Reach, *, cards: bool = True) -> dict[str, Any]:
    here = {"batch": batch.id, "batch_row": {"$gte": 0}}
    return {"$and": [here, reach.query(cards=cards, archived=None)]}


def _told(batch: Batch, reach: access.Reach, sons: Rows) -> list[Kept]:
    staying = _staying(batch.type, sons)
    made = []
    for son in sons:
        seen = reach.sees(son["acl"])
        if seen:
            why = staying.get(son["_id"], FREE) if seen == "full" else STAYED
            made.append(Kept(son["number"], why))
    return made


def _records(batch: Batch, behind: int, count: int) -> Rows:
    """The next records of an import, in the order of its file."""
    condition = {"batch": batch.id, "batch_row": {"$gt": behind}}
    return list(database()[collection_name(batch.type)].find(condition).sort("batch_row", 1).limit(count))


def _staying(slug: str, sons: Rows) -> dict[ObjectId, Sentence]:
    """Which of some records an undo leaves alone, and why: those that were changed, archived, opened to somebody or put
    on legal hold, and those to which another record points. A bulk change that was taken back is no change."""
    as_stored = _as_stored(sons)
    pointed = _pointed_at(slug, [son["_id"] for son in sons])
    found: dict[ObjectId, Sentence] = {}
    for son in sons:
        if son.get("archived_at"):
            found[son["_id"]] = ARCHIVED
        elif son["_id"] not in as_stored:
            found[son["_id"]] = CHANGED
        elif son.get("granted") or son.get("held") or son["_id"] in pointed:
            found[son["_id"]] = USED
    return found


def _as_stored(sons: Sequence[dict[str, Any]]) -> set[ObjectId]:
    """The records that nobody has written since, but for bulk changes each of which was taken back."""
    written = [son["_id"] for son in sons if son["rev"] != 1]
    open_changes: dict[ObjectId, list[Any]] = {record: [] for record in written}
    if written:
        later = {"record": {"$in": written}, "rev": {"$gt": 1}}
        shown = {"record": 1, "batch": 1, "undoes": 1}
        for version in database()[store.VERSIONS].find(later, shown).sort([("record", 1), ("rev", 1)]):
            stack = open_changes[version["record"]]
            if stack and version.get("undoes") == stack[-1]:
                stack.pop()
            else:
                stack.append(version.get("batch"))
    return {son["_id"] for son in sons if not open_changes.get(son["_id"])}


def _pointed_at(slug: str, ids: list[ObjectId]) -> set[Any]:
    """Which of some records other records point to; any of them may where it is not known to what a type points."""
    if any(slug in words for words in registry.not_wholly_read().values()):
        return set(ids)
    found: set[Any] = set()
    for rt in registry.kept_types():
        for path in _paths(rt.fields, slug):
            found.update(database()[collection_name(rt.slug)].distinct(path, {path: {"$in": ids}}))
    return found & set(ids)


def _paths(fields: Iterable[Field], slug: str, outer: str = "") -> Iterable[str]:
    for field in fields:
        if field.kind == "reference" and field.to == slug:
            yield outer + field.name
        yield from _paths(field.fields, slug, f"{field.name}.")
