"""New access for somebody who reads what is classified takes two people, whether they used their account or not: who
resets a password may sign in with it, and an administrator sees nothing classified by that role (People)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from pymongo.database import Database

from models import access, catalogue, records, schema
from models.access import Purpose
from models.access_request import grants
from models.access_request import service as cards
from models.declarations import Relation
from models.person import proposals, rights, service
from models.person.roles import PRIVILEGED, SYSTEM, Person, Role
from tests.factories.contracts import contract
from tests.factories.customers import customer
from tests.factories.people import person

DB = Database[dict[str, Any]]
CARD = "access_request"


@pytest.fixture(autouse=True)
def shipped(db: DB) -> None:
    catalogue.load()
    schema.migrate()


@pytest.fixture
def admin(db: DB) -> Person:
    return person(Role.ADMINISTRATOR, name="Admin", department="it")


def file(owner: Person, now: datetime, level: str = "secret") -> dict[str, Any]:
    return customer(owner, now, level=level, level_basis=None if level == "internal" else "往来")


def asks_for_two(admin: Person, who: Person, now: datetime) -> bool:
    """Whether it takes two to enable their account again, or to give it another address."""
    return service.takes_two(admin, service.get(who.id), now)  # type: ignore[arg-type]


def waits(admin: Person, who: Person, now: datetime) -> bool:
    """Whether new access for a person waits for a second one, and nothing has changed meanwhile."""
    assert who.id is not None
    before = service.get(who.id)
    if rights.reset_access(admin, who.id, "hash", now):
        assert proposals.waiting() == []
        return False
    assert service.get(who.id) == before
    assert [(one.person, one.what) for one in proposals.waiting()] == [(who.id, proposals.RESET)]
    return True


@pytest.mark.parametrize("role", sorted(PRIVILEGED))
def test_of_whoever_has_a_privileged_role(admin: Person, now: datetime, role: Role) -> None:
    assert waits(admin, person(role), now)


def test_of_whoever_waits_for_one(admin: Person, now: datetime) -> None:
    chosen = person(Role.SPECIALIST)
    assert chosen.id is not None
    rights.set_roles(admin, chosen.id, [Role.SPECIALIST, Role.CUSTODIAN], now)
    assert rights.reset_access(admin, chosen.id, "hash", now) is False
    assert {one.what for one in proposals.waiting()} == {"custodian", proposals.RESET}


@pytest.mark.parametrize("role", [Role.SPECIALIST, Role.SALES])
@pytest.mark.parametrize("level", ["secret", "confidential", "top_secret"])
@pytest.mark.parametrize("archived", [False, True])
def test_of_whoever_owns_something_classified(
    admin: Person, head: Person, now: datetime, db: DB, role: Role, level: str, archived: bool
) -> None:
    owner = person(role)
    made = file(owner, now, level)
    if archived:
        acl = ["~" + one for one in made["acl"]]
        db["record_customer"].update_one({"_id": made["_id"]}, {"$set": {"acl": acl, "archived_at": now}})
    assert waits(admin, owner, now)
    [waiting] = proposals.waiting()
    with pytest.raises(rights.SecondPerson):
        rights.confirm(admin, waiting.id, now, password="own")
    rights.confirm(head, waiting.id, now, password="of the second")
    assert service.get(owner.id)["password"] == "of the second"  # type: ignore[arg-type]


def test_of_who_owns_nothing_above_internal_it_is_done_at_once_while_nobody_used_the_account(
    admin: Person, owner: Person, now: datetime, db: DB
) -> None:
    file(owner, now, "internal")
    file(person(Role.SPECIALIST), now)
    assert not asks_for_two(admin, owner, now)
    db["user"].update_one({"_id": owner.id}, {"$set": {"must_change": True}})
    assert not waits(admin, owner, now)


def test_of_who_owns_something_classified_and_has_not_used_the_account(
    admin: Person, owner: Person, now: datetime, db: DB
) -> None:
    file(owner, now)
    db["user"].update_one({"_id": owner.id}, {"$set": {"must_change": True}})
    assert waits(admin, owner, now)


def test_a_command_on_the_machine_needs_no_second_person(owner: Person, now: datetime) -> None:
    file(owner, now)
    assert not waits(SYSTEM, owner, now)


def test_their_account_is_enabled_again_by_two(admin: Person, head: Person, now: datetime, db: DB) -> None:
    owner, custodian, other = person(Role.SPECIALIST), person(Role.CUSTODIAN), person(Role.SPECIALIST)
    file(owner, now)
    for who in (owner, custodian, other):
        assert rights.set_active(admin, who.id, False, now), "disabling is done at once"  # type: ignore[arg-type]
    assert rights.set_active(admin, other.id, True, now), "opens nothing above internal"  # type: ignore[arg-type]
    for who in (owner, custodian):
        assert who.id is not None
        assert rights.set_active(admin, who.id, True, now) is False
        assert rights.set_active(admin, who.id, True, now) is False, "asked for once"
        assert service.get(who.id)["active"] is False
    for waiting in proposals.waiting():
        assert waiting.what == proposals.ENABLE
        with pytest.raises(rights.SecondPerson):
            rights.confirm(admin, waiting.id, now)
        rights.confirm(head, waiting.id, now)
        assert service.get(waiting.person)["active"] is True
    assert proposals.waiting() == []
    assert db["audit"].count_documents({"action": "person_enabled", "actor": head.id}) == 2


def test_what_the_machine_enables_waits_for_nobody_any_more(admin: Person, now: datetime) -> None:
    custodian = person(Role.CUSTODIAN)
    assert custodian.id is not None
    rights.set_active(admin, custodian.id, False, now)
    assert rights.set_active(admin, custodian.id, True, now) is False
    assert rights.set_active(SYSTEM, custodian.id, True, now) is True
    assert proposals.waiting() == []
    assert service.get(custodian.id)["active"] is True


Away = Callable[[Person, Person, datetime], object]


def without_roles(admin: Person, who: Person, now: datetime) -> None:
    rights.set_roles(admin, who.id, [], now)  # type: ignore[arg-type]


def elsewhere(admin: Person, who: Person, now: datetime) -> None:
    row = service.get(who.id)  # type: ignore[arg-type]
    profile = {"name": row["name"], "email": row["email"], "department": "sales", "manager": None}
    service.change_profile(admin, row["_id"], **profile, now=now)


def disabled(admin: Person, who: Person, now: datetime) -> None:
    rights.set_active(admin, who.id, False, now)  # type: ignore[arg-type]


@pytest.mark.parametrize("away", [without_roles, elsewhere, disabled])
def test_an_owner_whom_an_administrator_sends_away_for_a_moment_is_still_asked_for(
    admin: Person, owner: Person, now: datetime, away: Away
) -> None:
    file(owner, now)
    away(admin, owner, now)
    assert waits(admin, owner, now)


def test_of_whoever_reads_something_classified_with_a_card(
    admin: Person, owner: Person, head: Person, now: datetime
) -> None:
    reader = person(Role.SPECIALIST, manager=head.id)
    made, day = file(owner, now), now.date()
    wish = {"uses": ["view"], "reason": "核对", "valid_from": "", "valid_until": day.isoformat()}
    asked = cards.ask(reader, "customer", made["number"], wish, now=now)
    assert not asks_for_two(admin, reader, now), "asked for only"
    raw = {"valid_until": day.isoformat()}
    records.move(head, CARD, asked["number"], "approve", raw, rev=asked["rev"], now=now, fresh=True)
    held = replace(reader, grants=grants.grants_in_force(reader, now))
    assert records.see(held, "customer", made["number"], Purpose.VIEW, now).full
    assert asks_for_two(admin, reader, now)
    assert waits(admin, reader, now)
    assert not asks_for_two(admin, reader, now + timedelta(days=2))


def test_of_whomever_something_classified_waits_for_by_name(
    admin: Person, owner: Person, now: datetime, db: DB
) -> None:
    handler = person(Role.SPECIALIST)
    kept = customer(owner, now)
    made = contract(owner, kept["_id"], now, level="confidential", level_basis="x")
    assert not asks_for_two(admin, handler, now)
    acl = [access.token("confidential", Relation.ASSIGNED, handler.id)]
    db["record_contract"].update_one({"_id": made["_id"]}, {"$set": {"acl": acl}})
    assert asks_for_two(admin, handler, now)
    assert waits(admin, handler, now)
