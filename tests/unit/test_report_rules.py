"""Reports at fixed times: months, weeks, days by which they are due (F4, T8, B)."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from models.calendar import WorkingCalendar
from models.change_report import rules as change_report
from models.customer_change import rules as change
from models.service_report import rules as service_report

CALENDAR = WorkingCalendar()
RECEIVED = datetime(2026, 11, 23, 2, tzinfo=UTC)
LATER = datetime(2026, 11, 23, 3, tzinfo=UTC)


@pytest.mark.parametrize(
    ("today", "expected"),
    [
        (date(2026, 11, 1), None),
        (date(2026, 11, 2), date(2026, 11, 2)),
        (date(2026, 11, 30), date(2026, 11, 2)),
        (date(2026, 6, 1), date(2026, 6, 1)),
    ],
)
def test_the_months_report_is_wanted_from_the_first_monday_on(today: date, expected: date | None) -> None:
    found = change_report.month_to_open(today)
    assert (found.due if found else None) == expected


def test_a_week_that_ends_on_a_day_off_is_due_on_the_next_working_day() -> None:
    period = service_report.week_of(date(2026, 10, 2), CALENDAR)
    assert (period.occasion, period.begins, period.due) == ("2026-W40 周报", date(2026, 9, 26), date(2026, 10, 8))


@pytest.mark.parametrize(("today", "friday"), [(date(2026, 11, 20), 20), (date(2026, 11, 26), 20)])
def test_the_last_friday_is_today_or_before(today: date, friday: int) -> None:
    assert service_report.last_friday(today) == date(2026, 11, friday)


def test_a_months_report_is_of_the_month_before_over_the_turn_of_the_year() -> None:
    period = service_report.month_before(date(2027, 1, 1), service_report.MONTHLY, CALENDAR)
    assert (period.name, period.begins, period.ends) == ("2026-12", date(2026, 12, 1), date(2026, 12, 31))
    assert period.due == date(2027, 1, 22)


def test_a_month_whose_22nd_is_off_is_due_on_the_working_day_before() -> None:
    assert service_report.month_before(date(2026, 11, 9), "monthly", CALENDAR).due == date(2026, 11, 20)


def test_the_first_writing_in_the_file_after_the_report_counts() -> None:
    versions = [
        {"rev": 1, "at": RECEIVED, "action": "change"},
        {"rev": 2, "at": LATER, "action": "revisited"},
        {"rev": 4, "at": LATER, "action": "change"},
        {"rev": 3, "at": LATER, "action": "change"},
    ]
    assert change.filing_version(versions, RECEIVED)["rev"] == 3
    with pytest.raises(change.NotFiled):
        change.filing_version(versions[:2], RECEIVED)
