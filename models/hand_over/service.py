"""Handing one's work over to a colleague who may have it: by the type's own move where there is one, else by its owner
field; both are versions of the record and stand in the audit trail (X7).

Who can get it, `ownership` says: who reads the record as it is, and from the head a colleague (X3).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bson import ObjectId
from pymongo import ASCENDING, DESCENDING, IndexModel

from config.database import database, transaction
from models import access, ownership, records, registry, schema, sealing, store
from models.access import Purpose
from models.declarations import RecordType, Transition
from models.errors import Forbidden, Invalid
from models.hand_over import rules
from models.person import service as people
from models.person.roles import Person
from models.record import collection_name
from models.records import Sight

HANDED = "handed_over"
MOST_SHOWN = 100

schema.declare(
    {
        HANDED: [
            IndexModel([("by", ASCENDING), ("at", DESCENDING)], name="by"),
            IndexModel([("at", ASCENDING)], name="at", expireAfterSeconds=int(rules.SHOWN.total_seconds())),
        ]
    }
)


@dataclass(frozen=True)
class Handed:
    """A record that a person handed over, as they still read it, and to whom."""

    sight: Sight
    to: ObjectId
    at: datetime


@dataclass(frozen=True)
class Way:
    """How a record changes hands: by a `move` of its type, or (None) by its owner field."""

    move: Transition | None


def way(
    person: Person, rt: RecordType, record: Mapping[str, Any], moves: Iterable[Transition] | None = None
) -> Way | None:
    """How the person may hand a record over that they read in full; None when they may not. `moves` are those that they
    may make on it, where that is known."""
    move = rules.own_move(records.moves(person, rt, record) if moves is None else moves)
    if move is not None:
        return Way(move)
    owns = any(f.name == rules.OWNER for f in records.form_fields(person, rt, record))
    return Way(None) if owns and records.can(person, rt, record, Purpose.EDIT) else None


def require_way(person: Person, rt: RecordType, record: Mapping[str, Any]) -> Way:
    """`way`. :raises Forbidden: when the record is not the person's to hand over."""
    found = way(person, rt, record)
    if found is None:
        raise Forbidden()
    return found


def candidates(person: Person, rt: RecordType, record: Mapping[str, Any]) -> list[Person]:
    """Who could have the record: colleagues of its department or the person's own who read it as it is, by name; the
    person too, where they may take it over."""
    departments = {record.get("department"), person.department}
    return sorted(
        (
            one
            for one in people.active_people()
            if one.department in departments
            and one.id not in (record.get("owner"), None)
            and ownership.refusal(person, rt, record, one) is None
            and (rt.classified or access.reads_for_good(one, rt, record.get("acl") or ()))
        ),
        key=lambda one: one.name,
    )


def hand_over(
    person: Person, found: Sight, to: ObjectId | None, note: str, *, rev: int, now: datetime
) -> dict[str, Any]:
    """Give a record that the same request has read in full to a colleague, saying why; returns it as stored.

    :raises Invalid: naming what is wrong with the colleague or the note.
    :raises Forbidden: when it is not the person's to hand over. :raises StaleRecord:
    """
    rt, current = found.rt, store.fetch(found.rt.slug, found.id)
    how = require_way(person, rt, current)
    colleague = next((one for one in people.active_people() if one.id == to), None) if to is not None else None
    if colleague is None or colleague.id == current.get("owner"):
        raise Invalid({rules.OWNER: rules.NOT_HERE})
    refused = ownership.refusal(person, rt, current, colleague)
    if refused is None and not rt.classified and not access.reads_for_good(colleague, rt, current.get("acl") or ()):
        refused = rules.MAY_NOT_READ
    if refused is not None:
        raise Invalid({rules.OWNER: refused})
    note = records.reason(note, needed=True)
    row = {"by": person.id, "to": to, "type": rt.slug, "record": found.id, "at": now}

    def work() -> dict[str, Any]:
        given = {rules.OWNER: str(to)}
        if how.move is not None:
            made = records.move_seen(person, found, how.move.name, given, rev=rev, now=now, note=note)
        else:
            made = records.change_seen(person, found, given, rev=rev, now=now, note=note)
        database()[HANDED].insert_one({**row, "_id": ObjectId()})
        return made

    return transaction(work)


def handed(person: Person, now: datetime) -> list[Handed]:
    """What the person handed over in the last days and still reads, the latest first; each record once."""
    wanted = {"by": person.id, "at": {"$gt": now - rules.SHOWN}}
    rows = list(database()[HANDED].find(wanted).sort("at", DESCENDING).limit(MOST_SHOWN))
    seen: dict[ObjectId, Handed] = {}
    for slug in {row["type"] for row in rows}:
        for sight in _still_read(person, slug, [row["record"] for row in rows if row["type"] == slug]):
            row = next(one for one in rows if one["record"] == sight.id)
            if sight.values.get("owner") != person.id:
                seen[sight.id] = Handed(sight, row["to"], row["at"])
    return sorted(seen.values(), key=lambda one: one.at, reverse=True)


def _still_read(person: Person, slug: str, ids: list[ObjectId]) -> list[Sight]:
    rt = next((one for one in registry.all_types() if one.slug == slug), None)
    if rt is None:
        return []
    reach = access.reach(person, rt, Purpose.VIEW)
    asked = {"$and": [{"_id": {"$in": ids}}, reach.query()]}
    rows = database()[collection_name(slug)].find(asked, sealing.left_out(rt))
    found = (records.sight(person, rt, reach, row) for row in rows)
    return [sight for sight in found if sight is not None and sight.full]
