"""Taking records of an import back, as far as nobody has worked on them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bson import ObjectId

from config.database import database
from models import bulk, registry
from models.declarations import Field
from models.exchange.document import Batch
from models.person.roles import Person
from models.record import collection_name


@dataclass(frozen=True)
class Undone:
    """What a chunk of an undo did; `at_row` is its last row."""

    at_row: int
    undone: int
    kept: int


def undo_chunk(batch: Batch, person: Person, now: datetime, count: int) -> Undone | None:
    """Take back the next records of an import, inside a transaction; None when there are none left.

    Kept are records that were changed, archived, opened to somebody or put on legal hold, and those to which another
    record points.
    """
    records = database()[collection_name(batch.type)]
    condition = {"batch": batch.id, "batch_row": {"$gt": batch.at_row}}
    sons = list(records.find(condition).sort("batch_row", 1).limit(count))
    if not sons:
        return None
    pointed = _pointed_at(batch.type, [son["_id"] for son in sons])
    untouched = [s for s in sons if s["rev"] == 1 and not s.get("granted") and not s.get("held")]
    free = [s for s in untouched if s["_id"] not in pointed]
    bulk.take_back(batch.type, free, actor=person, now=now, batch=batch.id)
    return Undone(sons[-1]["batch_row"], len(free), len(sons) - len(free))


def _pointed_at(slug: str, ids: list[ObjectId]) -> set[Any]:
    """Which of some records other records point to; any of them may where it is not known to what a type points."""
    if any(slug in words for words in registry.not_wholly_read().values()):
        return set(ids)
    found: set[Any] = set()
    for rt in registry.kept_types():
        for path in _paths(rt.fields, slug):
            found.update(database()[collection_name(rt.slug)].distinct(path, {path: {"$in": ids}}))
    return found & set(ids)


def _paths(fields: Iterable[Field], slug: str, outer: str = "") -> Iterable[str]:
    for field in fields:
        if field.kind == "reference" and field.to == slug:
            yield outer + field.name
        yield from _paths(field.fields, slug, f"{field.name}.")
