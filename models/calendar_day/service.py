"""The working calendar as an administrator keeps it: own days, imported decrees, and the history of both.

Each change is one transaction: what it changes, the next version of the calendar, its history and its audit entry. The
deadlines that depend on it follow by a job (`models.deadline.recount`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from config.database import database, transaction
from models import audit, schema
from models.calendar_day import rules
from models.calendar_day.document import CHANGES, CURRENT, DAYS, INDEXES, VERSION, YEARS, Row, write_day, write_year
from models.calendar_day.stored import held, version
from models.day_words import day_text
from models.deadline import recount
from models.errors import Forbidden
from models.person.roles import Permission, Person
from models.public_days import PublishedYear, parse_published

SUBJECT = "calendar"

schema.declare(INDEXES)


@dataclass(frozen=True)
class Preview:
    """What importing a decreed year would do, seen at a version of the calendar."""

    year: PublishedYear
    version: int
    known: bool
    differences: tuple[rules.Difference, ...]


def changes(year: int, limit: int = 20) -> list[Row]:
    """The latest changes of a year, newest first."""
    return list(database()[CHANGES].find({"year": year}).sort("_id", -1).limit(limit))


def set_day(person: Person, day: date, *, working: bool, reason: str, now: datetime) -> None:
    """Enter a day off or a working day of the department's own, in place of what stood for that day.

    :raises Forbidden: for others than administrators. :raises FieldProblem: :raises AlreadySo: nothing is stored.
    """
    require(person)

    def work() -> None:
        present = held().calendar(without=day)
        made = rules.check_own_day(day, working=working, reason=reason, present=present)
        after = {**write_day(made), "year": day.year, "by_name": person.name, "at": now}
        before = database()[DAYS].find_one_and_replace({"_id": day.isoformat()}, after, upsert=True)
        _note("calendar_day_set", person, day.year, now, day=day, before=before, after=after)

    transaction(work)


def remove_day(person: Person, day: date, *, now: datetime) -> None:
    """Take an own day back: the decree, or the week, holds again. :raises Forbidden: :raises NoSuchDay:"""
    require(person)

    def work() -> None:
        before = database()[DAYS].find_one_and_delete({"_id": day.isoformat()})
        if before is None:
            raise rules.NoSuchDay(day=day_text(day))
        _note("calendar_day_removed", person, day.year, now, day=day, before=before, after=None)

    transaction(work)


def preview(document: Any) -> Preview:
    """What the published table of a year would change; nothing is stored. :raises BadCalendarFile:"""
    year = parse_published(document)
    present = held()
    stored = next((one for one in present.years if one.year == year.year), None)
    before, after = present.calendar(), present.calendar(instead=year)
    found = rules.differences(before, after, year.year)
    return Preview(year, present.version, rules.same(stored, year), tuple(found))


def import_year(person: Person, document: Any, *, now: datetime, seen: int | None = None) -> Preview:
    """Bring the published table of a year into force, in place of what was known of it, and return what it did.

    `seen` is the version at which it was previewed. The very same table again changes nothing.

    :raises Forbidden: :raises BadCalendarFile: :raises ChangedSincePreview: nothing is stored.
    """
    require(person)

    def work() -> Preview:
        made = preview(document)
        if seen is not None and seen != made.version:
            raise rules.ChangedSincePreview()
        if not made.known:
            after = {**write_year(made.year), "by_name": person.name, "at": now}
            before = database()[YEARS].find_one_and_replace({"_id": made.year.year}, after, upsert=True)
            _note("calendar_year_imported", person, made.year.year, now, before=before, after=after)
        return made

    return transaction(work)


def require(person: Person) -> None:
    """:raises Forbidden: for others than administrators."""
    if person.id is not None and not person.may(Permission.CALENDAR_MANAGE):
        raise Forbidden()


def _note(
    action: str,
    person: Person,
    year: int,
    now: datetime,
    *,
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any] | None,
    day: date | None = None,
) -> None:
    """The next version with its history and audit entry, and the recount of the deadlines that follow from it."""
    database()[VERSION].update_one({"_id": CURRENT}, {"$inc": {"version": 1}}, upsert=True)
    number = version()
    change: Row = {"_id": number, "action": action, "year": year, "at": now, "by_name": person.name}
    change |= {"by": person.id, "day": day.isoformat() if day else None, "before": before, "after": after}
    database()[CHANGES].insert_one(change)
    name = day.isoformat() if day else str(year)
    detail = {"version": number}
    audit.append(action, person, audit.Subject(SUBJECT, number=name), now=now, detail=detail)
    recount.ask(number, now)
