"""Moments around the day on which the demonstration begins, on the office's own calendar."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from models.calendar import SHANGHAI, WorkingCalendar, local

OPENING, LATEST_START, CLOSING = "08:30", "10:00", "18:00"


@dataclass(frozen=True)
class Days:
    """`now` is the moment that counts as the present; everything that has happened lies before it."""

    now: datetime
    calendar: WorkingCalendar

    @property
    def today(self) -> date:
        """The present day in Shanghai."""
        return local(self.now).date()

    def back(self, working_days: int, clock: str = "10:00") -> datetime:
        """That time of day, so many working days before the present one; earlier clocks come first, always.

        The present working day is today from 10:00 on, else the one before; of today only the hours that have
        passed are there, so its clock times move together.
        """
        day = self.today
        if self.now < self.on(day, LATEST_START):
            day -= timedelta(days=1)
        while not self.calendar.is_working(day):
            day -= timedelta(days=1)
        if working_days or day != self.today:
            return self.on(self.calendar.subtract_working_days(day, working_days), clock)
        opening, closing, at = self.on(day, OPENING), self.on(day, CLOSING), self.on(day, clock)
        passed = min(self.now, closing) - opening
        return opening + passed * ((at - opening) / (closing - opening))

    def on(self, day: date, clock: str = "10:00") -> datetime:
        """That time of day on a day, as a moment."""
        return datetime.combine(day, time.fromisoformat(clock), SHANGHAI).astimezone(UTC)

    def open_hours_before(self, moment: datetime, hours: float) -> datetime:
        """The latest moment from which the office is open for `hours` until `moment`."""
        late, early, wanted = moment, moment - timedelta(days=60), timedelta(hours=hours)
        while late - early > timedelta(minutes=1):
            middle = early + (late - early) / 2
            if self.calendar.working_time_between(middle, moment) >= wanted:
                early = middle
            else:
                late = middle
        return early.replace(second=0, microsecond=0)

    def day(self, days: int) -> date:
        """The day so many calendar days from today; negative lies in the past."""
        return self.today + timedelta(days=days)
