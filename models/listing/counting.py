"""How many records a list has, as far as that is cheap to know."""

from __future__ import annotations

from functools import partial
from hashlib import sha256
from time import monotonic
from typing import Any

from pymongo.collection import Collection
from pymongo.errors import ExecutionTimeout

from config.database import database, in_transaction
from models.access import Reach
from models.declarations import Field, RecordType
from models.listing.conditions import Condition, compile_query, countable, tokens_in
from models.listing.query import ListQuery
from models.listing.walking import by, opens_few
from models.record import REACH_INDEX, collection_name

COUNT_CEILING, LARGE = 10_000, 1_000
TRIES = ((COUNT_CEILING, 20), (LARGE, 50))
"""Up to where is counted, and for how many milliseconds at most; what takes longer is tried with the next. What is
filtered or searched for is looked up record by record, and begins with the second."""
LARGE_SECONDS, MORE_SECONDS = 10.0, 60.0
MOST_REMEMBERED = 2000

_large: dict[str, tuple[int, bool, float]] = {}
"""Counts that are large or dear, whether there are more, and until when they are believed: 10 seconds, and a minute
for "more than" a thousand and up. A condition names the reach that it was counted in, so nobody learns what another
may see."""


def count(
    rt: RecordType, reach: Reach, query: ListQuery, fields: tuple[Field, ...], *, at_least: int = 0
) -> tuple[int, bool]:
    """How many records a list has, and whether there are more: up to 10,000 of all within reach, up to 1,000 of those
    that filters and a search leave.

    A count that takes too long is made up to 1,000; when that does as well, there are more than `at_least`, which the
    caller has seen. Counts beyond 1,000, and dear ones, may be some seconds old.

    :raises BadQuery: as `page`.
    """
    condition, _, _ = compile_query(rt, reach, query, fields)
    wanted = countable(condition)
    key = sha256(f"{collection_name(rt.slug)} {wanted!r}".encode()).hexdigest()
    found, more, until = _large.get(key, (0, False, 0.0))
    if until < monotonic():
        tries = TRIES[1:] if query.filters or query.q else TRIES
        found, more = _count(rt, wanted, tries, few=opens_few(rt, tokens_in(condition)))
        if more or found > LARGE:
            _remember(key, found, more)
    return (max(found, at_least), True) if more else (found, False)


def forget() -> None:
    """Count anew what was counted before."""
    _large.clear()


def _remember(key: str, found: int, more: bool) -> None:
    if len(_large) >= MOST_REMEMBERED:
        _large.clear()
    _large[key] = found, more, monotonic() + (MORE_SECONDS if more and found >= LARGE else LARGE_SECONDS)


def _count(rt: RecordType, condition: Condition, tries: tuple[tuple[int, int], ...], *, few: bool) -> tuple[int, bool]:
    """How many records there are for certain, and whether there are more, or may be. Where the reach holds `few`, they
    are looked through, all of them."""
    collection = database()[collection_name(rt.slug)]
    for ceiling, patience in tries:
        limits: dict[str, Any] = {"limit": ceiling + 1} | ({} if in_transaction() else {"maxTimeMS": patience})
        try:
            found = by(REACH_INDEX if few else "", partial(_counted, collection, condition, limits))
        except ExecutionTimeout:
            continue
        return min(found, ceiling), found > ceiling
    return 0, True


def _counted(
    collection: Collection[Any], condition: Condition, limits: dict[str, Any], by_index: dict[str, Any]
) -> int:
    return collection.count_documents(condition, **limits, **by_index)
