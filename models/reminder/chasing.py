"""Making reminders as set work in the database, and closing those whose matter no longer stands (J).

For each person and record type one aggregation finds what is the person's work within their reach, by the same
conditions as every list (X6), and makes of each record the reminder for the step that it is in. What is new is stored,
a thousand at a time; what stands already costs no write. A person's reminder that is not found again is closed: done,
put off, handed over, archived, or out of their reach. What is held at a time is the keys of one person's reminders.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Any

from pymongo.errors import BulkWriteError

from config.database import database
from config.policy import policy
from models import access, registry, work
from models.access import Purpose
from models.calendar import WorkingCalendar, local
from models.declarations import RecordType
from models.declassification import CLASSIFIED, UNTIL
from models.kinds import stored
from models.opening import CLOSING_UTC
from models.person import deputies
from models.person import service as people
from models.person.roles import Person, Role
from models.put_aside import document as put_aside
from models.record import collection_name
from models.reminder.document import REMINDERS
from models.reminder.rules import Matter, Step, Window, window

Expression = Any
Row = dict[str, Any]
Source = tuple[RecordType, Row, dict[str, Expression]]
"""Records of a type, the condition under which they are a person's matter, and what makes the reminder of each."""

AT_ONCE = 1000
DUPLICATE = 11000


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
    terms = policy().reminder
    ahead, climb = terms.ahead_working_days, terms.climb_working_days
    types = [(rt, window(now, calendar, ahead=ahead, climb=climb, declared=rt.reminding)) for rt in _timed_types()]
    open_types = [(rt, borders) for rt, borders in types if borders is not None]
    if not open_types:
        return Chased()
    everybody = _everybody(now)
    asides = put_aside.of_people((person.id for person in everybody), now)

    def of(person: Person) -> Iterator[Source]:
        for rt, borders in open_types:
            reach = access.reach(person, rt, Purpose.VIEW)
            if reach.nothing:
                continue
            quiet = put_aside.without(asides, person.id, rt.slug)
            yield rt, _work_of(person, rt, reach, borders, quiet), _deadline(rt, person, borders)
            if person.has(Role.HEAD):
                yield rt, _late_under(person, rt, reach, borders), _climbed(rt, person)

    return _chase(Matter.DEADLINE, everybody, of, now, go_on)


def _timed_types() -> list[RecordType]:
    return [rt for rt in registry.all_types() if rt.due]


def announce_stuck(now: datetime) -> Chased:
    """Tell everybody for whom a record waits because nobody signed it in time; those before them too."""
    types = [rt for rt in registry.all_types() if rt.workflow and any(state.climbs for state in rt.workflow.states)]

    def of(person: Person) -> Iterator[Source]:
        for rt in types:
            reach = access.reach(person, rt, Purpose.VIEW)
            if not reach.nothing:
                stuck = {"$and": [{"climbed": {"$gte": 1}}, work.turn_of(person, rt), reach.query()]}
                yield rt, stuck, _reminder(rt, person, Matter.SIGNATURE, Step.STUCK.value, "$state_since")

    return _chase(Matter.SIGNATURE, _everybody(now), of, now)


def announce_declassification(now: datetime) -> Chased:
    """Remind owners of records whose secrecy ends within the notice, and again in its last days (X2)."""
    today = local(now).date()
    notice = _stored(today + timedelta(days=policy().secrecy.notice_days))
    last = _stored(today + timedelta(days=policy().reminder.secrecy_last_days))
    step = {"$cond": [{"$lte": ["$secret_until", last]}, Step.LAST_NOTICE.value, Step.NOTICE.value]}
    due = {"$dateAdd": {"startDate": "$secret_until", "unit": "hour", "amount": CLOSING_UTC}}

    def of(person: Person) -> Iterator[Source]:
        ending = {
            "level": {"$in": CLASSIFIED},
            "secret_until": {"$gte": _stored(today), "$lte": notice},
            "owner": person.id,
        }
        for rt in registry.all_types():
            if rt.classified:
                yield rt, ending, _reminder(rt, person, Matter.SECRECY, step, due)

    return _chase(Matter.SECRECY, _everybody(now), of, now)


def _stored(day: date) -> datetime:
    stored_day: datetime = stored(UNTIL, day)
    return stored_day


# --- what is found


def _work_of(
    person: Person, rt: RecordType, reach: access.Reach, borders: Window, quiet: list[dict[str, Any]]
) -> dict[str, Any]:
    """What is due soon and the person's work, without what they have put aside."""
    due = {"due_at": {"$lt": borders.soon_ends}}
    return {"$and": [due, reach.query(), work.waits_for(person, rt), *quiet]}


def _late_under(head: Person, rt: RecordType, reach: access.Reach, borders: Window) -> dict[str, Any]:
    """What is late for days in the head's department and is not the head's own work."""
    late = {"due_at": {"$lt": borders.climbs_before}, "department": head.department}
    return {"$and": [late, reach.query(), {"$nor": [work.waits_for(head, rt)]}]}


# --- what is made of it


def _deadline(rt: RecordType, person: Person, borders: Window) -> dict[str, Expression]:
    step = {
        "$switch": {
            "branches": [
                {"case": {"$lt": ["$due_at", borders.now]}, "then": Step.LATE.value},
                {"case": {"$lt": ["$due_at", borders.today_ends]}, "then": Step.TODAY.value},
            ],
            "default": Step.SOON.value,
        }
    }
    # What is late is told anew each working day, and each declared notice is one of its own.
    chased = f"|{borders.day}" if borders.chases else ""
    nearest = [{"case": {"$lt": ["$due_at", ends]}, "then": name} for name, ends in borders.notices]
    branches = [
        {"case": {"$lt": ["$due_at", borders.now]}, "then": chased},
        {"case": {"$lt": ["$due_at", borders.today_ends]}, "then": ""},
        *nearest,
    ]
    again = {"$switch": {"branches": branches, "default": ""}}
    return _reminder(rt, person, Matter.DEADLINE, step, "$due_at", again)


def _climbed(rt: RecordType, head: Person) -> dict[str, Expression]:
    return _reminder(rt, head, Matter.DEADLINE, Step.CLIMBED.value, "$due_at")


def _reminder(
    rt: RecordType, person: Person, matter: Matter, step: Expression, due: Expression, again: Expression = ""
) -> dict[str, Expression]:
    """The reminder as a projection of its record."""
    told: Iterable[Expression] = (str(person.id), matter.value, {"$toString": "$_id"}, step, _minute(due))
    key = [part for one in told for part in ("|", one)][1:]
    return {
        "_id": {"$concat": [*key, again]},
        "person": {"$literal": person.id},
        "type": {"$literal": rt.slug},
        "record": "$_id",
        "matter": {"$literal": matter.value},
        "step": step,
        "due": due,
    }


def _minute(moment: Expression) -> Expression:
    return {"$dateToString": {"date": moment, "format": "%Y%m%dT%H%M"}}


# --- what becomes of it


def _everybody(now: datetime) -> list[Person]:
    return list(deputies.all_with_stand_ins(people.active_people(), now))


def _chase(
    matter: Matter,
    everybody: Iterable[Person],
    of: Callable[[Person], Iterator[Source]],
    now: datetime,
    go_on: Callable[[], bool] = lambda: True,
) -> Chased:
    """Bring the reminders of a matter in line with what is found for each person."""
    closed, known = 0, []
    for person in everybody:
        if not go_on():
            return Chased(_new(matter, now), closed)
        closed += _follow(person, matter, of(person), now)
        known.append(person.id)
    left = {"person": {"$nin": known}, "matter": matter.value, **_standing(now)}
    closed += database()[REMINDERS].update_many(left, {"$set": {"closed_at": now}}, hint="inbox").modified_count
    return Chased(_new(matter, now), closed)


def _follow(person: Person, matter: Matter, sources: Iterable[Source], now: datetime) -> int:
    """Store what is new for a person, and close what is not found again; how many were closed."""
    reminders = database()[REMINDERS]
    stands = {"person": person.id, "matter": matter.value, "closed_at": None}
    gone = {row["_id"] for row in reminders.find(stands, {"_id": 1})}
    for rt, found, reminder in sources:
        stamped = {**reminder, "created": {"$literal": now}, "seen": {"$literal": now}}
        records = database()[collection_name(rt.slug)]
        rows = records.aggregate([{"$match": found}, {"$project": stamped}], batchSize=AT_ONCE)
        while chunk := list(islice(rows, AT_ONCE)):
            _store([row for row in chunk if row["_id"] not in gone], now)
            gone.difference_update(row["_id"] for row in chunk)
    if not gone:
        return 0
    closing = {"_id": {"$in": sorted(gone)}, **_standing(now)}
    return reminders.update_many(closing, {"$set": {"closed_at": now}}).modified_count


def _store(rows: list[Row], now: datetime) -> None:
    """Store new reminders; one that was closed before stands again, unless a later run closed it."""
    if not rows:
        return
    try:
        database()[REMINDERS].insert_many(rows, ordered=False)
    except BulkWriteError as error:
        refused = error.details["writeErrors"]
        if any(one["code"] != DUPLICATE for one in refused):
            raise
        again = {"_id": {"$in": [one["op"]["_id"] for one in refused]}, "closed_at": {"$lt": now}}
        database()[REMINDERS].update_many(again, {"$set": {"seen": now}, "$unset": {"closed_at": ""}})


def _standing(now: datetime) -> Row:
    """The reminders that stand and that no later run has made or opened again."""
    return {"closed_at": None, "seen": {"$lt": now}}


def _new(matter: Matter, now: datetime) -> int:
    """How many reminders were made as of this moment: all of them, where the run before was broken off."""
    made = {"matter": matter.value, "closed_at": None, "seen": now, "created": now}
    return database()[REMINDERS].count_documents(made)
