"""The stored versions of a record, read: who changed what and when, and how the record was then.

Nothing here asks for rights: `sights` does, for people.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from bson import ObjectId
from pymongo import DESCENDING

from config.database import database
from models import registry, sealing, store, stored_form
from models.kinds import loaded

STANDING = ("level", "state")
AT_ONCE = 2000


def history(slug: str, record_id: ObjectId, limit: int = 100, after: int = 0) -> list[dict[str, Any]]:
    """The stored versions of a record, newest first: who, when, what action, and each field before and after. Those
    behind version `after`, at most `limit` of them (0: all)."""
    rows = database()[store.VERSIONS].find({"record": record_id, "rev": {"$gt": after}})
    return read(slug, rows.sort("rev", DESCENDING).limit(limit))


def stages(record_id: ObjectId, limit: int) -> list[dict[str, Any]]:
    """The stages on the stored versions that find the newest `limit` of a record, as documents `{version: ...}`. Of the
    one that made the record no values come along, but for how it began to stand: nobody is shown all of them at once,
    and sealed ones would have to be opened."""
    told = {"$or": [{"$ne": ["$action", "create"]}, {"$in": ["$$one.field", list(STANDING)]}]}
    return [
        {"$match": {"record": record_id}},
        {"$sort": {"rev": DESCENDING}},
        {"$limit": limit},
        {"$set": {"changes": {"$filter": {"input": "$changes", "as": "one", "cond": told}}}},
        {"$project": {"_id": 0, "version": "$$ROOT"}},
    ]


def outlines(wanted: Iterable[tuple[ObjectId, int, Iterable[str]]]) -> list[dict[str, Any]]:
    """The stored versions of some records, each from a version on, newest first; of their changes only those of the
    level, and which of some other fields they touched."""
    since: list[dict[str, Any]] = []
    told = {"level"}
    for record, rev, names in wanted:
        since.append({"record": record, "rev": {"$gte": rev}})
        told.update(names)
    if not since:
        return []
    value = {
        side: {"$cond": [{"$eq": ["$$one.field", "level"]}, f"$$one.{side}", None]} for side in ("before", "after")
    }
    some = {"$filter": {"input": "$changes", "as": "one", "cond": {"$in": ["$$one.field", sorted(told)]}}}
    stages: list[dict[str, Any]] = [
        {"$match": {"$or": since}},
        {"$sort": {"record": 1, "rev": DESCENDING}},
        {"$set": {"changes": {"$map": {"input": some, "as": "one", "in": {"field": "$$one.field", **value}}}}},
    ]
    return list(database()[store.VERSIONS].aggregate(stages, batchSize=AT_ONCE))


def read(slug: str, rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Stored versions as `history` gives them."""
    rt = registry.get(slug).rt
    declared = {f.name: f for f in stored_form.fields_of(rt)}
    declared["merged_into"] = replace(declared["merged_into"], to=slug)
    found, kept = [], list(rows)
    sealing.keys_at_hand(kept)
    for row in kept:
        row["changes"] = [
            {
                "field": declared[c["field"]],
                "before": loaded(declared[c["field"]], c.get("before")),
                "after": loaded(declared[c["field"]], c.get("after")),
            }
            for c in row["changes"]
            if c["field"] in declared
        ]
        found.append(row)
    return found


def at_rev(slug: str, current: Mapping[str, Any], rev: int) -> dict[str, Any]:
    """The record's declared values as they were in version `rev`, walked back from `current`."""
    values = dict(current)
    for version in history(slug, current["_id"], limit=0, after=rev):
        values.update({c["field"].name: c["before"] for c in version["changes"]})
    return values
