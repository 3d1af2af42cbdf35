"""When jobs are due, in Shanghai, on the working calendar."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

import pytest

from jobs.cadence import (
    Cadence,
    Daily,
    EveryMinutes,
    FirstMonday,
    MonthDay,
    QuarterStart,
    Weekly,
    in_words,
    latest_until,
    next_after,
)
from models.calendar import SHANGHAI, WorkingCalendar
from models.public_days import PublicDay

CALENDAR = WorkingCalendar()
MORNING = Daily(time(8, 30))
QUARTER = QuarterStart(time(9))
MONDAY, FRIDAY, FIRST = FirstMonday(time(6)), Weekly(4, time(6)), MonthDay(1, time(6))


def shanghai(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("cadence", "moment", "expected"),
    [
        (MORNING, shanghai(2026, 11, 23, 8, 29), shanghai(2026, 11, 23, 8, 30)),
        (MORNING, shanghai(2026, 11, 23, 8, 30), shanghai(2026, 11, 24, 8, 30)),
        (MORNING, shanghai(2026, 12, 31, 12, 0), shanghai(2027, 1, 1, 8, 30)),
        (EveryMinutes(15), shanghai(2026, 11, 23, 10, 0), shanghai(2026, 11, 23, 10, 15)),
        (EveryMinutes(15), shanghai(2026, 11, 23, 23, 50), shanghai(2026, 11, 24, 0, 0)),
        (QUARTER, shanghai(2026, 9, 30), shanghai(2026, 10, 8, 9)),
        (QUARTER, shanghai(2026, 10, 8, 9), shanghai(2027, 1, 4, 9)),
        (QUARTER, shanghai(2026, 3, 31, 20), shanghai(2026, 4, 1, 9)),
        (MONDAY, shanghai(2026, 10, 5, 5), shanghai(2026, 10, 5, 6)),  # a holiday, and the first Monday all the same
        (MONDAY, shanghai(2026, 10, 5, 6), shanghai(2026, 11, 2, 6)),
        (MONDAY, shanghai(2026, 5, 31), shanghai(2026, 6, 1, 6)),
        (FRIDAY, shanghai(2026, 11, 20, 6), shanghai(2026, 11, 27, 6)),
        (FIRST, shanghai(2026, 12, 1, 7), shanghai(2027, 1, 1, 6)),
    ],
)
def test_the_next_time_lies_strictly_after_the_moment(cadence: Cadence, moment: datetime, expected: datetime) -> None:
    assert next_after(cadence, moment, CALENDAR) == expected


def test_times_come_out_in_utc() -> None:
    assert next_after(MORNING, shanghai(2026, 11, 23), CALENDAR).isoformat() == "2026-11-23T00:30:00+00:00"


def test_a_moment_in_utc_belongs_to_the_day_in_shanghai() -> None:
    evening = datetime(2026, 11, 22, 23, 0, tzinfo=UTC)  # Monday 07:00 in Shanghai
    assert next_after(MORNING, evening, CALENDAR) == shanghai(2026, 11, 23, 8, 30)


@pytest.mark.parametrize(
    ("cadence", "moment", "expected"),
    [
        (MORNING, shanghai(2026, 11, 23, 8, 30), shanghai(2026, 11, 23, 8, 30)),
        (MORNING, shanghai(2026, 11, 23, 8, 29), shanghai(2026, 11, 22, 8, 30)),
        (EveryMinutes(60), shanghai(2026, 11, 23, 10, 59), shanghai(2026, 11, 23, 10, 0)),
        (QUARTER, shanghai(2026, 10, 8, 8, 59), shanghai(2026, 7, 1, 9)),
        (QUARTER, shanghai(2026, 12, 31), shanghai(2026, 10, 8, 9)),
        (MONDAY, shanghai(2026, 11, 2, 5), shanghai(2026, 10, 5, 6)),
        (FRIDAY, shanghai(2026, 11, 26), shanghai(2026, 11, 20, 6)),
        (FIRST, shanghai(2026, 11, 30), shanghai(2026, 11, 1, 6)),
    ],
)
def test_the_latest_time_is_at_or_before_the_moment(cadence: Cadence, moment: datetime, expected: datetime) -> None:
    assert latest_until(cadence, moment, CALENDAR) == expected


def test_a_day_off_of_our_own_moves_the_quarters_start() -> None:
    closed = PublicDay(working=False, zh="盘点", en="stocktaking")
    calendar = WorkingCalendar(overrides={date(2026, 10, 8): closed})
    assert next_after(QUARTER, shanghai(2026, 10, 1), calendar) == shanghai(2026, 10, 9, 9)


def test_minutes_that_do_not_divide_a_day_are_refused() -> None:
    with pytest.raises(ValueError, match="divide a day"):
        EveryMinutes(7)


def test_days_that_no_week_or_not_every_month_has_are_refused() -> None:
    for wrong in (lambda: Weekly(7, time(6)), lambda: MonthDay(29, time(6))):
        with pytest.raises(ValueError, match="day"):
            wrong()


def test_a_moment_without_a_time_zone_is_refused() -> None:
    naive = shanghai(2026, 11, 23).replace(tzinfo=None)
    with pytest.raises(ValueError, match="time zone"):
        next_after(MORNING, naive, CALENDAR)


def test_a_calendar_without_working_days_is_an_error_and_not_an_endless_search() -> None:
    class NeverOpen(WorkingCalendar):
        def is_working(self, day: date) -> bool:
            return False

    with pytest.raises(ValueError, match="no occurrence"):
        next_after(QUARTER, shanghai(2026, 1, 1), NeverOpen())


def test_cadences_read_as_words_in_both_languages() -> None:
    assert in_words(MORNING).zh == "每天 08:30"
    assert in_words(EveryMinutes(1)).en == "Every minute"
    assert in_words(EveryMinutes(15)).zh == "每 15 分钟"
    assert in_words(QUARTER).en == "First working day of the quarter at 09:00"
    assert in_words(MONDAY).zh == "每月第一个星期一 06:00"
    assert in_words(FRIDAY).en == "Every Friday at 06:00"
    assert in_words(FIRST).zh == "每月 1 日 06:00"
