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

GONE, PARTS, ASIDE = "destroyed_record", "destroyed_part", "destruction_aside"
"""What is gone; what else loses something of it; and the records themselves until the end, set aside: `son` is a stored
record, and no more than what says which one it was when it is `emptied`."""
PART_SECONDS = 24 * 3600
"""Longer than any backup takes. Of those under way there is no time, and they stay."""
Row = dict[str, Any]

schema.declare(
    {
        GONE: [IndexModel([("destruction", ASCENDING)], name="destruction")],
        ASIDE: [IndexModel([("destruction", ASCENDING)], name="destruction")],
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


def note_parts(ids: Iterable[ObjectId], of: ObjectId) -> None:
    """Note that these other documents are being deleted, or lose what they held `of` a record, or of all records of a
    destruction: until `parts_done` no backup takes them."""
    for one in ids:
        database()[PARTS].update_one({"_id": one}, {"$set": {"of": of, "at": None}}, upsert=True)


def parts_done(of: Iterable[ObjectId]) -> None:
    """Whatever held something of these holds it no more: a backup of a later moment takes it again."""
    database()[PARTS].update_many({"of": {"$in": list(of)}}, [{"$set": {"at": "$$NOW"}}])


def count_unfinished(ids: Iterable[ObjectId], of: Iterable[ObjectId]) -> int:
    """How many of some documents are noted to lose what they hold of these, and not done yet."""
    noted = {"_id": {"$in": list(ids)}, "of": {"$in": list(of)}, "at": None}
    return database()[PARTS].count_documents(noted)


def known(ids: Iterable[ObjectId], since: datetime) -> set[ObjectId]:
    """Of some documents, the records that are destroyed, and the others that lose something of one, or lost it after
    the moment `since` of the server's clock: no backup takes these along.

    A record that is set aside and not emptied yet goes along with all it has, so that what was begun can be ended in
    the place where it is restored. Whoever asks has made the keys before: from then on they go with the record.
    """
    wanted = {"_id": {"$in": list(ids)}}
    late = {**wanted, "$or": [{"at": None}, {"at": {"$gte": since}}]}
    return (_found(GONE, wanted) - _found(ASIDE, {**wanted, "emptied": None})) | _found(PARTS, late)


def _found(collection: str, condition: Mapping[str, Any]) -> set[ObjectId]:
    return {row["_id"] for row in database()[collection].find(condition, {"_id": 1})}


def note_restored() -> None:
    """After a restore, before anything else is done: whatever was under way in the backup and did not come back with it
    has been emptied or destroyed since."""
    there = [row["_id"] for row in database()[ASIDE].find({}, {"_id": 1})]
    database()[GONE].update_many({"_id": {"$nin": there}}, {"$set": {"found_gone": True}})


def found_gone(destruction: ObjectId) -> list[str]:
    """The numbers of the records of a destruction that a restore found to be gone."""
    found = database()[GONE].find({"destruction": destruction, "found_gone": True}, {"number": 1})
    return [row["number"] for row in found]


def names(reach: Reach, ids: Iterable[ObjectId], language: str) -> Iterator[tuple[ObjectId, str]]:
    """How those of some records are called that are gone, as far as a reader could know of them when they were there
    (X6)."""
    for row in database()[GONE].find({"_id": {"$in": list(ids)}}, {"number": 1, "acl": 1}):
        if reach.sees(row["acl"]):
            yield row["_id"], destroyed(row["number"], language)
