"""What is known of records that are destroyed, or are being: their number, for whoever could know of them before (D2).

Nothing of their content, and no title.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from bson import ObjectId
from pymongo import ASCENDING, IndexModel

from config.database import database
from models import schema
from models.access import Reach
from models.destruction.rules import destroyed

GONE, PARTS = "destroyed_record", "destroyed_part"
PART_SECONDS = 24 * 3600
"""Longer than any backup takes."""
Row = dict[str, Any]

schema.declare(
    {
        GONE: [IndexModel([("destruction", ASCENDING)], name="destruction")],
        PARTS: [IndexModel([("at", ASCENDING)], name="at", expireAfterSeconds=PART_SECONDS)],
    }
)


def note(slug: str, son: Mapping[str, Any], destruction: ObjectId, now: datetime) -> None:
    """Note that a stored record is gone, inside the transaction that takes it away."""
    row = {"type": slug, "number": son["number"], "acl": son["acl"], "destruction": destruction, "at": now}
    database()[GONE].insert_one({"_id": son["_id"], **row})


def note_parts(ids: Iterable[ObjectId]) -> None:
    """Note that these other documents are deleted, or lose what they held of a destroyed record: for a day no backup
    takes them as they were."""
    for one in ids:
        database()[PARTS].update_one({"_id": one}, [{"$set": {"at": "$$NOW"}}], upsert=True)


def known(ids: Iterable[ObjectId]) -> set[ObjectId]:
    """Those of some documents that are destroyed, or are being: records for ever, others for a day."""
    wanted = {"_id": {"$in": list(ids)}}
    return {row["_id"] for name in (GONE, PARTS) for row in database()[name].find(wanted, {"_id": 1})}


def names(reach: Reach, ids: Iterable[ObjectId], language: str) -> Iterator[tuple[ObjectId, str]]:
    """How those of some records are called that are gone, as far as a reader could know of them when they were there
    (X6)."""
    for row in database()[GONE].find({"_id": {"$in": list(ids)}}, {"number": 1, "acl": 1}):
        if reach.sees(row["acl"]):
            yield row["_id"], destroyed(row["number"], language)
