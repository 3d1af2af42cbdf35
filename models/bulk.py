"""Records stored as a set: what `store.create` does for one, with a handful of database calls for hundreds.

Each record has its version and its audit entry like any other; a row that a rule refuses is handed back and the
others stand.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from bson import CodecOptions, ObjectId, decode, encode
from bson.raw_bson import RawBSONDocument
from pymongo.collection import Collection
from pymongo.errors import BulkWriteError

from config.database import database, transaction
from models import audit, numbering, registry, sealing, store, stored_form
from models.declarations import RecordType
from models.errors import Refusal
from models.person.roles import Person
from models.record import collection_name
from models.registry import Draft

TAKEN = 11000
RAW: CodecOptions[RawBSONDocument] = CodecOptions(RawBSONDocument)


@dataclass(frozen=True)
class Wanted:
    """Values for a new record, from a numbered row."""

    row: int
    values: Mapping[str, Any]


@dataclass(frozen=True)
class Finished:
    """A new record as the database takes it, under its number: the record, its first version, which of its fields were
    set."""

    number: str
    son: RawBSONDocument
    version: RawBSONDocument
    fields: tuple[str, ...]


@dataclass(frozen=True)
class Outcome:
    """What became of a row: `refusal` says why it was not taken, else `draft` is the write and `finished`, when it was
    made ready, the record as it will be stored if its number is still free."""

    row: int
    draft: Draft | None = None
    refusal: Refusal | None = None
    finished: Finished | None = None


def prepared(
    slug: str,
    wanted: Sequence[Wanted],
    *,
    actor: Person,
    now: datetime,
    note: str = "",
    memory: dict[str, Any] | None = None,
) -> list[Outcome]:
    """The writes of some new records, with everything that rules derive or refuse; nothing is stored. `memory` is the
    same for all parts of one set: what is counted for the set is counted once."""
    entry = registry.get(slug)
    rows = [dict(one.values) for one in wanted]
    if entry.hooks.share_out is not None:
        entry.hooks.share_out(rows, actor, {} if memory is None else memory)
    nearby = pointed_at(entry.rt, rows)
    outcomes = []
    for one, values in zip(wanted, rows, strict=True):
        try:
            draft = store.new_draft(entry, values, actor=actor, now=now, note=note, nearby=nearby)
        except Refusal as refusal:
            outcomes.append(Outcome(one.row, refusal=refusal))
        else:
            outcomes.append(Outcome(one.row, draft))
    return outcomes


def pointed_at(rt: RecordType, rows: Sequence[Mapping[str, Any]]) -> dict[ObjectId, Mapping[str, Any]]:
    """The records to which some values point, read together; without those of which something cannot be opened: rules
    that need one are refused it when they read it."""
    found: dict[ObjectId, Mapping[str, Any]] = {}
    for field in rt.fields:
        ids = {row[field.name] for row in rows if row.get(field.name)} if field.kind == "reference" else None
        if ids:
            to = registry.get(field.to).rt
            sons = list(database()[collection_name(to.slug)].find({"_id": {"$in": sorted(ids)}}))
            sealing.at_hand(to, sons)
            records = (stored_form.load_to_show(to, son) for son in sons)
            found.update((one["_id"], one) for one in records if not sealing.unreadable(one))
    return found


def numbered(outcomes: Sequence[Outcome], batch: ObjectId, *, behind: int) -> list[Outcome]:
    """Prepared writes with the stored form that they will have if nobody takes a number before them; `behind` others
    that are ready already come first."""
    good = [one.draft for one in outcomes if one.draft is not None]
    _identify(good)
    numbers = numbering.coming(good[0].rt, good[0].now, len(good), behind=behind) if good else []
    made = iter(_finish([one for one in outcomes if one.draft is not None], good, numbers, batch))
    return [replace(one, finished=next(made)) if one.draft is not None else one for one in outcomes]


def _identify(drafts: Sequence[Draft]) -> None:
    """Give new records their ids, and the keys for what of them is encrypted, all at once."""
    for draft in drafts:
        draft.values.setdefault("_id", ObjectId())
    sealing.take_keys(drafts)


def create_many(
    slug: str,
    wanted: Sequence[Wanted],
    *,
    actor: Person,
    now: datetime,
    batch: ObjectId,
    note: str = "",
    ready: Sequence[Outcome] | None = None,
) -> list[Outcome]:
    """Store new records in one transaction and return an outcome for each row, in their order.

    `ready` are the outcomes that `prepared` gave for the rows a moment ago; they are made again when a record to which
    one points is no longer what its rules looked at.

    :raises AlreadyUsed: a value that must be unique is taken, or the row was stored before; nothing is stored.
    :raises Refusal: a rule refused a record after it was stored; nothing is stored.
    """

    def work() -> list[Outcome]:
        outcomes = ready
        if outcomes is None or _moved(registry.get(slug).rt, outcomes):
            outcomes = prepared(slug, wanted, actor=actor, now=now, note=note)
        outcomes = store.held(outcomes, lambda one, gone: Outcome(one.row, refusal=gone))
        _insert(slug, outcomes, batch)
        return outcomes

    return transaction(work)


def _moved(rt: RecordType, outcomes: Sequence[Outcome]) -> bool:
    """Whether a record to which prepared writes point was written or opened to others since it was read."""
    shared = {id(one.draft.nearby): one.draft.nearby for one in outcomes if one.draft is not None}
    looked = {key: one for nearby in shared.values() for key, one in nearby.items() if "acl" in one}  # no accounts
    for slug in {field.to for field in rt.fields if field.kind == "reference"} if looked else ():
        rows = database()[collection_name(slug)].find({"_id": {"$in": list(looked)}}, {"rev": 1, "acl": 1})
        for row in rows:
            known = looked.pop(row["_id"])
            if (row["rev"], row["acl"]) != (known["rev"], known["acl"]):
                return True
    return bool(looked)


def _insert(slug: str, outcomes: Sequence[Outcome], batch: ObjectId) -> None:
    entry = registry.get(slug)
    good = [one for one in outcomes if one.draft is not None]
    drafts = [one.draft for one in good if one.draft is not None]
    if not drafts:
        return
    _identify(drafts)
    numbers = numbering.reserve(entry.rt, drafts[0].now, len(good))
    made = _under(good, drafts, numbers, batch)
    for draft, number in zip(drafts, numbers, strict=True):
        draft.values["number"] = number  # an attempt that was rolled back may have told it another
    try:
        _raw(collection_name(slug)).insert_many([one.son for one in made])
    except BulkWriteError as error:
        first_error = error.details["writeErrors"][0]
        if first_error["code"] != TAKEN:
            raise
        raise store.already_used(entry.rt, first_error.get("keyPattern", {})) from None  # its text quotes the record
    _raw(store.VERSIONS).insert_many([one.version for one in made])
    subjects = [(store.subject(entry.rt, draft.values), one.fields) for draft, one in zip(drafts, made, strict=True)]
    audit.append_many("create", drafts[0].actor, subjects, now=drafts[0].now, detail={"batch": str(batch)})
    for hook in entry.hooks.after:
        if (for_sets := entry.hooks.for_sets.get(hook)) is not None:
            for_sets(drafts)
        else:
            for draft in drafts:
                hook(draft)


def _raw(collection: str) -> Collection[RawBSONDocument]:
    return database()[collection].with_options(codec_options=RAW)


def _under(
    outcomes: Sequence[Outcome], drafts: Sequence[Draft], numbers: Sequence[str], batch: ObjectId
) -> list[Finished]:
    """New records under these numbers; those that were finished, where the number is the one that was expected."""
    ready = [one.finished for one in outcomes if one.finished is not None]
    if len(ready) < len(drafts):
        return _finish(outcomes, drafts, numbers, batch)
    codec = database().codec_options
    return [
        one
        if one.number == number
        else replace(
            one, number=number, son=_bson(stored_form.renumbered(draft, decode(one.son.raw, codec), number), codec)
        )
        for one, draft, number in zip(ready, drafts, numbers, strict=True)
    ]


def _finish(
    outcomes: Sequence[Outcome], drafts: Sequence[Draft], numbers: Sequence[str], batch: ObjectId
) -> list[Finished]:
    """What is to be stored of some writes that have their ids."""
    if not drafts:
        return []
    names, codec = [field.name for field in stored_form.fields_of(drafts[0].rt)], database().codec_options
    sons = stored_form.new_sons(drafts, numbers, batch)
    made = []
    for one, draft, son in zip(outcomes, drafts, sons, strict=True):
        version = _first_version(draft, son, names)
        fields = tuple(change["field"] for change in version["changes"])
        stored = _bson({**son, "batch_row": one.row}, codec)
        made.append(Finished(son["number"], stored, _bson(version, codec), fields))
    return made


def _bson(document: Mapping[str, Any], codec: CodecOptions[Any]) -> RawBSONDocument:
    return RawBSONDocument(encode(document, codec_options=codec))


def _first_version(draft: Draft, son: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """What `store.version_row` makes of a new record; the stored values are there already."""
    return {
        "_id": ObjectId(),
        "type": draft.rt.slug,
        "record": son["_id"],
        "rev": 1,
        "at": draft.now,
        "by": draft.actor.id,
        "by_name": draft.actor.name,
        "action": draft.action,
        "note": draft.note,
        "changes": [{"field": name, "before": None, "after": son[name]} for name in names if name in son],
    }


def take_back(
    slug: str, records: Sequence[Mapping[str, Any]], *, actor: Person, now: datetime, batch: ObjectId
) -> None:
    """Remove records that nobody has worked on, in one transaction. Their history keeps who did what and when, not
    what they held: nobody could reach it any more, and destruction (D2) would never find it."""
    entry = registry.get(slug)
    ids = [record["_id"] for record in records]

    def work() -> None:
        db = database()
        db[collection_name(slug)].delete_many({"_id": {"$in": ids}})
        db[store.VERSIONS].update_many({"record": {"$in": ids}}, {"$set": {"changes": []}})
        db[store.VERSIONS].insert_many(_removals(slug, records, actor, now))
        subjects: Iterable[tuple[audit.Subject, tuple[str, ...]]] = [
            (store.subject(entry.rt, record), ()) for record in records
        ]
        audit.append_many("undo_import", actor, subjects, now=now, detail={"batch": str(batch)})
        if entry.hooks.forget is not None:
            entry.hooks.forget(ids)

    if ids:
        transaction(work)


def _removals(slug: str, records: Sequence[Mapping[str, Any]], actor: Person, now: datetime) -> list[dict[str, Any]]:
    return [
        {
            "type": slug,
            "record": record["_id"],
            "rev": record["rev"] + 1,
            "at": now,
            "by": actor.id,
            "by_name": actor.name,
            "action": "undo_import",
            "note": "",
            "changes": [],
        }
        for record in records
    ]
