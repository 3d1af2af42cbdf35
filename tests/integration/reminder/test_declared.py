"""A type that declares its reminding: 30 and 7 days before, every working day after, the head after two (J)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from config.policy import policy
from models import store, stored_form
from models.declarations import Reminding
from models.person.roles import Person
from models.reminder.document import REMINDERS
from tests.factories.customers import customer
from tests.factories.registering import registered
from tests.factories.types import SAMPLE
from tests.integration.reminder.conftest import Base, chase, open_steps

TOLD = Reminding((30, 7), climb=2)
DUE = date(2026, 12, 24)  # a Thursday, 31 days after the Monday of the tests


@pytest.fixture
def declared(db: Base, request: pytest.FixtureRequest) -> Iterator[None]:
    with registered(replace(SAMPLE, reminding=getattr(request, "param", TOLD))):
        yield


def answer(owner: Person, now: datetime) -> None:
    store.create("sample", {"name": "Lamp", "answer_by": stored_form.end_of(DUE)}, actor=owner, now=now)


def new_on(days: tuple[int, ...], now: datetime) -> list[int]:
    return [chase(now + timedelta(days=day)).new for day in days]


def test_each_notice_comes_once_and_then_it_is_chased_every_working_day(
    db: Base, declared: None, owner: Person, now: datetime
) -> None:
    answer(owner, now)
    # Monday; the day of the first notice and the next; of the second and the next; the day itself; then Friday,
    # Saturday, Sunday and Monday.
    days = (0, 1, 2, 24, 25, 31, 32, 33, 34, 35)
    assert new_on(days, now) == [0, 1, 0, 1, 0, 1, 1, 0, 0, 1]
    told = [row["step"] for row in db[REMINDERS].find({"person": owner.id}).sort("created", 1)]
    assert told == ["soon", "soon", "today", "late", "late"]
    assert open_steps(db, owner) == ["late"]


def test_it_climbs_after_two_working_days(db: Base, declared: None, owner: Person, head: Person, now: datetime) -> None:
    answer(owner, now)
    chase(now + timedelta(days=32))
    assert open_steps(db, head) == []
    chase(now + timedelta(days=35))
    assert open_steps(db, head) == ["climbed"]


@pytest.mark.parametrize("declared", [replace(TOLD, chase=False)], indirect=True)
def test_what_is_not_chased_is_told_late_once(db: Base, declared: None, owner: Person, now: datetime) -> None:
    answer(owner, now)
    assert new_on((31, 32, 35, 36), now) == [1, 1, 0, 0]


def test_the_writer_of_a_credit_report_hears_when_it_is_opened_and_again_three_days_before(
    db: Base, owner: Person, now: datetime
) -> None:
    """C3: the first notice is as many days before as the policy says."""
    file = customer(owner, now, next_report_due=DUE)
    store.create("credit_report", {"customer": file["_id"]}, actor=owner, now=now)
    days = (DUE - now.date()).days
    notice = policy().credit.notice_days
    assert new_on((days - notice - 1, days - notice, days - notice + 1, days - 3, days - 2), now) == [0, 1, 0, 1, 0]
