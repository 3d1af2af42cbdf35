"""Roles and who gives them. A privileged role is given, the place of a privileged person changed, and the access of
one or of somebody who reads what is classified reset or their account enabled again only when a second privileged
person confirms; until then it waits as a proposal. So does new access for whoever has used their account: what they
may be given tomorrow is not known today. The system itself (a command on the machine) needs no second one.

Whose access one administrator gave gets a privileged role with new access, from the second person: the administrator
may know the password, and whatever was set up with it.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from bson import ObjectId

from config.database import database, transaction
from models import audit
from models.errors import Forbidden, Refusal
from models.person import changes, proposals, rules, session, taken
from models.person.acting import unclaimed
from models.person.document import USERS
from models.person.proposals import Place, Proposal
from models.person.roles import PRIVILEGED, SYSTEM, Person, Role
from models.person.service import (
    OwnAccount,
    get,
    keep_an_administrator,
    one_at_a_time,
    person_of,
    require_right,
    set_email,
    set_place,
    store,
    store_active,
    subject_of,
    takes_two,
)


class SecondPerson(Refusal):
    """The one who proposed cannot be the one who confirms."""

    code, status = "second_person", 409
    zh = "需要另一位有权限的人员确认，提出人不能自己确认。"
    en = "A second person confirms this; who proposed it cannot."


@dataclass(frozen=True)
class Confirmed:
    """A proposal that is carried out, and whether the person has the new first password by it."""

    proposal: Proposal
    new_access: bool


def set_roles(
    actor: Person, person_id: ObjectId, roles: Iterable[Role], now: datetime, *, shown: Collection[ObjectId] = ()
) -> frozenset[Role]:
    """Give and take roles; returns those that wait for a second person. A role that waits already and is not among
    them is dropped only by whom it was `shown` as a proposal (by its id), or by the system.

    Sessions of the person end, so that new rights and a second factor they need are asked for at the next
    sign-in. That a privileged role ends is told to the other privileged people.

    :raises LastAdministrator: :raises OwnAccount: when adding roles to oneself. :raises Forbidden: :raises
    NotFound:
    """
    require_right(actor)
    wanted = frozenset(roles)

    def work() -> frozenset[Role]:
        row = get(person_id)
        held = person_of(row).roles
        added = wanted - held
        if added and actor.id == person_id:
            raise OwnAccount()
        waiting = frozenset() if actor is SYSTEM else added & PRIVILEGED
        after = wanted - waiting
        if Role.ADMINISTRATOR in held - after:
            keep_an_administrator(person_id)
        if after != held:
            _store_roles(actor, row, after, now)
        proposals.withdraw(actor, person_id, wanted, None if actor is SYSTEM else shown, now)
        if waiting:
            one_at_a_time(person_id)  # whose place is changed at this moment is changed by two
        for role in sorted(waiting):
            proposals.propose(actor, person_id, role.value, now)
        return waiting

    waiting = transaction(work)
    changes.settle(person_id, now)
    return waiting


def reset_access(
    actor: Person, person_id: ObjectId, password: str, now: datetime, *, second_factor: bool = True
) -> bool:
    """Give a person a first password again (a hash) and, by default, take away the second factor.

    Unless the first password that one administrator gave still stands, of somebody who is not privileged and reads by
    name nothing classified, this is only proposed, because it amounts to taking their rights, those to come included:
    then False is returned, nothing has changed, and `confirm` does it.

    :raises OwnAccount: :raises Forbidden: :raises NotFound:
    """
    require_right(actor)
    if actor.id == person_id:
        raise OwnAccount()

    def work() -> bool:
        row = get(person_id)
        if actor is not SYSTEM and (not unclaimed(row) or takes_two(actor, row, now)):
            proposals.propose(actor, person_id, proposals.RESET, now)
            return False
        _store_reset(actor, row, password, now, vouched=actor is SYSTEM, second_factor=second_factor)
        return True

    return transaction(work)


def set_active(actor: Person, person_id: ObjectId, active: bool, now: datetime) -> bool:
    """Disable an account, at once, or enable it again.

    Of a privileged person, and of who reads by name what is classified, the latter is only proposed, as a reset is:
    their password opens what it opened. Then False is returned, nothing has changed, and `confirm` does it.

    :raises LastAdministrator: :raises OwnAccount: :raises Forbidden: :raises NotFound:
    """
    require_right(actor)
    if actor.id == person_id:
        raise OwnAccount()

    def work() -> bool:
        row = get(person_id)
        if row["active"] == active:
            return True
        if active and takes_two(actor, row, now):
            proposals.propose(actor, person_id, proposals.ENABLE, now)
            return False
        store_active(actor, row, active, now)
        proposals.withdraw_enabling(actor, person_id, now)
        return True

    done = transaction(work)
    if done:
        changes.settle(person_id, now)
    return done


def gives_access(row: Mapping[str, Any], proposal: Proposal) -> bool:
    """Whether what is proposed for the person of a stored account comes with a new first password: a reset, and the
    first privileged role of who has only access that one administrator gave. Who has one already would be locked out
    for nothing: their access opened as much before."""
    first = proposal.role is not None and person_of(row).roles.isdisjoint(PRIVILEGED)
    return proposal.what == proposals.RESET or (first and not row.get("vouched"))


def confirm(actor: Person, proposal_id: ObjectId, now: datetime, *, password: str = "") -> Confirmed:
    """Carry out what another person proposed. `password` is the hash to set where it `gives_access`.

    :raises SecondPerson: the actor proposed it. :raises OwnAccount: it is about the actor.
    :raises AlreadyDecided: :raises Forbidden: :raises NotFound:
    """

    def work() -> Confirmed:
        proposal = proposals.find(proposal_id)
        _second_person(actor, proposal)
        if proposal.by == actor.id:
            raise SecondPerson()
        row = get(proposal.person)
        proposals.close(actor, proposal, "confirmed", now, _told(proposal, row))
        if proposal.role is not None:
            _store_roles(actor, row, person_of(row).roles | {proposal.role}, now)
        elif proposal.place is not None:
            set_place(actor, row, proposal.place, now)
        elif proposal.email:
            set_email(actor, row, proposal.email, now)
        elif proposal.what == proposals.ENABLE:
            store_active(actor, row, True, now)
        if access := gives_access(row, proposal):
            _store_reset(actor, row, password, now, vouched=True)
        return Confirmed(proposal, access)

    done = transaction(work)
    changes.settle(done.proposal.person, now)
    return done


def refuse(actor: Person, proposal_id: ObjectId, now: datetime) -> None:
    """Turn a proposal down; who proposed it takes it back so.

    :raises OwnAccount: it is about the actor. :raises AlreadyDecided: :raises Forbidden: :raises NotFound:
    """

    def work() -> None:
        proposal = proposals.find(proposal_id)
        _second_person(actor, proposal)
        proposals.close(actor, proposal, "refused", now, _told(proposal, get(proposal.person)))

    transaction(work)


def _told(proposal: Proposal, row: Mapping[str, Any]) -> dict[str, str]:
    """What the trail says of a proposal beside what is proposed: what is new in the place, or the address."""
    if proposal.email:
        return {"email": proposal.email}
    return proposal.place.told(Place.of(row)) if proposal.place is not None else {}


def _store_roles(actor: Person, row: Mapping[str, Any], roles: frozenset[Role], now: datetime) -> None:
    held = person_of(row).roles
    store(row["_id"], {"roles": sorted(role.value for role in roles)}, now)
    session.end_all(row["_id"])
    detail = {"given": sorted(roles - held), "taken": sorted(held - roles)}
    audit.append("roles_changed", actor, subject_of(row), now=now, fields=["roles"], detail=detail)
    taken.tell(actor, row, held - roles, now, disabled=False)
    if row["active"]:
        changes.tell(person_of(row), replace(person_of(row), roles=roles), now)


def _store_reset(
    actor: Person,
    row: Mapping[str, Any],
    password: str,
    now: datetime,
    *,
    vouched: bool,
    second_factor: bool = True,
) -> None:
    values: dict[str, Any] = {
        "password": password,
        "must_change": True,
        "vouched": vouched,
        "fs_uniquifier": secrets.token_hex(32),
        "updated_at": now,
    }
    if second_factor:
        values |= {"tf_primary_method": None, "tf_totp_secret": None, "mf_recovery_codes": []}
    database()[USERS].update_one({"_id": row["_id"]}, {"$set": values})
    session.end_all(row["_id"])
    audit.append("access_reset", actor, subject_of(row), now=now, detail={"second_factor": second_factor})


def _second_person(actor: Person, proposal: Proposal) -> None:
    """Refuse whoever may not decide a proposal. :raises Forbidden: :raises OwnAccount:"""
    if actor.id is None or not actor.has(*rules.CONFIRMING):
        raise Forbidden()
    if proposal.person == actor.id:
        raise OwnAccount()
