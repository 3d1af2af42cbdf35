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
TRIES = ((COUNT_CEILING, 20), (1_000, 150))
"""Up to where is counted, and for how many milliseconds at most; what takes longer is tried with the next."""
LARGE, LARGE_SECONDS, MORE_SECONDS = 1_000, 10.0, 60.0
MOST_REMEMBERED = 2000

_large: dict[str, tuple[int, bool, float]] = {}
"""Counts that are large or dear, whether there are more, and until when they are believed: 10 seconds, and a minute
for "more than". A condition names the reach that it was counted in, so nobody learns what another may see."""


def count(
    rt: RecordType, reach: Reach, query: ListQuery, fields: tuple[Field, ...], *, at_least: int = 0
) -> tuple[int, bool]:
    """How many records a list has, up to 10,000, and whether there are more.

    A count that takes over 20 ms is given up and made up to 1,000; when that takes too long as well, there are more
    than `at_least`, which the caller has seen. Counts beyond 1,000, and dear ones, may be some seconds old.

    :raises BadQuery: as `page`.
    """
    condition, _, _ = compile_query(rt, reach, query, fields)
    key = f"{collection_name(rt.slug)} {COUNT_CEILING} {condition!r}"
    found, more, until = _large.get(key, (0, False, 0.0))
    if until < monotonic():
        found, more = _count(rt, condition)
        if more or found > LARGE:
            _remember(key, found, more)
    return (max(found, at_least), True) if more else (found, False)


def forget() -> None:
    """Count anew what was counted before."""
    _large.clear()


def _remember(key: str, found: int, more: bool) -> None:
    if len(_large) >= MOST_REMEMBERED:
        _large.clear()
    _large[key] = found, more, monotonic() + (MORE_SECONDS if more else LARGE_SECONDS)


def _count(rt: RecordType, condition: dict[str, object]) -> tuple[int, bool]:
    """How many records there are for certain, and whether there are more, or may be."""
    for ceiling, patience in TRIES:
        limits: dict[str, Any] = {"limit": ceiling + 1} | ({} if in_transaction() else {"maxTimeMS": patience})
        try:
            found = database()[collection_name(rt.slug)].count_documents(condition, **limits)
        except ExecutionTimeout:
            continue
        return min(found, ceiling), found > ceiling
    return 0, True


def holds_any(rt: RecordType, reach: Reach) -> bool:
    """Whether there is a record within `reach`, as a card or in full, archived or not; asks for one index key. That
    there is one is believed for a minute: a menu asks on every page."""
    condition = reach.query(cards=True, archived=None)
    key = f"{collection_name(rt.slug)} any {condition!r}"
    if key in _large and _large[key][2] > monotonic():
        return True
    found = database()[collection_name(rt.slug)].find_one(condition, {"_id": 1}) is not None
    if found:
        _remember(key, 1, True)
    return found
