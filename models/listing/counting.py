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
from models.listing.hits import FEW_HITS
from models.listing.query import Compiled, ListQuery
from models.listing.walking import by, opened, way_of
from models.record import collection_name

COUNT_CEILING, LARGE = 10_000, 1_000
TRIES = ((COUNT_CEILING, 150), (LARGE, 50))
"""Up to where is counted, and for how many milliseconds at most; what takes longer is tried with the next. No page
waits for it: what is not known or few is asked for behind the page."""
LARGE_SECONDS, MORE_SECONDS = 10.0, 60.0
MOST_REMEMBERED = 2000

_large: dict[str, tuple[int, bool, float]] = {}
"""Counts that are large or dear, whether there are more, and until when they are believed: 10 seconds, and a minute
for "more than" a thousand and up. A condition names the reach that it was counted in, so nobody learns what another
may see."""


def count(
    rt: RecordType, reach: Reach, query: ListQuery, fields: tuple[Field, ...], *, at_least: int = 0
) -> tuple[int, bool]:
    """How many records a list has, and whether there are more, up to 10,000.

    A count that takes too long is made up to 1,000; when that does as well, there are more than `at_least`, which the
    caller has seen. Counts beyond 1,000, and dear ones, may be some seconds old.

    :raises BadQuery: as `page`.
    """
    return _told(_Counted(rt, compile_query(rt, reach, query, fields)).count(), at_least)


def cheap_count(
    rt: RecordType,
    reach: Reach,
    query: ListQuery,
    fields: tuple[Field, ...],
    *,
    at_least: int = 0,
    compiled: Compiled | None = None,
) -> tuple[int, bool] | None:
    """What `count` says, where that is known or the reader's own records are few; else None. For how many records a
    condition holds altogether decides nothing here: it would tell of records out of reach (X6). `compiled` is the list
    as a page of it was asked for.

    :raises BadQuery: as `page`.
    """
    asked = _Counted(rt, compiled or compile_query(rt, reach, query, fields))
    found = asked.remembered()
    if found is None and asked.reads_few:
        found = asked.count()
    return None if found is None else _told(found, at_least)


def _told(found: tuple[int, bool], at_least: int) -> tuple[int, bool]:
    count, more = found
    return (max(count, at_least), True) if more else (count, False)


class _Counted:
    """The count of one list."""

    def __init__(self, rt: RecordType, compiled: Compiled) -> None:
        condition = compiled[0]
        self.rt, self.compiled = rt, compiled
        self.key = sha256(f"{collection_name(rt.slug)} {countable(condition)!r}".encode()).hexdigest()
        self.tokens = tokens_in(condition)

    @property
    def reads_few(self) -> bool:
        return opened(self.rt, self.tokens) <= FEW_HITS

    def remembered(self) -> tuple[int, bool] | None:
        found, more, until = _large.get(self.key, (0, False, 0.0))
        return (found, more) if until >= monotonic() else None

    def count(self) -> tuple[int, bool]:
        """How many records there are for certain, and whether there are more, or may be."""
        known = self.remembered()
        if known is not None:
            return known
        found, more = self._asked()
        if more or found > LARGE:
            _remember(self.key, found, more)
        return found, more

    def _asked(self) -> tuple[int, bool]:
        condition, sort_field, _ = self.compiled
        way = way_of(self.rt, condition, self.tokens, sort_field)
        wanted = {"$and": [condition["$and"][0], *way.parts]}
        # Over the tokens' index whole lists are counted by its keys alone; to name it is for those who read little.
        index = way.index if way.most is not None else ""
        collection = database()[collection_name(self.rt.slug)]
        for ceiling, patience in TRIES:
            limits: dict[str, Any] = {"limit": ceiling + 1} | ({} if in_transaction() else {"maxTimeMS": patience})
            try:
                found = by(index, partial(_counted, collection, wanted, limits))
            except ExecutionTimeout:
                continue
            return min(found, ceiling), found > ceiling
        return 0, True


def forget() -> None:
    """Count anew what was counted before."""
    _large.clear()


def _remember(key: str, found: int, more: bool) -> None:
    if len(_large) >= MOST_REMEMBERED:
        _large.clear()
    _large[key] = found, more, monotonic() + (MORE_SECONDS if more and found >= LARGE else LARGE_SECONDS)


def _counted(
    collection: Collection[Any], condition: Condition, limits: dict[str, Any], by_index: dict[str, Any]
) -> int:
    return collection.count_documents(condition, **limits, **by_index)
