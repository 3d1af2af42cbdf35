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
REMEMBERED_SECONDS = 60.0
MOST_REMEMBERED = 2000

_many: dict[str, float] = {}
"""Conditions that held more than the ceiling, and until when that is believed. A condition names the reach that it was
counted in, so nobody learns what another may see."""


def count(
    rt: RecordType, reach: Reach, query: ListQuery, fields: tuple[Field, ...], *, at_least: int = 0
) -> tuple[int, bool]:
    """How many records a list has, up to 10,000, and whether there are more.

    Counting stops after 150 ms: then it is more than `at_least`, which the caller has seen. That a list has more than
    10,000 is remembered for a minute.

    :raises BadQuery: as `page`.
    """
    condition, _, _ = compile_query(rt, reach, query, fields)
    key = f"{collection_name(rt.slug)} {COUNT_CEILING} {condition!r}"
    if _many.get(key, 0.0) > monotonic():
        return COUNT_CEILING, True
    found = _count(rt, condition)
    if found is None:
        return at_least, True
    if found > COUNT_CEILING:
        if len(_many) >= MOST_REMEMBERED:
            _many.clear()
        _many[key] = monotonic() + REMEMBERED_SECONDS
    return min(found, COUNT_CEILING), found > COUNT_CEILING


def _count(rt: RecordType, condition: dict[str, object]) -> int | None:
    """The number of records, one more than the ceiling at most; None when counting takes too long."""
    limits: dict[str, Any] = {"limit": COUNT_CEILING + 1} | ({} if in_transaction() else {"maxTimeMS": COUNT_MS})
    try:
        return database()[collection_name(rt.slug)].count_documents(condition, **limits)
    except ExecutionTimeout:
        return None


def holds_any(rt: RecordType, reach: Reach) -> bool:
    """Whether there is a record within `reach`, as a card or in full, archived or not; asks for one index key."""
    condition = reach.query(cards=True, archived=None)
    return database()[collection_name(rt.slug)].find_one(condition, {"_id": 1}) is not None
