"""Owners who left: whoever changes the department, or serves in none any more, is in effect no owner of what is
classified (X3), and the head is told once what is to be given on.

Who has no department or no role in which something classified can be theirs holds no token of an owner; that follows
from the person alone (`access`). Who goes to another department holds none either, until what they own has followed:
it is noted on the records that stay behind, behind the transaction of the change and in chunks, and the tokens follow.
The note ends when the record gets another owner, or its owner comes back.

So it is with what waits for whoever wrote it: it is noted that they left, whether they went to another department or
serve in none, until they come back. Their turn is the owner's then, or the head's (`turns.successors`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from itertools import islice
from typing import Any

from bson import ObjectId
from pymongo import ReturnDocument, UpdateOne

from config.database import database, transaction
from models import access, registry, schema, sealing, store, stored_form
from models.access import Purpose
from models.declarations import RecordType
from models.job import service as jobs
from models.person import changes, directory
from models.person import service as people
from models.person.changes import LEAVING
from models.person.document import USERS
from models.person.roles import HOUSE_WIDE, SERVING, Person, Role
from models.record import UNSHOWN, collection_name
from models.reminder import service as reminders

JOB = "owners_left"
AT_ONCE = 200
"""So many records are noted in one transaction, and at once when their owner changes."""
DONE, FORMER, WRITERS = "leaving_former", "owners", "writers"
OWNER_LEFT, CREATOR_LEFT = "owner_left", "creator_left"
WROTE = "left_written"
"""The department of who begins or ceases to serve, while it is not noted yet on what they wrote."""
LEFT_AT, UNTOLD = "left_at", "left_untold"
"""When somebody last left a department, or ceased to serve in any, by their account; and the department whose heads
were not told of it yet."""
Row = dict[str, Any]


@dataclass(frozen=True)
class Behind:
    """How many records of a type that are not settled are left with an owner who is it no more in effect."""

    owner: ObjectId
    type: str
    count: int


@dataclass(frozen=True)
class Step:
    """The first step of an owner's way through the departments that their records have not followed: from one ('' where
    it is not known any more) to another. First it is noted on what stays behind, then taken off where they came back.
    """

    owner: ObjectId
    former: str
    department: str
    at: datetime
    noted: bool

    @classmethod
    def of(cls, owner: ObjectId) -> Step | None:
        """The one to be done now; None when all of the way is done."""
        row = people.get(owner)
        if not changes.settles(row):
            return None
        first, second = row[LEAVING]["way"][:2]
        return cls(owner, first["department"], second["department"], second["at"], row[LEAVING]["noted"])

    def query(self) -> Row:
        """What is to be marked or unmarked of the owner's records. What they made themselves since is theirs."""
        if self.noted:
            came = [{"department": self.department}, {"owner_left": self.department}]
            return {"owner": self.owner, "owner_left": {"$exists": True}, "$or": came}
        elsewhere = [self.department] if self.former else [self.department, None]
        before = [{"created_by": {"$ne": self.owner}}, {"created_at": {"$lte": self.at}}]
        return {
            "owner": self.owner,
            "owner_left": {"$exists": False},
            "department": {"$nin": elsewhere},
            "$or": before,
        }

    def written(self) -> Row:
        """The same for what the person wrote."""
        if self.noted:
            came = [{"department": self.department}, {"creator_left": self.department}]
            return {"created_by": self.owner, "creator_left": {"$exists": True}, "$or": came}
        elsewhere = [self.department] if self.former else [self.department, None]
        left: Row = {"creator_left": {"$exists": False}, "department": {"$nin": elsewhere}}
        return {"created_by": self.owner, "created_at": {"$lte": self.at}, **left}

    def present(self) -> Row:
        """The condition for the account to be at this step still."""
        way = {f"way.{at}.department": one for at, one in enumerate((self.former, self.department))}
        return {
            "_id": self.owner,
            **{f"{LEAVING}.{name}": value for name, value in {**way, "noted": self.noted}.items()},
        }


def follow(before: Person, after: Person, now: datetime) -> None:
    """Keep, inside the transaction of the change, that a person who changed left a department, and have done what
    follows; it takes as long for who owns much as for who owns nothing."""
    if after.id is None:
        return
    moved = bool(after.department) and after.department != before.department
    if before.placed and (moved or not after.placed):
        database()[USERS].update_one({"_id": after.id}, {"$set": {LEFT_AT: now, UNTOLD: before.department}})
    if before.placed != after.placed:
        database()[USERS].update_one({"_id": after.id}, {"$set": {WROTE: after.department or before.department}})
    if after.settling or before.placed != after.placed:
        jobs.ask(JOB, "", now)


def follow_at_once(owner: ObjectId, now: datetime) -> None:
    """Tell the heads of a department that a person left, behind the transaction of the change, and note it on what they
    own where that is not much."""
    row = people.get(owner)
    if (changes.settles(row) or row.get(WROTE)) and _owned(owner) <= AT_ONCE:
        settle(owner, lambda: True)
    if row.get(UNTOLD):
        tell(now, row[UNTOLD])
        database()[USERS].update_one({"_id": owner, LEFT_AT: row[LEFT_AT]}, {"$unset": {UNTOLD: ""}})


def _owned(owner: ObjectId) -> int:
    """How many classified records somebody is entered with as owner, or wrote, counted up to one more than are done at
    once."""
    found = 0
    for rt, whose in [*((rt, "owner") for rt in _types()), *((rt, "created_by") for rt in _written())]:
        found += database()[collection_name(rt.slug)].count_documents({whose: owner}, limit=AT_ONCE + 1)
        if found > AT_ONCE:
            break
    return found


def settle_all(more: Callable[[], bool]) -> tuple[int, bool]:
    """Let what people own follow them, for a turn: how many are done, and whether some are left."""
    done = 0
    waiting = {"$or": [{f"{LEAVING}.way.1": {"$exists": True}}, {WROTE: {"$exists": True}}]}
    for row in list(database()[USERS].find(waiting, {"_id": 1}).sort("_id")):
        if not settle(row["_id"], more):
            return done, True
        done += 1
    return done, False


def settle(owner: ObjectId, more: Callable[[], bool]) -> bool:
    """Let what a person owns follow them through the departments, step by step and chunk by chunk, each in a
    transaction of its own; returns whether all is done. Begun again it goes on, and two at once do it once."""
    while (step := Step.of(owner)) is not None:
        found = False
        sought = [(rt, step.query(), OWNER_LEFT) for rt in _types()]
        sought += [(rt, step.written(), CREATOR_LEFT) for rt in _written()]
        for rt, query, name in sought:
            for chunk in _chunks(rt, query):
                if not more():
                    return False
                left = None if step.noted else step.former
                transaction(partial(_carry, rt, {**query, "_id": {"$in": chunk}}, step.present(), left, name))
                found = True
        if not found:
            transaction(partial(_end, step))
    return _settle_written(owner, more)


def _settle_written(owner: ObjectId, more: Callable[[], bool]) -> bool:
    """Note on what a person wrote that they serve in no department any more, or again; whether all is done."""
    row = people.get(owner)
    department = row.get(WROTE)
    if department is None:
        return True
    present: Row = {"_id": owner, WROTE: department, "updated_at": row.get("updated_at")}
    person = people.person_of(row)
    serves = bool(row["active"]) and person.placed
    query: Row = {"created_by": owner, CREATOR_LEFT: person.department if serves else {"$exists": False}}
    for rt in _written():
        for chunk in _chunks(rt, query):
            if not more():
                return False
            left = None if serves else department
            transaction(partial(_carry, rt, {**query, "_id": {"$in": chunk}}, present, left, CREATOR_LEFT))
    database()[USERS].update_one(present, {"$unset": {WROTE: ""}})
    return True


def _carry(rt: RecordType, condition: Row, present: Row, left: str | None, name: str) -> None:
    """Note something on some records, unless the account is another one by now; whoever changes the person waits."""
    if database()[USERS].update_one(present, {"$inc": {"counted_on": 1}}).matched_count:
        _mark(rt, condition, left, name)


def _end(step: Step) -> None:
    """Go on with the other half of a step, or behind it; after the last the person holds what is theirs again."""
    users = database()[USERS]
    if not step.noted:
        users.update_one(step.present(), {"$set": {f"{LEAVING}.noted": True}})
        return
    past = {"$pop": {f"{LEAVING}.way": -1}, "$set": {f"{LEAVING}.noted": False}}
    row = users.find_one_and_update(step.present(), past, return_document=ReturnDocument.AFTER)
    if row is not None and row.get("department") and not changes.settles(row):
        users.update_one({"_id": step.owner}, {"$unset": {LEAVING: ""}})


def _types() -> list[RecordType]:
    """The types whose records somebody is no owner of any more once they left; those out of force are among them."""
    return [rt for rt in registry.kept_types() if rt.classified]


def _written() -> list[RecordType]:
    """The types whose records wait for whoever wrote them, or are theirs to move."""
    return [rt for rt in _types() if rt.workflow is not None and rt.workflow.names("creator")]


def _chunks(rt: RecordType, condition: Row) -> Iterator[list[ObjectId]]:
    """The ids of the stored records of a type for which a condition holds."""
    found = (row["_id"] for row in database()[collection_name(rt.slug)].find(condition, {"_id": 1}))
    while chunk := list(islice(found, AT_ONCE)):
        yield chunk


def _mark(rt: RecordType, condition: Row, left: str | None, name: str = OWNER_LEFT) -> None:
    """Mark a chunk of stored records of a type as left by their owners, or creators, who left a department ('': that of
    the record), or, with None, as left no more; with the rights that follow. It makes no version."""
    collection = database()[collection_name(rt.slug)]
    sons = list(collection.find(condition, UNSHOWN | sealing.left_out(rt)))
    if sons:
        collection.bulk_write(list(_updates(rt, sons, left, name)), ordered=False)
        store.share_rights(rt, sons)


def _updates(rt: RecordType, sons: Iterable[Mapping[str, Any]], left: str | None, name: str) -> Iterator[UpdateOne]:
    for son in sons:
        mark = left if left is None else left or son["department"]
        record = stored_form.load_to_show(rt, son) | {name: mark}
        state = access.state_of(rt, record)
        over = bool(record["archived_at"]) or (state is not None and state.final)
        follows = {"acl": access.tokens_of(rt, record), "waiting": [] if over else access.turns_of(rt, record)}
        kept = {"$set": {**follows, name: mark}} if mark else {"$set": follows, "$unset": {name: ""}}
        yield UpdateOne({"_id": son["_id"], "rev": son["rev"]}, kept)


def left_behind(head: Person) -> list[Behind]:
    """What is left with owners who are it no more in effect, of the head's department, as far as the head reads it."""
    gone = {row["_id"]: row for row in database()[USERS].find({LEFT_AT: {"$exists": True}})}
    nowhere = [one for one, row in gone.items() if not (row["active"] and people.person_of(row).serves)]
    found = list[Behind]()
    for rt in [one for one in registry.all_types() if one.classified] if gone else ():
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
    types, left = _types(), False
    if not person.serves:
        left = any(database()[collection_name(rt.slug)].find_one({"owner": person.id}, {"_id": 1}) for rt in types)
    elif not person.has(*(SERVING & HOUSE_WIDE)):
        elsewhere = {"owner": person.id, "department": {"$nin": [person.department, None]}, "owner_left": None}
        for rt in types:
            for chunk in _chunks(rt, elsewhere):
                transaction(partial(_mark, rt, {**elsewhere, "_id": {"$in": chunk}}, ""))
                left = True
    if left:
        at = row.get("updated_at") or row["_id"].generation_time
        database()[USERS].update_one({"_id": person.id}, {"$set": {LEFT_AT: at}})
    return left


def note_former_writers() -> list[str]:
    """Note, once, the same of whoever wrote a record and left before this was noted.

    :return: a line where there were any.
    """
    if database()[DONE].find_one({"_id": WRITERS}) is not None:
        return []
    count = sum(_note_former_writer(row) for row in list(database()[USERS].find()))
    database()[DONE].update_one({"_id": WRITERS}, {"$set": {"done": True}}, upsert=True)
    return [f"noted that {count} people left records that they wrote"] if count else []


def _note_former_writer(row: Mapping[str, Any]) -> bool:
    person, noted = people.person_of(row), False
    theirs: Row = {"created_by": person.id, CREATOR_LEFT: {"$exists": False}}
    if row["active"] and person.placed:
        if person.has(*(SERVING & HOUSE_WIDE)):
            return False
        theirs["department"] = {"$nin": [person.department, None]}
    for rt in _written():
        for chunk in _chunks(rt, theirs):
            left = "" if row["active"] and person.placed else person.department
            transaction(partial(_mark, rt, {**theirs, "_id": {"$in": chunk}}, left, CREATOR_LEFT))
            noted = True
    return noted


def note_behind(rt: RecordType) -> None:
    """Note the owners who left a department before the records of a type followed them: it was not classified, or out
    of force and not understood. What they made themselves since is theirs. It makes no version."""
    left = list(database()[USERS].find({LEFT_AT: {"$exists": True}, "active": True}))
    for row in left if rt.classified else ():
        person = people.person_of(row)
        if not person.serves:
            continue
        behind: Row = {
            "owner": person.id,
            "department": {"$nin": [person.department, None]},
            "owner_left": {"$exists": False},
            "$or": [{"created_by": {"$ne": person.id}}, {"created_at": {"$lte": row[LEFT_AT]}}],
        }
        for chunk in _chunks(rt, behind):
            transaction(partial(_mark, rt, {**behind, "_id": {"$in": chunk}}, ""))


changes.when_person_changes(follow)
changes.when_stored(follow_at_once)
schema.declare({DONE: []})
