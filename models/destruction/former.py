"""Destructions of former versions: they left some of what somebody had typed about a record that is gone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from bson import ObjectId

from config.database import database
from models import schema
from models.bulk_change.document import EMPTIED, PLANS
from models.declarations import RecordType
from models.destruction import gone
from models.destruction.gone import ASIDE, GONE
from models.destruction.traces import place_in, requests_about, strip
from models.key_vault import service as vault

DONE = "destruction_former"
WORDS = "typed_words"
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
