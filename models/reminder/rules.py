"""When somebody is reminded, of what, and in which words (J): values and `now` in, a decision out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum

from models.calendar import SHANGHAI, WorkingCalendar, local
from models.declarations import Label


class Matter(StrEnum):
    """What a reminder is about: a record's deadline, or the end of its secrecy (X2)."""

    DEADLINE = "deadline"
    SECRECY = "secrecy"


class Step(StrEnum):
    """How far a matter is. A person is reminded once per step; of what is late, once each working day."""

    SOON = "soon"
    TODAY = "today"
    LATE = "late"
    CLIMBED = "climbed"
    NOTICE = "notice"
    LAST_NOTICE = "last_notice"


LABELS = {
    Step.SOON: Label("即将到期", "Due soon"),
    Step.TODAY: Label("今日到期", "Due today"),
    Step.LATE: Label("已逾期", "Late"),
    Step.CLIMBED: Label("逾期未办，请督促", "Late for days: please look into it"),
    Step.NOTICE: Label("保密期将满，届时自动解密", "Its secrecy ends soon; it is then declassified by itself"),
    Step.LAST_NOTICE: Label("保密期即将届满，即将自动解密", "Its secrecy ends within days; it is then declassified"),
}


@dataclass(frozen=True)
class Window:
    """The borders between the steps at a moment: what is due before `today_ends` is due today, before `soon_ends`
    soon; what was due before `climbs_before` goes to the head as well. `day` names today in keys."""

    now: datetime
    day: str
    today_ends: datetime
    soon_ends: datetime
    climbs_before: datetime


def window(now: datetime, calendar: WorkingCalendar, *, ahead: int, climb: int) -> Window | None:
    """The borders at `now`, with `ahead` and `climb` in working days; None while the office is closed: nobody is
    reminded then."""
    moment = local(now)
    today = moment.date()
    if not calendar.is_working(today) or not any(opens <= moment.time() < shuts for opens, shuts in calendar.hours):
        return None
    last = today
    for _ in range(ahead):
        last = calendar.next_working_day(last)
    longest_late = calendar.next_working_day(calendar.subtract_working_days(today, climb))
    day = timedelta(days=1)
    midnights = [datetime.combine(d, time(), SHANGHAI) for d in (today + day, last + day, longest_late)]
    return Window(now, today.isoformat(), *midnights)
