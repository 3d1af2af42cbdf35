"""Rest hours and convenient hours (V2)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from models.calendar import SHANGHAI, WorkingCalendar, local
from models.calling_hours import in_rest_hours, next_allowed_call, next_convenient_call
from models.convenient_hours import EVERY_DAY, Window, parse_convenient_hours

CALENDAR = WorkingCalendar()
WEEKEND = frozenset({5, 6})


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI).astimezone(UTC)


def hours(text: str) -> tuple[Window, ...]:
    windows = parse_convenient_hours(text)
    assert windows is not None
    return windows


@pytest.mark.parametrize(
    ("moment", "rest"),
    [
        ("2026-11-23T08:59", True),
        ("2026-11-23T09:00", False),
        ("2026-11-23T11:59", False),
        ("2026-11-23T12:00", True),
        ("2026-11-23T13:59", True),
        ("2026-11-23T14:00", False),
        ("2026-11-23T19:59", False),
        ("2026-11-23T20:00", True),
        ("2026-11-22T10:00", True),  # Sunday
        ("2026-10-01T10:00", True),  # National Day
        ("2026-10-10T10:00", False),  # make-up Saturday
    ],
)
def test_rest_hours_are_noon_evening_and_days_off(moment: str, rest: bool) -> None:
    assert in_rest_hours(CALENDAR, at(moment)) is rest


@pytest.mark.parametrize(
    ("text", "moment", "rest"),
    [
        ("12:30-13:30", "2026-11-23T13:00", False),
        ("12:30-13:30", "2026-11-23T12:15", True),
        ("12:30-13:30", "2026-11-22T13:00", True),  # says nothing of Sundays
        ("周日 10:00-11:00", "2026-11-22T10:00", False),
        ("周四 20:00-21:00", "2026-10-01T20:30", True),  # a Thursday, but a holiday
        ("每天 20:00-21:00", "2026-10-01T20:30", False),
        ("节假日 10:00-11:00", "2026-10-01T10:30", False),
        ("节假日 10:00-11:00", "2026-11-22T10:30", True),
        ("随时", "2026-11-22T21:30", False),
        ("随时", "2026-11-22T03:00", True),
        ("14:00-15:00", "2026-11-23T10:00", False),  # ordinary hours stay allowed
    ],
)
def test_convenient_hours_lift_rest_hours_only_where_they_say_so(text: str, moment: str, rest: bool) -> None:
    assert in_rest_hours(CALENDAR, at(moment), hours(text)) is rest


@pytest.mark.parametrize(
    ("text", "moment", "call"),
    [
        ("", "2026-11-23T10:10", "2026-11-23T10:10"),
        ("", "2026-11-23T12:10", "2026-11-23T14:00"),
        ("", "2026-11-20T20:00", "2026-11-23T09:00"),
        ("", "2026-09-30T21:00", "2026-10-08T09:00"),
        ("周日 10:00-11:00", "2026-11-20T20:00", "2026-11-22T10:00"),
    ],
)
def test_the_next_allowed_call(text: str, moment: str, call: str) -> None:
    assert next_allowed_call(CALENDAR, at(moment), hours(text)) == at(call)


@pytest.mark.parametrize(
    ("text", "moment", "call"),
    [
        ("16:00-17:00", "2026-11-23T10:00", "2026-11-23T16:00"),
        ("16:00-17:00", "2026-11-23T17:00", "2026-11-24T16:00"),
        ("周六 10:00-11:00", "2026-11-23T10:00", "2026-11-28T10:00"),
        ("", "2026-11-23T12:10", "2026-11-23T14:00"),
        ("节假日 10:00-11:00", "2026-07-01T10:00", "2026-07-01T10:00"),  # no holiday in two months
    ],
)
def test_a_call_is_booked_into_the_convenient_hours(text: str, moment: str, call: str) -> None:
    assert next_convenient_call(CALENDAR, at(moment), hours(text)) == at(call)


def test_the_next_allowed_call_is_never_in_rest_hours() -> None:
    for text in ("", "12:30-13:30", "周末 19:00-21:00", "随时"):
        moment = at("2026-02-10T00:07")
        for _ in range(60):
            call = next_allowed_call(CALENDAR, moment, hours(text))
            assert call >= moment
            assert not in_rest_hours(CALENDAR, call, hours(text))
            moment += timedelta(hours=5, minutes=13)
    assert local(call).tzinfo is SHANGHAI


@pytest.mark.parametrize(
    ("text", "windows"),
    [
        ("", ()),
        ("9:00-11:30", (Window(540, 690),)),
        ("９：００～１１：３０", (Window(540, 690),)),
        ("工作日上午", (Window(540, 720),)),
        ("周六下午2点-4点半", (Window(840, 990, frozenset({5})),)),
        ("周一、周三 10:00-11:00", (Window(600, 660, frozenset({0, 2})),)),
        ("周五至周一 9-10", (Window(540, 600, frozenset({4, 5, 6, 0})),)),
        ("Mon-Fri 2-4pm", (Window(840, 960, frozenset(range(5))),)),
        ("weekends 10:00 to 12:00 and evenings", (Window(600, 720, WEEKEND), Window(1080, 1260, WEEKEND))),
        ("sun 12am-1am", (Window(0, 60, frozenset({6})),)),
        ("中午12点半到1点", (Window(750, 780),)),
        ("随时", (Window(480, 1320, EVERY_DAY, holidays=True),)),
    ],
)
def test_convenient_hours_are_read_as_people_write_them(text: str, windows: tuple[Window, ...]) -> None:
    assert parse_convenient_hours(text) == windows


@pytest.mark.parametrize(
    "text",
    [
        "call me",
        "周一",
        "10:00",
        "22:00-2:00",
        "9:75-10:00",
        "25:00-26:00",
        "10-",
        "-",
        "下午到5点",
        "9-10 x",
    ],
)
def test_unclear_hours_are_not_guessed(text: str) -> None:
    assert parse_convenient_hours(text) is None
