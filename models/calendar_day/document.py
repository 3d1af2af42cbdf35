"""What is stored of the working calendar: single days of the department's own, decreed years, and every change.

A day is kept under its date, a year under its number. `CHANGES` holds each change with what stood before and after; its
`_id` is the version of the calendar that the change made. `VERSION` is one small document with the latest version, so
that a process learns cheaply whether its calendar still stands.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from pymongo import ASCENDING, IndexModel

from models.public_days import PublicDay, PublishedYear

DAYS, YEARS, CHANGES, VERSION = "calendar_day", "calendar_year", "calendar_change", "calendar_version"
CURRENT = "current"
Row = dict[str, Any]

INDEXES: dict[str, list[IndexModel]] = {
    DAYS: [IndexModel([("year", ASCENDING)], name="year")],
    YEARS: [],
    CHANGES: [IndexModel([("year", ASCENDING), ("_id", ASCENDING)], name="year")],
    VERSION: [],
}


@dataclass(frozen=True)
class OwnDay:
    """A day that the department set itself: off or worked, why, by whom and when."""

    day: date
    public_day: PublicDay
    by_name: str
    at: datetime

    @classmethod
    def read(cls, row: Mapping[str, Any]) -> OwnDay:
        """The day in a stored document."""
        return cls(date.fromisoformat(row["_id"]), read_day(row), row["by_name"], row["at"])


def read_day(row: Mapping[str, Any]) -> PublicDay:
    """Whether a stored day is worked, and what it is called."""
    return PublicDay(row["working"], row["zh"], row["en"])


def write_day(public_day: PublicDay) -> Row:
    """The stored form of a day."""
    return {"working": public_day.working, "zh": public_day.zh, "en": public_day.en}


def read_year(row: Mapping[str, Any]) -> PublishedYear:
    """The decreed year in a stored document."""
    days = {date.fromisoformat(one["date"]): read_day(one) for one in row["days"]}
    return PublishedYear(row["_id"], tuple(row["papers"]), days)


def write_year(year: PublishedYear) -> Row:
    """The stored form of a decreed year."""
    days = [{"date": day.isoformat(), **write_day(one)} for day, one in sorted(year.days.items())]
    return {"papers": list(year.papers), "days": days}
