"""Who of a department is reminded of what on the next working day, and what is opened for them: a dry run of the
schedule, by the same rules and conditions as the jobs, which reads and stores nothing (J).

It looks at records as they are: what people do until then is not foreseen, nor of what goes on unsigned to the next
what these are told besides.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from bson import ObjectId

from config.database import database
from models import access, climbing, registry
from models.access import Purpose
from models.calendar import SHANGHAI, WorkingCalendar, local
from models.change_report import service as change_report
from models.change_report.document import CHANGE_REPORT
from models.change_report.rules import month_to_open
from models.credit_report.service import due_opening
from models.opening import Opening
from models.person.roles import Person
from models.record import collection_name
from models.reminder import chasing
from models.reminder.document import REMINDERS
from models.reminder.rules import Step, runs_on
from models.review.service import quarter_opening
from models.revisit.service import regular_opening
from models.service_report import service as service_report
from models.service_report.document import SERVICE_REPORT

NIGHTLY = time(0, 5)
OPENED_AT = time(6, 30)
"""When owners are told of secrecy that ends, and by when the day's records are opened."""
EVENING = time(23, 59)
"""By when everything of a day has gone on to the next."""
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Coming:
    """One reminder that goes to a person; `number` names its record, as whoever looks ahead may read it."""

    person: ObjectId
    type: str
    number: str
    step: Step
    due: datetime


@dataclass(frozen=True)
class Foreseen:
    """The next working day as far as it can be known: the reminders, and how many records of each type are opened for
    whom."""

    day: date
    reminders: list[Coming]
    opened: dict[tuple[ObjectId, str], int]


def next_day(head: Person, now: datetime, calendar: WorkingCalendar) -> Foreseen:
    """What comes to the people of the head's department on the next working day, of records that the head reads
    (X6)."""
    day = calendar.next_working_day(local(now).date())
    found = _deadlines(head, day, now, calendar) | _declassification(head, day, now)
    found |= _unsigned(head, day, now, calendar)
    for row in database()[REMINDERS].find({"_id": {"$in": list(found)}}, {"_id": 1}):
        found.pop(row["_id"])
    opening = _opening_of(day)
    opened = _opened(head, opening, calendar) | _reports(head, now, opening, calendar)
    return Foreseen(day, list(_read_by(head, found.values())), opened)


def _deadlines(head: Person, day: date, now: datetime, calendar: WorkingCalendar) -> dict[str, Row]:
    """What the runs of a day tell, without what those of today still will."""
    today = local(now).date()
    last_today = runs_on(today, calendar)[1] if calendar.is_working(today) else now
    found: dict[str, Row] = {row["_id"]: row for run in runs_on(day, calendar) for row in _at(run, head, calendar)}
    for row in _at(last_today, head, calendar) if last_today > now else ():
        found.pop(row["_id"], None)
    return found


def _at(run: datetime, head: Person, calendar: WorkingCalendar) -> Iterator[Row]:
    return chasing.deadlines_at(run, calendar, head.department)


def _declassification(head: Person, day: date, now: datetime) -> dict[str, Row]:
    """What the nightly run of a day tells, without what the one before it will, days off included."""
    run = datetime.combine(day, NIGHTLY, SHANGHAI)
    found: dict[str, Row] = {row["_id"]: row for row in chasing.declassification_at(run, head.department)}
    before = run - timedelta(days=1)
    for row in chasing.declassification_at(before, head.department) if before > now else ():
        found.pop(row["_id"], None)
    return found


def _unsigned(head: Person, day: date, now: datetime, calendar: WorkingCalendar) -> dict[str, Row]:
    """Who is told on a day that a record waits for them, because nobody signed it; not what goes on before."""
    before, until = (datetime.combine(one, EVENING, SHANGHAI) for one in (day - timedelta(days=1), day))
    coming = climbing.coming(max(now, before), until, calendar)
    return {row["_id"]: row for row in chasing.stuck_at(until, coming, head.department)}


def _read_by(head: Person, found: Iterable[Row]) -> Iterator[Coming]:
    """The reminders whose records the head reads, what is due first first."""
    rows = list(found)
    numbers: dict[ObjectId, str] = {}
    for rt in registry.all_types():
        reach = access.reach(head, rt, Purpose.VIEW)
        ids = [row["record"] for row in rows if row["type"] == rt.slug]
        if ids and not reach.nothing:
            seen = {"$and": [{"_id": {"$in": ids}}, reach.query()]}
            numbers |= {
                son["_id"]: son["number"] for son in database()[collection_name(rt.slug)].find(seen, {"number": 1})
            }
    for row in sorted(rows, key=lambda one: (one["due"], one["_id"])):
        if row["record"] in numbers:
            yield Coming(row["person"], row["type"], numbers[row["record"]], Step(row["step"]), row["due"])


def _opened(head: Person, now: datetime, calendar: WorkingCalendar) -> dict[tuple[ObjectId, str], int]:
    openings = (quarter_opening(now, calendar), regular_opening(now), due_opening(now))
    return {
        (row["_id"], opening.target.slug): row["count"]
        for opening in openings
        if opening is not None
        for row in _missing(head, opening)
        if row["_id"] is not None
    }


def _reports(
    head: Person, now: datetime, opening: datetime, calendar: WorkingCalendar
) -> dict[tuple[ObjectId, str], int]:
    """The reports that are opened until then for the department and its salespeople (F4, T8, B)."""
    days = [day for day in _days(local(now).date(), local(opening).date()) if _opening_of(day) > now]
    found: dict[tuple[ObjectId, str], int] = {}
    writer = service_report.writer()
    if writer is not None and head.department == SERVICE_REPORT.kept_by:
        found[writer, SERVICE_REPORT.slug] = service_report.missing(days, calendar)
    for day in days:
        month = month_to_open(day)
        if month is not None and month.due == day:
            found |= {(person, CHANGE_REPORT.slug): 1 for person in change_report.missing(month, head.department)}
    return {key: count for key, count in found.items() if count}


def _days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=ahead) for ahead in range((last - first).days + 1)]


def _opening_of(day: date) -> datetime:
    return datetime.combine(day, OPENED_AT, SHANGHAI)


def _missing(head: Person, opening: Opening) -> Iterable[Row]:
    """How many records an opening lacks, by owner, of the sources that the head reads."""
    reach = access.reach(head, opening.source, Purpose.VIEW)
    there = {
        "from": collection_name(opening.target.slug),
        "localField": "_number",
        "foreignField": "number",
        "pipeline": [{"$project": {"_id": 1}}],
        "as": "_there",
    }
    pipeline: list[dict[str, Any]] = [
        {"$match": {"$and": [dict(opening.match), reach.query(), {"department": head.department}]}},
        *(dict(stage) for stage in opening.stages),
        {"$project": {"owner": 1, "_number": opening.number}},
        {"$lookup": there},
        {"$match": {"_there": []}},
        {"$group": {"_id": "$owner", "count": {"$sum": 1}}},
    ]
    rows: Iterable[Row] = database()[collection_name(opening.source.slug)].aggregate(pipeline)
    return rows
