"""The calendar as an administrator keeps it: own days, decreed years, versions, history, audit."""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from models import office
from models.calendar_day import service, stored
from models.calendar_day.rules import AlreadySo, ChangedSincePreview, NoSuchDay
from models.errors import FieldProblem, Forbidden
from models.person.roles import Person, Role
from models.public_days import BadCalendarFile
from tests.factories.people import person

Base = Database[dict[str, Any]]
DECREE = Path(__file__).parents[2] / "unit" / "decrees" / "decree_2026.json"
PARTY = date(2026, 12, 31)
COMING: dict[str, Any] = {
    "year": 2027,
    "papers": ["https://example.test/decree"],
    "days": [
        {"name": "元旦", "date": "2027-01-01", "isOffDay": True},
        {"name": "元旦", "date": "2027-01-02", "isOffDay": True},
        {"name": "元旦", "date": "2026-12-27", "isOffDay": False},
    ],
}


def test_an_own_day_off_is_in_force_in_every_process_that_asks(admin: Person, now: datetime) -> None:
    before = office.office_calendar()
    assert before.is_working(PARTY)
    service.set_day(admin, PARTY, working=False, reason=" 公司  年会 ", now=now)
    assert office.office_calendar() is before, "a process asks when it begins something, not in the middle"
    assert office.refresh()
    assert not office.office_calendar().is_working(PARTY)
    special = office.office_calendar().public_day(PARTY)
    assert special is not None
    assert special.zh == "公司 年会"
    assert not office.refresh(), "nothing has changed since"


def test_each_change_is_a_version_with_history_and_audit_entry(admin: Person, now: datetime, db: Base) -> None:
    service.set_day(admin, PARTY, working=False, reason="年会", now=now)
    service.set_day(admin, PARTY, working=False, reason="盘点", now=now)
    service.remove_day(admin, PARTY, now=now)
    assert stored.version() == 3
    found = service.changes(2026)
    assert [(row["_id"], row["action"]) for row in found] == [
        (3, "calendar_day_removed"),
        (2, "calendar_day_set"),
        (1, "calendar_day_set"),
    ]
    assert (found[1]["before"]["zh"], found[1]["after"]["zh"]) == ("年会", "盘点")
    entries = list(db["audit"].find({"type": "calendar"}).sort("_id", 1))
    assert [(e["action"], e["number"], e["actor"]) for e in entries] == [
        ("calendar_day_set", "2026-12-31", admin.id),
        ("calendar_day_set", "2026-12-31", admin.id),
        ("calendar_day_removed", "2026-12-31", admin.id),
    ]


def test_the_calendar_of_an_earlier_version_can_be_had(admin: Person, now: datetime) -> None:
    service.set_day(admin, PARTY, working=False, reason="年会", now=now)
    service.import_year(admin, COMING, now=now)
    service.remove_day(admin, PARTY, now=now)
    shown = [
        (held.version, held.calendar().is_working(PARTY), held.calendar().announced(2027))
        for held in stored.held_since(0)
    ]
    assert shown == [(3, True, True), (2, False, True), (1, False, False), (0, True, False)]


@pytest.mark.parametrize(
    ("day", "working", "reason", "refusal"),
    [
        (date(2026, 12, 31), False, "  ", FieldProblem),
        (date(2026, 12, 31), False, "x" * 61, FieldProblem),
        (date(1999, 12, 31), False, "年会", FieldProblem),
        (date(2026, 12, 31), True, "盘点", AlreadySo),
        (date(2026, 10, 1), False, "国庆", AlreadySo),
        (date(2026, 11, 22), False, "周日", AlreadySo),
    ],
)
def test_what_makes_no_sense_is_refused_and_nothing_is_stored(
    day: date, working: bool, reason: str, refusal: type[Exception], admin: Person, now: datetime
) -> None:
    with pytest.raises(refusal):
        service.set_day(admin, day, working=working, reason=reason, now=now)
    assert stored.version() == 0


def test_an_entry_that_is_not_there_cannot_be_removed(admin: Person, now: datetime) -> None:
    with pytest.raises(NoSuchDay):
        service.remove_day(admin, PARTY, now=now)


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMINISTRATOR])
def test_only_an_administrator_changes_the_calendar(role: Role, db: Base, now: datetime) -> None:
    who = person(role)
    with pytest.raises(Forbidden):
        service.set_day(who, PARTY, working=False, reason="年会", now=now)
    with pytest.raises(Forbidden):
        service.remove_day(who, PARTY, now=now)
    with pytest.raises(Forbidden):
        service.import_year(who, COMING, now=now)
    assert stored.version() == 0


def test_a_published_year_is_previewed_and_then_imported(admin: Person, now: datetime) -> None:
    seen = service.preview(COMING)
    assert (seen.year.year, seen.known, seen.version) == (2027, False, 0)
    changed = {one.day.isoformat(): one.working for one in seen.differences}
    assert changed["2026-12-27"] is True, "a decree may reach into the year before"
    assert changed["2027-02-08"] is True, "what was guessed and is not decreed is a plain day"
    assert stored.version() == 0
    service.import_year(admin, COMING, now=now, seen=seen.version)
    office.refresh()
    calendar = office.office_calendar()
    assert calendar.announced(2027)
    assert calendar.is_working(date(2026, 12, 27))


def test_the_same_table_again_changes_nothing(admin: Person, now: datetime) -> None:
    service.import_year(admin, COMING, now=now)
    assert service.import_year(admin, COMING, now=now).known
    assert stored.version() == 1


def test_a_decree_that_the_library_knows_already_changes_no_day(admin: Person, now: datetime) -> None:
    assert service.preview(json.loads(DECREE.read_text("utf-8"))).differences == ()


def test_a_preview_that_was_overtaken_is_not_applied(admin: Person, now: datetime) -> None:
    seen = service.preview(COMING)
    service.set_day(admin, PARTY, working=False, reason="年会", now=now)
    with pytest.raises(ChangedSincePreview):
        service.import_year(admin, COMING, now=now, seen=seen.version)
    assert stored.version() == 1


@pytest.mark.parametrize("document", [[], {}, {"year": 2027}, {**COMING, "year": "2027"}, {**COMING, "days": [1]}])
def test_a_table_that_cannot_be_read_is_refused_whole(document: Any, admin: Person, now: datetime) -> None:
    with pytest.raises(BadCalendarFile):
        service.import_year(admin, document, now=now)
    assert stored.version() == 0
