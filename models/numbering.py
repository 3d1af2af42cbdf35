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
    year = now.astimezone(ZONE).year
    row: Mapping[str, Any] = database()[COUNTERS].find_one_and_update(
        _series(rt, year),
        {"$inc": {"seq": count}},
        upsert=True,
        return_document=ReturnDocument.AFTER,
    )  # type: ignore[assignment]  # an upsert that returns the row after it always has one
    return _numbers(rt, year, row["seq"] - count, count)


def coming(rt: RecordType, now: datetime, count: int, *, behind: int = 0) -> list[str]:
    """The numbers that `reserve` would give behind the next `behind` ones: a guess, others may be quicker."""
    year = now.astimezone(ZONE).year
    row = database()[COUNTERS].find_one(_series(rt, year), {"seq": 1}) or {"seq": 0}
    return _numbers(rt, year, row["seq"] + behind, count)


def _series(rt: RecordType, year: int) -> dict[str, str]:
    return {"_id": f"{rt.slug}:{year}"}


def _numbers(rt: RecordType, year: int, last: int, count: int) -> list[str]:
    return [rt.number.format(year=year, seq=seq) for seq in range(last + 1, last + count + 1)]
