"""Owners who left: whoever changes the department, or serves in none any more, is in effect no owner of what is
classified (X3), and the head is told once what is to be given on.

Who has no department or no role in which something classified can be theirs holds no token of an owner; that follows
from the person alone (`access`). Who goes to another department is noted on the records that stay behind, in the
transaction in which they go, and the tokens follow; it ends when the record gets another owner, or its owner comes
back.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from bson import ObjectId
from pymongo import UpdateOne

from config.database import database
from models import access, registry, schema, sealing, stored_form
from models.access import Purpose
from models.declarations import RecordType
from models.person import changes, directory
from models.person import service as people
from models.person.document import USERS
from models.person.roles import HOUSE_WIDE, SERVING, Person, Role
from models.record import UNSHOWN, collection_name
from models.reminder import service as reminders

AT_ONCE = 500
DONE, FORMER = "leaving_former", "owners"
LEFT_AT = "left_at"
"""When somebody last left a department, or ceased to serve in any, by their account."""
Row = dict[str, Any]


@dataclass(frozen=True)
class Behind:
    """How many records of a type that are not settled are left with an owner who is it no more in effect."""

    owner: ObjectId
    type: str
    count: int


def follow(before: Person, after: Person, now: datetime) -> None:
    """What a person who changed leaves behind, inside the transaction of the change; the heads of the department that
    they served in are told."""
    if after.id is None:
        return
    moved = bool(after.department) and after.department != before.department
    if moved:
        _note(after.id, after.department, before.department)
    if before.serves and (moved or not after.serves):
        database()[USERS].update_one({"_id": after.id}, {"$set": {LEFT_AT: now}})
        tell(now, before.department)


def _note(owner: ObjectId, department: str, former: str) -> None:
    """Note on the classified records of an owner who goes to a department that they left the `former` one, and on those
    of the department itself, or which they were given there, that they came back. It makes no version."""
    came = {"$or": [{"department": department}, {"owner_left": department}]}
    for rt in (one for one in registry.all_types() if one.classified):
        _mark(rt, {"owner": owner, "owner_left": {"$exists": True}, **came}, None)
        if former:
            stays = {"department": {"$ne": department}, "owner_left": {"$exists": False}}
            _mark(rt, {"owner": owner, **stays}, former)


def _mark(rt: RecordType, condition: Row, left: str | None) -> int:
    """Mark stored records of a type, with the rights that follow; returns how many."""
    collection, count = database()[collection_name(rt.slug)], 0
    ids = [row["_id"] for row in collection.find(condition, {"_id": 1})]
    for start in range(0, len(ids), AT_ONCE):
        sons = collection.find({"_id": {"$in": ids[start : start + AT_ONCE]}}, UNSHOWN | sealing.left_out(rt))
        collection.bulk_write(list(_updates(rt, sons, left)), ordered=False)
        count += len(ids[start : start + AT_ONCE])
    return count


def _updates(rt: RecordType, sons: Iterable[Mapping[str, Any]], left: str | None) -> Iterator[UpdateOne]:
    for son in sons:
        record = stored_form.load_to_show(rt, son) | {"owner_left": left}
        state = access.state_of(rt, record)
        over = bool(record["archived_at"]) or (state is not None and state.final)
        follows = {"acl": access.tokens_of(rt, record), "waiting": [] if over else access.turns_of(rt, record)}
        kept = {"$set": {**follows, "owner_left": left}} if left else {"$set": follows, "$unset": {"owner_left": ""}}
        yield UpdateOne({"_id": son["_id"], "rev": son["rev"]}, kept)


def left_behind(head: Person) -> list[Behind]:
    """What is left with owners who are it no more in effect, of the head's department, as far as the head reads it."""
    gone = {row["_id"]: row for row in database()[USERS].find({LEFT_AT: {"$exists": True}})}
    nowhere = [one for one, row in gone.items() if not (row["active"] and people.person_of(row).serves)]
    found = list[Behind]()
    for rt in (one for one in registry.all_types() if one.classified and gone):
        reach = access.reach(head, rt, Purpose.VIEW)
        finals = [state.value for state in (rt.workflow.states if rt.workflow else ()) if state.final]
        theirs = {"owner": {"$in": list(gone)}, "department": head.department, "merged_into": None}
        left = {"$or": [{"owner": {"$in": nowhere}}, {"owner_left": {"$exists": True}}], "state": {"$nin": finals}}
        stages: list[Row] = [
            {"$match": {"$and": [theirs, left, reach.query()]}},
            {"$group": {"_id": "$owner", "count": {"$sum": 1}}},
        ]
        rows = database()[collection_name(rt.slug)].aggregate(stages)
        found += [Behind(row["_id"], rt.slug, row["count"]) for row in rows]
    return found


def tell(now: datetime, department: str = "") -> int:
    """Remind the heads, of a department or all, of what owners left behind, once for each who left; returns how many
    are reminded now. It is closed where there is nothing any more."""
    told = 0
    for one in directory.holders((Role.HEAD,), department):
        owners = [behind.owner for behind in left_behind(replace(people.person_of(people.get(one)), grants={}))]
        rows = database()[USERS].find({"_id": {"$in": owners}}, {LEFT_AT: 1})
        due = max((row[LEFT_AT] for row in rows), default=None)
        told += reminders.tell_of(one, reminders.LEFT_OWNERS, due, now)
    return told


def note_former() -> list[str]:
    """Note, once, the owners who left before this was noted: who serves in no department, and, on records of another
    department than theirs, who has no role of the whole house. It makes no version.

    :return: a line where there were any.
    """
    if database()[DONE].find_one({"_id": FORMER}) is not None:
        return []
    count = sum(_note_former(row) for row in list(database()[USERS].find({LEFT_AT: {"$exists": False}})))
    database()[DONE].update_one({"_id": FORMER}, {"$set": {"done": True}}, upsert=True)
    return [f"noted that {count} people left records of which they are the owners"] if count else []


def _note_former(row: Mapping[str, Any]) -> bool:
    person = people.person_of(row) if row["active"] else changes.disabled(people.person_of(row))
    types, left = [rt for rt in registry.all_types() if rt.classified], False
    if not person.serves:
        left = any(database()[collection_name(rt.slug)].find_one({"owner": person.id}, {"_id": 1}) for rt in types)
    elif not person.has(*(SERVING & HOUSE_WIDE)):
        elsewhere = {"owner": person.id, "department": {"$nin": [person.department, None]}, "owner_left": None}
        for rt in types:
            for department in database()[collection_name(rt.slug)].distinct("department", elsewhere):
                left |= _mark(rt, {**elsewhere, "department": department}, department) > 0
    if left:
        at = row.get("updated_at") or row["_id"].generation_time
        database()[USERS].update_one({"_id": person.id}, {"$set": {LEFT_AT: at}})
    return left


changes.when_person_changes(follow)
schema.declare({DONE: []})
