"""The department's working calendar: its hours from the policy, its days from the decrees and the database.

A process keeps the calendar that it has read, and `refresh` asks the database whether there is a newer one: the web
before requests, the scheduler before each job, a command when it has connected.
"""

from __future__ import annotations

from threading import Lock
from typing import NamedTuple

from config.policy import policy
from models.calendar import WorkingCalendar
from models.calendar_day import stored


class _Kept(NamedTuple):
    version: int
    calendar: WorkingCalendar


_kept: dict[str, _Kept] = {}
_lock = Lock()


def office_calendar() -> WorkingCalendar:
    """The working calendar on which the department's deadlines run, as this process knows it."""
    kept = _kept.get("office")
    return kept.calendar if kept else _keep(0, WorkingCalendar(hours=policy().calendar.working_hours)).calendar


def refresh() -> bool:
    """Take the stored calendar, if it is another than this process knows; returns whether it was. One small question
    while nothing has changed."""
    with _lock:
        kept = _kept.get("office")
        if stored.version() == (kept.version if kept else 0):
            return False
        held = stored.held()
        _keep(held.version, held.calendar())
        return True


def forget() -> None:
    """Drop what this process knows; for tests, which empty the database."""
    _kept.clear()


def _keep(version: int, calendar: WorkingCalendar) -> _Kept:
    _kept["office"] = _Kept(version, calendar)
    return _kept["office"]
