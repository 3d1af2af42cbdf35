"""When a job is due: computed here, on the office's clock and working calendar, never by a timer library.

Nothing here reads a clock or a database. Moments are aware; what comes out is UTC.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import chain

from models.calendar import SHANGHAI, WorkingCalendar, first_monday, local
from models.declarations import Label

MINUTES_OF_A_DAY = 24 * 60
# A quarter's first working day is at most one quarter and one long holiday away.
HORIZON_DAYS = 120
QUARTER_MONTHS = (1, 4, 7, 10)
DAYS_OF_EVERY_MONTH = 28
DAYS_OF_THE_WEEK = (
    Label("一", "Monday"),
    Label("二", "Tuesday"),
    Label("三", "Wednesday"),
    Label("四", "Thursday"),
    Label("五", "Friday"),
    Label("六", "Saturday"),
    Label("日", "Sunday"),
)


@dataclass(frozen=True)
class Daily:
    """Every day at `at`, Shanghai time."""

    at: time


@dataclass(frozen=True)
class EveryMinutes:
    """Every so many minutes, counted from midnight in Shanghai.

    :raises ValueError: the minutes do not divide a day evenly.
    """

    minutes: int

    def __post_init__(self) -> None:
        if self.minutes < 1 or MINUTES_OF_A_DAY % self.minutes:
            raise ValueError(f"{self.minutes} minutes do not divide a day evenly")


@dataclass(frozen=True)
class QuarterStart:
    """The first working day of January, April, July and October at `at`, Shanghai time (F5)."""

    at: time


@dataclass(frozen=True)
class FirstMonday:
    """The first Monday of each month at `at`, Shanghai time, working day or not (F4)."""

    at: time


@dataclass(frozen=True)
class Weekly:
    """One day of each week at `at`, Shanghai time: 0 is Monday (B).

    :raises ValueError: there is no such day.
    """

    day: int
    at: time

    def __post_init__(self) -> None:
        if not 0 <= self.day < len(DAYS_OF_THE_WEEK):
            raise ValueError(f"{self.day} is no day of the week")


@dataclass(frozen=True)
class MonthDay:
    """One day of each month at `at`, Shanghai time (T8).

    :raises ValueError: some month has no such day.
    """

    day: int
    at: time

    def __post_init__(self) -> None:
        if not 1 <= self.day <= DAYS_OF_EVERY_MONTH:
            raise ValueError(f"not every month has a day {self.day}")


Cadence = Daily | EveryMinutes | QuarterStart | FirstMonday | Weekly | MonthDay


def in_words(cadence: Cadence) -> Label:
    """The cadence as the Jobs screen shows it."""
    match cadence:
        case Daily(at):
            return Label(f"每天 {at:%H:%M}", f"Daily at {at:%H:%M}")
        case EveryMinutes(1):
            return Label("每分钟", "Every minute")
        case EveryMinutes(minutes):
            return Label(f"每 {minutes} 分钟", f"Every {minutes} minutes")
        case QuarterStart(at):
            return Label(f"每季度首个工作日 {at:%H:%M}", f"First working day of the quarter at {at:%H:%M}")
        case FirstMonday(at):
            return Label(f"每月第一个星期一 {at:%H:%M}", f"First Monday of the month at {at:%H:%M}")
        case Weekly(day, at):
            name = DAYS_OF_THE_WEEK[day]
            return Label(f"每周{name.zh} {at:%H:%M}", f"Every {name.en} at {at:%H:%M}")
        case MonthDay(day, at):
            return Label(f"每月 {day} 日 {at:%H:%M}", f"Day {day} of each month at {at:%H:%M}")


def next_after(cadence: Cadence, moment: datetime, calendar: WorkingCalendar) -> datetime:
    """The first time strictly after `moment` at which the job is due, in UTC.

    :raises ValueError: `moment` is naive, or the calendar offers no such time within 120 days.
    """
    today = local(moment).date()
    days = (today + timedelta(days=ahead) for ahead in range(HORIZON_DAYS))
    for planned in chain.from_iterable(_moments(cadence, day, calendar) for day in days):
        if planned > moment:
            return planned
    raise ValueError(f"no occurrence of {cadence} within {HORIZON_DAYS} days after {moment.isoformat()}")


def latest_until(cadence: Cadence, moment: datetime, calendar: WorkingCalendar) -> datetime:
    """The last time at or before `moment` at which the job was due, in UTC.

    :raises ValueError: `moment` is naive, or the calendar offers no such time within 120 days.
    """
    today = local(moment).date()
    for back in range(HORIZON_DAYS):
        past = [p for p in _moments(cadence, today - timedelta(days=back), calendar) if p <= moment]
        if past:
            return past[-1]
    raise ValueError(f"no occurrence of {cadence} within {HORIZON_DAYS} days before {moment.isoformat()}")


def _moments(cadence: Cadence, day: date, calendar: WorkingCalendar) -> Iterator[datetime]:
    for at in _times(cadence, day, calendar):
        yield datetime.combine(day, at, SHANGHAI).astimezone(UTC)


def _times(cadence: Cadence, day: date, calendar: WorkingCalendar) -> Sequence[time]:
    """The local times of `day` at which the job is due, in order."""
    match cadence:
        case Daily(at):
            return (at,)
        case EveryMinutes(minutes):
            return [time(*divmod(minute, 60)) for minute in range(0, MINUTES_OF_A_DAY, minutes)]
        case QuarterStart(at):
            return (at,) if _opens_a_quarter(day, calendar) else ()
        case FirstMonday(at):
            return (at,) if day == first_monday(day.year, day.month) else ()
        case Weekly(weekday, at):
            return (at,) if day.weekday() == weekday else ()
        case MonthDay(number, at):
            return (at,) if day.day == number else ()


def _opens_a_quarter(day: date, calendar: WorkingCalendar) -> bool:
    if day.month not in QUARTER_MONTHS or not calendar.is_working(day):
        return False
    return not any(calendar.is_working(day.replace(day=number)) for number in range(1, day.day))
