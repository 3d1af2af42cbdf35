"""The notice before a record is declassified by itself (X2)."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from models import declassification
from models.person.roles import Person
from models.reminder import service
from models.reminder.chasing import Chased, announce_declassification
from models.reminder.document import REMINDERS
from models.reminder.rules import Step
from tests.factories.customers import customer
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
