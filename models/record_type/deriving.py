"""What follows from records' values, derived anew when their type has changed: search terms, rights, deadlines, whose
turn it is, computed fields. Values that people gave stay as they are, and so do versions; both are sealed where their
field became encrypted.

It goes in pieces, so that whoever does it can stop, note how far it is, and look whether the type changed again.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from uuid import UUID

from bson import ObjectId
from pymongo import ASCENDING, UpdateOne

from config.database import database
from models import classified, formulas, sealing, store, stored_form, turns
from models.declarations import RecordType
from models.key_vault.refusals import Unopened
from models.kinds import stored
from models.record import collection_name

log = logging.getLogger(__name__)

AT_ONCE = 500


def follows_alike(rt: RecordType, former: RecordType) -> bool:
    """Whether the same follows from a record's values under both declarations of a type."""
    return basis(rt) == basis(former)


def basis(rt: RecordType) -> tuple[Any, ...]:
    """What of a declaration decides about what follows from a record's values."""
    fields = [
        (f.name, f.kind, f.searchable, f.opens, f.computed, f.places, f.choices if f.searchable else (), f.fields)
        for f in rt.fields
        if f.searchable or f.opens or f.computed or f.fields
    ]
    encrypted = [(f.name, f.filterable) for f in rt.fields if f.encrypted]
    about = [f.name for f in rt.fields if f.name in classified.ABOUT]
    of_department = sorted(turns.roles_awaited(rt) & turns.OF_DEPARTMENT)
    held = [rt.held] if rt.held is not None else []
    return fields, rt.due, rt.workflow, rt.classified, encrypted, *of_department, *about, *named(rt), *held


def named(rt: RecordType) -> list[str]:
    """The roles asked of whom records of a type name, by which they wait or are open: they are part of that name."""
    return sorted(f"user@{role}" for role in turns.named_roles(rt))


def derive_again(rt: RecordType, behind: ObjectId | None = None) -> Iterator[ObjectId]:
    """Derive what follows from the values of the records of a type in force, by their ids from the one `behind` on;
    after some hundred gives the last one's id. A record that somebody writes meanwhile is left to that write; one of
    which a value cannot be opened stays as it is, and is logged."""
    collection = database()[collection_name(rt.slug)]
    while True:
        rest = {"_id": {"$gt": behind}} if behind else {}
        sons = list(collection.find(rest).sort("_id", ASCENDING).limit(AT_ONCE))
        if not sons:
            return
        sealing.at_hand(rt, sons)
        keys = sealing.keys_of_stored(rt, sons) if sealing.sealed_fields(rt) else {}
        updates = list(_updates(rt, sons, keys))
        _seal_versions(rt, keys)
        if updates:
            collection.bulk_write(updates, ordered=False)
        store.share_rights(rt, sons)
        behind = sons[-1]["_id"]
        yield behind


def _seal_versions(rt: RecordType, keys: Mapping[ObjectId, UUID]) -> None:
    """Seal what the history of some records holds in clear, of fields that became encrypted since."""
    fields = sealing.sealed_fields(rt)
    if not fields:
        return
    versions = database()[store.VERSIONS]
    condition = {"record": {"$in": list(keys)}, "changes.field": {"$in": list(fields)}}
    updates = []
    for row in versions.find(condition, {"record": 1, "changes": 1}):
        key = keys[row["record"]]
        sealed = [
            {**one, **{side: sealing.seal(fields[one["field"]], one.get(side), key) for side in ("before", "after")}}
            if one["field"] in fields
            else one
            for one in row["changes"]
        ]
        if sealed != row["changes"]:
            updates.append(UpdateOne({"_id": row["_id"]}, {"$set": {"changes": sealed}}))
    if updates:
        versions.bulk_write(updates, ordered=False)


def _updates(rt: RecordType, sons: Iterable[Mapping[str, Any]], keys: Mapping[ObjectId, UUID]) -> Iterator[UpdateOne]:
    for son in sons:
        try:
            update = _update(rt, son, keys.get(son["_id"]))
        except Unopened as refusal:
            log.error("the record %s was passed over: %s", son["number"], refusal.code)
        else:
            if update is not None:
                yield update


def _update(rt: RecordType, son: Mapping[str, Any], key: UUID | None = None) -> UpdateOne | None:
    values = stored_form.load(rt, son)
    results = formulas.results(rt, values)
    follows = {f.name: stored(f, results[f.name]) for f in rt.fields if f.name in results}
    follows |= stored_form.derived(rt, {**values, **results})
    if key is not None:
        fields = sealing.sealed_fields(rt)
        follows |= {name: sealing.seal(field, son.get(name), key) for name, field in fields.items()}
    wrong = {name: value for name, value in follows.items() if son.get(name) != value}
    if not wrong:
        return None
    update = {
        "$set": {name: value for name, value in wrong.items() if value is not None},
        "$unset": {name: "" for name, value in wrong.items() if value is None},
    }
    # A grant, or a signature that goes on to the next, changes rights without a new version: it is not to be lost.
    unchanged = {name: son.get(name) for name in ("_id", "rev", "granted", "climbed")}
    return UpdateOne(unchanged, {how: what for how, what in update.items() if what})
