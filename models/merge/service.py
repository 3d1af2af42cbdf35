"""Merging two records of one type with nothing lost, and taking a merge back (F7).

The surviving record takes the picked values; the other one stays in the archive as it was, with its history, and leads
to it. Every reference to it is moved. Where many records point to it, the two are merged at once and the references
follow chunk by chunk (`moving`).
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from bson import ObjectId

from config.database import database, transaction
from models import access, history, names, ownership, records, registry, store
from models.access import Purpose
from models.access_request import service as access_request
from models.attachment import service as attachment
from models.declarations import Field, RecordType
from models.destruction.holds import MARK, is_held
from models.errors import Forbidden, Invalid, NotFound, Sentence, StaleRecord
from models.job import service as jobs
from models.listing import merged
from models.merge import moving, rules
from models.merge.document import DONE, MERGES, MOVING, UNDOING, UNDONE, Row
from models.merge.rules import Pick
from models.merge.unmoved import Unreached, passed_over
from models.person.roles import Person
from models.record import collection_name
from models.record_input import OUT_OF_SIGHT, told_in_sight
from models.records import Sight
from models.registry import Draft
from models.set_change import parts_follow

AT_ONCE = 300
"""Up to so many references are moved in the transaction of the merge itself."""
COUNTED = 10_000
UNDER_WAY = [MOVING, UNDOING]


@dataclass(frozen=True)
class Line:
    """One field of two records that differ in it: what either holds, what may be picked, what is picked unless
    somebody picks. Nothing to pick from: a rule settles it."""

    field: Field
    keep: Any
    other: Any
    options: tuple[Pick, ...]
    pick: Pick


@dataclass(frozen=True)
class Comparison:
    """Two records before they are merged, as the person sees them. `unseen` says that the type has fields which are not
    theirs to see, whether or not the two differ in them; `pointing` counts the records that point to the other one, up
    to 10,000, as far as the person may know (X6)."""

    keep: Sight
    other: Sight
    lines: tuple[Line, ...]
    unseen: bool
    level: str
    pointing: int


@dataclass(frozen=True)
class Merged:
    """A record that was merged into another one, whether its references are still being moved, whether a legal hold
    keeps the two together, and which records that the person may know were passed over, as they cannot be opened: they
    lead on by way of it."""

    id: ObjectId
    number: str
    at: datetime
    by: str
    under_way: bool
    undoable: bool
    held: bool
    passed_over: Unreached = Unreached()


def may_merge(person: Person, rt: RecordType, record: Mapping[str, Any]) -> bool:
    """Whether the person may merge this stored record with another one."""
    reach = access.reach(person, rt, Purpose.MERGE)
    return reach.sees(record["acl"]) == "full" and records.can(person, rt, record, Purpose.EDIT)


def merges_any(person: Person, rt: RecordType) -> bool:
    """Whether there can be records of a type that the person may merge."""
    reach = access.reach(person, rt, Purpose.MERGE)
    return bool(reach.full and reach.also)


# --- before


def compare(person: Person, slug: str, number: str, other: str, now: datetime) -> Comparison:
    """Two records side by side; the first one is to survive. Both readings are audited.

    :raises NotFound: :raises Locked: for a record that the person does not read in full.
    :raises Forbidden: when they may not merge it. :raises SameRecord: :raises Settled: :raises MergeUnderWay:
    """
    first = records.read(person, slug, number, Purpose.VIEW, now)
    second = records.read(person, slug, other, Purpose.VIEW, now)
    keep, gone = store.fetch(slug, first.id), store.fetch(slug, second.id)
    _check(person, first.rt, keep, gone)
    seen = {f.name for f in first.fields}
    lines = _lines(person, first.rt, keep, gone)
    count = moving.count_known_pointing(person, slug, gone["_id"], (keep["_id"], gone["_id"]), COUNTED)
    shown = tuple(line for line in lines if line.field.name in seen)
    level = rules.secrecy(keep, gone)["level"]
    return Comparison(first, second, shown, len(seen) < len(first.rt.fields), level, count)


def _check(person: Person, rt: RecordType, keep: Row, gone: Row) -> None:
    if keep["_id"] == gone["_id"]:
        raise rules.SameRecord()
    _check_rights(person, rt, keep, gone)
    for record in (keep, gone):
        if not records.can(person, rt, record, Purpose.EDIT):
            raise rules.Settled(number=record["number"])
    moves = rt.classified and gone["owner"] != keep["owner"]
    if moves and ownership.refusal(person, rt, gone, ownership.whom(ownership.in_effect(keep))) is not None:
        raise rules.NotYoursToGive(number=gone["number"])
    pair = [keep["_id"], gone["_id"]]
    condition = {"state": {"$in": UNDER_WAY}, "$or": [{"survivor": {"$in": pair}}, {"loser": {"$in": pair}}]}
    if database()[MERGES].find_one(condition, {"_id": 1}):
        raise rules.MergeUnderWay()


def _check_rights(person: Person, rt: RecordType, *pair: Row) -> None:
    """:raises Forbidden: when the person may not merge and edit both."""
    for purpose in (Purpose.MERGE, Purpose.EDIT):
        reach = access.reach(person, rt, purpose)
        if any(reach.sees(record["acl"]) != "full" for record in pair):
            raise Forbidden()


def _lines(person: Person, rt: RecordType, keep: Row, gone: Row) -> list[Line]:
    """The fields in which two records differ. A reference from one to the other holds nothing of the result."""
    pickable = {f.name for f in access.editable_fields(person, rt)}
    newer, pair, found = gone["updated_at"] > keep["updated_at"], (keep["_id"], gone["_id"]), []
    for field in rt.fields:
        mine, theirs = keep[field.name], gone[field.name]
        if field.kind == "reference" and field.to == rt.slug:
            mine, theirs = (None if value in pair else value for value in (mine, theirs))
        options = rules.options(field, mine, theirs)
        if options and field.name in pickable:
            pick = rules.default(field, mine, theirs, other_is_newer=newer)
            found.append(Line(field, mine, theirs, options, pick if pick in options else options[0]))
        elif options or mine != keep[field.name]:
            found.append(Line(field, mine, theirs, (), rules.settled_by_rule(field, mine)))
    return found


# --- the merge


def merge(
    person: Person,
    slug: str,
    number: str,
    other: str,
    picks: Mapping[str, str],
    *,
    revs: tuple[int, int],
    now: datetime,
) -> dict[str, Any]:
    """Merge the record `other` into the record `number` and return the surviving one.

    `picks` say whose value stays, by field name: keep, other or both; fields without one take the usual pick. `revs`
    are the versions of both that the person compared. Owner, state and number of the surviving record stay; its level
    is the higher of both. Requests and grants for the other one end.

    :raises StaleRecord: when one of the two was changed since, archived or merged elsewhere.
    :raises Invalid: for a pick that is not offered, and when a rule refuses the result; what is wrong with a field that
        the person may not see is told without its name (X6).
    :raises TooManyRows: :raises Forbidden: :raises NotFound: :raises Settled: :raises MergeUnderWay: as `compare`.
    """
    first = records.read(person, slug, number, Purpose.VIEW, now)
    second = records.read(person, slug, other, Purpose.VIEW, now)
    return merge_seen(person, first, second, picks, revs=revs, now=now)


def merge_seen(
    person: Person, first: Sight, second: Sight, picks: Mapping[str, str], *, revs: tuple[int, int], now: datetime
) -> dict[str, Any]:
    """`merge` for two records of a type that the same request has read in full, and audited."""
    slug = first.rt.slug

    def work() -> dict[str, Any]:
        keep, gone = store.fetch(slug, first.id), store.fetch(slug, second.id)
        for record, rev in zip((keep, gone), revs, strict=True):
            if record["rev"] != rev:
                raise StaleRecord(by=store.name_of(record["updated_by"]), at=record["updated_at"], current=record)
        _check(person, first.rt, keep, gone)
        values = _values(_lines(person, first.rt, keep, gone), picks, {f.name for f in first.fields})
        row = _row(person, slug, keep, gone, now)
        away = _store_pair(person, first.rt, keep, gone, values, row)
        access_request.end_for(slug, gone, actor=person, now=now)
        database()[MERGES].insert_one(row)
        if moving.count_pointing(slug, gone["_id"], (keep["_id"], gone["_id"]), AT_ONCE + 1) <= AT_ONCE:
            moving.go_on_with(row["_id"], AT_ONCE + 1)
        else:
            jobs.ask(moving.JOB, person.name, now)
        moving.raise_pointing(away, row["_id"])
        return store.fetch(slug, keep["_id"])

    with told_in_sight(person, first.rt, picks):
        made = transaction(work)
    merged.forget()
    return made


def _values(lines: Sequence[Line], picks: Mapping[str, str], seen: Container[str]) -> dict[str, Any]:
    """The surviving record's values, for a person who has `seen` these fields.

    :raises Invalid: for a pick that is not offered. :raises TooManyRows:
    """
    offered = {line.field.name: line for line in lines if line.options}
    problems = {
        name: Sentence("没有这个选项。", "That cannot be picked.")
        for name, pick in picks.items()
        if name not in offered or pick not in offered[name].options
    }
    if problems:
        raise Invalid(problems)
    values: dict[str, Any] = {}
    for line in lines:
        name = line.field.name
        try:
            values[name] = rules.picked(line.field, Pick(picks.get(name, line.pick)), line.keep, line.other)
        except rules.TooManyRows:
            if name in seen:
                raise
            raise Invalid({"": OUT_OF_SIGHT}) from None
    return values


def _row(person: Person, slug: str, keep: Row, gone: Row, now: datetime) -> Row:
    """The merge's own document: who, when, which two, and their versions then; nothing of what they hold (D2)."""
    return {
        "_id": ObjectId(),
        "type": slug,
        "survivor": keep["_id"],
        "survivor_number": keep["number"],
        "survivor_rev": keep["rev"] + 1,
        "loser": gone["_id"],
        "loser_number": gone["number"],
        "loser_rev": gone["rev"] + 1,
        "at": now,
        "by": person.id,
        "by_name": person.name,
        "token": asdict(person.through) if person.through else None,
        "state": MOVING,
        "moved": 0,
        "looked_again": False,
    }


def _store_pair(person: Person, rt: RecordType, keep: Row, gone: Row, values: Row, row: Row) -> Draft:
    """The two records' next versions: the merged one first, so that a unique value is free for the other. Returns the
    write of the other one."""
    entry, secrecy = registry.get(rt.slug), rules.secrecy(keep, gone) if rt.classified else {}
    freed = {f.name: None for f in rt.fields if f.unique and values.get(f.name) == gone[f.name]}
    left = {**gone, **secrecy, **freed, "archived_at": row["at"], "merged_into": keep["_id"]}
    away = Draft(rt, "merged_away", gone, left, person, row["at"])
    store.put(away, row["_id"])
    parts_follow([away])
    united = {**keep, **values}
    rows = moving.repointed(rt.fields, united, rt.slug, gone["_id"], keep["_id"])  # what led to the other leads here
    wanted = {**united, **rows, **secrecy, "merged_from": rules.added(keep["merged_from"], gone)}
    draft = Draft(rt, "merge", keep, wanted, person, row["at"], given=frozenset({*values, *rows, *secrecy}))
    if entry.hooks.merged is not None:
        entry.hooks.merged(draft, gone)
    store.prepare(draft)
    attachment.hand_over(rt.fields, draft.values, gone["_id"], keep["_id"])
    store.put(draft, row["_id"])
    for hook in entry.hooks.after:
        hook(draft)
    return away


# --- afterwards


def merged_into(person: Person, found: Sight) -> list[Merged]:
    """The records that were merged into one that the person reads in full, the latest first; only those that they may
    know, if only by their card (X6)."""
    merges = list(database()[MERGES].find({"survivor": found.id, "state": {"$ne": UNDONE}}).sort("at", -1))
    reach = access.reach(person, found.rt, Purpose.VIEW)
    pairs = {"_id": {"$in": [found.id, *(row["loser"] for row in merges)]}}
    sons = list(database()[collection_name(found.rt.slug)].find(pairs, {"acl": 1, MARK: 1})) if merges else ()
    known = {son["_id"] for son in sons if reach.sees(son["acl"])}
    held = {son["_id"] for son in sons if son.get(MARK)}
    rows = [row for row in merges if row["loser"] in known]
    return [
        Merged(
            row["loser"],
            row["loser_number"],
            row["at"],
            row["by_name"],
            row["state"] in UNDER_WAY,
            row["state"] == DONE and found.values["rev"] == row["survivor_rev"],
            not held.isdisjoint((found.id, row["loser"])),
            passed_over(person, row),
        )
        for row in rows
    ]


def undo(person: Person, slug: str, number: str, other: str, *, now: datetime) -> dict[str, Any]:
    """Take a merge back: both records are as they were, and the references point to the former one again. Access that
    ended with the merge stays ended. Returns the record that comes back.

    :raises NotFound: when the one was not merged into the other, and when the person may not know of it, alike (X6).
    :raises ChangedSince: when one of the two was changed after the merge.
    :raises OnHold: while a legal hold lies on one of the two (D3).
    :raises Forbidden: when the person may not merge. :raises MergeUnderWay:
    """
    return undo_seen(person, records.read(person, slug, number, Purpose.VIEW, now), other, now=now)


def undo_seen(person: Person, first: Sight, other: str, *, now: datetime) -> dict[str, Any]:
    """`undo` for a surviving record that the same request has read in full, and audited."""
    slug = first.rt.slug

    def work() -> dict[str, Any]:
        row = _merge_of(person, first, other)
        keep, gone = store.fetch(slug, row["survivor"]), store.fetch(slug, row["loser"])
        _check_rights(person, first.rt, keep, gone)
        if (keep["rev"], gone["rev"]) != (row["survivor_rev"], row["loser_rev"]):
            raise rules.ChangedSince()
        if is_held(keep) or is_held(gone):
            raise rules.OnHold()
        _restore_pair(person, first.rt, keep, gone, row, now)
        change: Row = {"state": UNDOING, "undo_by": person.id, "undo_by_name": person.name, "undo_at": now}
        change["undo_token"] = asdict(person.through) if person.through else None
        database()[MERGES].update_one({"_id": row["_id"]}, {"$set": change})
        if row["moved"] <= AT_ONCE:
            while moving.go_on_with(row["_id"]):
                pass
        else:
            jobs.ask(moving.JOB, person.name, now)
        return store.fetch(slug, gone["_id"])

    return transaction(work)


def _merge_of(person: Person, survivor: Sight, loser_number: str) -> Row:
    slug = survivor.rt.slug
    condition = {"type": slug, "survivor": survivor.id, "loser_number": loser_number, "state": {"$ne": UNDONE}}
    row = database()[MERGES].find_one(condition, sort=[("at", -1)])
    reach = access.reach(person, survivor.rt, Purpose.VIEW)
    if row is None or not reach.sees(store.fetch(slug, row["loser"])["acl"]):
        raise NotFound()
    if row["state"] != DONE:
        raise rules.MergeUnderWay()
    return row


def _restore_pair(person: Person, rt: RecordType, keep: Row, gone: Row, row: Row, now: datetime) -> None:
    """Both as they were before; the surviving one first, so that a unique value is free for the other. A rule that
    would refuse what was there before is not asked again."""
    handed = {f.name: list(keep[f.name] or ()) for f in rt.fields if f.kind == "files"}
    attachment.hand_over(rt.fields, _only_of(handed, gone), keep["_id"], gone["_id"])
    drafts = list[Draft]()
    for record, rev in ((keep, row["survivor_rev"]), (gone, row["loser_rev"])):
        former = history.at_rev(rt.slug, record, rev - 1)
        drafts.append(Draft(rt, "unmerge", record, {**record, **former}, person, now))
        store.put(drafts[-1], row["_id"])
    parts_follow(drafts)


def _only_of(handed: Row, gone: Row) -> Row:
    """Of the files that the surviving record had, those of the other."""
    return {name: [file for file in files if file in (gone[name] or ())] for name, files in handed.items()}


def leads_to(person: Person, found: Sight) -> str:
    """The number of the record into which one was merged, in the end; '' for none, or one that the person may not know
    of (X6)."""
    reach = access.reach(person, found.rt, Purpose.VIEW)
    stored = {"_id": found.id, "merged_into": found.values.get("merged_into")}
    stands = names.standing(reach, found.rt.slug, stored)
    return "" if stands is stored else str(stands["number"])
