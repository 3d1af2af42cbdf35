"""Destructions of former versions: they left some of what somebody had typed about a record that is gone, and each
signature stood for those before it, whatever had become of the records."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from bson import ObjectId
from pymongo import ASCENDING

from config.database import database
from models import schema, store
from models.bulk_change.document import EMPTIED, PLANS
from models.declarations import RecordType
from models.destruction import gone
from models.destruction.document import SIGNING, SLUG, WAITING
from models.destruction.gone import ASIDE, GONE
from models.destruction.traces import place_in, requests_about, strip
from models.key_vault import service as vault
from models.record import collection_name

DONE = "destruction_former"
WORDS = "typed_words"
PROPOSED = ("rev", "level", "parts")
"""What a destruction keeps of how each of its records was when it was proposed."""
Row = Mapping[str, Any]

schema.declare({DONE: []})


def take_words_out() -> list[str]:
    """Take from requests about records that are gone what is typed into one, once; in history too, and so that backups
    of before cannot be read of these requests. Also the notes of bulk changes of which nobody can tell any more which
    records they were about. It makes no version, and broken off it begins anew.

    :return: a line where there were requests. :raises KeysUnusable: and it is done another time.
    """
    if database()[DONE].find_one({"_id": WORDS}) is not None:
        return []
    asked = list(_requests())
    for rt, one, row in asked:
        strip(row["_id"], lambda: None, [place_in(rt, one, row["number"])])
    of = [row["_id"] for _, _, row in asked]
    # Not only those of this time: another one may have broken off behind the last request.
    held = gone.count_unfinished([one for _, one, _ in asked], of)
    if held:
        vault.destroy(())  # writes the keys' own backup, which still has those of these requests
        gone.parts_done(of)
    database()[PLANS].update_many({"swept": True}, {"$set": EMPTIED})
    database()[DONE].update_one({"_id": WORDS}, {"$set": {"done": True}}, upsert=True)
    return [f"took what somebody had typed out of {held} requests about records that are gone"] if held else []


def _requests() -> Iterator[tuple[RecordType, ObjectId, Row]]:
    """Each request about a record that is gone, with that record. What is set aside whole is not gone yet: its removal
    goes on with all of this, or gives it back."""
    whole = set(database()[ASIDE].distinct("_id", {"emptied": None}))
    by_type: dict[str, dict[str, Row]] = {}
    for row in database()[GONE].find({}, {"type": 1, "number": 1}):
        if row["_id"] not in whole:
            by_type.setdefault(row["type"], {})[row["number"]] = row
    for slug, rows in by_type.items():
        for rt, request in requests_about(slug, rows):
            named = (request["number_asked"], *(item["number"] for item in request.get("items") or ()))
            yield rt, request["_id"], next(rows[number] for number in named if number in rows)


def stand_by_proposals() -> list[str]:
    """Let destructions that are under way hold their records as they were proposed, by their history: each signature
    had put those of its day there, as if those before were given for them (D1). One whose records changed is signed
    and carried out no more. It makes no version, and done again it finds nothing.

    :return: a line where there were any.
    """
    kept, count = database()[collection_name(SLUG)], 0
    for row in list(kept.find({"state": {"$in": [*WAITING, "cooling"]}}, {"items": 1})):
        proposed = _proposed(row["_id"])
        items = [_as_proposed(item, proposed.get(item["number"], item)) for item in row["items"]]
        if items != row["items"]:
            count += kept.update_one(row, {"$set": {"items": items}}).modified_count
    return [f"took {count} destructions back to the versions that were proposed"] if count else []


def _proposed(destruction: ObjectId) -> dict[str, Row]:
    """How the first signature that changed the records of a destruction found them, by number; nothing where none
    did."""
    other = {"record": destruction, "action": {"$in": list(SIGNING)}, "changes.field": "items"}
    version = database()[store.VERSIONS].find_one(other, sort=[("rev", ASCENDING)])
    changes = version["changes"] if version is not None else ()
    return {item["number"]: item for one in changes if one["field"] == "items" for item in one["before"]}


def _as_proposed(item: Row, proposed: Row) -> dict[str, Any]:
    others = {name: value for name, value in item.items() if name not in PROPOSED}
    return others | {name: proposed[name] for name in PROPOSED if name in proposed}
