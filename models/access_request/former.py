"""Cards of former versions: their receipts said what a file is called, in clear and in history too, and those in force
did not name the general manager who signed nor the reader, nor their grants the level that was signed for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial
from typing import Any

from bson import ObjectId

from config.database import database, transaction
from models import access, store, stored_form
from models.access_request.document import ACCESS_REQUEST
from models.access_request.grants import GRANTS
from models.record import UNSHOWN, collection_name

CARDS = collection_name(ACCESS_REQUEST.slug)
NAMED = r" · (?!API$)"
"""What follows a record's number is a name, unless it says by which way the record left."""


def take_names_out() -> list[str]:
    """Leave the record's number of what such receipts say. It makes no version, and done again it finds nothing.

    :return: a line where there were any.
    """
    condition = {"receipts": {"$elemMatch": {"how": "file", "what": {"$regex": NAMED}}}}
    found = [row["_id"] for row in database()[CARDS].find(condition, {"_id": 1})]
    for card in found:
        transaction(partial(_take_out, card))
    return [f"took the names of files out of the receipts of {len(found)} cards"] if found else []


def _take_out(card: ObjectId) -> None:
    row = database()[CARDS].find_one({"_id": card}, {"receipts": 1})
    if row is None:  # gone at this moment
        return
    versions = database()[store.VERSIONS]
    for version in versions.find({"record": card, "changes.field": "receipts"}, {"changes": 1}):
        changes = [_without(change) if change["field"] == "receipts" else change for change in version["changes"]]
        versions.update_one({"_id": version["_id"]}, {"$set": {"changes": changes}})
    database()[CARDS].update_one({"_id": card}, {"$set": {"receipts": [_said(one) for one in row["receipts"]]}})


def _without(change: Mapping[str, Any]) -> dict[str, Any]:
    return {**change, **{side: [_said(one) for one in change[side]] for side in ("before", "after") if change[side]}}


def _said(receipt: Mapping[str, Any]) -> dict[str, Any]:
    if receipt["how"] != "file" or not re.search(NAMED, receipt["what"]):
        return dict(receipt)
    return {**receipt, "what": receipt["what"].partition(" · ")[0]}


def name_countersigners() -> list[str]:
    """Let cards in force name the general manager who signed them, who may revoke them (X5): by their history, in which
    an approval that came by climbing is a general manager's too. It makes no version, and done again it finds nothing.

    :return: a line where there were any.
    """
    unnamed = {"state": "granted", "countersigner": None}
    found = [row["_id"] for row in database()[CARDS].find(unnamed, {"_id": 1})]
    named = sum(transaction(partial(_name_countersigner, card)) for card in found)
    return [f"named the general manager who signed on {named} cards in force"] if named else []


def _name_countersigner(card: ObjectId) -> int:
    signed = {"record": card, "$or": [{"action": "countersign"}, {"action": "approve", "climbed": True}]}
    version = database()[store.VERSIONS].find_one(signed, {"by": 1, "behalf": 1})
    row = database()[CARDS].find_one({"_id": card, "state": "granted"}, UNSHOWN)
    if version is None or row is None:
        return 0
    signer = {"countersigner": version.get("behalf") or version["by"]}
    acl = access.tokens_of(ACCESS_REQUEST, stored_form.load_to_show(ACCESS_REQUEST, {**row, **signer}))
    database()[CARDS].update_one({"_id": card}, {"$set": {**signer, "acl": acl}})
    return 1


def name_readers() -> list[str]:
    """Let cards that were granted name whom they were granted to, who else would not see what was offered to them. It
    makes no version, and done again it finds nothing.

    :return: a line where there were any.
    """
    unnamed = {"opened_at": {"$ne": None}, "owner": {"$ne": None}, "granted_to": None}
    found = [row["_id"] for row in database()[CARDS].find(unnamed, {"_id": 1})]
    for card in found:
        transaction(partial(_name_reader, card))
    return [f"named the reader on {len(found)} cards that were granted"] if found else []


def _name_reader(card: ObjectId) -> None:
    row = database()[CARDS].find_one({"_id": card}, UNSHOWN)
    if row is not None:
        named = {"granted_to": row["owner"]}
        acl = access.tokens_of(ACCESS_REQUEST, stored_form.load_to_show(ACCESS_REQUEST, {**row, **named}))
        database()[CARDS].update_one({"_id": card}, {"$set": {**named, "acl": acl}})


def note_levels_signed() -> list[str]:
    """Let grants in force bear the level that their card was signed for: the one that its item kept. One without it
    opens nothing above internal. Done again it finds nothing.

    :return: a line where there were any.
    """
    noted = 0
    for card in list(database()[CARDS].find({"state": "granted"}, {"items": 1, "type_asked": 1})):
        bare = {"request": card["_id"], "level": None, "ended_at": None}
        for grant in list(database()[GRANTS].find(bare, {"record": 1})):
            record = database()[collection_name(card["type_asked"])].find_one({"_id": grant["record"]}, {"number": 1})
            signed = {item["number"]: item["level"] for item in card["items"] or ()}
            level = signed.get(record["number"]) if record else None
            if level is not None:
                noted += database()[GRANTS].update_one({"_id": grant["_id"]}, {"$set": {"level": level}}).modified_count
    grants = "grant" if noted == 1 else "grants"
    return [f"noted the level that was signed for on {noted} {grants} in force"] if noted else []
