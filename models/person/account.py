"""An account as its form shows it. It is changed as a whole, and only while it is still as it was shown: a form that
was opened before takes nothing away that was given meanwhile."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bson import ObjectId

from config.database import transaction
from models.errors import Refusal
from models.person import api_level, proposals, rights, service
from models.person.proposals import Place, Proposal
from models.person.roles import Person, Role


@dataclass(frozen=True)
class Account:
    """What can be changed of an account on its form."""

    name: str
    email: str
    place: Place
    roles: frozenset[Role]
    api_level: str = api_level.POLICY

    @classmethod
    def of(cls, row: Mapping[str, Any], waiting: Iterable[Proposal] = ()) -> Account:
        """A stored account, with what is proposed for it and waits."""
        proposed = list(waiting)
        place = next((one.place for one in proposed if one.place), Place.of(row))
        email = next((one.email for one in proposed if one.email), row["email"])
        roles = service.person_of(row).roles.union(one.role for one in proposed if one.role)
        return cls(row["name"], email, place, roles, api_level.of(row))

    def joined(self, was: Account, wanted: Account) -> Account:
        """This account, as it is now, with what somebody changed of it on a form that showed it as it `was`."""
        mine = {
            name: getattr(wanted if getattr(wanted, name) != getattr(was, name) else self, name)
            for name in ("name", "email", "api_level")
        }
        department, manager = (
            getattr((wanted if getattr(wanted.place, part) != getattr(was.place, part) else self).place, part)
            for part in ("department", "manager")
        )
        roles = (self.roles | (wanted.roles - was.roles)) - (was.roles - wanted.roles)
        return Account(**mine, place=Place(department, manager), roles=roles)


class AccountChanged(Refusal):
    """Somebody changed the account since it was shown; nothing was stored."""

    code, status = "account_changed", 409
    zh = "在您编辑期间，此账号已被修改，您的修改尚未保存。"
    en = "This account was changed while you had it open. Nothing of yours is saved yet."


@dataclass(frozen=True)
class Waits:
    """What of a change waits for a second person: another department or manager, another mail address, and roles."""

    place: bool
    email: bool
    roles: frozenset[Role]


def change(
    actor: Person, person_id: ObjectId, wanted: Account, *, was: Account, shown: Collection[ObjectId], now: datetime
) -> Waits:
    """Change everything that differs on the form of an account, which showed it as it `was`, with these proposals (by
    their ids) among what is stored; all of it or nothing.

    :raises AccountChanged: it is another one by now. :raises ProposedMeanwhile: and whatever `change_profile`,
    `set_roles` and `api_level.change` raise.
    """

    def work() -> Waits:
        waiting = [one for one in proposals.of_person(person_id) if one.id in shown]
        if Account.of(service.get(person_id), waiting) != was:
            raise AccountChanged()
        waits = service.change_profile(
            actor,
            person_id,
            name=wanted.name,
            email=wanted.email,
            department=wanted.place.department,
            manager=wanted.place.manager,
            now=now,
            shown=shown,
        )
        api_level.change(actor, person_id, wanted.api_level, now)
        roles = rights.set_roles(actor, person_id, wanted.roles, now, shown=shown)
        return Waits(proposals.PLACE in waits, proposals.EMAIL in waits, roles)

    return transaction(work)
