"""The series of numbers that records and receipts bear: one a type and year, without gaps."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pymongo import ReturnDocument

from config.database import database
from models.declarations import RecordType
from models.kinds import ZONE

COUNTERS = "counter"


def reserve(rt: RecordType, now: datetime, count: int = 1) -> list[str]:
    """The next `count` numbers of the type's series; a rolled-back transaction gives them back."""
    return reserve_in(rt.slug, rt.number, now, count)


def reserve_in(series: str, pattern: str, now: datetime, count: int = 1) -> list[str]:
    """The next `count` numbers of a series of this name, such as `HZ-{year}-{seq:06d}`; see `reserve`."""
    year = now.astimezone(ZONE).year
    row: Mapping[str, Any] = database()[COUNTERS].find_one_and_update(
        _series(series, year),
        {"$inc": {"seq": count}},
        upsert=True,
        return_document=ReturnDocument.AFTER,
    )  # type: ignore[assignment]  # an upsert that returns the row after it always has one
    return _numbers(pattern, year, row["seq"] - count, count)


def coming(rt: RecordType, now: datetime, count: int, *, behind: int = 0) -> list[str]:
    """The numbers that `reserve` would give behind the next `behind` ones: a guess, others may be quicker."""
    year = now.astimezone(ZONE).year
    row = database()[COUNTERS].find_one(_series(rt.slug, year), {"seq": 1}) or {"seq": 0}
    return _numbers(rt.number, year, row["seq"] + behind, count)


def _series(series: str, year: int) -> dict[str, str]:
    return {"_id": f"{series}:{year}"}


def _numbers(pattern: str, year: int, last: int, count: int) -> list[str]:
    return [pattern.format(year=year, seq=seq) for seq in range(last + 1, last + count + 1)]
