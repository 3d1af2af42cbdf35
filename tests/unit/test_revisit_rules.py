"""When to revisit, at what hour, how often to try, and what satisfaction says (V1-V3, V5)."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from models.calendar import SHANGHAI, WorkingCalendar
from models.calling_hours import in_rest_hours
from models.convenient_hours import parse_convenient_hours
from models.revisit.rules import (
    POINTS,
    AnswerWanted,
    BadScore,
    RestHours,
    check_planned_time,
    check_reached,
    coverage,
    next_revisit_due,
    satisfaction,
    tries,
)

CALENDAR = WorkingCalendar()


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI).astimezone(UTC)


def due(delivered: str, last: str | None, **more: Any) -> str:
    last_on = date.fromisoformat(last) if last else None
    return next_revisit_due(date.fromisoformat(delivered), last_on, CALENDAR, **more).day.isoformat()


@pytest.mark.parametrize(
    ("delivered", "last", "next_one"),
    [
        ("2026-03-10", None, "2026-04-10"),
        ("2026-03-10", "2026-04-14", "2026-05-14"),
        ("2026-01-31", None, "2026-02-28"),  # a make-up Saturday
        ("2024-01-31", None, "2024-02-29"),
        ("2026-09-01", None, "2026-10-08"),  # 1 October is a holiday
        ("2025-03-10", "2026-03-09", "2026-04-09"),  # still the first year
        ("2025-03-10", "2026-03-10", "2026-06-10"),
        ("2024-02-29", "2025-02-28", "2025-05-28"),
        ("2024-03-10", "2026-08-10", "2026-11-10"),
        ("2026-03-10", "2026-01-05", "2026-04-10"),  # an older revisit was about something else
    ],
)
def test_monthly_in_the_first_year_and_quarterly_later(delivered: str, last: str | None, next_one: str) -> None:
    assert due(delivered, last) == next_one


def test_a_key_customer_is_revisited_each_period_whatever_its_year() -> None:
    assert due("2024-03-10", "2026-08-10", key_customer=True) == "2026-09-10"
    assert due("2026-03-10", None, key_customer=True, key_months=3) == "2026-04-10", "never less often than others"


def test_a_revisit_due_in_a_year_not_announced_says_so() -> None:
    assert next_revisit_due(date(2026, 12, 10), None, CALENDAR).warning is not None


@pytest.mark.parametrize(
    ("wanted", "done", "percent"), [(0, 0, 100), (3, 0, 0), (3, 2, 66), (300, 299, 99), (3, 4, 100)]
)
def test_coverage_is_full_only_when_all_were_made(wanted: int, done: int, percent: int) -> None:
    assert coverage(wanted, done) == percent


@pytest.mark.parametrize(
    ("channel", "moment", "convenient", "first"),
    [
        ("phone", "2026-11-23T12:30", "", "2026-11-23（周一）14:00"),
        ("message", "2026-11-20T21:00", "", "2026-11-23（周一）09:00"),
        ("visit", "2026-11-22T10:00", "每天 19:00-20:00", "2026-11-22（周日）19:00"),
        ("phone", "2026-11-23T12:30", "no idea", "2026-11-23（周一）14:00"),
    ],
)
def test_no_revisit_is_planned_in_rest_hours(channel: str, moment: str, convenient: str, first: str) -> None:
    with pytest.raises(RestHours) as refusal:
        check_planned_time(channel, at(moment), CALENDAR, convenient)
    assert first in refusal.value.text("zh")


def test_ordinary_hours_convenient_hours_and_letters_are_fine() -> None:
    check_planned_time("phone", at("2026-11-23T19:59"), CALENDAR)
    check_planned_time("phone", at("2026-11-23T12:30"), CALENDAR, "工作日 12:15-13:00")
    check_planned_time("letter", at("2026-11-22T23:00"), CALENDAR)


def tried(*moments: str, reached: bool = False, convenient: str = "") -> tuple[str, int, datetime | None]:
    found = tries([at(m) for m in moments], reached=reached, calendar=CALENDAR, convenient_hours=convenient)
    return found.standing, found.days_tried, found.next_at


def test_three_tries_on_different_days_and_then_it_is_given_up() -> None:
    assert tried() == ("open", 0, None)
    assert tried("2026-11-23T10:00") == ("open", 1, at("2026-11-24T09:00"))
    two = tried("2026-11-23T10:00", "2026-11-24T10:00")
    assert two == ("open", 2, at("2026-11-25T09:00"))
    assert tried("2026-11-23T10:00", "2026-11-24T10:00", "2026-11-25T10:00") == ("given_up", 3, None)


def test_tries_on_one_day_count_once() -> None:
    assert tried("2026-11-23T09:10", "2026-11-23T15:00", "2026-11-23T19:00") == ("open", 1, at("2026-11-24T09:00"))


def test_days_are_those_of_shanghai() -> None:
    both_sides_of_midnight_utc = ("2026-11-24T07:59", "2026-11-24T08:01")
    assert tried(*both_sides_of_midnight_utc)[1] == 1


def test_reached_at_last_is_reached() -> None:
    assert tried("2026-11-23T10:00", "2026-11-24T10:00", "2026-11-25T10:00", reached=True)[0] == "reached"


def test_the_next_try_keeps_to_the_convenient_hours_and_never_falls_in_rest_hours() -> None:
    assert tried("2026-09-30T10:00")[2] == at("2026-10-08T09:00")
    evening = "周六 19:00-20:00"
    next_at = tried("2026-11-23T10:00", convenient=evening)[2]
    assert next_at == at("2026-11-28T19:00")
    assert not in_rest_hours(CALENDAR, next_at, parse_convenient_hours(evening) or ())


def test_satisfaction_is_the_average_of_what_was_answered() -> None:
    full = satisfaction(dict(zip(POINTS, (5, 4, 4, 3, 5), strict=True)))
    assert (full.average, full.percent_answered, full.missing) == (Decimal("4.2"), 100, ())
    part = satisfaction({"ease": 5, "attitude": 4, "time": None})
    assert (part.average, part.percent_answered) == (Decimal("4.5"), 40)
    assert part.missing == ("ability", "time", "outcome")
    assert satisfaction({"ease": 4, "attitude": 4, "ability": 5}).average == Decimal("4.3")
    assert satisfaction({}).average is None


@pytest.mark.parametrize("score", [0, 6, -1, True, 4.5, "5"])
def test_a_point_is_one_to_five(score: Any) -> None:
    with pytest.raises(BadScore):
        satisfaction({"ease": score})


def test_reached_means_that_the_customer_said_something() -> None:
    check_reached({"ease": 4}, "")
    check_reached({}, "一切正常")
    with pytest.raises(AnswerWanted):
        check_reached({"ease": None}, "  ")
