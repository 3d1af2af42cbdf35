"""What follows when a person changes: who asks for it is told in the same transaction, and may do more behind it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from bson import ObjectId
from pymongo.errors import PyMongoError

from config.database import TransactionGaveUp, in_transaction
from models.person.roles import Person

Follow = Callable[[Person, Person, datetime], None]
Settle = Callable[[ObjectId, datetime], None]
Told = Callable[[Person, Person, datetime], None]
Row = dict[str, Any]

LEAVING = "leaving"
log = logging.getLogger(__name__)

_followed: list[Follow] = []
_settled: list[Settle] = []
_told: list[Told] = []


def when_person_changes(follow: Follow) -> None:
    """A module states what follows for a person, given as they were and as they are from then on, once their roles or
    their department have changed, or their account was disabled or enabled again; who is disabled has neither."""
    if follow not in _followed:
        _followed.append(follow)


def when_stored(settle: Settle) -> None:
    """A module states what it does for a person behind the transaction of a change, should it be little; a job does
    what was not done there."""
    if settle not in _settled:
        _settled.append(settle)


def when_address_changes(told: Told) -> None:
    """A module states how a person, given with the address that they had, is told that they have another one, and who
    changed it; in the transaction of the change."""
    if told not in _told:
        _told.append(told)


def tell_of_address(actor: Person, before: Person, now: datetime) -> None:
    """Have somebody told that their mail address has changed, inside the transaction of the change."""
    for one in _told:
        one(actor, before, now)


def tell(before: Person, after: Person, now: datetime) -> None:
    """Have done what follows, inside the transaction of the change."""
    was, will_be = ((one.roles, one.department, one.settling) for one in (before, after))
    if was != will_be:
        for follow in _followed:
            follow(before, after, now)


def settle(person_id: ObjectId, now: datetime) -> None:
    """Have done what is done behind the transaction of a change. The change is stored: what fails here is left to the
    job."""
    if in_transaction():
        return
    for one in _settled:
        try:
            one(person_id, now)
        except (PyMongoError, TransactionGaveUp):
            log.warning("what follows the change of an account is left to the job", exc_info=True)


def way(row: Mapping[str, Any], department: str, now: datetime) -> Row:
    """What is kept of a person's way through the departments, as stored, once they are in another one, or in none: from
    the one that what they own follows to the present one, whether the account is in use or not. Its first step is '',
    unknown, for who was in none any more before this was kept. Nothing where they have not left the first one."""
    held = row.get("department") or ""
    if department == held:
        return {}
    known = row.get(LEAVING) or {}
    steps = known.get("way") or ([{"department": held}] if held or row.get("left_at") else [])
    if department and steps and steps[-1]["department"] != department:
        steps = [*steps, {"department": department, "at": now}]
    if not steps or (department and len(steps) == 1):
        return {LEAVING: None}
    return {LEAVING: {"noted": known.get("noted", False), "way": steps}}


def settles(row: Mapping[str, Any]) -> bool:
    """Whether what a person owns has not followed their department yet."""
    return len((row.get(LEAVING) or {}).get("way", ())) > 1


def disabled(person: Person) -> Person:
    """The person while the account is disabled."""
    return replace(person, roles=frozenset(), department="")
