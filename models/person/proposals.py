"""Proposals that wait for a second privileged person: a privileged role, or new access for a privileged
person."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bson import ObjectId
from pymongo import ReturnDocument

from config.database import database
from models import audit
from models.errors import NotFound, Refusal
from models.person.document import PROPOSALS
from models.person.roles import Person, Role

RESET = "reset"
"""What is proposed when it is not a role."""


class AlreadyDecided(Refusal):
    """The proposal is no longer waiting."""

    code, status = "already_decided", 409
    zh = "这项申请已经处理过了。"
    en = "This proposal has already been decided."


@dataclass(frozen=True)
class Proposal:
    """A privileged role to be given, or (`role` None) the access of a privileged person to be reset."""

    id: ObjectId
    person: ObjectId
    role: Role | None
    by: ObjectId | None
    by_name: str
    at: datetime


def waiting() -> list[Proposal]:
    """What waits for a second person, oldest first."""
    rows = database()[PROPOSALS].find({"state": "pending"}).sort([("at", 1), ("_id", 1)])
    return [_read(row) for row in rows]


def find(proposal_id: ObjectId) -> Proposal:
    """A proposal, decided or not. :raises NotFound:"""
    row = database()[PROPOSALS].find_one({"_id": proposal_id})
    if row is None:
        raise NotFound()
    return _read(row)


def propose(actor: Person, person_id: ObjectId, what: str, now: datetime) -> None:
    """Let a role value, or `RESET`, wait for a second person; asking again changes nothing."""
    asked = {"_id": ObjectId(), "by": actor.id, "by_name": actor.name, "at": now}
    pending = {"person": person_id, "what": what, "state": "pending"}
    stored = database()[PROPOSALS].find_one_and_update(
        pending, {"$setOnInsert": asked}, upsert=True, return_document=ReturnDocument.AFTER
    )
    if stored is not None and stored["_id"] == asked["_id"]:
        audit.append("right_proposed", actor, audit.Subject("person", person_id), now=now, detail={"what": what})


def withdraw(person_id: ObjectId, wanted: Iterable[Role], now: datetime) -> None:
    """Drop a person's waiting roles that are no longer wanted."""
    kept = [RESET, *(role.value for role in wanted)]
    gone = {"person": person_id, "state": "pending", "what": {"$nin": kept}}
    database()[PROPOSALS].update_many(gone, {"$set": {"state": "withdrawn", "decided_at": now}})


def close(actor: Person, proposal: Proposal, state: str, now: datetime) -> None:
    """Decide a waiting proposal as `confirmed` or `refused`. :raises AlreadyDecided: it no longer waits."""
    decision = {"state": state, "decided_by": actor.id, "decided_at": now}
    pending = {"_id": proposal.id, "state": "pending"}
    if database()[PROPOSALS].update_one(pending, {"$set": decision}).modified_count == 0:
        raise AlreadyDecided()
    what = proposal.role.value if proposal.role else RESET
    subject = audit.Subject("person", proposal.person)
    audit.append(f"right_{state}", actor, subject, now=now, detail={"what": what})


def _read(row: Mapping[str, Any]) -> Proposal:
    role = None if row["what"] == RESET else Role(row["what"])
    return Proposal(row["_id"], row["person"], role, row["by"], row["by_name"], row["at"])
