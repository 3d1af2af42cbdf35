"""Putting work aside for a while: until when, and what has to be said before (J)."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from enum import StrEnum

from models.calendar import SHANGHAI, WorkingCalendar, local
from models.errors import FieldProblem, Refusal

LONGEST = timedelta(days=92)
MOST = 200
"""At once, for one person."""


class Until(StrEnum):
    """Until when, as it is chosen."""

    TOMORROW = "tomorrow"
    MONDAY = "monday"
    DAY = "day"


class PastItsTime(Refusal):
    """The work is late already, or would be before it comes back; it may be put aside by whoever says so."""

    code, status = "past_its_time", 409
    zh = "该事项在此之前到期（或已逾期）。确认后仍可稍后处理。"
    en = "It is due before then, or late already. It can be put aside all the same."


class TooMuchAside(Refusal):
    """The person has put as much aside as one may."""

    code, status = "too_much_aside", 409
    zh, en = f"最多可稍后处理 {MOST} 项。", f"You have put {MOST} things aside, and no more fit."


def comes_back(until: Until, day: date | None, now: datetime, calendar: WorkingCalendar) -> datetime:
    """When the work comes back: as the office opens on that day, or on the next working day after it.

    :raises FieldProblem: for a `day` that is not to come, or too far away.
    """
    today = local(now).date()
    wanted = {
        Until.TOMORROW: today + timedelta(days=1),
        Until.MONDAY: today + timedelta(days=7 - today.weekday()),
        Until.DAY: day,
    }[until]
    if wanted is None or not today < wanted <= today + LONGEST:
        days = LONGEST.days
        raise FieldProblem(
            "day", zh=f"请选择明天起 {days} 天内的日期。", en=f"Choose a day within {days} days from now."
        )
    opens: time = calendar.hours[0][0]
    return datetime.combine(calendar.working_day_from(wanted), opens, SHANGHAI)


def is_past(due: datetime | None, until: datetime) -> bool:
    """Whether work that is put aside until then comes back after its time."""
    return due is not None and due < until
