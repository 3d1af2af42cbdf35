"""What stands against destroying records, as they are at the moment (D3)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from bson import ObjectId

from config.database import database
from config.policy import policy
from models import access
from models.access import Purpose
from models.access_request.document import ACCESS_REQUEST
from models.calendar import local
from models.day_words import day_text
from models.declarations import RecordType
from models.destruction import holds, pointing, rules, terms
from models.destruction.rules import Matter
from models.errors import Sentence
from models.kinds import loaded
from models.merge.document import MERGES, MOVING, UNDOING
from models.person.roles import Person
from models.record import collection_name

SHOWN = 3
"""So many open records of a type are named."""
HIDDEN = Sentence("另有您无权查看的未办结事项", "something open that you may not see")
HIDDEN_KEPT = Sentence("另有您无权查看、保存期未满的事项", "something to be kept yet that you may not see")
HIDDEN_HELD = Sentence("另有您无权查看的法律保全", "something on legal hold that you may not see")
MERGING = Matter("open", Sentence("合并尚未完成", "a merge has not ended"))
Row = Mapping[str, Any]


def against(
    rt: RecordType, sons: Sequence[Row], reader: Person, now: datetime, *, signing: bool = False
) -> dict[str, list[Matter]]:
    """What stands against destroying these stored records of a type, by number, in words that the reader may read.

    A record that was merged into one of them is looked at as a part of it. Nothing is found for one that may go.
    `signing`: the reader is whoever is to sign, and is told who holds a record that they do not read.
    """
    wholes = _wholes(rt, sons)
    held, at_work = _held(rt, wholes, reader, signing), _at_work(rt, wholes, reader, now)
    found: dict[str, list[Matter]] = {}
    for son in sons:
        whole = wholes[son["_id"]]
        kept = (matter for one in whole for matter in _kept(rt, one, now))
        found[son["number"]] = [
            *held.get(son["_id"], ()),
            *dict.fromkeys(kept),
            *_still_open(rt, son),
            *at_work[son["_id"]],
        ]
    return {number: matters for number, matters in found.items() if matters}


def holding(rt: RecordType, sons: Sequence[Row], reader: Person, *, signing: bool = False) -> dict[str, list[Matter]]:
    """Of what `against` finds, every legal hold: on these records, on what was merged into them or points to them."""
    held = _held(rt, _wholes(rt, sons), reader, signing)
    return {son["number"]: held[son["_id"]] for son in sons if held.get(son["_id"])}


def parts_of(rt: RecordType, sons: Iterable[Row]) -> dict[ObjectId, list[Row]]:
    """The records that were merged into some, and those merged into them, by the id of those with which they go."""
    goes_with = {son["_id"]: son["_id"] for son in sons}
    found: dict[ObjectId, list[Row]] = {one: [] for one in goes_with}
    wanted = list(goes_with)
    while wanted:
        rows = list(database()[collection_name(rt.slug)].find({"merged_into": {"$in": wanted}}))
        new = [row for row in rows if row["_id"] not in goes_with]
        for row in new:
            goes_with[row["_id"]] = goes_with[row["merged_into"]]
            found[goes_with[row["_id"]]].append(row)
        wanted = [row["_id"] for row in new]
    return found


def open_about(rt: RecordType, sons: Sequence[Row], reader: Person, now: datetime) -> dict[ObjectId, list[Matter]]:
    """The records on legal hold, at work, or to be kept yet, that point to each of some records, the cards under which
    it is out, and a merge that has not ended, by the id of the record."""
    held = _held_about(rt, {son["_id"]: son["_id"] for son in sons}, reader, holds.by_type())
    at_work = _at_work(rt, {son["_id"]: [son] for son in sons}, reader, now)
    return {son["_id"]: [*held.get(son["_id"], ()), *at_work[son["_id"]]] for son in sons}


def _wholes(rt: RecordType, sons: Sequence[Row]) -> dict[ObjectId, list[Row]]:
    parts = parts_of(rt, sons)
    return {son["_id"]: [son, *parts[son["_id"]]] for son in sons}


def _at_work(
    rt: RecordType, wholes: Mapping[ObjectId, Sequence[Row]], reader: Person, now: datetime
) -> dict[ObjectId, list[Matter]]:
    """What is open about some records and their parts, or has to be kept yet as it is, by the id of the record: one
    question for all of them, each, to each type that can point there."""
    by_id = {one["_id"]: record for record, whole in wholes.items() for one in whole}
    by_number = {one["number"]: record for record, whole in wholes.items() for one in whole}
    found: dict[ObjectId, list[Matter]] = {record: [] for record in wholes}
    for other, paths in pointing.types(rt.slug):
        own = [[one["_id"] for one in whole] for whole in wholes.values()] if other.slug == rt.slug else ()
        if open_ones := _open_ones(other, paths, by_id):
            _add_open(found, other, pointing.first(other, paths, by_id, open_ones, SHOWN, own), reader)
        if kept := _kept_ones(other, paths, by_id, now):
            _add_kept(found, other, pointing.first(other, paths, by_id, kept, SHOWN, own), reader)
    cards = {"type_asked": rt.slug, "items.number": {"$in": list(by_number)}, "state": {"$in": ["granted", "out"]}}
    out = pointing.first(ACCESS_REQUEST, ["items.number"], by_number, cards, SHOWN)
    _add_open(found, ACCESS_REQUEST, out, reader)
    pair = [{side: {"$in": list(by_id)}} for side in ("survivor", "loser")]
    for row in database()[MERGES].find({"state": {"$in": [MOVING, UNDOING]}, "$or": pair}, {"survivor": 1, "loser": 1}):
        for record in {by_id[row[side]] for side in ("survivor", "loser") if row[side] in by_id}:
            found[record].append(MERGING)
    return {record: list(dict.fromkeys(matters)) for record, matters in found.items()}


def _held(
    rt: RecordType, wholes: Mapping[ObjectId, Sequence[Row]], reader: Person, signing: bool
) -> dict[ObjectId, list[Matter]]:
    """The holds on some records, on their parts and on what points to them, by the id of the record. Where nothing at
    all is held, as usual, one query says so."""
    in_force = holds.by_type()
    goes_with = {one["_id"]: record for record, whole in wholes.items() for one in whole}
    own = goes_with.keys() & in_force.get(rt.slug, set())
    rows = holds.on(own) if own else {}
    reach = access.reach(reader, rt, Purpose.VIEW)
    found: dict[ObjectId, list[Matter]] = {}
    for record, whole in wholes.items():
        told = (
            _hold(rows[one["_id"]], reach.sees(one["acl"]), part=one["_id"] != record, signing=signing)
            for one in whole
            if one["_id"] in rows
        )
        found[record] = list(dict.fromkeys(told))
    for record, matters in _held_about(rt, goes_with, reader, in_force).items():
        found[record] += matters
    return found


def _hold(row: Row, seen: str, *, part: bool, signing: bool) -> Matter:
    """A hold on a record, or on a part of it, which is named to whoever may know of it: who holds it and since when, to
    whoever reads it, and of the record itself to whoever is to sign (X6)."""
    day, by, number = day_text(local(row["since"]).date()), row["by_name"], row["number"]
    if not part:
        told = Sentence(f"由 {by} 自 {day.zh}起法律保全", f"on legal hold by {by} since {day.en}")
        return Matter("hold", told if seen == "full" or signing else HIDDEN_HELD)
    if not seen:
        return Matter("hold", HIDDEN_HELD)
    zh, en = (f"由 {by} 自 {day.zh}起", f" by {by} since {day.en}") if seen == "full" else ("在", "")
    end = "法律保全" if seen == "full" else "法律保全中"
    return Matter("hold", Sentence(f"并入的 {number} {zh}{end}", f"{number}, merged into it, is on legal hold{en}"))


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


def _open_ones(other: RecordType, paths: Sequence[str], ids: Iterable[ObjectId]) -> dict[str, Any] | None:
    """The condition for the records of a type at work, archived or not, that point to some others; None where none is
    ever settled."""
    states = other.workflow.states if other.workflow is not None else ()
    finals = [state.value for state in states if state.final]
    return {"$or": pointing.by_path(paths, ids), "state": {"$nin": finals}} if finals else None


def _kept_ones(
    other: RecordType, paths: Sequence[str], ids: Iterable[ObjectId], now: datetime
) -> dict[str, Any] | None:
    """The condition for the settled records of a type that point to some others and have to be kept yet: without what
    they are about they would not stay what they are (D3). None for a type that nobody destroys, for its records are not
    kept for a time."""
    if not other.classified:
        return None
    states = other.workflow.states if other.workflow is not None else ()
    finals = [state.value for state in states if state.final]
    settled = {"state": {"$in": finals}} if finals else {}
    return {"$or": pointing.by_path(paths, ids), "$nor": [terms.beyond(other, now)], **settled}


def _add_open(
    found: Mapping[ObjectId, list[Matter]], other: RecordType, about: Mapping[ObjectId, Sequence[Row]], reader: Person
) -> None:
    _add(found, other, about, reader, Matter("open", HIDDEN), Sentence("未办结", "is open"))


def _add_kept(
    found: Mapping[ObjectId, list[Matter]], other: RecordType, about: Mapping[ObjectId, Sequence[Row]], reader: Person
) -> None:
    _add(found, other, about, reader, Matter("retention", HIDDEN_KEPT), Sentence("保存期未满", "has to be kept yet"))


def _add(
    found: Mapping[ObjectId, list[Matter]],
    other: RecordType,
    about: Mapping[ObjectId, Sequence[Row]],
    reader: Person,
    hidden: Matter,
    how: Sentence,
) -> None:
    """Name the first records of a type at each record that they are about, where the reader may know of them, and how
    each stands; then say that there are more (X6)."""
    reach = access.reach(reader, other, Purpose.VIEW)
    for record, some in about.items():
        numbers = [row["number"] for row in some if reach.sees(row["acl"])]
        for number in numbers:
            told = Sentence(f"{other.label.zh} {number} {how.zh}", f"{other.label.en} {number} {how.en}")
            found[record].append(Matter(hidden.kind, told))
        if len(numbers) < len(some):
            found[record].append(hidden)


def _held_about(
    rt: RecordType,
    goes_with: Mapping[ObjectId, ObjectId],
    reader: Person,
    in_force: Mapping[str, Collection[ObjectId]],
) -> dict[ObjectId, list[Matter]]:
    """Records on legal hold that point to some, or did: these are copied into them, and they are to stay as they are.
    All of them are named. Of `goes_with`, what is pointed to, each is told under the record with which it goes."""
    found: dict[ObjectId, list[Matter]] = {}
    for other, paths in pointing.types(rt.slug) if in_force else ():
        held = in_force.get(other.slug)
        targets = pointing.each(other, paths, goes_with, held) if held else {}
        numbers = _known(other, targets, reader) if targets else {}
        about: dict[ObjectId, list[str]] = {}
        for one, number in numbers.items():
            for record in {goes_with[target] for target in targets[one]} - {goes_with.get(one)}:
                about.setdefault(record, []).append(number)
        for record, known in about.items():
            told = (_held_one(other, number) for number in sorted(known, key=lambda number: (not number, number)))
            found.setdefault(record, []).extend(dict.fromkeys(told))
    return found


def _held_one(other: RecordType, number: str) -> Matter:
    zh, en = f"{other.label.zh} {number} 在法律保全中", f"{other.label.en} {number} is on legal hold"
    return Matter("hold", Sentence(zh, en) if number else HIDDEN_HELD)


def _known(other: RecordType, ids: Iterable[ObjectId], reader: Person) -> dict[ObjectId, str]:
    """The numbers of some records by id, '' for those of which the reader may not know (X6)."""
    rows = database()[collection_name(other.slug)].find({"_id": {"$in": list(ids)}}, {"number": 1, "acl": 1})
    reach = access.reach(reader, other, Purpose.VIEW)
    return {row["_id"]: row["number"] if reach.sees(row["acl"]) else "" for row in rows}
