"""The one way to write a record: versioned, with history and audit entry, in one transaction.

Nothing here asks for rights: `records` does, for people; services and jobs act for the system or on behalf of a
decision that was allowed. Values come and go in loaded form (see `kinds`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextvars import ContextVar
from datetime import datetime
from typing import Any
from uuid import UUID

from bson import CodecOptions, ObjectId, decode, encode
from pymongo import ASCENDING, DESCENDING, IndexModel
from pymongo.errors import DuplicateKeyError

from config.database import database, in_transaction, transaction
from models import access, audit, formulas, numbering, one_time, registry, requirement, sealing, stored_form
from models.attachment import service as attachment
from models.deadline import settling
from models.declarations import Field, Level, RecordType, Relation, Transition
from models.errors import NotFound, Refusal, StaleRecord
from models.kinds import stored
from models.moves import by_climbing
from models.person.roles import Person
from models.record import collection_name
from models.registry import Draft
from models.secrecy import keep_level

VERSIONS = "record_version"

INDEXES: dict[str, list[IndexModel]] = {
    VERSIONS: [
        IndexModel([("record", ASCENDING), ("rev", DESCENDING)], unique=True, name="record_rev"),
        # A bulk change makes one version of a record, however often it is taken up again.
        IndexModel(
            [("batch", ASCENDING), ("record", ASCENDING)],
            unique=True,
            name="batch_record",
            partialFilterExpression={"batch": {"$exists": True}},
        ),
        IndexModel([("merge", ASCENDING)], name="merge", sparse=True),
    ],
}

CODEC: CodecOptions[dict[str, Any]] = CodecOptions(tz_aware=True)
KEPT = ("_id", "number", "created_at", "created_by", "batch", "granted", "climbed", "state_since")
"""What a write of a stored record leaves as it is, if it does not set it."""

_written: ContextVar[set[ObjectId] | None] = ContextVar("written_by_hooks", default=None)
"""The records that the hooks of a write have written, while they run."""


class AlreadyUsed(Refusal):
    """A value that must be unique is taken."""

    code = "already_used"
    zh, en = "“{field}”的这个值已被使用。", "This value of “{field}” is already in use."


class Overtaken(NotFound):
    """The record is no longer as it was read: somebody else has written it, or it is gone."""


def fetch(slug: str, record_id: ObjectId) -> dict[str, Any]:
    """A record by id, for services and jobs. :raises NotFound:"""
    rt = registry.get(slug).rt
    son = database()[collection_name(slug)].find_one({"_id": record_id})
    if son is None:
        raise NotFound()
    return stored_form.load(rt, son)


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
        son = stored_form.new_son(draft, record_id, numbering.reserve(entry.rt, now)[0], batch)
        _insert(entry.rt, son)
        _remember(draft, 1)
        attachment.claim(entry.rt.fields, draft.values)
        draft.stored = son
        return _finish(entry, draft)

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
    return (
        fetch(entry.rt.slug, record_id)
        if record_id in written
        else stored_form.load(entry.rt, _as_stored(draft.stored))
    )


def _as_stored(son: Mapping[str, Any]) -> dict[str, Any]:
    """A document as the database gives it back: moments in milliseconds, no tuples."""
    return decode(encode(son), CODEC)


def new_draft(
    entry: registry.Registered,
    values: Mapping[str, Any],
    *,
    actor: Person,
    now: datetime,
    note: str = "",
    nearby: dict[ObjectId, Mapping[str, Any]] | None = None,
) -> Draft:
    """The write of a new record, ready to be stored: defaults filled, hooks run. `nearby` holds records to which the
    values point and which the caller has read. :raises Invalid:"""
    defaults = stored_form.defaults(entry.rt)
    filled = {**defaults, **{name: value for name, value in values.items() if name in defaults}}
    given = frozenset(name for name, value in values.items() if value is not None)
    started = {**filled, "created_by": actor.id}
    draft = Draft(entry.rt, "create", None, started, actor, now, note, given=given)
    draft.nearby = {} if nearby is None else nearby
    _start(draft)
    prepare(draft)
    return draft


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
    :raises Invalid: when a hook refuses the values.
    :raises NotFound: when the record is gone.
    """
    entry = registry.get(slug)
    # An outer transaction could not be tried again from here.
    known = [] if seen is None or seen["rev"] != rev or in_transaction() else [seen]

    def work() -> dict[str, Any]:
        given = known.pop() if known else None
        before = fetch(slug, record_id) if given is None else given
        if rev is not None and before["rev"] != rev:
            raise StaleRecord(by=name_of(before["updated_by"]), at=before["updated_at"], current=dict(before))
        draft = next_draft(
            entry,
            before,
            values,
            actor=actor,
            now=now,
            action=action,
            note=note,
            transition=transition,
            behalf=behalf,
        )
        if not draft.changed and not transition:
            return dict(before)
        try:
            put(draft)
        except Overtaken:
            if given is None:
                raise NotFound() from None
            raise
        return _finish(entry, draft)

    try:
        return transaction(work)
    except Overtaken:
        return transaction(work)


def next_draft(
    entry: registry.Registered,
    before: Mapping[str, Any],
    values: Mapping[str, Any],
    *,
    actor: Person,
    now: datetime,
    action: str = "change",
    note: str = "",
    transition: Transition | None = None,
    behalf: Person | None = None,
    nearby: dict[ObjectId, Mapping[str, Any]] | None = None,
) -> Draft:
    """The next version of a stored record, ready to be stored: hooks run. `nearby` as in `new_draft`, `behalf` as in
    `change`.

    :raises Invalid: when a hook refuses the values.
    """
    given = frozenset(values)
    wanted = {**before, **values}
    draft = Draft(entry.rt, action, before, wanted, actor, now, note, transition, given, behalf)
    draft.nearby = {} if nearby is None else nearby
    prepare(draft)
    return draft


def put(draft: Draft, merge: ObjectId | None = None) -> None:
    """Store a prepared change of a record as its next version, with its audit entry; inside a transaction. `merge` is
    the merge of which it is a part."""
    before = draft.before or {}
    update = stored_form.update_of(draft)
    _update(draft.rt, _unchanged(before), update)
    kept = {name: before.get(name) for name in KEPT if name not in update.get("$unset", {})}
    draft.stored = {**kept, **update.get("$set", {}), "rev": before["rev"] + 1}
    _remember(draft, before["rev"] + 1, merge)
    attachment.claim(draft.rt.fields, draft.values)


def _unchanged(before: Mapping[str, Any]) -> dict[str, Any]:
    """The condition for a record to be as it was read: its version, and what changes without a new one."""
    return {
        "_id": before["_id"],
        "rev": before["rev"],
        "granted": before.get("granted") or {"$in": [[], None]},
        "climbed": before.get("climbed"),
    }


def name_of(person_id: ObjectId | None) -> str:
    """A person's name, for messages."""
    row = database()["user"].find_one({"_id": person_id}, {"name": 1}) if person_id else None
    return row["name"] if row else "system"


def latest_moves(record_id: ObjectId, limit: int = 20) -> list[dict[str, Any]]:
    """The last changes of a record's state, newest first: `action`, when, who, for whom as a deputy (`behalf`), and
    whether it came to them because nobody signed in time (`climbed`)."""
    wanted = {"action": 1, "by": 1, "by_name": 1, "behalf": 1, "behalf_name": 1, "climbed": 1, "at": 1, "rev": 1}
    condition = {"record": record_id, "changes.field": "state"}
    return list(database()[VERSIONS].find(condition, wanted).sort("rev", DESCENDING).limit(limit))


def add_grant(slug: str, record_id: ObjectId, grant: ObjectId) -> None:
    """Let a grant open the record (X5). The version does not change: nobody's edit conflicts with it."""
    record = fetch(slug, record_id)
    level = record["level"] or Level.INTERNAL.value
    prefix = access.ARCHIVED if record["archived_at"] else ""
    database()[collection_name(slug)].update_one(
        {"_id": record_id},
        {"$addToSet": {"granted": grant, "acl": prefix + access.token(level, Relation.GRANT, grant)}},
    )


def _start(draft: Draft) -> None:
    """Fill what a new record starts with: level, department, owner, first state."""
    rt, values = draft.rt, draft.values
    if rt.classified:
        values["level"] = values["level"] or rt.default_level.value
    else:
        values["level"] = Level.INTERNAL.value
    values["department"] = values["department"] or rt.kept_by or draft.actor.department or None
    values["owner"] = values["owner"] or draft.actor.id
    if rt.workflow is not None and not values["state"]:
        values["state"] = rt.workflow.states[0].value


def prepare(draft: Draft) -> None:
    """Let the type's own rules and the declared ones derive values and refuse. :raises Invalid:"""
    for hook in registry.get(draft.rt.slug).hooks.prepare:
        hook(draft)
    settling.settle(draft)
    formulas.compute(draft)
    requirement.check(draft)
    if draft.rt.classified:
        keep_level(draft)
    draft.check()


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
    return AlreadyUsed(field=field.label if field else rt.label)


def _remember(draft: Draft, rev: int, merge: ObjectId | None = None) -> None:
    """Write the version and the audit entry of a write."""
    row = version_row(draft, rev, merge)
    database()[VERSIONS].insert_one(row)
    audit.append(
        draft.action,
        draft.actor,
        subject(draft.rt, draft.values),
        now=draft.now,
        fields=[c["field"] for c in row["changes"]],
        detail=_signed(draft),
    )


def _signed(draft: Draft) -> dict[str, Any]:
    """What the trail says of a signature, and for whom a deputy gave it; the latter of what follows from it, too."""
    signature = draft.transition is not None and draft.transition.signature
    return {
        **({"signature": True} if signature else {}),
        **({"for": draft.behalf.name, "for_id": str(draft.behalf.id)} if draft.behalf else {}),
    }


def version_row(draft: Draft, rev: int, merge: ObjectId | None = None) -> dict[str, Any]:
    """What the history keeps of a write, and of which merge it is a part."""
    before, changed, key = draft.before, draft.changed, sealing.key_of(draft)
    return {
        "type": draft.rt.slug,
        "record": draft.values["_id"],
        "rev": rev,
        "at": draft.now,
        "by": draft.actor.id,
        "by_name": draft.actor.name,
        "action": draft.action,
        "note": draft.note,
        "changes": [
            {
                "field": field.name,
                "before": _kept(field, before.get(field.name), key) if before else None,
                "after": _kept(field, draft.values.get(field.name), key),
            }
            for field in stored_form.fields_of(draft.rt)
            if field.name in changed
        ],
        **({"merge": merge} if merge else {}),
        **({"behalf": draft.behalf.id, "behalf_name": draft.behalf.name} if draft.behalf else {}),
        **({"climbed": True} if _climbed(draft) else {}),
    }


def _climbed(draft: Draft) -> bool:
    """Whether it is a signature that came to its signer because nobody gave it in time."""
    move, before = draft.transition, draft.before
    return move is not None and before is not None and by_climbing(draft.behalf or draft.actor, draft.rt, move, before)


def _kept(field: Field, value: Any, key: UUID | None) -> Any:
    """A value as the history keeps it."""
    kept = stored(field, value)
    return kept if key is None else sealing.seal(field, kept, key)


def subject(rt: RecordType, record: Mapping[str, Any]) -> audit.Subject:
    """How the audit trail names a record."""
    return audit.Subject(rt.slug, record["_id"], record["number"], record.get("level") or "")
