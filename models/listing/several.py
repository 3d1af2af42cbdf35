"""The newest rows of several lists at once, for a page that shows them beside each other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from pymongo.errors import ExecutionTimeout

from config.database import database, in_transaction
from models.access import Reach
from models.declarations import Field, RecordType
from models.listing.conditions import compile_query
from models.listing.paging import ALWAYS, PAGE_MS, Row
from models.listing.query import Filter, ListQuery, TooBroad
from models.record import collection_name


@dataclass(frozen=True)
class Asked:
    """One of the lists: its type, the reader's reach and fields, what it is filtered by, and the stored fields that are
    wanted of each row beside what rights need."""

    rt: RecordType
    reach: Reach
    fields: tuple[Field, ...]
    filters: tuple[Filter, ...]
    only: Iterable[str]


def newest(lists: Sequence[Asked], limit: int) -> list[list[Row]]:
    """The newest records of each list, at most `limit`; one question to the database for all of them.

    :raises BadQuery: :raises TooBroad: as `page`.
    """
    if not lists:
        return []
    (first, stages), *rest = ((collection_name(one.rt.slug), _stages(one, at, limit)) for at, one in enumerate(lists))
    unions = [{"$unionWith": {"coll": collection, "pipeline": pipeline}} for collection, pipeline in rest]
    return _sorted(lists, _asked(first, [*stages, *unions]))


def _asked(collection: str, stages: Sequence[Row]) -> list[Row]:
    limits: dict[str, Any] = {} if in_transaction() else {"maxTimeMS": PAGE_MS}
    try:
        return list(database()[collection].aggregate(stages, **limits))
    except ExecutionTimeout:
        raise TooBroad() from None


def _sorted(lists: Sequence[Asked], rows: Iterable[Row]) -> list[list[Row]]:
    found: list[list[Row]] = [[] for _ in lists]
    for row in rows:
        found[row["list"]].append(row["row"])
    return [sorted(one, key=lambda row: str(row["number"]), reverse=True) for one in found]


def _stages(one: Asked, at: int, limit: int) -> list[dict[str, Any]]:
    condition, sort_field, direction = compile_query(one.rt, one.reach, ListQuery(filters=one.filters), one.fields)
    return [
        {"$match": condition},
        {"$sort": {sort_field: direction}},
        {"$limit": limit},
        {"$project": dict.fromkeys((*ALWAYS, *one.only), 1)},
        {"$project": {"_id": 0, "list": {"$literal": at}, "row": "$$ROOT"}},
    ]
