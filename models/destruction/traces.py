"""What other places hold of a record that is being destroyed, and how each of them loses it (D2).

Each step may be broken off and done again. What is deleted or changed is noted first and loses its key, so that no
backup, older ones included, shows what it held. These writes make no versions: a version would keep what goes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from bson import ObjectId

from config.database import database
from models import registry, sealing, store, stored_form
from models.attachment import service as attachment
from models.backup.belonging import sealing_id
from models.bulk_change.document import CARRIED_OUT, LINES, PLANS, TARGETS
from models.bulk_change.document import State as PlanState
from models.bulk_change.service import forget as forget_plans
from models.declarations import RecordType
from models.destruction import gone, imports
from models.destruction.document import SLUG
from models.destruction.holds import HOLDS
from models.destruction.rules import destroyed
from models.hand_over.service import HANDED
from models.idempotency import KEYS
from models.key_vault import service as vault
from models.merge.moving import pointing_paths
from models.person.document import USERS
from models.person.unsent import UNSENT
from models.put_aside.document import ASIDE
from models.record import collection_name
from models.reminder.document import REMINDERS
from models.saved_view.document import VIEWS

CHUNK = 200
Row = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """One record on its way out: its type, its stored document, what it is or was called."""

    rt: RecordType
    son: Mapping[str, Any]
    names: frozenset[str]

    @property
    def id(self) -> ObjectId:
        """The record's id."""
        found: ObjectId = self.son["_id"]
        return found

    @property
    def number(self) -> str:
        """The record's number."""
        return str(self.son["number"])

    @property
    def instead(self) -> str:
        """What stands where its name stood."""
        return destroyed(self.number, "zh")

    def tells(self, texts: Iterable[str]) -> bool:
        """Whether one of these texts names the record."""
        wanted = (self.number, str(self.id), *self.names)
        return any(name in text for text in texts for name in wanted)


def shred(case: Case, ids: Iterable[ObjectId]) -> None:
    """Let what backups of before hold of these documents become unreadable; none of now takes them until the record
    is gone. What seals their own fields stays."""
    found = list(ids)
    if found:
        gone.note_parts(found, case.id)
        vault.destroy(sealing_id(one) for one in found)


def requests(case: Case) -> None:
    """Cards and other requests about it lose its masked name, and the reason why it was asked for."""
    for rt in registry.all_types():
        if not {"type_asked", "number_asked"} <= set(rt.by_name) or rt.slug == SLUG:
            continue
        named = [{"number_asked": case.number}, {"items.number": case.number}]
        for son in database()[collection_name(rt.slug)].find({"type_asked": case.rt.slug, "$or": named}):
            _strip(case, rt, son, lambda value, name: _of_request(case, value, name))


def _of_request(case: Case, value: Any, name: str) -> Any:
    """A request's value without what it holds of the record. The words of whoever asked or decided may say anything."""
    if name in ("name_asked", "reason", "note") and value:
        return case.instead
    if name in ("items", "receipts") and value:
        return [_of_row(case, row) for row in value]
    return value


def _of_row(case: Case, row: Row) -> Row:
    if row.get("number") == case.number and "name" in row:
        return {**row, "name": None}
    if case.number in str(row.get("what") or ""):
        return {**row, "what": case.number}
    return row


def copies(case: Case) -> None:
    """Records that point to it keep the pointer; where rules copied its name into them, its number stands instead."""
    for rt in registry.all_types():
        ways = [{path: case.id} for path in pointing_paths(rt, case.rt.slug)]
        copied = {field.name for field in rt.fields if not field.editable}
        if ways and copied:
            change = partial(_without_copy, case, copied)
            for son in database()[collection_name(rt.slug)].find({"$or": ways, "_id": {"$ne": case.id}}):
                _strip(case, rt, son, change)


def _without_copy(case: Case, copied: set[str], value: Any, name: str) -> Any:
    return without_names(case, value) if name in copied else value


def without_names(case: Case, value: Any) -> Any:
    """A value whose texts are not the record's name."""
    if isinstance(value, str):
        return case.instead if value in case.names else value
    if isinstance(value, Mapping):
        return {key: without_names(case, one) for key, one in value.items()}
    return [without_names(case, one) for one in value] if isinstance(value, list) else value


def _strip(case: Case, rt: RecordType, son: Row, change: Callable[[Any, str], Any]) -> None:
    """Change what a record and its versions hold, by the name of the field; a version's note is `note`."""
    made = {f.name: change(son[f.name], f.name) for f in rt.fields if f.name in son}
    values = {name: value for name, value in made.items() if value != son[name]}
    versions = [_stripped(row, change) for row in database()[store.VERSIONS].find({"record": son["_id"]})]
    changed = [row for row in versions if row is not None]
    if not values and not changed:
        return
    shred(case, [son["_id"]])
    if values:
        follows = stored_form.derived(rt, stored_form.load(rt, {**son, **values}))
        found = {name: follows[name] for name in ("grams", "haystack", "keys", "blind") if follows[name] is not None}
        database()[collection_name(rt.slug)].update_one({"_id": son["_id"]}, {"$set": {**values, **found}})
    for row in changed:
        told = {"changes": row["changes"], "note": row["note"]}
        database()[store.VERSIONS].update_one({"_id": row["_id"]}, {"$set": told})


def _stripped(row: Row, change: Callable[[Any, str], Any]) -> Row | None:
    """A version without what the change takes away; None when it holds nothing of it."""
    changes = [
        {**one, "before": change(one.get("before"), one["field"]), "after": change(one.get("after"), one["field"])}
        for one in row["changes"]
    ]
    made = {**row, "changes": changes, "note": change(row.get("note") or "", "note")}
    return made if made != {"note": "", **row} else None


def saved_views(case: Case) -> None:
    """Views that name it go, whoever kept them."""
    db = database()
    for row in db[VIEWS].find({}, {"name": 1, "address": 1, "type": 1, "owner": 1}):
        if case.tells([row["name"], *(text for _, text in sealing.address_in(row["address"]))]):
            shred(case, [row["_id"]])
            start = f"starts.{row['type']}"
            db[USERS].update_one({"_id": row["owner"], start: row["_id"]}, {"$unset": {start: ""}})
            db[VIEWS].delete_one({"_id": row["_id"]})


def bulk_changes(case: Case) -> None:
    """Bulk changes that were about it forget which values they set and which records they were about."""
    plans = database()[TARGETS].distinct("plan", {"records": case.id})
    plans += database()[LINES].distinct("plan", {"record": case.id})
    if plans:
        shred(case, plans)
        ended = [state.value for state in (*CARRIED_OUT, PlanState.UNDONE)]
        emptied: Row = {"values": {}, "reasons": {}, "picked": None, "address": [], "swept": True}
        database()[PLANS].update_many({"_id": {"$in": plans}, "state": {"$in": ended}}, {"$set": emptied})
        database()[PLANS].delete_many({"_id": {"$in": plans}, "state": {"$nin": ended}})
        forget_plans(plans)


def notices(case: Case) -> None:
    """Reminders of it go, holds that were lifted, who put it aside or handed it over, kept answers and half-typed forms
    that name it, and what its type noted beside it."""
    db = database()
    for collection in (REMINDERS, HOLDS, ASIDE, HANDED):
        db[collection].delete_many({"record": case.id})
    db[KEYS].delete_many({"answer.body": {"$regex": case.number}})
    db[UNSENT].delete_many({"path": {"$regex": f"/{case.number}(/|$)"}})
    forget = registry.get(case.rt.slug).hooks.forget
    if forget is not None:
        forget([case.id])


def imported(case: Case) -> None:
    """Files that were imported and hold it, and what was said about their rows."""
    for batch in imports.that_tell(case.son.get("batch"), (case.number, *case.names)):
        shred(case, batch)
        imports.remove(batch)


def versions(case: Case) -> None:
    """Its history, a few hundred versions at a time."""
    while True:
        found = database()[store.VERSIONS].find({"record": case.id}, {"_id": 1}).limit(CHUNK)
        ids = [row["_id"] for row in found]
        if not ids:
            return
        database()[store.VERSIONS].delete_many({"_id": {"$in": ids}})


def files(case: Case) -> None:
    """Its attached files with their keys, former ones included."""
    found = attachment.keys_of([case.id])
    shred(case, found)
    for file_id in found:
        attachment.remove(file_id)


STEPS: tuple[Callable[[Case], None], ...] = (
    requests,
    copies,
    saved_views,
    bulk_changes,
    notices,
    imported,
    files,
    versions,
)
"""In this order: what the record was called is known from its versions, which therefore go last."""
