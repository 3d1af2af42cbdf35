"""Making reminders as set work in the database, and closing those whose matter no longer stands (J).

For each person and record type one query finds what is the person's work within their reach, by the same conditions as
every list (X6), and gives of each record the moment that its step and its key follow from. What is new is stored, a
thousand at a time; what stands already costs no write. A person's reminder that is not found again is closed: done, put
off, handed over, archived, or out of their reach. What is held at a time is the keys of one person's reminders, and two
thousand that are being stored while what comes behind them is looked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, NamedTuple

from bson import ObjectId
from pymongo.errors import BulkWriteError

from config.database import database
from config.policy import policy
from models import access, barred, registry, secrecy_notice, turns, work
from models.access import Purpose
from models.calendar import WorkingCalendar, local
from models.deadline.rules import days_before
from models.declarations import RecordType, Reminding
from models.job.ahead import ahead
from models.person import deputies
from models.person import service as people
from models.person.roles import Person, Role
from models.put_aside import document as put_aside
from models.record import collection_name
from models.reminder.document import REMINDERS
from models.reminder.rules import Matter, Step, Told, Window, key_of, step_of, window

Row = dict[str, Any]

AT_ONCE = 1000
DUPLICATE = 11000


@dataclass(frozen=True)
class Source:
    """Records of a type, the condition under which they are a person's matter, their moment that decides, and what is
    told of it."""

    rt: RecordType
    found: Row
    when: str
    told: Callable[[datetime], Told]


class Found(NamedTuple):
    """What a reminder would be made of beside its person and matter."""

    key: str
    record: ObjectId
    step: Step
    due: datetime


@dataclass
class Piece:
    """What is to be written for a person at once: new reminders, and keys of those whose matter no longer stands.
    `known` counts what a run as of the same moment has stored before; `begins` marks a person's first piece."""

    made: list[Row] = field(default_factory=list)
    gone: set[str] = field(default_factory=set)
    known: int = 0
    begins: bool = False


@dataclass(frozen=True)
class Chased:
    """How many reminders are new, and how many were closed."""

    new: int = 0
    closed: int = 0


def chase_deadlines(now: datetime, calendar: WorkingCalendar, go_on: Callable[[], bool] = lambda: True) -> Chased:
    """Remind people of what is due soon, due today or late, and heads of what is late for days.

    Nothing happens while the office is closed. Running it again adds nothing; a run that was broken off is completed
    by the next one. What somebody has put aside is not told to them; it goes up to the head all the same. `go_on` is
    asked before each person. Not for use inside a transaction.
    """
    open_types = _windows(now, calendar)
    if open_types is None:
        return Chased()
    everybody = _everybody(now)
    return _chase(Matter.DEADLINE, everybody, _deadlines(open_types, everybody, now), now, go_on)


def deadlines_at(now: datetime, calendar: WorkingCalendar, department: str) -> Iterator[Row]:
    """The reminders of deadlines that would stand at a moment for a department's people, with records as they are;
    nothing is stored. What a run at that moment stores is of these what is not there yet."""
    everybody = _department(department, now)
    of = _deadlines(_windows(now, calendar) or [], everybody, now)
    return _would_stand(Matter.DEADLINE, everybody, of, now)


def declassification_at(now: datetime, department: str) -> Iterator[Row]:
    """The same of secrecy that ends."""
    everybody = _everybody(now)
    theirs = [person for person in everybody if person.department == department]
    return _would_stand(Matter.SECRECY, theirs, _ending(everybody, now), now)


def stuck_at(now: datetime, coming: Iterable[tuple[RecordType, Mapping[str, Any]]], department: str) -> Iterator[Row]:
    """The same of records that go on to the next because nobody signs them, or go up for being late, as they would be
    then. Of all those of a type a person is asked about in one query."""
    by_type: dict[RecordType, list[Mapping[str, Any]]] = {}
    for rt, record in coming:
        by_type.setdefault(rt, []).append(record)
    for person in _department(department, now):
        for rt, some in by_type.items():
            for record, late in _told_of(person, rt, some):
                told = _climbed(record["due_at"]) if late else _stuck(record["state_since"])
                matter = Matter.DEADLINE if late else Matter.SIGNATURE
                yield _reminder(person, rt.slug, matter, _as_found(person, matter, record["_id"], told), now)


def _told_of(
    person: Person, rt: RecordType, some: Iterable[Mapping[str, Any]]
) -> Iterator[tuple[Mapping[str, Any], bool]]:
    """Of records that go on those of which a person is told, and whether for being late: what they may sign, and what
    is late and not theirs by name."""
    reach = access.reach(person, rt, Purpose.VIEW)
    theirs = [one for one in some if reach.sees(one["acl"]) == "full" and work.is_turn_of(person, rt, one)]
    late = {one["_id"] for one in theirs if work.goes_up_late(access.state_of(rt, one))}
    barred_from = barred.not_to_sign(person, rt, [one for one in theirs if one["_id"] not in late])
    names = frozenset(turns.user_tokens(person))
    for record in theirs:
        goes_up, by_name = record["_id"] in late, not names.isdisjoint(record["waiting"])
        if record["_id"] not in barred_from and not (goes_up and by_name):
            yield record, goes_up


def _would_stand(
    matter: Matter, everybody: Iterable[Person], of: Callable[[Person], Iterator[Source]], now: datetime
) -> Iterator[Row]:
    for person in everybody:
        for source in of(person):
            for found in _found(person, matter, source):
                yield _reminder(person, source.rt.slug, matter, found, now)


def _department(department: str, now: datetime) -> list[Person]:
    return [person for person in _everybody(now) if person.department == department]


def _windows(now: datetime, calendar: WorkingCalendar) -> list[tuple[RecordType, Window]] | None:
    """The types of which something is due soon, with the borders between their steps; None while the office is
    closed."""
    terms = policy().reminder
    ahead, climb = terms.ahead_working_days, terms.climb_working_days
    types = [(rt, window(now, calendar, ahead=ahead, climb=climb, declared=_told(rt))) for rt in _timed_types()]
    open_types = [(rt, borders) for rt, borders in types if borders is not None]
    return [(rt, borders) for rt, borders in open_types if _any_due(rt, borders)] if open_types else None


def _deadlines(
    open_types: list[tuple[RecordType, Window]], everybody: Iterable[Person], now: datetime
) -> Callable[[Person], Iterator[Source]]:
    asides = put_aside.of_people((person.id for person in everybody), now)

    def of(person: Person) -> Iterator[Source]:
        for rt, borders in open_types:
            reach = access.reach(person, rt, Purpose.VIEW)
            if reach.nothing:
                continue
            quiet = put_aside.without(asides, person.id, rt.slug)
            came_up = work.gone_up_to(person, rt)
            due = {"due_at": {"$lt": borders.soon_ends}}
            own = [*quiet, *barred.left_out(person, rt, due), *([{"$nor": [came_up]}] if came_up else [])]
            yield Source(rt, _work_of(person, rt, reach, borders, own), "due_at", partial(step_of, borders=borders))
            if came_up:
                late = {"$and": [{"due_at": {"$lt": now}}, reach.query(), came_up, *quiet]}
                yield Source(rt, late, "due_at", _climbed)
            if person.has(Role.HEAD):
                yield Source(rt, _late_under(person, rt, reach, borders), "due_at", _climbed)

    return of


def _timed_types() -> list[RecordType]:
    return [rt for rt in registry.all_types() if rt.due]


def _told(rt: RecordType) -> Reminding | None:
    """How a type says that people are reminded, with the policy's own numbers."""
    return replace(rt.reminding, before=days_before(rt.reminding, policy())) if rt.reminding else None


def _any_due(rt: RecordType, borders: Window) -> bool:
    """Whether anything of a type is due soon: where nothing is, nobody needs to be asked about."""
    return database()[collection_name(rt.slug)].find_one({"due_at": {"$lt": borders.soon_ends}}, {"_id": 1}) is not None


def announce_stuck(now: datetime) -> Chased:
    """Tell everybody for whom a record waits because nobody signed it in time; those before them too."""
    types = {rt: work.unsigned_states(rt) for rt in registry.all_types()}

    def of(person: Person) -> Iterator[Source]:
        for rt, states in types.items():
            reach = access.reach(person, rt, Purpose.VIEW)
            if states and not reach.nothing:
                waits = {"climbed": {"$gte": 1}, "state": {"$in": states}}
                others = barred.left_out(person, rt, waits, signing=True)
                stuck = {"$and": [waits, work.turn_of(person, rt), reach.query(), *others]}
                yield Source(rt, stuck, "state_since", _stuck)

    return _chase(Matter.SIGNATURE, _everybody(now), of, now)


def announce_declassification(now: datetime) -> Chased:
    """Remind people of records whose secrecy ends within the notice, and again in its last days (X2)."""
    everybody = _everybody(now)
    return _chase(Matter.SECRECY, everybody, _ending(everybody, now), now)


def _ending(everybody: Iterable[Person], now: datetime) -> Callable[[Person], Iterator[Source]]:
    present = [person.id for person in everybody if person.serves]
    last = secrecy_notice.day_stored(local(now).date() + timedelta(days=policy().reminder.secrecy_last_days))

    def told(until: datetime) -> Told:
        step = Step.LAST_NOTICE if until <= last else Step.NOTICE
        return step, secrecy_notice.due_of(until), ""

    def of(person: Person) -> Iterator[Source]:
        for rt in registry.all_types():
            for found in secrecy_notice.sources(person, rt, present, now) if rt.classified else ():
                yield Source(rt, found, "secret_until", told)

    return of


# --- what is found


def _work_of(
    person: Person, rt: RecordType, reach: access.Reach, borders: Window, quiet: list[dict[str, Any]]
) -> dict[str, Any]:
    """What is due soon and the person's work, without what they have put aside."""
    due = {"due_at": {"$lt": borders.soon_ends}}
    return {"$and": [due, reach.of_work.query(cards=True), work.waits_for(person, rt), *quiet]}


def _late_under(head: Person, rt: RecordType, reach: access.Reach, borders: Window) -> dict[str, Any]:
    """What is late for days in the head's department and is not the head's own work."""
    late = {"due_at": {"$lt": borders.climbs_before}, "department": head.department}
    return {"$and": [late, reach.query(), {"$nor": [work.waits_for(head, rt)]}]}


def _climbed(due: datetime) -> Told:
    return Step.CLIMBED, due, ""


def _stuck(since: datetime) -> Told:
    return Step.STUCK, since, ""


# --- what becomes of it


def _everybody(now: datetime) -> list[Person]:
    return list(deputies.all_with_stand_ins(people.active_people(), now))


def _chase(
    matter: Matter,
    everybody: Sequence[Person],
    of: Callable[[Person], Iterator[Source]],
    now: datetime,
    go_on: Callable[[], bool] = lambda: True,
) -> Chased:
    """Bring the reminders of a matter in line with what is found for each person. While something is stored, what comes
    behind it is looked for: a write waits until it is on the disk."""
    new, closed = 0, 0
    with closing(ahead(_pieces(matter, everybody, of, now))) as pieces:
        for piece in pieces:
            if piece.begins and not go_on():
                return Chased(new, closed)
            new += piece.known + _store(piece.made, now)
            closed += _close({"_id": {"$in": sorted(piece.gone)}}, now) if piece.gone else 0
    left = {"person": {"$nin": [person.id for person in everybody]}, "matter": matter.value}
    return Chased(new, closed + _close(left, now, hint="inbox"))


def _pieces(
    matter: Matter, everybody: Iterable[Person], of: Callable[[Person], Iterator[Source]], now: datetime
) -> Iterator[Piece]:
    for person in everybody:
        yield from _follow(person, matter, of(person), now)


def _follow(person: Person, matter: Matter, sources: Iterable[Source], now: datetime) -> Iterator[Piece]:
    """What is new for a person, a thousand at a time, and at last what stands and is not found again."""
    wanted = {"person": person.id, "closed_at": None, "matter": matter.value}
    rows = database()[REMINDERS].find(wanted, {"created": 1}, batch_size=AT_ONCE).hint("inbox")
    stands = {row["_id"]: row["created"] for row in rows}
    piece = Piece(known=sum(1 for created in stands.values() if created == now), begins=True)
    gone = set(stands)
    for source in sources:
        for found in _found(person, matter, source):
            gone.discard(found.key)
            if found.key in stands:
                continue
            if len(piece.made) >= AT_ONCE:
                yield piece
                piece = Piece()
            piece.made.append(_reminder(person, source.rt.slug, matter, found, now))
    piece.gone = gone
    yield piece


def _found(person: Person, matter: Matter, source: Source) -> Iterator[Found]:
    """What a source finds, read a chunk at a time: of each record no more than the one moment."""
    when, told = source.when, source.told
    for row in database()[collection_name(source.rt.slug)].find(source.found, {when: 1}, batch_size=AT_ONCE):
        yield _as_found(person, matter, row["_id"], told(row[when]))


def _as_found(person: Person, matter: Matter, record: ObjectId, told: Told) -> Found:
    step, due, again = told
    return Found(key_of(person.id, matter, record, step, due, again), record, step, due)


def _reminder(person: Person, slug: str, matter: Matter, found: Found, now: datetime) -> Row:
    return {
        "_id": found.key,
        "person": person.id,
        "type": slug,
        "record": found.record,
        "matter": matter.value,
        "step": found.step.value,
        "due": found.due,
        "created": now,
        "seen": now,
    }


def _store(rows: list[Row], now: datetime) -> int:
    """Store new reminders and tell how many were. One that was closed before stands again, unless a later run closed
    it."""
    if not rows:
        return 0
    try:
        database()[REMINDERS].insert_many(rows, ordered=False)
    except BulkWriteError as error:
        refused = error.details["writeErrors"]
        if any(one["code"] != DUPLICATE for one in refused):
            raise
        again = {"_id": {"$in": [one["op"]["_id"] for one in refused]}, "closed_at": {"$lt": now}}
        database()[REMINDERS].update_many(again, {"$set": {"seen": now}, "$unset": {"closed_at": ""}})
        return len(rows) - len(refused)
    return len(rows)


def _close(which: Row, now: datetime, hint: str | None = None) -> int:
    """Close of these reminders what stands and what no later run has made or opened again; how many."""
    standing = {**which, "closed_at": None, "seen": {"$lt": now}}
    return database()[REMINDERS].update_many(standing, {"$set": {"closed_at": now}}, hint=hint).modified_count
