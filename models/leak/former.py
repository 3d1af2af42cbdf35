"""Leaks of the time when the inquiry wrote into the people of the report: whoever reported read what it found, and of
whom it left out there nothing was kept (X8)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from bson import ObjectId
from pymongo import ASCENDING

from config.database import database, transaction
from models import access, store, stored_form
from models.leak.document import LEAK
from models.record import UNSHOWN, collection_name

LEAKS = collection_name(LEAK.slug)
AT_WORK = ("inquiry", "judged")
Row = Mapping[str, Any]


def part_people() -> list[str]:
    """Give the report its own people back, in history too, and the inquiry a list of those whom it found; one that
    goes on begins with whom the report names. Whom an inquiry that has not ended left out does not read it. It makes no
    version, and done again it finds nothing.

    :return: a line for each of the two where there were any.
    """
    leaks = [row["_id"] for row in database()[LEAKS].find({"state": {"$ne": "reported"}}, {"_id": 1})]
    done = sum(transaction(partial(_part, leak)) for leak in leaks if _mixed(leak))
    told = [f"parted the people of the report from those of the inquiry in {done} leaks"] if done else []
    at_work = [row["_id"] for row in database()[LEAKS].find({"state": {"$in": list(AT_WORK)}}, {"_id": 1})]
    kept = sum(transaction(partial(_keep_from_left_out, leak)) for leak in at_work)
    return [*told, f"kept the inquiry from people of the report whom it left out in {kept} leaks"] if kept else told


def _mixed(leak: ObjectId) -> bool:
    if _concluded(leak):
        return True
    waits: dict[str, Any] = {"state": {"$in": list(AT_WORK)}, "people_found": None, "people": {"$nin": [None, []]}}
    return database()[LEAKS].find_one({"_id": leak, **waits}, {"_id": 1}) is not None


def _concluded(leak: ObjectId) -> list[dict[str, Any]]:
    """The versions in which the inquiry changed the people of the report, the oldest first."""
    wanted = {"record": leak, "action": "conclude", "changes.field": "people"}
    return list(database()[store.VERSIONS].find(wanted, {"changes": 1}).sort("rev", ASCENDING))


def _part(leak: ObjectId) -> int:
    row = database()[LEAKS].find_one({"_id": leak}, UNSHOWN)
    if row is None:  # gone at this moment
        return 0
    concluded = _concluded(leak)
    people = _of(concluded[0])["before"] if concluded else row.get("people")
    found = row.get("people_found") or row.get("people")
    _rename(concluded)
    record = stored_form.load_to_show(LEAK, {**row, "people": people, "people_found": found})
    update = {"people": people, "people_found": found, "acl": access.tokens_of(LEAK, record)}
    kept = {name: value for name, value in update.items() if value is not None}
    gone = {name: "" for name in update if name not in kept}
    database()[LEAKS].update_one({"_id": leak}, {"$set": kept, **({"$unset": gone} if gone else {})})
    return 1


def _keep_from_left_out(leak: ObjectId) -> int:
    row = database()[LEAKS].find_one({"_id": leak, "state": {"$in": list(AT_WORK)}}, UNSHOWN)
    acl = access.tokens_of(LEAK, stored_form.load_to_show(LEAK, row)) if row else []
    if row is None or set(acl) <= set(row["acl"]):
        return 0
    database()[LEAKS].update_one({"_id": leak}, {"$set": {"acl": acl}})
    return 1


def _of(version: Row) -> Row:
    change: Row = next(one for one in version["changes"] if one["field"] == "people")
    return change


def _rename(concluded: Sequence[Row]) -> None:
    """Let history say of these versions that they changed whom the inquiry found; before the first it was nobody."""
    for place, version in enumerate(concluded):
        changes = [
            {**one, "field": "people_found", **({} if place else {"before": None})} if one["field"] == "people" else one
            for one in version["changes"]
        ]
        database()[store.VERSIONS].update_one({"_id": version["_id"]}, {"$set": {"changes": changes}})
