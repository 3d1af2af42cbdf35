"""When a job is due: computed here, on the office's clock and working calendar, never by a timer library.

Nothing here reads a clock or a database. Moments are aware; what comes out is UTC.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import chain

from models.calendar import SHANGHAI, WorkingCalendar, local
from models.declarations import Label

MINUTES_OF_A_DAY = 24 * 60
# A quarter's first working day is at most one quarter and one long holiday away.
HORIZON_DAYS = 120
QUARTER_MONTHS = (1, 4, 7, 10)


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


Cadence = Daily | EveryMinutes | QuarterStart


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


def _opens_a_quarter(day: date, calendar: WorkingCalendar) -> bool:
    if day.month not in QUARTER_MONTHS or not calendar.is_working(day):
        return False
    return not any(calendar.is_working(day.replace(day=number)) for number in range(1, day.day))
