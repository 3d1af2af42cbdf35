"""The series of numbers that records and receipts bear: one a type and year, without gaps.

Lists stand in the order of the numbers as texts, newest first. So a number that has more digits than its pattern says
bears a letter that sorts behind every digit: `YP-2026-999999` is followed by `YP-2026-A1000000`, and
`YP-2026-A9999999` by `YP-2026-B10000000`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from string import Formatter
from typing import Any

from pymongo import ReturnDocument

from config.database import database
from models.declarations import RecordType
from models.kinds import ZONE

COUNTERS = "counter"
PLACE = re.compile(r"\{seq(?::0(\d)d)?\}")
"""Where a pattern has the place in the series, with its digits."""
PIECES = {"year": r"(?P<year>\d{4})", "seq": r"[A-Z]?(?P<seq>\d{1,12})"}


def reserve(rt: RecordType, now: datetime, count: int = 1) -> list[str]:
    """The next `count` numbers of the type's series; a rolled-back transaction gives them back."""
    return reserve_in(rt.slug, rt.number, now, count)


def reserve_in(series: str, pattern: str, now: datetime, count: int = 1) -> list[str]:
    """The next `count` numbers of a series of this name, such as `HZ-{year}-{seq:06d}`; see `reserve`."""
    year = _year(now)
    row: Mapping[str, Any] = database()[COUNTERS].find_one_and_update(
        _series(series, year),
        {"$inc": {"seq": count}},
        upsert=True,
        return_document=ReturnDocument.AFTER,
    )  # type: ignore[assignment]  # an upsert that returns the row after it always has one
    return _numbers(pattern, year, row["seq"] - count, count)


def coming(rt: RecordType, now: datetime, count: int, *, behind: int = 0) -> list[str]:
    """The numbers that `reserve` would give behind the next `behind` ones: a guess, others may be quicker."""
    year = _year(now)
    row = database()[COUNTERS].find_one(_series(rt.slug, year), {"seq": 1}) or {"seq": 0}
    return _numbers(rt.number, year, row["seq"] + behind, count)


def written(pattern: str, year: int, seq: int) -> str:
    """The number at a place of a year's series."""
    found = PLACE.search(pattern)
    excess = len(str(seq)) - int(found[1] or 1) if found else 0
    if found is None or excess <= 0:
        return pattern.format(year=year, seq=seq)
    letter = chr(ord("A") + excess - 1)
    return f"{pattern[: found.start()]}{letter}{pattern[found.start() :]}".format(year=year, seq=seq)


def meant(pattern: str, text: str) -> tuple[str, ...]:
    """The numbers of a series that a text may mean: in upper or lower case, with fewer noughts or without its letter;
    none for a text of another form."""
    found = _shape(pattern).fullmatch(text.strip())
    if found is None:
        return ()
    number = written(pattern, int(found["year"]), int(found["seq"]))
    return tuple(dict.fromkeys((number, text.strip().upper())))


def _year(now: datetime) -> int:
    return now.astimezone(ZONE).year


def _series(series: str, year: int) -> dict[str, str]:
    return {"_id": f"{series}:{year}"}


def _numbers(pattern: str, year: int, last: int, count: int) -> list[str]:
    return [written(pattern, year, seq) for seq in range(last + 1, last + count + 1)]


@lru_cache(maxsize=500)
def _shape(pattern: str) -> re.Pattern[str]:
    """What the numbers of a series look like, upper or lower case."""
    shape, met = "", set()
    for text, name, *_ in Formatter().parse(pattern):
        piece = PIECES.get(name or "", "")
        shape += re.escape(text) + (f"(?P={name})" if name in met else piece)
        met.add(name)
    return re.compile(shape, re.IGNORECASE)
