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
"""Longer than any backup takes. Of those under way there is no time, and they stay."""
Row = dict[str, Any]

schema.declare(
    {
        GONE: [IndexModel([("destruction", ASCENDING)], name="destruction")],
        PARTS: [
            IndexModel([("at", ASCENDING)], name="at", expireAfterSeconds=PART_SECONDS),
            IndexModel([("of", ASCENDING)], name="of"),
        ],
    }
)


def note(slug: str, son: Mapping[str, Any], destruction: ObjectId, now: datetime) -> None:
    """Note that a stored record is gone, inside the transaction that takes it away."""
    row = {"type": slug, "number": son["number"], "acl": son["acl"], "destruction": destruction, "at": now}
    database()[GONE].insert_one({"_id": son["_id"], **row})


def note_parts(ids: Iterable[ObjectId], record_id: ObjectId) -> None:
    """Note that these other documents are being deleted, or lose what they held of a record: until `parts_done` no
    backup takes them."""
    for one in ids:
        database()[PARTS].update_one({"_id": one}, {"$set": {"of": record_id, "at": None}}, upsert=True)


def parts_done(record_id: ObjectId) -> None:
    """Whatever held something of a record holds it no more: a backup of a later moment takes it again."""
    database()[PARTS].update_many({"of": record_id}, [{"$set": {"at": "$$NOW"}}])


def known(ids: Iterable[ObjectId], since: datetime) -> set[ObjectId]:
    """Of some documents, the records that are destroyed or being so, and the others that lose something of one, or
    lost it after the moment `since` of the server's clock."""
    wanted = {"_id": {"$in": list(ids)}}
    late = {**wanted, "$or": [{"at": None}, {"at": {"$gte": since}}]}
    found = ((GONE, wanted), (PARTS, late))
    return {row["_id"] for name, condition in found for row in database()[name].find(condition, {"_id": 1})}


def names(reach: Reach, ids: Iterable[ObjectId], language: str) -> Iterator[tuple[ObjectId, str]]:
    """How those of some records are called that are gone, as far as a reader could know of them when they were there
    (X6)."""
    for row in database()[GONE].find({"_id": {"$in": list(ids)}}, {"number": 1, "acl": 1}):
        if reach.sees(row["acl"]):
            yield row["_id"], destroyed(row["number"], language)
