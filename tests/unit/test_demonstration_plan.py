"""What the demonstration department does is decided beforehand, and lies in the past whenever it is begun."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from random import Random

import pytest

from backoffice.demonstration import files
from backoffice.demonstration.companies import Companies
from backoffice.demonstration.days import Days
from backoffice.demonstration.plan import Act
from backoffice.demonstration.scans import one_page
from backoffice.demonstration.stories import steps_of
from models.attachment.rules import content_type
from models.calendar import local
from models.customer.identity import licence_warning, phone_warning
from models.office import office_calendar

MOMENTS = {
    "a Monday morning": datetime(2026, 11, 23, 2, tzinfo=UTC),
    "a minute after opening": datetime(2026, 11, 23, 1, 1, tzinfo=UTC),
    "a Sunday": datetime(2026, 11, 22, 4, tzinfo=UTC),
    "the middle of the night": datetime(2026, 11, 24, 18, 30, tzinfo=UTC),
    "New Year's holiday": datetime(2027, 1, 2, 14, tzinfo=UTC),
    "the first working day of a quarter": datetime(2026, 10, 8, 1, tzinfo=UTC),
    "right after Spring Festival": datetime(2026, 2, 24, 8, tzinfo=UTC),
    "a leap day": datetime(2028, 2, 29, 7, tzinfo=UTC),
}
AS_OF = pytest.mark.parametrize("now", MOMENTS.values(), ids=MOMENTS)


@AS_OF
def test_everything_has_happened_by_now_in_order(now: datetime) -> None:
    steps = steps_of(Days(now, office_calendar()))
    assert len([step for step in steps if isinstance(step, Act)]) > 1000
    assert all(before.at <= after.at for before, after in pairwise(steps))
    assert steps[-1].at <= now


@AS_OF
def test_a_record_is_made_before_anything_else_happens_to_it(now: datetime) -> None:
    made: set[str] = set()
    for step in steps_of(Days(now, office_calendar())):
        if isinstance(step, Act) and step.do == "create":
            assert step.key not in made
            made.add(step.key)
        elif isinstance(step, Act) and step.slug in ("customer", "contract", "complaint", "credit_report"):
            assert step.key in made, step


def test_the_same_moment_gives_the_same_plan() -> None:
    first, second = (steps_of(Days(MOMENTS["a Sunday"], office_calendar())) for _ in range(2))
    told = [[(s.at, s.key, s.do, s.values) for s in steps if isinstance(s, Act)] for steps in (first, second)]
    assert told[0] == told[1]


@AS_OF
def test_an_earlier_clock_is_an_earlier_moment(now: datetime) -> None:
    days = Days(now, office_calendar())
    clocks = ("08:30", "09:05", "11:20", "15:00", "17:55")
    moments = [days.back(back, clock) for back in (3, 2, 1, 0) for clock in clocks]
    assert moments == sorted(moments)
    assert moments[-1] <= now
    assert all(office_calendar().is_working(local(moment).date()) for moment in moments)


def test_open_hours_are_counted_back_over_nights_and_days_off() -> None:
    days = Days(MOMENTS["a Monday morning"], office_calendar())
    begin = days.open_hours_before(days.on(days.today, "18:00"), 12)
    assert abs(local(begin) - local(days.on(days.day(-3), "15:00"))) < timedelta(minutes=2)


def test_companies_are_well_formed_and_nobodys() -> None:
    companies = list(islice(Companies(local(MOMENTS["a Sunday"]).date(), Random(1)).stream(), files.COUNT))
    assert len({company["name"] for company in companies}) == files.COUNT
    for company in companies:
        assert licence_warning(company.get("licence_no", "")) is None
        assert company.get("licence_no", "91990").startswith("91990")  # no registry has this number
        assert phone_warning(company["phone"]) is None
        assert re.search(r"-5550-\d{4}$|555 01\d\d$|7946 0\d{3}$|5550 1\d{3}$", company["phone"])
        assert re.search(r"^1990000\d{4}$| 01\d\d$|7946 0\d{3}$|5550 1\d{3}$", company["contact_phone"])
        assert company["contact_email"].endswith(".example")


def test_a_stand_in_for_a_scan_is_a_pdf() -> None:
    page = one_page("年度供货合同.pdf")
    assert content_type(page) == "application/pdf"
    start = int(page.rsplit(b"startxref\n", 1)[1].split()[0])
    assert page[start : start + 4] == b"xref"
