"""Proposals that wait for a second privileged person: a privileged role, new access for who has used their account, an
account enabled again for a privileged person or one who reads what is classified, another mail address of these, and
another department or manager of a privileged person."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from bson import ObjectId
from pymongo import ReturnDocument

from config.database import database
from models import audit
from models.errors import NotFound, Refusal
from models.person import directory
from models.person.document import PROPOSALS
from models.person.roles import PRIVILEGED, Person, Role

RESET, PLACE, ENABLE, EMAIL = "reset", "place", "enable", "email"
"""What is proposed when it is not a role."""


class AlreadyDecided(Refusal):
    """The proposal is no longer waiting."""

    code, status = "already_decided", 409
    zh = "这项申请已经处理过了。"
    en = "This proposal has already been decided."


class ProposedMeanwhile(Refusal):
    """Somebody proposed another place or address since the account was shown to who changes it."""

    code, status = "proposed_meanwhile", 409
    zh = "其他人刚刚提出了另一个部门、上级或邮箱，正等待确认。请重新打开此账号后再修改。"
    en = (
        "Somebody proposed another department, manager or email meanwhile, which waits. "
        "Open the account again and change it."
    )


@dataclass(frozen=True)
class Place:
    """Where a person belongs: the department, and the direct manager."""

    department: str
    manager: ObjectId | None

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Place:
        """That of a stored account, or of a profile."""
        return cls(row.get("department") or "", row.get("manager"))

    def told(self, before: Place | None = None) -> dict[str, str]:
        """What is new in it, for the audit trail."""
        detail: dict[str, str] = {}
        if before is None or before.department != self.department:
            detail["department"] = self.department
        if before is None or before.manager != self.manager:
            detail["manager"] = directory.names([self.manager]).get(self.manager, "") if self.manager else ""
            detail["manager_id"] = str(self.manager or "")
        return detail


@dataclass(frozen=True)
class Proposal:
    """`what` is proposed for a person: a privileged role (its value), another `place` or `email`, access to be reset,
    or the disabled account to be enabled."""

    id: ObjectId
    person: ObjectId
    what: str
    by: ObjectId | None
    by_name: str
    at: datetime
    place: Place | None = None
    email: str = ""

    @property
    def role(self) -> Role | None:
        """The role to be given; None where it is not one."""
        return None if self.what in (RESET, PLACE, ENABLE, EMAIL) else Role(self.what)


def waiting() -> list[Proposal]:
    """What waits for a second person, oldest first."""
    rows = database()[PROPOSALS].find({"state": "pending"}).sort([("at", 1), ("_id", 1)])
    return [_read(row) for row in rows]


def of_person(person_id: ObjectId) -> list[Proposal]:
    """What of one person waits for a second one, oldest first."""
    rows = database()[PROPOSALS].find({"person": person_id, "state": "pending"}).sort([("at", 1), ("_id", 1)])
    return [_read(row) for row in rows]


def place_of(person_id: ObjectId) -> Proposal | None:
    """What proposes another place for one person and waits for a second one."""
    return next((waiting for waiting in of_person(person_id) if waiting.place), None)


def email_of(person_id: ObjectId) -> Proposal | None:
    """What proposes another mail address for one person and waits for a second one."""
    return next((waiting for waiting in of_person(person_id) if waiting.email), None)


def find(proposal_id: ObjectId) -> Proposal:
    """A proposal, decided or not. :raises NotFound:"""
    row = database()[PROPOSALS].find_one({"_id": proposal_id})
    if row is None:
        raise NotFound()
    return _read(row)


def propose(actor: Person, person_id: ObjectId, what: str, now: datetime) -> None:
    """Let a role value, `RESET` or `ENABLE` wait for a second person; asking again changes nothing."""
    _propose(actor, person_id, what, now, {}, {})


def propose_place(actor: Person, person_id: ObjectId, place: Place, before: Place, now: datetime) -> None:
    """Let another place wait for a second person; asking for the same again changes nothing."""
    _propose(actor, person_id, PLACE, now, {"place": asdict(place)}, place.told(before))


def propose_email(actor: Person, person_id: ObjectId, email: str, now: datetime) -> None:
    """Let another mail address wait for a second person; asking for the same again changes nothing."""
    _propose(actor, person_id, EMAIL, now, {"email": email}, {"email": email})


def _propose(
    actor: Person, person_id: ObjectId, what: str, now: datetime, more: Mapping[str, Any], told: Mapping[str, Any]
) -> None:
    asked = {"_id": ObjectId(), "by": actor.id, "by_name": actor.name, "at": now, **more}
    pending = {"person": person_id, "what": what, "state": "pending"}
    stored = database()[PROPOSALS].find_one_and_update(
        pending, {"$setOnInsert": asked}, upsert=True, return_document=ReturnDocument.AFTER
    )
    if stored is not None and stored["_id"] == asked["_id"]:
        subject = audit.Subject("person", person_id)
        audit.append("right_proposed", actor, subject, now=now, detail={"what": what, **told})


def withdraw(
    actor: Person, person_id: ObjectId, wanted: Collection[Role], shown: Collection[ObjectId] | None, now: datetime
) -> None:
    """Drop a person's waiting roles that are no longer wanted: those that the actor was `shown` (None: all), for of
    others they wanted nothing."""
    for one in of_person(person_id):
        if one.role is not None and one.role not in wanted and (shown is None or one.id in shown):
            close(actor, one, "withdrawn", now)


def withdraw_enabling(actor: Person, person_id: ObjectId, now: datetime) -> None:
    """Drop what proposes to enable an account that is enabled, or disabled, otherwise."""
    for one in of_person(person_id):
        if one.what == ENABLE:
            close(actor, one, "withdrawn", now)


def needs_second(row: Mapping[str, Any]) -> bool:
    """Whether the holder of a stored account is privileged, or will be once somebody confirms it."""
    privileged = [role.value for role in PRIVILEGED]
    if not set(row.get("roles") or ()).isdisjoint(privileged):
        return True
    asked = {"person": row["_id"], "state": "pending", "what": {"$in": privileged}}
    return database()[PROPOSALS].find_one(asked, {"_id": 1}) is not None


def close(actor: Person, proposal: Proposal, state: str, now: datetime, told: Mapping[str, Any] | None = None) -> None:
    """End a waiting proposal as `confirmed`, `refused` or `withdrawn`; `told` is what more the trail says of it.

    :raises AlreadyDecided: it no longer waits.
    """
    decision = {"state": state, "decided_by": actor.id, "decided_at": now}
    pending = {"_id": proposal.id, "state": "pending"}
    if database()[PROPOSALS].update_one(pending, {"$set": decision}).modified_count == 0:
        raise AlreadyDecided()
    subject = audit.Subject("person", proposal.person)
    audit.append(f"right_{state}", actor, subject, now=now, detail={"what": proposal.what, **(told or {})})


def _read(row: Mapping[str, Any]) -> Proposal:
    place = Place.of(row["place"]) if row["what"] == PLACE else None
    email = row.get("email", "")
    return Proposal(row["_id"], row["person"], row["what"], row["by"], row["by_name"], row["at"], place, email)
