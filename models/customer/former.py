"""Records about customers of the time when they kept the salesperson that the customer had when they were made."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bson import ObjectId
from pymongo import ASCENDING, UpdateOne

from config.database import database
from models import registry, schema, sealing, stored_form
from models.customer.children import SALESPERSON, VIA, sold_by
from models.customer.document import CUSTOMER
from models.declarations import RecordType
from models.record import collection_name

NOTED = "salespeople_noted"
"""How far each type is: up to which id, and whether it is done."""
AT_ONCE = 2_000

schema.declare({NOTED: []})


def follow_salespeople() -> list[str]:
    """Let the records about customers be those of the salesperson whom their customer has by now, with the rights that
    follow (X3). It makes no version; broken off, it goes on behind the last piece, and done again it looks at no
    record.

    :return: a line where there were any.
    """
    done = {row["_id"]: row for row in database()[NOTED].find()}
    count = 0
    for rt in registry.all_types():
        known = done.get(rt.slug, {})
        if sold_by(rt) and not known.get("done"):
            count += _follow(rt, known.get("to"))
    return [f"gave {count} records about customers their customer's salesperson"] if count else []


def _follow(rt: RecordType, behind: ObjectId | None) -> int:
    count, records = 0, database()[collection_name(rt.slug)]
    for last, others in _pieces(rt, behind):
        sons = {son["_id"]: son for son in records.find({"_id": {"$in": list(others)}}, sealing.left_out(rt) or None)}
        updates = [_update(rt, son, others[one]) for one, son in sons.items()]
        count += records.bulk_write(updates, ordered=False).modified_count if updates else 0
        database()[NOTED].update_one({"_id": rt.slug}, {"$set": {"to": last}}, upsert=True)
    database()[NOTED].update_one({"_id": rt.slug}, {"$set": {"done": True}}, upsert=True)
    return count


def _pieces(rt: RecordType, behind: ObjectId | None) -> Iterator[tuple[ObjectId, dict[ObjectId, ObjectId | None]]]:
    """Some thousand records of a type at a time: the last one's id, and those that have another salesperson than their
    customer, with that one."""
    lookup = {"from": collection_name(CUSTOMER.slug), "localField": VIA, "foreignField": "_id", "as": "file"}
    kept, wanted = {"$ifNull": [f"${SALESPERSON}", None]}, {"$ifNull": [f"$file.{SALESPERSON}", None]}
    while True:
        stages: list[dict[str, Any]] = [
            {"$match": {"_id": {"$gt": behind}} if behind else {}},
            {"$sort": {"_id": ASCENDING}},
            {"$limit": AT_ONCE},
            {"$lookup": {**lookup, "pipeline": [{"$project": {SALESPERSON: 1}}]}},
            {"$unwind": {"path": "$file", "preserveNullAndEmptyArrays": True}},
            {"$project": {"to": wanted, "other": {"$and": ["$file", {"$ne": [kept, wanted]}]}}},
        ]
        rows = list(database()[collection_name(rt.slug)].aggregate(stages))
        if not rows:
            return
        behind = rows[-1]["_id"]
        yield behind, {row["_id"]: row["to"] for row in rows if row["other"]}


def _update(rt: RecordType, son: dict[str, Any], to: ObjectId | None) -> UpdateOne:
    given = {SALESPERSON: to} if to is not None else {}
    values = {**stored_form.load(rt, son), SALESPERSON: to}
    gone = {} if given else {"$unset": {SALESPERSON: ""}}
    return UpdateOne(
        {"_id": son["_id"], "rev": son["rev"]}, {"$set": {**given, **stored_form.whose(rt, values)}, **gone}
    )
