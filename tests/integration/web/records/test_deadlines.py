"""A deadline says why it is when it is, and from when it moved, on the details page and in My work (J)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from html import unescape

import pytest

from models import office, records, store
from models.calendar_day import service
from models.deadline import recount
from models.person.roles import Role
from models.registry import UNDER_WAY
from tests.factories.customers import customer
from tests.factories.desks import Desk
from tests.factories.people import person

Sit = Callable[..., Desk]

pytestmark = pytest.mark.usefixtures("fresh_calendar")
THURSDAY = date(2026, 11, 26)


def day_off(now: datetime) -> None:
    admin = person(Role.ADMINISTRATOR)
    service.set_day(admin, THURSDAY, working=False, reason="停电", now=now)
    office.refresh()
    recount.work("test", now + UNDER_WAY, lambda: True)


def steps(page: str) -> list[str]:
    found = re.search(r'class="why-steps".*?</span></span>', page, re.DOTALL)
    return [unescape(line) for line in re.findall(r"<span>([^<]+)</span>", found.group(0))] if found else []


def test_a_deadline_says_from_what_it_was_counted_and_what_was_left_out(sit: Sit, now: datetime) -> None:
    owner = sit(Role.SPECIALIST)
    record = customer(owner.person, now, contract_signed=date(2026, 9, 30))
    page = owner.text(f"/records/customer/{record['number']}")
    assert steps(page) == [
        "Contract signed: 3 days from Wed 30 Sep 2026",
        "1-7 Oct off (National Day)",
        "Sat 3 Oct 2026 is off, so the next working day",
    ]
    assert steps(owner.text("/")) == steps(page)


def test_in_chinese_the_steps_are_chinese(sit: Sit, now: datetime) -> None:
    owner = sit(Role.SPECIALIST, language="zh")
    raw = {"subject": "灯具破损", "channel": "phone", "facts": "三箱", "complainant": "李女士"}
    complaint = records.create(owner.person, "complaint", raw, now=now)
    page = owner.text(f"/records/complaint/{complaint['number']}")
    assert steps(page) == ["受理时间：自 2026-11-23（周一）10:00 起 24 个工作小时"]


def test_a_deadline_that_moved_says_from_when_and_why(sit: Sit, now: datetime) -> None:
    owner = sit(Role.SPECIALIST)
    record = customer(owner.person, now, contract_signed=date(2026, 11, 23))
    day_off(now)
    page = owner.text(f"/records/customer/{record['number']}")
    assert "moved from 26 Nov 2026 when the calendar changed" in page
    assert "moved its deadline with the calendar" in page
    assert steps(page)[1:] == ["Thu 26 Nov off (停电)", "Thu 26 Nov 2026 is off, so the next working day"]


def test_a_deadline_that_was_set_by_a_person_has_no_reckoning(sit: Sit, now: datetime) -> None:
    owner = sit(Role.SPECIALIST)
    values = {"occasion": "festival", "due_on": THURSDAY, "customer": customer(owner.person, now)["_id"]}
    record = store.create("revisit", values, actor=owner.person, now=now)
    page = owner.text(f"/records/revisit/{record['number']}")
    assert "3 working days left" in page
    assert steps(page) == []


def test_a_deadline_in_a_year_not_announced_says_so(sit: Sit, now: datetime) -> None:
    owner = sit(Role.SPECIALIST)
    closed = datetime(2026, 12, 30, 2, tzinfo=UTC)
    values = {"occasion": "complaint", "complaint_closed": closed, "customer": customer(owner.person, now)["_id"]}
    record = store.create("revisit", values, actor=owner.person, now=now)
    page = owner.text(f"/records/revisit/{record['number']}")
    assert any("not announced yet" in line for line in steps(page))
