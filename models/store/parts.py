"""What was merged into a record is a part of it, and read by exactly who reads it (F7, X3): a part carries the rights
tokens of the record into which it was merged in the end, and gets them anew whenever these change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pymongo import UpdateOne

from config.database import database
from models import access
from models.declarations import Level, RecordType
from models.record import collection_name


def share_rights(rt: RecordType, wholes: Iterable[Mapping[str, Any]]) -> None:
    """Let what was merged into some stored records of a type, all the way down, be read by who reads these now. Where
    nothing was merged into any of them, nothing is asked. It makes no version: nobody edited a part."""
    ids = [one["_id"] for one in wholes if one.get("merged_from") and not one.get("merged_into")]
    if not ids:
        return
    collection = database()[collection_name(rt.slug)]
    found = collection.find({"_id": {"$in": ids}}, {"acl": 1, "level": 1, "merged_from": 1})
    whole_of = {number: one for one in found for number in (one.get("merged_from") or "").split()}
    shown = {"number": 1, "level": 1, "acl": 1}
    parts = list(collection.find({"number": {"$in": sorted(whole_of)}, "merged_into": {"$ne": None}}, shown))
    given = [(part, _shared(part, whole_of[part["number"]])) for part in parts]
    updates = [UpdateOne({"_id": part["_id"]}, {"$set": {"acl": acl}}) for part, acl in given if acl != part["acl"]]
    if updates:
        collection.bulk_write(updates)


def _shared(part: Mapping[str, Any], whole: Mapping[str, Any]) -> list[str]:
    """The tokens of a part: also one that has not followed the level of its whole yet is no less secret than that."""
    level = Level.highest([Level.of(part.get("level")), Level.of(whole.get("level"))])
    return access.tokens_of_part({"level": level.value}, whole["acl"])
