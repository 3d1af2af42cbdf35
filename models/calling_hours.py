"""When a customer may be called (V2): rest hours, and the contact's own convenient hours that lift them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta

from models.calendar import SHANGHAI, Shift, WorkingCalendar, local
from models.convenient_hours import Window

Windows = tuple[Window, ...]
CALLING_HOURS: tuple[Shift, ...] = ((time(9), time(12)), (time(14), time(20)))
_HORIZON_DAYS = 60  # longer than any holiday; a contact reachable only on some holiday is not waited for


def in_rest_hours(
    calendar: WorkingCalendar,
    at: datetime,
    convenient: Windows = (),
    hours: tuple[Shift, ...] = CALLING_HOURS,
) -> bool:
    """Whether a call at `at` would break V2: outside `hours` of a working day, and not asked for."""
    moment = local(at)
    spans = _allowed_spans(calendar, moment.date(), convenient, hours)
    return not any(start <= moment < end for start, end in spans)


def next_allowed_call(
    calendar: WorkingCalendar,
    at: datetime,
    convenient: Windows = (),
    hours: tuple[Shift, ...] = CALLING_HOURS,
) -> datetime:
    """The first moment (UTC) from `at` on that is not in rest hours."""
    moment = local(at)
    for offset in range(_HORIZON_DAYS):
        day = moment.date() + timedelta(days=offset)
        spans = _allowed_spans(calendar, day, convenient, hours)
        starts = [max(start, moment) for start, end in spans if end > moment]
        if starts:
            return min(starts).astimezone(UTC)
    raise ValueError("no working day within two months")


def next_convenient_call(
    calendar: WorkingCalendar,
    at: datetime,
    convenient: Windows = (),
    hours: tuple[Shift, ...] = CALLING_HOURS,
) -> datetime:
    """The first moment (UTC) from `at` on within the convenient hours, which is when a call is best booked.

    Without such a moment in the coming two months, or without convenient hours: `next_allowed_call`.
    """
    moment = local(at)
    for offset in range(_HORIZON_DAYS if convenient else 0):
        day = moment.date() + timedelta(days=offset)
        starts = [max(a, moment) for a, b in _window_spans(calendar, day, convenient) if b > moment]
        if starts:
            return min(starts).astimezone(UTC)
    return next_allowed_call(calendar, at, convenient, hours)


def _allowed_spans(
    calendar: WorkingCalendar, day: date, convenient: Windows, hours: tuple[Shift, ...]
) -> Iterator[tuple[datetime, datetime]]:
    if calendar.is_working(day):
        for start, end in hours:
            yield datetime.combine(day, start, SHANGHAI), datetime.combine(day, end, SHANGHAI)
    yield from _window_spans(calendar, day, convenient)


def _window_spans(
    calendar: WorkingCalendar, day: date, windows: tuple[Window, ...]
) -> Iterator[tuple[datetime, datetime]]:
    midnight = datetime.combine(day, time(), SHANGHAI)
    for window in windows:
        if _holds_on(window, calendar, day):
            yield midnight + timedelta(minutes=window.start), midnight + timedelta(minutes=window.end)


def _holds_on(window: Window, calendar: WorkingCalendar, day: date) -> bool:
    if window.weekdays is None:
        return calendar.is_working(day)
    if calendar.is_working(day) or not calendar.public_day(day):
        return day.weekday() in window.weekdays
    return window.holidays
