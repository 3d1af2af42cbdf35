"""Legal holds (法律保全; D3): while one lies on a record, of whatever classified type, nothing destroys it.

A hold is a document of its own: who, why, since; lifted ones stay. The record bears its id as well, so that placing a
hold and destroying the record meet in one document, and one of the two gives way.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from bson import ObjectId
from pymongo import ASCENDING, IndexModel

from config.database import database, transaction
from models import access, audit, schema, store, turns
from models.access import Purpose
from models.declarations import RecordType
from models.errors import Forbidden, NotFound, Refusal
from models.loaded import son_of
from models.person.roles import Person, Role
from models.record import collection_name
from models.records import read, reason
from models.sights import Sight

HOLDS, MARK = "legal_hold", "held"
HOLDING = (Role.HEAD, Role.LEGAL_REVIEWER)
PLACED, LIFTED = "hold_placed", "hold_lifted"
Row = dict[str, Any]

schema.declare(
    {
        HOLDS: [
            IndexModel([("record", ASCENDING), ("lifted_at", ASCENDING)], name="record"),
            # One hold at a time lies on a record.
            IndexModel(
                [("record", ASCENDING)], unique=True, name="in_force", partialFilterExpression={"lifted_at": None}
            ),
        ]
    }
)


class HeldAlready(Refusal):
    """A hold lies on the record."""

    code, status = "held_already", 409
    zh, en = "该记录已在法律保全中。", "This record is on legal hold already."


class NotHeld(Refusal):
    """There is no hold to lift."""

    code, status = "not_held", 409
    zh, en = "该记录没有法律保全。", "There is no legal hold on this record."


def may_hold(person: Person, rt: RecordType, record: Mapping[str, Any]) -> bool:
    """Whether the person may place or lift a hold on a stored record: the head of its department, the legal reviewer,
    whoever of them reads it in full without a card, which opens it to be read and no more (X5)."""
    if not rt.classified or person.read_only or not turns.serves(person, record, *HOLDING):
        return False
    return access.reads_to_act(person, rt, record.get("acl") or ())


def on(record_ids: Iterable[ObjectId]) -> dict[ObjectId, Row]:
    """The holds in force on some records."""
    rows = database()[HOLDS].find({"record": {"$in": list(record_ids)}, "lifted_at": None})
    return {row["record"]: row for row in rows}


def by_type() -> dict[str, set[ObjectId]]:
    """The records on which a hold lies, by the slug of their type."""
    found: dict[str, set[ObjectId]] = {}
    for row in database()[HOLDS].find({"lifted_at": None}, {"type": 1, "record": 1}):
        found.setdefault(row["type"], set()).add(row["record"])
    return found


def of(son: Mapping[str, Any] | None) -> Row | None:
    """The hold in force on a stored record, asked for only where its mark says that there is one."""
    if son is None or son.get(MARK) is None:
        return None
    return on([son["_id"]]).get(son["_id"])


def is_held(record: Mapping[str, Any]) -> bool:
    """Whether a hold lies on a record, as it was read."""
    return son_of(record).get(MARK) is not None


def place(person: Person, slug: str, number: str, why: str, *, now: datetime) -> ObjectId:
    """Place a hold, with a reason. :raises Locked: :raises NotFound: :raises Forbidden: :raises HeldAlready:
    :raises Invalid:"""
    found, why = _asked(person, slug, number, why, now)

    def work() -> ObjectId:
        record, hold = store.fetch_to_show(slug, found.id), ObjectId()
        free = {"_id": found.id, MARK: None}
        if not database()[collection_name(slug)].update_one(free, {"$set": {MARK: hold}}).matched_count:
            raise HeldAlready()
        row = {"type": slug, "record": found.id, "number": found.number, "why": why, "since": now}
        who = {"by": person.id, "by_name": person.name, "lifted_at": None}
        database()[HOLDS].insert_one({"_id": hold, **row, **who})
        audit.append(PLACED, person, store.subject(found.rt, record), now=now)
        return hold

    return transaction(work)


def lift(person: Person, slug: str, number: str, why: str, *, now: datetime) -> None:
    """Lift the hold on a record, with a reason. :raises NotHeld: and as `place`."""
    found, why = _asked(person, slug, number, why, now)

    def work() -> None:
        record = store.fetch_to_show(slug, found.id)
        lifted = {"lifted_at": now, "lifted_by": person.id, "lifted_by_name": person.name, "lifted_why": why}
        held = {"record": found.id, "lifted_at": None}
        if not database()[HOLDS].update_one(held, {"$set": lifted}).matched_count:
            raise NotHeld()
        database()[collection_name(slug)].update_one({"_id": found.id}, {"$unset": {MARK: ""}})
        audit.append(LIFTED, person, store.subject(found.rt, record), now=now)

    transaction(work)


def _asked(person: Person, slug: str, number: str, why: str, now: datetime) -> tuple[Sight, str]:
    found = read(person, slug, number, Purpose.VIEW, now)
    if not found.rt.classified:
        raise NotFound()
    if not may_hold(person, found.rt, store.fetch_to_show(slug, found.id)):
        raise Forbidden()
    return found, reason(why, needed=True)


def story(record_id: ObjectId) -> list[Mapping[str, Any]]:
    """Every hold that lies or lay on a record, the latest first."""
    return list(database()[HOLDS].find({"record": record_id}).sort("since", -1))
