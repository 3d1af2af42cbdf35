"""Who may give a record to another owner, and to whom (F6, X3): the one answer for forms, moves, sets and merges.

An owner reads for good. So nobody hands on what is confidential or above who does not read it for good: that leaves its
owner and the head, for top secret the general manager too. And nobody makes themselves the owner of what they could not
read, print and export for good before. A new owner reads for good what they are given: by another owner nothing is
opened to anybody. Only the head of its department opens it so, to a colleague of the department, or of whoever owns it
now; to anybody else it is opened by a card, which ends (X4).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from bson import ObjectId

from models import access, turns
from models.classified import UP_TO_SECRET
from models.declarations import Level, RecordType, Relation
from models.errors import Sentence
from models.person import acting
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
NOT_THEIRS = Sentence(
    "此人按其职责不能查阅这份记录，因此不能成为负责人。客服部经理可以将其交给本部门同事；需要查阅的其他人员请使用借阅卡。",
    "This person does not read this record by right, and so cannot be its owner. The department head can give it to a "
    "colleague of the department; anybody else who needs it reads it with a card.",
)

NOT_SIGNED_IN = Sentence(
    "此人尚未用首次密码登录并自设密码，密级高于内部的记录暂不能交给此人。",
    "This person has not signed in yet and chosen a password of their own: until then nothing above internal becomes "
    "theirs.",
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


def refusal(person: Person, rt: RecordType, record: Mapping[str, Any], to: Person | None) -> Sentence | None:
    """Why the person may not give a stored record to somebody; None when they may, and for a type that is not
    classified: its rights alone decide."""
    if not rt.classified:
        return None
    if not may_hand_on(person, rt, record):
        return NOT_YOURS
    if to is not None and to.id == person.id and _gains(person, rt, record):
        return NOT_TO_YOURSELF
    if _too_early(person, record, to):
        return NOT_SIGNED_IN
    return NOT_THEIRS if _opens(person, rt, record, record.get("acl") or (), to) else None


def goes_along(person: Person, rt: RecordType, record: Mapping[str, Any], to: Person | None) -> bool:
    """Whether a stored record of any type follows when the person gives what it belongs to to somebody: never one that
    they do not read for good, and may know nothing of (X6), nor one that it would be opened to."""
    if person.id is None:
        return True
    acl = record.get("acl") or ()
    if not access.reads_for_good(_whole(person), rt, acl):
        return False
    gains = to is not None and to.id == person.id and _gains(person, rt, record)
    return not gains and not (rt.classified and (_opens(person, rt, record, acl, to) or _too_early(person, record, to)))


def whom(to: ObjectId | None, looked_up: dict[ObjectId, Mapping[str, Any]] | None = None) -> Person | None:
    """The person who is to be an owner, as of now; `looked_up` keeps accounts by id, so that a set asks once."""
    if to is None:
        return None
    accounts = {} if looked_up is None else looked_up
    if to not in accounts:
        accounts.update(acting.accounts_of([to]))
    return acting.person_of(accounts[to]) if to in accounts else Person(to, "")


def keep_owner(draft: Draft) -> None:
    """Refuse an owner of a classified record who is not the writer's to choose; every write asks here. Who gets it
    reads it for good as it will be: a write that raises it, too, opens nothing. A new record is its writer's, who may
    leave it to a colleague of its department (F6)."""
    before, to = draft.before, draft.values[OWNER]
    chosen = OWNER in draft.given if before is None else to != before[OWNER]
    if not chosen or draft.actor.id is None or (before is None and to == draft.actor.id):
        return
    new = None if draft.owner_left else whom(to, draft.nearby)  # who left is nobody in effect
    refused = None if before is None else refusal(draft.actor, draft.rt, before, new)
    if refused is None and _too_early(draft.actor, draft.values, new):
        refused = NOT_SIGNED_IN
    if refused is None and _opened(draft, new):
        refused = NOT_THEIRS
    if refused is not None:
        draft.problems[OWNER] = refused


def _opened(draft: Draft, to: Person | None) -> bool:
    """Whether a write opens its record to somebody by making them its owner, who is not the one to do so."""
    acl = access.tokens_of(draft.rt, {**draft.values, OWNER: None})
    if draft.before is not None:
        return _opens(draft.actor, draft.rt, draft.before, acl, to)
    here = to is None or (to.placed and to.department == draft.values["department"])
    return not here and to is not None and not access.reads_for_good(to, draft.rt, acl)


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


def _opens(person: Person, rt: RecordType, record: Mapping[str, Any], acl: Iterable[str], to: Person | None) -> bool:
    """Whether giving a stored record, with tokens that it has or will have, to somebody would open it to them, and not
    by the head of its department to a colleague there, or to one of whoever owns it now."""
    if to is None or person.id is None or access.reads_for_good(to, rt, acl):
        return False
    if not to.placed or not turns.serves(person, record, Role.HEAD):
        return True
    return to.department not in (record.get("department"), record.get("owner_left")) and not _colleagues(record, to)


def _too_early(person: Person, record: Mapping[str, Any], to: Person | None) -> bool:
    """Whether somebody would get what is above internal while an administrator alone knows who signs in for them."""
    above = Level.of(record.get("level")) is not Level.INTERNAL
    return above and person.id is not None and to is not None and to.unclaimed


def _colleagues(record: Mapping[str, Any], to: Person) -> bool:
    """Whether somebody is in the department of a record's owner; of one who changes it, in none."""
    owner = whom(record.get(OWNER)) if turns.left_by(record) is None else None
    return owner is not None and not owner.settling and owner.department == to.department


def _whole(person: Person) -> Person:
    """The person without the bounds of a token: what follows from an act is asked of the person."""
    if person.only is None and person.levels is None and not person.read_only:
        return person
    return replace(person, only=None, levels=None, read_only=False)
