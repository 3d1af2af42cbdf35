"""Making reminders as set work in the database, and closing those whose matter no longer stands (J).

For each person and record type one aggregation finds what is the person's work within their reach, by the same
conditions as every list (X6), and merges a reminder for the step that each record is in. Whatever the same run does
not find again is closed: done, put off, handed over, archived, or out of the person's reach.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

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


@dataclass(frozen=True)
class Chased:
    """How many reminders are new, and how many were closed."""

    new: int = 0
    closed: int = 0


def chase_deadlines(now: datetime, calendar: WorkingCalendar) -> Chased:
    """Remind people of what is due soon, due today or late, and heads of what is late for days.

    Nothing happens while the office is closed. Running it again adds nothing; a run that was broken off is completed
    by the next one. What somebody has put aside is not told to them; it goes up to the head all the same. Not for use
    inside a transaction.
    """
    terms = policy().reminder
    ahead, climb = terms.ahead_working_days, terms.climb_working_days
    types = [(rt, window(now, calendar, ahead=ahead, climb=climb, declared=rt.reminding)) for rt in _timed_types()]
    open_types = [(rt, borders) for rt, borders in types if borders is not None]
    if not open_types:
        return Chased()
    everybody = deputies.all_with_stand_ins(people.active_people(), now)
    asides = put_aside.of_people((person.id for person in everybody), now)
    for person in everybody:
        for rt, borders in open_types:
            reach = access.reach(person, rt, Purpose.VIEW)
            if reach.nothing:
                continue
            quiet = put_aside.without(asides, person.id, rt.slug)
            _merge(rt, _work_of(person, rt, reach, borders, quiet), _deadline(rt, person, borders), now)
            if person.has(Role.HEAD):
                _merge(rt, _late_under(person, rt, reach, borders), _climbed(rt, person), now)
    return _settled(Matter.DEADLINE, now)


def _timed_types() -> list[RecordType]:
    return [rt for rt in registry.all_types() if rt.due]


def announce_stuck(now: datetime) -> Chased:
    """Tell everybody for whom a record waits because nobody signed it in time; those before them too."""
    types = [rt for rt in registry.all_types() if rt.workflow and any(state.climbs for state in rt.workflow.states)]
    for person in deputies.all_with_stand_ins(people.active_people(), now):
        for rt in types:
            reach = access.reach(person, rt, Purpose.VIEW)
            if not reach.nothing:
                stuck = {"$and": [{"climbed": {"$gte": 1}}, work.turn_of(person, rt), reach.query()]}
                whom = {"$literal": person.id}
                _merge(rt, stuck, _reminder(rt, whom, Matter.SIGNATURE, Step.STUCK.value, "$state_since"), now)
    return _settled(Matter.SIGNATURE, now)


def announce_declassification(now: datetime) -> Chased:
    """Remind owners of records whose secrecy ends within the notice, and again in its last days (X2)."""
    today = local(now).date()
    notice = _stored(today + timedelta(days=policy().secrecy.notice_days))
    last = _stored(today + timedelta(days=policy().reminder.secrecy_last_days))
    owners = [person.id for person in people.active_people()]
    for rt in registry.all_types():
        if not rt.classified:
            continue
        ending = {
            "level": {"$in": CLASSIFIED},
            "secret_until": {"$gte": _stored(today), "$lte": notice},
            "owner": {"$in": owners},
        }
        step = {"$cond": [{"$lte": ["$secret_until", last]}, Step.LAST_NOTICE.value, Step.NOTICE.value]}
        due = {"$dateAdd": {"startDate": "$secret_until", "unit": "hour", "amount": CLOSING_UTC}}
        _merge(rt, ending, _reminder(rt, "$owner", Matter.SECRECY, step, due), now)
    return _settled(Matter.SECRECY, now)


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
    return _reminder(rt, {"$literal": person.id}, Matter.DEADLINE, step, "$due_at", again)


def _climbed(rt: RecordType, head: Person) -> dict[str, Expression]:
    return _reminder(rt, {"$literal": head.id}, Matter.DEADLINE, Step.CLIMBED.value, "$due_at")


def _reminder(
    rt: RecordType, person: Expression, matter: Matter, step: Expression, due: Expression, again: Expression = ""
) -> dict[str, Expression]:
    """The reminder as a projection of its record."""
    told: Iterable[Expression] = ({"$toString": person}, matter.value, {"$toString": "$_id"}, step, _minute(due))
    key = [part for one in told for part in ("|", one)][1:]
    return {
        "_id": {"$concat": [*key, again]},
        "person": person,
        "type": {"$literal": rt.slug},
        "record": "$_id",
        "matter": {"$literal": matter.value},
        "step": step,
        "due": due,
    }


def _minute(moment: Expression) -> Expression:
    return {"$dateToString": {"date": moment, "format": "%Y%m%dT%H%M"}}


def _merge(rt: RecordType, found: dict[str, Any], reminder: dict[str, Expression], now: datetime) -> None:
    stands: list[dict[str, Any]] = [{"$set": {"seen": {"$max": ["$seen", "$$new.seen"]}}}, {"$unset": "closed_at"}]
    stamped = {**reminder, "created": {"$literal": now}, "seen": {"$literal": now}}
    merge = {"into": REMINDERS, "on": "_id", "whenMatched": stands, "whenNotMatched": "insert"}
    database()[collection_name(rt.slug)].aggregate([{"$match": found}, {"$project": stamped}, {"$merge": merge}])


def _settled(matter: Matter, now: datetime) -> Chased:
    """Close what this run did not find again."""
    reminders = database()[REMINDERS]
    stands = {"matter": matter.value, "closed_at": None}
    closed = reminders.update_many({**stands, "seen": {"$lt": now}}, {"$set": {"closed_at": now}})
    return Chased(reminders.count_documents({**stands, "seen": now, "created": now}), closed.modified_count)
