"""What is kept of a write: its version in the history, and its entry in the audit trail."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from bson import ObjectId
from pymongo import ASCENDING, DESCENDING, IndexModel

from config.database import database
from models import audit, schema, sealing, stored_form
from models.declarations import Field, RecordType
from models.kinds import stored
from models.loaded import son_of
from models.moves import by_climbing
from models.registry import Draft

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
schema.declare(INDEXES)


def remember(draft: Draft, rev: int, merge: ObjectId | None = None) -> None:
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


def version_row(draft: Draft, rev: int, merge: ObjectId | None = None) -> dict[str, Any]:
    """What the history keeps of a write, and of which merge it is a part."""
    before, changed, key = draft.before, draft.changed, sealing.key_of(draft)
    known = son_of(before)
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
                "before": _kept(field, before.get(field.name), known.get(field.name), key) if before else None,
                "after": _kept(field, draft.values.get(field.name), draft.stored.get(field.name), key),
            }
            for field in stored_form.fields_of(draft.rt)
            if field.name in changed
        ],
        **({"merge": merge} if merge else {}),
        **({"behalf": draft.behalf.id, "behalf_name": draft.behalf.name} if draft.behalf else {}),
        **({"climbed": True} if _climbed(draft) else {}),
    }


def _signed(draft: Draft) -> dict[str, Any]:
    """What the trail says of a signature, and for whom a deputy gave it; the latter of what follows from it, too."""
    signature = draft.transition is not None and draft.transition.signature
    return {
        **({"signature": True} if signature else {}),
        **({"for": draft.behalf.name, "for_id": str(draft.behalf.id)} if draft.behalf else {}),
    }


def _climbed(draft: Draft) -> bool:
    """Whether it is a signature that came to its signer because nobody gave it in time."""
    move, before = draft.transition, draft.before
    return move is not None and before is not None and by_climbing(draft.behalf or draft.actor, draft.rt, move, before)


def _kept(field: Field, value: Any, in_record: Any, key: UUID | None) -> Any:
    """A value as the history keeps it: sealed as the record holds it, where that is the same seal."""
    if key is None or value is None:
        return stored(field, value)
    if in_record is not None and sealing.is_sealed_under(field, in_record, key):
        return sealing.kept_seals(field, stored(field, value), in_record)
    return sealing.seal(field, stored(field, value), key)


def subject(rt: RecordType, record: Mapping[str, Any]) -> audit.Subject:
    """How the audit trail names a record."""
    return audit.Subject(rt.slug, record["_id"], record["number"], record.get("level") or "")


_MOVE = {
    "record": 1,
    "action": 1,
    "by": 1,
    "by_name": 1,
    "behalf": 1,
    "behalf_name": 1,
    "climbed": 1,
    "at": 1,
    "rev": 1,
}


def latest_moves(record_id: ObjectId, limit: int = 20) -> list[dict[str, Any]]:
    """The last changes of a record's state, newest first: `action`, when, who, for whom as a deputy (`behalf`), and
    whether it came to them because nobody signed in time (`climbed`)."""
    condition = {"record": record_id, "changes.field": "state"}
    return list(database()[VERSIONS].find(condition, _MOVE).sort("rev", DESCENDING).limit(limit))


def moves_of_each(record_ids: Collection[ObjectId]) -> dict[ObjectId, list[dict[str, Any]]]:
    """`latest_moves` of some records, all of them, in one query."""
    found: dict[ObjectId, list[dict[str, Any]]] = {one: [] for one in record_ids}
    if found:
        condition = {"record": {"$in": list(found)}, "changes.field": "state"}
        for row in database()[VERSIONS].find(condition, _MOVE).sort([("record", ASCENDING), ("rev", DESCENDING)]):
            found[row["record"]].append(row)
    return found
