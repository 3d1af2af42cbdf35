"""The writes themselves: each in one transaction with what is kept of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextvars import ContextVar
from datetime import datetime
from typing import Any

from bson import ObjectId
from pymongo.errors import DuplicateKeyError

from config.database import database, in_transaction, transaction
from models import access, numbering, one_time, registry, sealing, stored_form
from models.attachment import service as attachment
from models.declarations import Label, Level, RecordType, Relation, Transition
from models.errors import NotFound, Refusal, StaleRecord
from models.person.roles import Person
from models.record import collection_name
from models.registry import Draft
from models.store.drafts import new_draft, next_draft
from models.store.holding import hold, refuse_gone
from models.store.parts import share_rights
from models.store.versions import remember

_written: ContextVar[set[ObjectId] | None] = ContextVar("written_by_hooks", default=None)
"""The records that the hooks of a write have written, while they run."""


class AlreadyUsed(Refusal):
    """A value that must be unique is taken."""

    code = "already_used"
    zh, en = "“{field}”的这个值已被使用。", "This value of “{field}” is already in use."

    def __init__(self, *, field: Label, about: str) -> None:
        self.about = about
        super().__init__(field=field)


class Overtaken(NotFound):
    """The record is no longer as it was read: somebody else has written it, or it is gone."""


def fetch(slug: str, record_id: ObjectId) -> dict[str, Any]:
    """A record by id, for services and jobs. :raises NotFound: :raises Unopened:"""
    return stored_form.load(*_stored(slug, record_id))


def fetch_to_show(slug: str, record_id: ObjectId) -> dict[str, Any]:
    """`fetch` for whoever shows a record or asks for rights to it: what cannot be opened stands there as its refusal,
    and no write takes it. :raises NotFound:"""
    return stored_form.load_to_show(*_stored(slug, record_id))


def _stored(slug: str, record_id: ObjectId) -> tuple[RecordType, dict[str, Any]]:
    rt = registry.kept(slug).rt
    son = database()[collection_name(slug)].find_one({"_id": record_id})
    if son is None:
        raise NotFound()
    return rt, son


def create(
    slug: str,
    values: Mapping[str, Any],
    *,
    actor: Person,
    now: datetime,
    note: str = "",
    once: str = "",
    batch: ObjectId | None = None,
) -> dict[str, Any]:
    """Store a new record and return it.

    `values` may hold declared and open system fields. `once` is a token that only one record may be made with.

    :raises Invalid: when a hook or a declared requirement refuses the values.
    :raises AlreadySent: when `once` was used before.
    """
    entry = registry.get(slug)
    record_id = ObjectId()

    def work() -> dict[str, Any]:
        one_time.spend(once, record_id, now)
        draft = new_draft(entry, values, actor=actor, now=now, note=note)
        refuse_gone(draft)
        son = stored_form.new_son(draft, record_id, numbering.reserve(entry.rt, now)[0], batch)
        draft.stored = son
        _insert(entry.rt, son)
        remember(draft, 1)
        attachment.claim(entry.rt.fields, draft.values)
        return _finish(entry, draft)

    return transaction(work)


def change(
    slug: str,
    record_id: ObjectId,
    values: Mapping[str, Any],
    *,
    actor: Person,
    now: datetime,
    rev: int | None = None,
    action: str = "change",
    note: str = "",
    transition: Transition | None = None,
    behalf: Person | None = None,
    seen: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Store changed values as the next version and return the record; nothing changed stores nothing.

    `rev` is the version that the person saw; None takes whatever is stored, for changes that follow from a decision.
    `behalf` is for whom the actor signs as a deputy, or signed what this follows from; both stand in the version and in
    the trail. `seen` is the record as the caller has just read it: it is not read again, unless it turns out to have
    changed since.

    :raises StaleRecord: when `rev` is no longer the stored version; it carries the current record.
    :raises Unopened: something of the record cannot be opened: it stays as it is until it can.
    :raises Invalid: when a hook refuses the values.
    :raises NotFound: when the record is gone.
    """
    entry = registry.kept(slug)
    # An outer transaction could not be tried again from here.
    known = [] if seen is None or seen["rev"] != rev or in_transaction() else [seen]

    def work() -> dict[str, Any]:
        given = known.pop() if known else None
        before = fetch(slug, record_id) if given is None else given
        sealing.refuse_unopened(entry.rt, before)  # nobody overwrites what nobody has read
        if rev is not None and before["rev"] != rev:
            raise StaleRecord(by=name_of(before["updated_by"]), at=before["updated_at"], current=dict(before))
        draft = next_draft(
            entry, before, values, actor=actor, now=now, action=action, note=note, transition=transition, behalf=behalf
        )
        if not draft.changed and not transition:
            return dict(before)
        refuse_gone(draft)
        try:
            _put(draft)
        except Overtaken:
            if given is None:
                raise NotFound() from None
            raise
        return _finish(entry, draft)

    try:
        return transaction(work)
    except Overtaken:
        return transaction(work)


def _finish(entry: registry.Registered, draft: Draft) -> dict[str, Any]:
    """Run what follows a write in its transaction, and give the record as it is then. It is read again only where one
    of the hooks has written it too."""
    record_id = draft.values["_id"]
    written: set[ObjectId] = set()
    outer = _written.set(written)
    try:
        for hook in entry.hooks.after:
            hook(draft)
    finally:
        _written.reset(outer)
    above = _written.get()
    if above is not None:
        above.update(written)
    return fetch(entry.rt.slug, record_id) if record_id in written else stored_form.again(draft)


def put(draft: Draft, merge: ObjectId | None = None) -> None:
    """Store a prepared change of a record as its next version, with its audit entry; inside a transaction. `merge` is
    the merge of which it is a part: it may let the record point to what is gone, as it did before."""
    hold([draft])
    _put(draft, merge)


def _put(draft: Draft, merge: ObjectId | None = None) -> None:
    before = draft.before or {}
    _update(draft.rt, _unchanged(before), stored_form.update_of(draft))
    remember(draft, before["rev"] + 1, merge)
    if draft.touches(("merged_from", "merged_into")) or draft.stored["acl"] != before.get("acl"):
        share_rights(draft.rt, [draft.values])
    # Files that stood there before are the record's own already.
    attachment.claim((f for f in draft.rt.fields if f.kind == "files" and draft.touches((f.name,))), draft.values)


def _unchanged(before: Mapping[str, Any]) -> dict[str, Any]:
    """The condition for a record to be as it was read: its version, and what changes without a new one."""
    return {
        "_id": before["_id"],
        "rev": before["rev"],
        "granted": before.get("granted") or {"$in": [[], None]},
        "climbed": before.get("climbed"),
        "in_person": before.get("in_person"),
        "owner_left": before.get("owner_left"),
        "creator_left": before.get("creator_left"),
    }


def _insert(rt: RecordType, son: Mapping[str, Any]) -> None:
    try:
        database()[collection_name(rt.slug)].insert_one(dict(son))
    except DuplicateKeyError as taken:
        raise already_used(rt, (taken.details or {}).get("keyPattern", {})) from None


def _update(rt: RecordType, condition: Mapping[str, Any], update: Mapping[str, Any]) -> None:
    try:
        result = database()[collection_name(rt.slug)].update_one(condition, update)
    except DuplicateKeyError as taken:
        raise already_used(rt, (taken.details or {}).get("keyPattern", {})) from None
    if result.matched_count != 1:
        raise Overtaken()
    written = _written.get()
    if written is not None:
        written.add(condition["_id"])


def already_used(rt: RecordType, names: Iterable[str]) -> Refusal:
    """The refusal for a value of these stored fields that another record has."""
    field = next((rt.by_name[name] for name in names if name in rt.by_name), None)
    return AlreadyUsed(field=field.label if field else rt.label, about=field.name if field else "")


def add_grant(slug: str, record_id: ObjectId, grant: ObjectId) -> None:
    """Let a grant open the record (X5). The version does not change: nobody's edit conflicts with it."""
    record = fetch_to_show(slug, record_id)
    level = Level.of(record["level"]).value
    prefix = access.ARCHIVED if record["archived_at"] else ""
    database()[collection_name(slug)].update_one(
        {"_id": record_id},
        {"$addToSet": {"granted": grant, "acl": prefix + access.token(level, Relation.GRANT, grant)}},
    )
    share_rights(registry.get(slug).rt, [record])


def sign_in_person(slug: str, record_id: ObjectId) -> None:
    """Close a record to deputies for good (`access.beyond_deputies`). No version says so: whoever reads the record is
    not to learn why."""
    rt, record = registry.get(slug).rt, fetch_to_show(slug, record_id) | {"in_person": True}
    _update(rt, {"_id": record_id}, {"$set": {"in_person": True, "acl": access.tokens_of(rt, record)}})
    share_rights(rt, [record])


def name_of(person_id: ObjectId | None) -> str:
    """A person's name, for messages."""
    row = database()["user"].find_one({"_id": person_id}, {"name": 1}) if person_id else None
    return row["name"] if row else "system"
