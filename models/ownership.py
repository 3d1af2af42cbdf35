"""Who may give a record to another owner, and to whom (F6, X3): the one answer for forms, moves, sets and merges.

An owner reads for good. So nobody hands on what is confidential or above who does not read it for good: that leaves its
owner and the head, for top secret the general manager too. And nobody makes themselves the owner of what they could not
read, print and export for good before: what is handed on opens to its new owner, never to whoever hands it on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bson import ObjectId

from models import access, turns
from models.classified import UP_TO_SECRET
from models.declarations import Level, RecordType, Relation
from models.errors import Sentence
from models.person.roles import Permission, Person, Role
from models.registry import Draft

OWNER = "owner"
HANDED_DOWN = (OWNER, "owner_left")
"""What one record takes over of the owner of another: who left is there, too, in effect no owner (X3)."""
NOT_YOURS = Sentence(
    "此记录的负责人只能由现负责人或客服部经理变更。",
    "Only its owner and the department head give this record another owner.",
)
NOT_TO_YOURSELF = Sentence(
    "不能将此记录移交给本人：作为负责人，您会得到原先没有的权限。请联系客服部经理。",
    "You cannot take this record over yourself: as its owner you could do more with it than before. "
    "The department head can help.",
)


def in_effect(record: Mapping[str, Any]) -> ObjectId | None:
    """The owner of a stored record; nobody where they left its department."""
    owner: ObjectId | None = record.get(OWNER)
    return owner if turns.left_by(record) is None else None


def handed_down(source: Mapping[str, Any]) -> dict[str, Any]:
    """The owner of a stored record as another one takes them over, with the mark of who left."""
    return {name: source.get(name) for name in HANDED_DOWN}


def hand_down(draft: Draft, source: Mapping[str, Any]) -> None:
    """Let a record on its way have the owner of a stored one, with the mark of who left."""
    taken = handed_down(source)
    draft.values[OWNER], draft.owner_left = taken[OWNER], taken["owner_left"]


def may_hand_on(person: Person, rt: RecordType, record: Mapping[str, Any]) -> bool:
    """Whether the person may give a stored record of a type another owner, as far as reading goes: up to secret whoever
    has to do with it, above only who reads it for good. Where it is not classified, its type's rights alone decide. The
    system may."""
    if person.id is None or not rt.classified:
        return True
    acl, whole = record.get("acl") or (), _whole(person)
    if Level.of(record.get("level")) in UP_TO_SECRET:
        return access.reads_to_act(whole, rt, acl)
    return access.reads_for_good(whole, rt, acl)


def refusal(person: Person, rt: RecordType, record: Mapping[str, Any], to: ObjectId | None) -> Sentence | None:
    """Why the person may not give a stored record to somebody; None when they may, and for a type that is not
    classified: its rights alone decide."""
    if not rt.classified:
        return None
    if not may_hand_on(person, rt, record):
        return NOT_YOURS
    return NOT_TO_YOURSELF if to == person.id and _gains(person, rt, record) else None


def goes_along(person: Person, rt: RecordType, record: Mapping[str, Any], to: ObjectId | None) -> bool:
    """Whether a stored record of any type follows when the person gives what it belongs to to somebody: never one that
    they do not read for good, and may know nothing of (X6)."""
    if person.id is None:
        return True
    known = access.reads_for_good(_whole(person), rt, record.get("acl") or ())
    return known and not (to == person.id and _gains(person, rt, record))


def keep_owner(draft: Draft) -> None:
    """Refuse a change of a classified record's owner that is not the writer's to make; every write asks here."""
    before, to = draft.before, draft.values[OWNER]
    if before is None or to == before[OWNER]:
        return
    refused = refusal(draft.actor, draft.rt, before, to)
    if refused is not None:
        draft.problems[OWNER] = refused


def answers_for(person: Person, rt: RecordType, record: Mapping[str, Any]) -> bool:
    """Whether it is for the person to have a record settled that they read: destroyed, or its secrecy changed. So it is
    for its owner, and for the custodian of its department who needs no card to read it."""
    level, department = Level.of(record.get("level")).value, record.get("department")
    as_custodian = [access.token(level, Relation.DEPARTMENT, department)]
    keeps = turns.serves(person, record, Role.CUSTODIAN)
    return turns.owns(person, rt, record) or (keeps and access.reads_for_good(person, rt, as_custodian))


def knows_readers(person: Person, record: Mapping[str, Any]) -> bool:
    """Whether it is for the person to know who has read a record that they read (X7): for the head of its department,
    and for no head of another one whom a card, or their being its owner, lets read it."""
    return person.may(Permission.READERS_READ) and turns.serves(person, record, Role.HEAD)


def _gains(person: Person, rt: RecordType, record: Mapping[str, Any]) -> bool:
    """Whether the person could do more with a record as its owner than they can for good."""
    acl, whole = record.get("acl") or (), _whole(person)
    owned = [access.token(Level.of(record.get("level")).value, Relation.OWNER, person.id)]
    return any(
        access.reads_for_good(whole, rt, owned, purpose) and not access.reads_for_good(whole, rt, acl, purpose)
        for purpose in access.READING
    )


def _whole(person: Person) -> Person:
    """The person without the bounds of a token: what follows from an act is asked of the person."""
    if person.only is None and person.levels is None and not person.read_only:
        return person
    return replace(person, only=None, levels=None, read_only=False)
