"""Many records changed as a set: what `store.change` does for one, with a handful of database calls for hundreds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bson import ObjectId
from pymongo import UpdateOne
from pymongo.errors import BulkWriteError

from config.database import database, transaction
from models import audit, bulk, registry, sealing, store, stored_form
from models.declarations import Transition
from models.errors import NotFound, Refusal, StaleRecord
from models.person import directory
from models.person.roles import Person
from models.record import collection_name
from models.registry import Draft

TAKEN = 11000


@dataclass(frozen=True)
class Change:
    """The version of a record that is to be changed, and what it is to hold then."""

    record: ObjectId
    rev: int
    values: Mapping[str, Any]


@dataclass(frozen=True)
class Act:
    """What is done to every record of a set. `marks` stand in each version and audit entry; a version marked `batch`
    is the only one of its record with that mark."""

    action: str = "change"
    note: str = ""
    transition: Transition | None = None
    marks: Mapping[str, ObjectId] = field(default_factory=dict)


@dataclass(frozen=True)
class Outcome:
    """What becomes of a record: `refusal` says why it stays as it is, else `draft` is the write. A draft that changes
    nothing, and is no transition, stores nothing."""

    record: ObjectId
    draft: Draft | None = None
    refusal: Refusal | None = None

    @property
    def stores(self) -> bool:
        """Whether the record gets a new version."""
        return self.draft is not None and (self.draft.transition is not None or bool(self.draft.changed))


Allowed = Callable[[Mapping[str, Any]], None]
"""Asked with each stored record, in the transaction that changes it: raises the refusal, if it may not be changed."""


def prepared(
    slug: str, wanted: Sequence[Change], act: Act, *, actor: Person, now: datetime, allowed: Allowed
) -> list[Outcome]:
    """The next versions of some records, with everything that rules derive or refuse, in their order; nothing is
    stored. One of which something cannot be opened is refused, as it is alone."""
    entry = registry.get(slug)
    found = database()[collection_name(slug)].find({"_id": {"$in": [one.record for one in wanted]}})
    sons = {son["_id"]: son for son in found}
    sealing.at_hand(entry.rt, sons.values())
    records = {record: stored_form.load_to_show(entry.rt, son) for record, son in sons.items()}
    stale = {
        records[one.record]["updated_by"]
        for one in wanted
        if one.record in records and records[one.record]["rev"] != one.rev
    }
    names = directory.names(stale) if stale else {}
    pointing = [{**records[one.record], **one.values} for one in wanted if one.record in records]
    nearby = bulk.pointed_at(entry.rt, pointing)
    outcomes = []
    for one in wanted:
        try:
            before = records.get(one.record)
            if before is None:
                raise NotFound()
            allowed(before)
            sealing.refuse_unopened(entry.rt, before)
            if before["rev"] != one.rev:
                by = names.get(before["updated_by"], "system")
                raise StaleRecord(by=by, at=before["updated_at"], current=before)
            draft = store.next_draft(
                entry,
                before,
                one.values,
                actor=actor,
                now=now,
                action=act.action,
                note=act.note,
                transition=act.transition,
                nearby=nearby,
            )
        except Refusal as refusal:
            outcomes.append(Outcome(one.record, refusal=refusal))
        else:
            outcomes.append(Outcome(one.record, draft))
    return outcomes


def change_many(
    slug: str, wanted: Sequence[Change], act: Act, *, actor: Person, now: datetime, allowed: Allowed
) -> list[Outcome]:
    """Store the next versions of some records in one transaction and return an outcome for each, in their order.

    :raises AlreadyUsed: a value that must be unique is taken; nothing is stored.
    :raises Refusal: a rule refused a record after it was stored; nothing is stored.
    """

    def work() -> list[Outcome]:
        outcomes = prepared(slug, wanted, act, actor=actor, now=now, allowed=allowed)
        outcomes = store.held(outcomes, lambda one, gone: Outcome(one.record, refusal=gone))
        drafts = [one.draft for one in outcomes if one.draft is not None and one.stores]
        if drafts:
            _put(slug, drafts, act)
        return outcomes

    return transaction(work)


def _put(slug: str, drafts: Sequence[Draft], act: Act) -> None:
    entry = registry.get(slug)
    revs = [(draft.before or {})["rev"] for draft in drafts]
    sealing.take_keys(drafts)
    updates = [
        UpdateOne({"_id": draft.values["_id"], "rev": rev}, stored_form.update_of(draft))
        for draft, rev in zip(drafts, revs, strict=True)
    ]
    try:
        matched = database()[collection_name(slug)].bulk_write(updates).matched_count
    except BulkWriteError as error:
        first: dict[str, Any] = next(iter(error.details.get("writeErrors") or ()), {})
        if first.get("code") != TAKEN:
            raise
        raise store.already_used(entry.rt, first.get("keyPattern", {})) from None  # its text quotes the record
    if matched != len(drafts):
        raise NotFound()
    store.share_rights(entry.rt, [draft.values for draft in drafts])
    versions = [{**store.version_row(draft, rev + 1), **act.marks} for draft, rev in zip(drafts, revs, strict=True)]
    database()[store.VERSIONS].insert_many(versions)
    subjects = [
        (store.subject(entry.rt, draft.values), [change["field"] for change in version["changes"]])
        for draft, version in zip(drafts, versions, strict=True)
    ]
    detail = {name: str(mark) for name, mark in act.marks.items()}
    audit.append_many(act.action, drafts[0].actor, subjects, now=drafts[0].now, detail=detail)
    for draft in drafts:
        for hook in entry.hooks.after:
            hook(draft)
