"""What stands against destroying records, as they are at the moment (D3)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from bson import ObjectId

from config.database import database
from config.policy import policy
from models import access
from models.access import Purpose
from models.access_request.document import ACCESS_REQUEST
from models.calendar import local
from models.declarations import RecordType
from models.destruction import holds, pointing, rules
from models.destruction.rules import Matter
from models.errors import Sentence
from models.kinds import loaded
from models.merge.moving import MERGES, MOVING, UNDOING
from models.person.roles import Person
from models.record import collection_name

SHOWN = 3
"""So many open records of a type are named."""
HIDDEN = Sentence("另有您无权查看的未办结事项", "something open that you may not see")
HIDDEN_HELD = Sentence("另有您无权查看的法律保全", "something on legal hold that you may not see")
Row = Mapping[str, Any]


def against(rt: RecordType, sons: Sequence[Row], reader: Person, now: datetime) -> dict[str, list[Matter]]:
    """What stands against destroying these stored records of a type, by number, in words that the reader may read.

    A record that was merged into one of them is looked at as a part of it. Nothing is found for one that may go.
    """
    found: dict[str, list[Matter]] = {}
    for son in sons:
        whole = [son, *parts_of(rt, son["_id"])]
        held = holds.on(one["_id"] for one in whole)
        kept = (matter for one in whole for matter in _kept(rt, one, now))
        found[son["number"]] = [
            *(Matter("hold", _held(row)) for row in held.values()),
            *dict.fromkeys(kept),
            *_still_open(rt, son),
            *open_about(rt, whole, reader),
        ]
    return {number: matters for number, matters in found.items() if matters}


def parts_of(rt: RecordType, record_id: ObjectId) -> list[Row]:
    """The records that were merged into one, and those merged into them: they go with it."""
    found: list[Row] = []
    wanted = [record_id]
    while wanted:
        rows = list(database()[collection_name(rt.slug)].find({"merged_into": {"$in": wanted}}))
        known = {row["_id"] for row in found} | {record_id}
        found += [row for row in rows if row["_id"] not in known]
        wanted = [row["_id"] for row in rows if row["_id"] not in known]
    return found


def open_about(rt: RecordType, whole: Sequence[Row], reader: Person) -> Iterator[Matter]:
    """The records at work, or on legal hold, that point to a record or a part of it, the cards under which it is out,
    and a merge that has not ended."""
    ids, numbers = [one["_id"] for one in whole], [one["number"] for one in whole]
    for other, paths in pointing.types(rt.slug):
        yield from _held_pointing(other, paths, ids, reader)
        yield from _pointing(other, paths, ids, reader)
    cards = {"type_asked": rt.slug, "items.number": {"$in": numbers}, "state": {"$in": ["granted", "out"]}}
    yield from _open_ones(ACCESS_REQUEST, cards, reader)
    pair = [{"survivor": {"$in": ids}}, {"loser": {"$in": ids}}]
    if database()[MERGES].find_one({"state": {"$in": [MOVING, UNDOING]}, "$or": pair}, {"_id": 1}):
        yield Matter("open", Sentence("合并尚未完成", "a merge has not ended"))


def _held(row: Mapping[str, Any]) -> Sentence:
    since, by = local(row["since"]).date().isoformat(), row["by_name"]
    return Sentence(f"{by} 自 {since} 起法律保全", f"on legal hold by {by} since {since}")


def _kept(rt: RecordType, son: Row, now: datetime) -> Iterator[Matter]:
    # Nothing but the day that counts is opened: a value that cannot be must not keep the record for ever.
    after, months = rt.retention.after if rt.retention else "updated_at", policy().destruction.retention_months
    values = {after: loaded(rt.by_name[after], son.get(after)) if after in rt.by_name else son.get(after)}
    found = rules.retention_matter(rt, values, local(now).date(), months)
    if found is not None:
        yield found


def _still_open(rt: RecordType, son: Row) -> Iterator[Matter]:
    state = access.state_of(rt, son)
    if state is not None and rules.is_open(rt, son):
        yield Matter("open", Sentence(f"本身未办结（{state.label.zh}）", f"is open itself ({state.label.en})"))


def _pointing(other: RecordType, paths: Iterable[str], ids: Sequence[ObjectId], reader: Person) -> Iterator[Matter]:
    states = other.workflow.states if other.workflow is not None else ()
    finals = [state.value for state in states if state.final]
    if finals:
        ways = pointing.by_path(paths, ids)
        at_work = {"$or": ways, "state": {"$nin": finals}, "archived": None, "_id": {"$nin": list(ids)}}
        yield from _open_ones(other, at_work, reader)


def _open_ones(other: RecordType, condition: Mapping[str, Any], reader: Person) -> Iterator[Matter]:
    for number in _numbers(other, condition, reader):
        zh, en = f"{other.label.zh} {number} 未办结", f"{other.label.en} {number} is open"
        yield Matter("open", Sentence(zh, en) if number else HIDDEN)


def _held_pointing(
    other: RecordType, paths: Sequence[str], ids: Sequence[ObjectId], reader: Person
) -> Iterator[Matter]:
    """Records on legal hold that point to one, or did: it is copied into them, and they are to stay as they are."""
    held = holds.of_type(other.slug) - set(ids)
    if held:
        found = held & (pointing.now(other, paths, ids) | pointing.once(other, paths, ids, held))
        for number in _numbers(other, {"_id": {"$in": list(found)}}, reader) if found else ():
            zh, en = f"{other.label.zh} {number} 在法律保全中", f"{other.label.en} {number} is on legal hold"
            yield Matter("hold", Sentence(zh, en) if number else HIDDEN_HELD)


def _numbers(other: RecordType, condition: Mapping[str, Any], reader: Person) -> Iterator[str]:
    """Some records by number where the reader may know of them, and then '' if there are more (X6)."""
    rows = list(database()[collection_name(other.slug)].find(condition, {"number": 1, "acl": 1}).limit(SHOWN))
    reach = access.reach(reader, other, Purpose.VIEW)
    seen = [row["number"] for row in rows if reach.sees(row["acl"])]
    yield from seen
    if len(seen) < len(rows):
        yield ""
