"""The stored versions of a record, read: who changed what and when, and how the record was then.

Nothing here asks for rights: `sights` does, for people.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any

from bson import ObjectId
from pymongo import ASCENDING, DESCENDING

from config.database import database
from models import registry, sealing, store, stored_form
from models.declarations import Level
from models.kinds import loaded

STANDING = ("level", "state")
AT_ONCE = 2000

Levels = Mapping[int, set[str]]
"""The levels of a record around some of its versions."""


def history(
    slug: str, record_id: ObjectId, limit: int = 100, after: int = 0, before: int | None = None
) -> list[dict[str, Any]]:
    """The stored versions of a record, newest first: who, when, what action, and each field before and after. Those
    behind version `after` and in front of version `before`, at most `limit` of them (0: all)."""
    within = {"$gt": after} if before is None else {"$gt": after, "$lt": before}
    rows = database()[store.VERSIONS].find({"record": record_id, "rev": within})
    return read(slug, rows.sort("rev", DESCENDING).limit(limit))


def level_before(record_id: ObjectId, rev: int) -> str | None:
    """The level that a record had when version `rev` was about to be made; None when it has not changed since."""
    condition = {"record": record_id, "rev": {"$gte": rev}, "changes.field": "level"}
    row = database()[store.VERSIONS].find_one(condition, {"changes": 1}, sort=[("rev", ASCENDING)])
    changes = row["changes"] if row else ()
    return next((Level.of(one["before"]).value for one in changes if one["field"] == "level"), None)


def beside(limit: int) -> dict[str, Any]:
    """The stage that adds the newest `limit` stored versions to a document `{record: ...}`, as `versions`. Of the one
    that made the record no values come along, but for how it began to stand: nobody is shown all of them at once, and
    sealed ones would have to be opened."""
    told = {"$or": [{"$ne": ["$action", "create"]}, {"$in": ["$$one.field", list(STANDING)]}]}
    newest = [
        {"$sort": {"rev": DESCENDING}},
        {"$limit": limit},
        {"$set": {"changes": {"$filter": {"input": "$changes", "as": "one", "cond": told}}}},
    ]
    of_record = {"localField": "record._id", "foreignField": "record", "pipeline": newest}
    return {"$lookup": {"from": store.VERSIONS, **of_record, "as": "versions"}}


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
    """Stored versions as `history` gives them; where something cannot be opened stands its refusal, an `Unopened`."""
    rt, kept = registry.get(slug).rt, list(rows)
    declared = {f.name: f for f in stored_form.fields_of(rt)}
    declared["merged_into"] = replace(declared["merged_into"], to=slug)
    sides = [{c["field"]: c.get(side) for c in row["changes"]} for row in kept for side in ("before", "after")]
    opened = iter(sealing.opened(rt, sides))
    for row in kept:
        before, after = next(opened), next(opened)
        row["changes"] = [
            {"field": field, "before": loaded(field, before[name]), "after": loaded(field, after[name])}
            for name in before
            if (field := declared.get(name)) is not None
        ]
    return kept


def levels_at(wanted: Mapping[ObjectId, Collection[int]], now: Mapping[ObjectId, str | None]) -> dict[ObjectId, Levels]:
    """The levels of some records before and after each of some of their stored versions, from their levels `now` on:
    one question for all of them."""
    if not wanted:
        return {}
    since = min(rev for revs in wanted.values() for rev in revs)
    condition = {"record": {"$in": list(wanted)}, "rev": {"$gte": since}, "changes.field": "level"}
    shown = {"record": 1, "rev": 1, "changes": {"$elemMatch": {"field": "level"}}}
    changes: dict[ObjectId, list[tuple[int, Mapping[str, Any]]]] = {}
    for row in database()[store.VERSIONS].find(condition, shown, batch_size=AT_ONCE).sort("rev", ASCENDING):
        changes.setdefault(row["record"], []).append((row["rev"], row["changes"][0]))
    return {
        record: {rev: _levels_at(changes.get(record, ()), rev, now.get(record)) for rev in revs}
        for record, revs in wanted.items()
    }


def _levels_at(changes: Iterable[tuple[int, Mapping[str, Any]]], rev: int, now: str | None) -> set[str]:
    """The levels around a version, by the changes of level of its record, the oldest first."""
    at, change = next(((at, one) for at, one in changes if at >= rev), (0, {"before": now}))
    return {Level.of(change[side]).value for side in (("before", "after") if at == rev else ("before",))}


def at_rev(slug: str, current: Mapping[str, Any], rev: int) -> dict[str, Any]:
    """The record's declared values as they were in version `rev`, walked back from `current`. :raises Unopened:"""
    values = dict(current)
    for version in history(slug, current["_id"], limit=0, after=rev):
        values.update({c["field"].name: c["before"] for c in version["changes"]})
    sealing.refuse_unopened(registry.get(slug).rt, values)
    return values
