"""How long records are kept and when they are looked at again, from what their type declares (D3, C3). Pure."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from models.declarations import RecordType
from models.kinds import ZONE


def keep_until(rt: RecordType, values: Mapping[str, Any]) -> date | None:
    """The last day on which a record has to be kept; None while its time has not begun, or when nothing is said."""
    return None if rt.retention is None else _later(values.get(rt.retention.after), rt.retention.months)


def review_on(rt: RecordType, values: Mapping[str, Any]) -> date | None:
    """The day on which a record is to be looked at again; None where none is."""
    if rt.cadence is None:
        return None
    months = dict(rt.cadence.months).get(values.get(rt.cadence.by) or "")
    return None if months is None else _later(values.get(rt.cadence.after), months)


def _later(day: Any, months: int) -> date | None:
    """So many months later, on the same day of the month or its last."""
    if isinstance(day, datetime):
        day = day.astimezone(ZONE).date()
    if not isinstance(day, date):
        return None
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
