"""Which stored records of a type were kept for long enough, as a condition (D3)."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from config.policy import policy
from models.calendar import add_months, local
from models.declarations import RecordType
from models.kinds import stored


def beyond(rt: RecordType, now: datetime) -> dict[str, Any]:
    """The condition for stored records of a type whose retention has ended: as `rules.retention_matter` judges one. One
    whose declared time has not begun is not among them."""
    today = local(now).date()
    if rt.retention is None:
        return {"updated_at": {"$lt": _midnight(now, first_kept(today, policy().destruction.retention_months))}}
    field, first = rt.by_name[rt.retention.after], first_kept(today, rt.retention.months)
    return {field.name: {"$lt": stored(field, first) if field.kind == "date" else _midnight(now, first)}}


def first_kept(today: date, months: int) -> date:
    """The first day of which a record has to be kept yet. Where that month is too short for today's, all its days are
    over."""
    day = add_months(today, -months)
    return day if day.day == today.day else day + timedelta(days=1)


def _midnight(now: datetime, day: date) -> datetime:
    return local(now).replace(year=day.year, month=day.month, day=day.day, hour=0, minute=0, second=0, microsecond=0)
