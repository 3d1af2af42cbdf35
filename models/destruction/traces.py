"""What other places hold of one record that is being destroyed, and how each of them loses it (D2).

What only reading everything tells is done for all records of a destruction at once, in `everywhere`. Each step may be
broken off and done again. What is deleted or changed is noted first and loses its key, so that no backup, older ones
included, shows what it held. These writes make no versions: a version would keep what goes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from bson import ObjectId
from pymongo import UpdateOne

from config.database import database, transaction
from models import registry, store, stored_form, unborn
from models.attachment import service as attachment
from models.backup.belonging import sealing_id
from models.declarations import Field, RecordType
from models.destruction import gone
from models.destruction.document import SLUG
from models.destruction.holds import HOLDS
from models.destruction.rules import destroyed
from models.hand_over.service import HANDED
from models.idempotency import KEYS
from models.key_vault import service as vault
from models.key_vault.refusals import Unopened
from models.person.unsent import UNSENT
from models.put_aside.document import ASIDE
from models.record import collection_name
from models.reminder.document import REMINDERS

CHUNK = 200
NUMBERS = ("integer", "decimal", "money", "percent", "date", "time", "datetime", "period")
WORDLESS = frozenset({*NUMBERS, "yes_no", "choice", "choices", "tree", "reference", "person"})
"""Kinds whose values are picked or counted. What is typed into a field of any other may say anything."""
Row = dict[str, Any]
Change = Callable[[Any, str], Any]


def _kept() -> None:
    """Nobody else could have the work."""


@dataclass(frozen=True)
class Case:
    """One record on its way out: its type and its stored document. `keep` is asked between chunks; it raises when
    somebody else goes on with the work."""

    rt: RecordType
    son: Mapping[str, Any]
    keep: Callable[[], None] = _kept

    @property
    def id(self) -> ObjectId:
        """The record's id."""
        found: ObjectId = self.son["_id"]
        return found

    @property
    def number(self) -> str:
        """The record's number."""
        return str(self.son["number"])


@dataclass(frozen=True)
class Place:
    """A record that holds something of another one, and how a value loses it, by the name of its field (a version's
    note is `note`); `now` where the record as it is loses less than its history."""

    rt: RecordType
    id: ObjectId
    change: Change
    now: Change | None = None


def shred(of: ObjectId, ids: Iterable[ObjectId], own: Iterable[ObjectId] = ()) -> None:
    """Let what backups of before hold of these documents become unreadable; none of now takes them until what they are
    noted `of`, a record or a destruction, is gone. What seals their own fields stays, but for those in `own`. The
    keys' own backup is written when all records are gone, before the trail says so."""
    found = list(ids)
    if found:
        gone.note_parts(found, of)
        vault.destroy([*map(sealing_id, found), *own], backup=False)


def requests(case: Case) -> None:
    """Cards and other requests about it lose its masked name, and every word that somebody typed into them."""
    found = requests_about(case.rt.slug, [case.number])
    strip(case.id, case.keep, [place_in(rt, row["_id"], case.number) for rt, row in found])


def requests_about(slug: str, numbers: Collection[str]) -> list[tuple[RecordType, Row]]:
    """The requests about one of some records of a type, with the numbers on them; but no destruction, whose register
    stays as it is."""
    named = {"$in": list(numbers)}
    asked: Row = {"type_asked": slug, "$or": [{"number_asked": named}, {"items.number": named}]}
    shown = {"number": 1, "number_asked": 1, "items.number": 1}
    types = [rt for rt in registry.all_types() if {"type_asked", "number_asked"} <= set(rt.by_name) and rt.slug != SLUG]
    return [(rt, row) for rt in types for row in database()[collection_name(rt.slug)].find(asked, shown)]


def place_in(rt: RecordType, request: ObjectId, number: str) -> Place:
    """A request that holds something of the record with this number."""
    return Place(rt, request, partial(_of_request, number, rt))


def _of_request(number: str, rt: RecordType, value: Any, name: str) -> Any:
    """A request's value without what it holds of a record. The words of whoever asked or decided may say anything."""
    if name in ("name_asked", "note") and value:
        return destroyed(number, "zh")
    if name in ("items", "receipts") and value:
        return [_of_row(number, row) for row in value]
    field = rt.by_name.get(name)
    return value if field is None or not field.editable else _without_words(field, value, destroyed(number, "zh"))


def _without_words(field: Field, value: Any, instead: str) -> Any:
    """The stored value of a field that people fill in, without what they typed."""
    if value is None or field.kind in WORDLESS:
        return value
    if field.kind in ("text", "long_text") and not field.encrypted:
        return instead
    if isinstance(value, Mapping) and field.fields:
        return {f.name: _without_words(f, value.get(f.name), instead) for f in field.fields}
    if isinstance(value, list) and field.fields:
        return [{f.name: _without_words(f, row.get(f.name), instead) for f in field.fields} for row in value]
    return None


def _of_row(number: str, row: Row) -> Row:
    if row.get("number") == number and "name" in row:
        return {**row, "name": None}
    if number in str(row.get("what") or ""):
        return {**row, "what": number}
    return row


def strip(of: ObjectId, keep: Callable[[], None], places: Sequence[Place]) -> int:
    """Take from records and their versions what they hold of another one: first, for all together, what backups of
    before hold of them becomes unreadable. `of` is that of `shred`, `keep` that of `Case`. Returns how many held
    something."""
    held = []
    for one in places:
        keep()
        if any(_lost(one)):
            held.append(one)
    shred(of, [one.id for one in held])
    for one in held:
        keep()
        transaction(partial(_take, one))
    return len(held)


def _take(place: Place) -> None:
    """Inside a transaction: whoever writes the record at this moment is not overwritten, or comes after."""
    values, versions = _lost(place)
    if values:
        one = {"_id": place.id}
        database()[collection_name(place.rt.slug)].update_one(one, _with_derived(place, values))
    if versions:
        told = (({"_id": row["_id"]}, {name: row[name] for name in ("changes", "note")}) for row in versions)
        database()[store.VERSIONS].bulk_write([UpdateOne(one, {"$set": row}) for one, row in told])


def _lost(place: Place) -> tuple[Row, list[Row]]:
    """The values of a record, as they are at the moment, that are to be others, and so the versions."""
    values: Row = {}
    son, change = _stored(place), place.now or place.change
    if son is not None:
        made = {f.name: change(son[f.name], f.name) for f in place.rt.fields if f.name in son}
        values = {name: value for name, value in made.items() if value != son[name]}
    rows = (_stripped(row, place.change) for row in database()[store.VERSIONS].find({"record": place.id}))
    return values, [row for row in rows if row is not None]


def _stored(place: Place) -> Row | None:
    return database()[collection_name(place.rt.slug)].find_one({"_id": place.id})


def _with_derived(place: Place, values: Row) -> Row:
    """The update of a record by some values, with what it is found by: nothing, if another value of it cannot be
    opened, for what goes must not stay there."""
    names = ("grams", "haystack", "keys", "blind")
    try:
        follows = stored_form.derived(place.rt, stored_form.load(place.rt, {**(_stored(place) or {}), **values}))
    except Unopened:
        follows = dict.fromkeys(names)
    found = {name: follows[name] for name in names if follows[name] is not None}
    gone_ones = {name: "" for name in names if follows[name] is None}
    return {"$set": {**values, **found}, **({"$unset": gone_ones} if gone_ones else {})}


def _stripped(row: Row, change: Change) -> Row | None:
    """A version without what the change takes away; None when it holds nothing of it."""
    changes = [
        {**one, "before": change(one.get("before"), one["field"]), "after": change(one.get("after"), one["field"])}
        for one in row["changes"]
    ]
    made = {**row, "changes": changes, "note": change(row.get("note") or "", "note")}
    return made if made != {"note": "", **row} else None


def notices(case: Case) -> None:
    """Reminders of it go, holds that were lifted, who put it aside or handed it over, kept answers that name it,
    half-typed forms about it and its requests, and what its type noted beside it."""
    db = database()
    for collection in (REMINDERS, HOLDS, ASIDE, HANDED):
        db[collection].delete_many({"record": case.id})
    db[KEYS].delete_many({"answer.body": {"$regex": case.number}})
    about = [case.number, *(row["number"] for _, row in requests_about(case.rt.slug, [case.number]))]
    db[UNSENT].delete_many({"path": {"$regex": f"/({'|'.join(map(re.escape, about))})(/|$)"}})
    unborn.forget(case.id)
    forget = registry.kept(case.rt.slug).hooks.forget
    if forget is not None:
        forget([case.id])


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
    shred(case.id, found)
    attachment.remove(*found)


STEPS: tuple[Callable[[Case], None], ...] = (requests, notices, files, versions)
"""In this order: what the record was called is known from its versions, which therefore go last."""
