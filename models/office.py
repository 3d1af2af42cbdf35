"""The department's office hours, as its policy sets them."""

from __future__ import annotations

from functools import cache

from config.policy import policy
from models.calendar import WorkingCalendar


@cache
def office_calendar() -> WorkingCalendar:
    """The working calendar on which the department's deadlines run, made at the first call."""
    return WorkingCalendar(hours=policy().calendar.working_hours)
