"""What the head is told of the next working day is what the schedule then does, played through on a copy (J)."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from config.database import database
from jobs.schedule import JOBS
from jobs.simulation import simulate
from models import catalogue, foresight, schema, store
from models.calendar import SHANGHAI
from models.foresight import Foreseen
from models.office import office_calendar
from models.person.roles import SYSTEM, Person, Role
from models.put_aside import service as asides
from models.reminder import chasing
from models.reminder.document import REMINDERS
from models.reminder.rules import Step
from tests.factories.contracts import contract
from tests.factories.customers import customer
from tests.factories.people import person
from tests.integration.jobs.conftest import Office

MONDAY = date(2026, 11, 23)
FRIDAY_EVENING = timedelta(days=4, hours=9)


@pytest.fixture(autouse=True)
def shipped(office: Office) -> None:
    catalogue.load()
    schema.migrate()


def day(number: int) -> date:
    return MONDAY + timedelta(days=number)


def revisit(owner: Person, due: date, now: datetime, **values: Any) -> dict[str, Any]:
    return store.create("revisit", {"due_on": due, "owner": owner.id, **values}, actor=owner, now=now)


def department(now: datetime) -> Person:
    """A head, two specialists, and work of every step; returns the head."""
    head, ann, bob = person(Role.HEAD), person(Role.SPECIALIST), person(Role.SPECIALIST)
    for owner in (ann, bob, head):
        for number in (-14, -4, -1, 0, 1, 2, 3, 4, 7, 8, 14):
            revisit(owner, day(number), now)
    early = now.replace(hour=1)
    store.create("complaint", {"subject": "x", "received_at": early, "channel": "phone"}, actor=ann, now=now)
    aside = revisit(ann, day(1), now)
    asides.put_aside(ann, "revisit", aside["number"], now + timedelta(days=2), now, sure=True)
    customer(bob, now, level="secret", secret_until=day(20), state="active", next_revisit_due=day(6))
    customer(ann, now, state="active", next_report_due=day(12))
    other = person(Role.SALES, department="sales")
    revisit(other, day(1), now, department="sales")
    return head


def played(office: Office, seen: Foreseen, now: datetime) -> tuple[Counter[Any], Counter[str]]:
    """What the schedule does on that day to the people of the department: reminders of records that are there already,
    and how many records are opened."""
    people = {row["_id"] for row in database()["user"].find({"department": "service"})}
    there = {
        son["_id"]: son["number"] for slug in ("revisit", "complaint", "customer", "contract") for son in records(slug)
    }
    reminders: Counter[Any] = Counter()
    opened: Counter[str] = Counter()
    opens = {
        "quarterly_review": "review",
        "revisit_due": "revisit",
        "credit_due": "credit_report",
        "change_report": "change_report",
        "weekly_report": "service_report",
        "monthly_report": "service_report",
    }
    until = datetime.combine(seen.day, datetime.max.time(), SHANGHAI)
    for one in simulate(office.desk(JOBS).settings, JOBS, now + timedelta(minutes=1), until):
        if one.job.name in opens:
            opened[opens[one.job.name]] += one.counts.get("opened", 0)
        for told in one.reminders:
            at = one.planned + timedelta(hours=8)
            foreseen = told.person in people and told.record in there
            if at.date() == seen.day and foreseen:
                reminders[told.person, told.type, there[told.record], told.step, told.due] += 1
    return reminders, opened


def records(slug: str) -> list[dict[str, Any]]:
    return list(database()[f"record_{slug}"].find({}, {"number": 1}))


@pytest.mark.parametrize(
    "later", [timedelta(), timedelta(hours=8), FRIDAY_EVENING], ids=["morning", "evening", "friday"]
)
@pytest.mark.parametrize("chased", [True, False])
def test_the_next_day_is_foreseen_as_it_then_comes(
    office: Office, now: datetime, later: timedelta, chased: bool
) -> None:
    head = department(now)
    moment = now + later
    if chased:
        chasing.chase_deadlines(now, office_calendar())
    before = database()[REMINDERS].count_documents({})
    seen = foresight.next_day(head, moment, office_calendar())
    assert database()[REMINDERS].count_documents({}) == before
    reminders, opened = played(office, seen, moment)
    assert Counter((one.person, one.type, one.number, one.step, one.due) for one in seen.reminders) == reminders
    foreseen: Counter[str] = Counter()
    for (_owner, slug), count in seen.opened.items():
        foreseen[slug] += count
    assert foreseen == +opened
    assert {"soon", "today", "late"} <= {one.step.value for one in seen.reminders}


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        (datetime(2026, 11, 26, 12, tzinfo=UTC), {"service_report": 1}),
        (datetime(2026, 11, 30, 12, tzinfo=UTC), {"service_report": 2}),
        (datetime(2026, 12, 4, 12, tzinfo=UTC), {"change_report": 1}),
        (datetime(2026, 12, 7, 12, tzinfo=UTC), {}),
    ],
    ids=["before friday", "before the first", "before the first monday", "after it"],
)
def test_reports_that_are_opened_are_foreseen(office: Office, moment: datetime, expected: dict[str, int]) -> None:
    head = person(Role.HEAD)
    person(Role.SALES)
    office.clock.now = moment
    seen = foresight.next_day(head, moment, office_calendar())
    foreseen = {slug: count for (_owner, slug), count in seen.opened.items()}
    assert foreseen == expected == dict(+played(office, seen, moment)[1])


@pytest.mark.parametrize("submitted", [timedelta(), timedelta(hours=7), timedelta(hours=30)])
def test_what_goes_on_unsigned_is_foreseen_for_everybody_for_whom_it_waits(
    office: Office, now: datetime, submitted: timedelta
) -> None:
    head, manager, legal = person(Role.HEAD), person(Role.GENERAL_MANAGER), person(Role.LEGAL_REVIEWER)
    made = contract(head, customer(head, now)["_id"], now)
    at = now + submitted
    store.change("contract", made["_id"], {"state": "in_review", "submitted_at": at}, actor=SYSTEM, now=at)
    moment = at + timedelta(minutes=30)
    seen = foresight.next_day(head, moment, office_calendar())
    reminders, _ = played(office, seen, moment)
    stuck = Counter(
        (one.person, one.type, one.number, one.step, one.due) for one in seen.reminders if one.step is Step.STUCK
    )
    assert stuck == Counter({told: count for told, count in reminders.items() if told[3] is Step.STUCK})
    assert {told[0] for told in stuck} == ({manager.id, legal.id} if submitted else set())


def test_the_head_foresees_nothing_of_what_they_do_not_read(office: Office, now: datetime) -> None:
    head, ann = person(Role.HEAD), person(Role.SPECIALIST)
    made = revisit(ann, day(1), now)
    assert [one.number for one in foresight.next_day(head, now, office_calendar()).reminders] == [made["number"]]
    store.change("revisit", made["_id"], {"department": "sales"}, actor=SYSTEM, now=now)
    assert foresight.next_day(head, now, office_calendar()).reminders == []
