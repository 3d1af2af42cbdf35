"""The notice before a record is declassified by itself (X2)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from models import declassification
from models.person.roles import Person, Role
from models.reminder import service
from models.reminder.chasing import Chased, announce_declassification
from models.reminder.document import REMINDERS
from models.reminder.rules import Step
from tests.factories.customers import customer
from tests.factories.people import person
from tests.integration.reminder.conftest import Base, change, chase, open_steps

MONDAY = date(2026, 11, 23)


def secret(owner: Person, now: datetime, ends_in: int) -> dict[str, Any]:
    return customer(owner, now, level="secret", secret_until=MONDAY + timedelta(days=ends_in))


def test_the_owner_is_told_30_days_before_and_again_7_days_before(db: Base, owner: Person, now: datetime) -> None:
    secret(owner, now, 31)
    found = []
    for day in range(33):
        declassification.declassify(now + timedelta(days=day))
        announce_declassification(now + timedelta(days=day))
        found.append(tuple(open_steps(db, owner)))
    assert [found.index(step) for step in ((), ("notice",), ("last_notice",))] == [0, 1, 24]
    assert found[31:] == [("last_notice",), ()]
    assert db[REMINDERS].count_documents({}) == 2


def test_an_extension_or_a_new_level_ends_the_notice(owner: Person, now: datetime) -> None:
    record = secret(owner, now, 10)
    announce_declassification(now)
    assert [told.reminder.step for told in service.inbox(owner, now, "zh")] == [Step.NOTICE]
    change(record, "customer", now, secret_until=MONDAY + timedelta(days=400))
    assert service.inbox(owner, now, "zh") == []
    assert announce_declassification(now + timedelta(days=1)) == Chased(0, 0)


def test_internal_records_end_silently(owner: Person, now: datetime) -> None:
    customer(owner, now)
    assert announce_declassification(now) == Chased(0, 0)


def test_deadlines_and_secrecy_do_not_close_each_other(db: Base, owner: Person, now: datetime) -> None:
    customer(owner, now, level="secret", secret_until=MONDAY + timedelta(days=3), next_report_due=MONDAY)
    announce_declassification(now)
    chase(now)
    announce_declassification(now + timedelta(minutes=1))
    chase(now + timedelta(hours=1))
    assert sorted(open_steps(db, owner)) == ["last_notice", "today"]


# --- who else is told


def seen(who: Person, now: datetime) -> list[tuple[str, str]]:
    """What the person's reminders name, as the person reads it."""
    return [(told.number, told.reminder.step.value) for told in service.inbox(who, now, "zh")]


def test_the_custodian_is_told_of_what_they_read_in_their_department(owner: Person, now: datetime) -> None:
    keeper, stranger = person(Role.CUSTODIAN), person(Role.CUSTODIAN, department="sales")
    mine = secret(owner, now, 10)
    customer(owner, now, level="confidential", secret_until=MONDAY + timedelta(days=10))
    announce_declassification(now)
    assert seen(keeper, now) == [(mine["number"], "notice")]
    assert seen(stranger, now) == []
    assert len(seen(owner, now)) == 2


def test_a_custodian_is_told_once_of_what_they_own(db: Base, now: datetime) -> None:
    keeper = person(Role.CUSTODIAN)
    secret(keeper, now, 10)
    assert announce_declassification(now) == Chased(1, 0)
    assert db[REMINDERS].count_documents({}) == 1


@pytest.mark.parametrize("level", ["secret", "confidential"])
def test_where_the_owner_has_left_the_head_is_told(
    db: Base, owner: Person, head: Person, now: datetime, level: str
) -> None:
    made = customer(owner, now, level=level, secret_until=MONDAY + timedelta(days=3))
    announce_declassification(now)
    assert seen(head, now) == []
    db["user"].update_one({"_id": owner.id}, {"$set": {"active": False}})
    announce_declassification(now + timedelta(days=1))
    assert seen(head, now) == [(made["number"], "last_notice")]
    assert declassification.declassify(now + timedelta(days=4)).declassified == 1
    announce_declassification(now + timedelta(days=4))
    assert open_steps(db, head) == []


def test_of_top_secret_without_an_owner_the_general_manager_is_told(db: Base, owner: Person, now: datetime) -> None:
    chief = person(Role.GENERAL_MANAGER, department="office")
    made = customer(owner, now, level="top_secret", secret_until=MONDAY + timedelta(days=3))
    secret(owner, now, 3)
    db["user"].update_one({"_id": owner.id}, {"$set": {"active": False}})
    announce_declassification(now)
    assert seen(chief, now) == [(made["number"], "last_notice")]


def test_what_ended_while_the_jobs_stood_still_is_announced_before_it_is_opened(
    db: Base, owner: Person, now: datetime
) -> None:
    made = secret(owner, now, 5)
    later = now + timedelta(days=60)
    assert declassification.declassify(later) == declassification.Outcome(unannounced=1)
    announce_declassification(later)
    assert seen(owner, later) == [(made["number"], "last_notice")]
    assert declassification.declassify(later + timedelta(days=7)).declassified == 1


def test_a_custodian_who_changes_the_department_reads_of_it_no_more(db: Base, owner: Person, now: datetime) -> None:
    keeper = person(Role.CUSTODIAN)
    secret(owner, now, 10)
    announce_declassification(now)
    moved = replace(keeper, department="sales")
    assert seen(moved, now) == []
