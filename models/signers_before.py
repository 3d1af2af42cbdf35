"""Signatures of the time when records did not keep whose they bear: their history names them (ADR 16)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from bson import ObjectId
from pymongo import ASCENDING, UpdateOne

from config.database import database
from models import access, registry, schema, sealing, store, stored_form
from models.declarations import RecordType
from models.record import UNSHOWN, collection_name

NOTED = "signers_noted"
"""How far each type is: up to which id, and whether it is done."""
AT_ONCE = 500

schema.declare({NOTED: []})


def note_signers() -> list[str]:
    """Let the records of every type that is signed know whose signatures they bear, with the rights that follow. It
    makes no version; broken off, it goes on behind the last piece, and done again it looks at no record.

    :return: a line where there were any.
    """
    done = {row["_id"]: row for row in database()[NOTED].find()}
    count = 0
    for rt in registry.all_types():
        known = done.get(rt.slug, {})
        if _signing(rt) and not known.get("done"):
            count += _note_type(rt, known.get("to"))
    return [f"noted who signed {count} records"] if count else []


def _signing(rt: RecordType) -> list[str]:
    return [move.name for move in rt.workflow.transitions if move.signature] if rt.workflow is not None else []


def _note_type(rt: RecordType, behind: ObjectId | None) -> int:
    count = 0
    for ids in _pieces(rt, behind):
        count += _note(rt, ids)
        database()[NOTED].update_one({"_id": rt.slug}, {"$set": {"to": ids[-1]}}, upsert=True)
    database()[NOTED].update_one({"_id": rt.slug}, {"$set": {"done": True}}, upsert=True)
    return count


def _pieces(rt: RecordType, behind: ObjectId | None) -> Iterator[list[ObjectId]]:
    """The ids of the records of a type that were changed since they were made, some hundred at a time."""
    while True:
        changed: dict[str, Any] = {"rev": {"$gt": 1}, **({"_id": {"$gt": behind}} if behind else {})}
        rows = database()[collection_name(rt.slug)].find(changed, {"_id": 1}).sort("_id", ASCENDING).limit(AT_ONCE)
        ids = [row["_id"] for row in rows]
        if not ids:
            return
        yield ids
        behind = ids[-1]


def _note(rt: RecordType, ids: list[ObjectId]) -> int:
    """Note the signers of some records; of one that somebody writes meanwhile it is done again."""
    count, collection = 0, database()[collection_name(rt.slug)]
    while updates := list(_updates(rt, ids)):
        count += collection.bulk_write(updates, ordered=False).modified_count
    return count


def _updates(rt: RecordType, ids: Iterable[ObjectId]) -> Iterator[UpdateOne]:
    signers = _signers(rt, ids)
    shown = UNSHOWN | sealing.left_out(rt)
    for son in database()[collection_name(rt.slug)].find({"_id": {"$in": list(signers)}}, shown):
        known = set(son.get("signers") or ())
        if signers[son["_id"]] <= known:
            continue
        all_of_them = sorted(known | signers[son["_id"]])
        acl = access.tokens_of(rt, {**stored_form.load_to_show(rt, son), "signers": all_of_them})
        yield UpdateOne(_unchanged(son), {"$set": {"signers": all_of_them, "acl": acl}})


def _unchanged(son: Mapping[str, Any]) -> dict[str, Any]:
    """The condition for a record to be as it was read, in all on which rights depend."""
    return {name: son.get(name) for name in ("_id", "rev", "granted", "climbed", "in_person")}


def _signers(rt: RecordType, ids: Iterable[ObjectId]) -> dict[ObjectId, set[ObjectId]]:
    """Whose signatures some records bear, by their versions: of one that a deputy gave, whom they stood in for."""
    found: dict[ObjectId, set[ObjectId]] = {}
    wanted = {"record": {"$in": list(ids)}, "action": {"$in": _signing(rt)}}
    for row in database()[store.VERSIONS].find(wanted, {"record": 1, "by": 1, "behalf": 1}):
        whose = row.get("behalf") or row["by"]
        if whose is not None:
            found.setdefault(row["record"], set()).add(whose)
    return found
