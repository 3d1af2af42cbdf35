"""How many records a list has, as far as that is cheap to know."""

from __future__ import annotations

from time import monotonic
from typing import Any

from pymongo.errors import ExecutionTimeout

from config.database import database, in_transaction
from models.access import Reach
from models.declarations import Field, RecordType
from models.listing.conditions import compile_query
from models.listing.query import ListQuery
from models.record import collection_name

COUNT_CEILING = 10_000
COUNT_MS = 150
LARGE, LARGE_SECONDS, MORE_SECONDS = 1_000, 10.0, 60.0
MOST_REMEMBERED = 2000

_large: dict[str, tuple[int, float]] = {}
"""Large counts, and until when they are believed: 10 seconds, and a minute for "more than". A condition names the
reach that it was counted in, so nobody learns what another may see."""


def count(
    rt: RecordType, reach: Reach, query: ListQuery, fields: tuple[Field, ...], *, at_least: int = 0
) -> tuple[int, bool]:
    """How many records a list has, up to 10,000, and whether there are more.

    Counting stops after 150 ms: then it is more than `at_least`, which the caller has seen. Counts beyond 1,000 may be
    some seconds old.

    :raises BadQuery: as `page`.
    """
    condition, _, _ = compile_query(rt, reach, query, fields)
    key = f"{collection_name(rt.slug)} {COUNT_CEILING} {condition!r}"
    known, until = _large.get(key, (0, 0.0))
    found: int | None = known if until > monotonic() else None
    if found is None:
        found = _count(rt, condition)
        if found is None:
            return at_least, True
        if found > LARGE:
            _remember(key, found)
    return min(found, COUNT_CEILING), found > COUNT_CEILING


def forget() -> None:
    """Count anew what was counted before."""
    _large.clear()


def _remember(key: str, found: int) -> None:
    if len(_large) >= MOST_REMEMBERED:
        _large.clear()
    _large[key] = found, monotonic() + (MORE_SECONDS if found > COUNT_CEILING else LARGE_SECONDS)


def _count(rt: RecordType, condition: dict[str, object]) -> int | None:
    """The number of records, one more than the ceiling at most; None when counting takes too long."""
    limits: dict[str, Any] = {"limit": COUNT_CEILING + 1} | ({} if in_transaction() else {"maxTimeMS": COUNT_MS})
    try:
        return database()[collection_name(rt.slug)].count_documents(condition, **limits)
    except ExecutionTimeout:
        return None


def holds_any(rt: RecordType, reach: Reach) -> bool:
    """Whether there is a record within `reach`, as a card or in full, archived or not; asks for one index key. That
    there is one is believed for a minute: a menu asks on every page."""
    condition = reach.query(cards=True, archived=None)
    key = f"{collection_name(rt.slug)} any {condition!r}"
    if _large.get(key, (0, 0.0))[1] > monotonic():
        return True
    found = database()[collection_name(rt.slug)].find_one(condition, {"_id": 1}) is not None
    if found:
        _remember(key, COUNT_CEILING + 1)
    return found
