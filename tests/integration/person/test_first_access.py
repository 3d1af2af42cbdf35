"""A privileged role comes to nobody whose password one administrator alone set: they get new access with it, from the
second person (People)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from pymongo.database import Database

from config.database import database
from models import catalogue, schema
from models.person import credentials, proposals, rights, service
from models.person.roles import PRIVILEGED, SYSTEM, Person, Role
from models.token import service as tokens
from tests.factories.people import person

DB = Database[dict[str, Any]]


@pytest.fixture(autouse=True)
def shipped(db: DB) -> None:
    catalogue.load()
    schema.migrate()


@pytest.fixture
def admin(db: DB) -> Person:
    return person(Role.ADMINISTRATOR, name="Admin", department="it")


def given(admin: Person, who: Person, role: Role, now: datetime) -> rights.Confirmed:
    """A role that an administrator proposes and a head confirms, with the password that the head hands over."""
    held = service.person_of(service.get(who.id)).roles  # type: ignore[arg-type]
    rights.set_roles(admin, who.id, held | {role}, now)  # type: ignore[arg-type]
    [waiting] = proposals.waiting()
    return rights.confirm(person(Role.HEAD), waiting.id, now, password="of the second")


def known_to_one(who: Person) -> None:
    """Their first password is of one administrator, as that of a new account is."""
    first = {"password": "known to the administrator", "must_change": True, "vouched": False}
    database()["user"].update_one({"_id": who.id}, {"$set": first})


def stored(who: Person) -> dict[str, Any]:
    return service.get(who.id)  # type: ignore[arg-type]


@pytest.mark.parametrize("chosen", [False, True])
@pytest.mark.parametrize("role", sorted(PRIVILEGED))
def test_who_was_reset_by_one_gets_the_role_with_a_password_of_the_second_person(
    admin: Person, now: datetime, role: Role, chosen: bool
) -> None:
    """Also where the first password was changed: whoever knew it might have done that, and set up the second step."""
    who = person(Role.SALES)
    known_to_one(who)
    if chosen:
        mine = {"password": "chosen by whoever signed in", "must_change": False, "tf_primary_method": "authenticator"}
        credentials.store_credentials(who.id, mine)  # type: ignore[arg-type]
    before = stored(who)
    assert given(admin, who, role, now).new_access
    row = stored(who)
    assert role.value in row["roles"]
    assert (row["password"], row["must_change"], row["tf_primary_method"]) == ("of the second", True, None)
    assert row["fs_uniquifier"] != before["fs_uniquifier"]  # sessions, tokens and the calendar's address end


def test_a_new_account_gets_its_privileged_role_so_too(admin: Person, now: datetime) -> None:
    profile: dict[str, Any] = {"name": "New", "email": "new@example.test", "department": "service"}
    made = service.add(admin, **profile, roles=[Role.SUPERVISOR], password="known", now=now)
    [waiting] = proposals.waiting()
    assert rights.confirm(person(Role.HEAD), waiting.id, now, password="of the second").new_access
    assert service.get(made)["password"] == "of the second"


def test_who_has_access_of_two_people_or_of_the_machine_keeps_it(admin: Person, now: datetime) -> None:
    made = service.add(SYSTEM, name="Own", email="own@example.test", password="own", now=now, roles=[Role.SALES])
    own = service.person_of(service.get(made))
    assert not given(admin, own, Role.CUSTODIAN, now).new_access
    assert stored(own)["password"] == "own"
    other = person(Role.SALES)
    assert given(admin, other, Role.LEGAL_REVIEWER, now).new_access
    assert not given(admin, other, Role.CREDIT_GROUP, now).new_access
    rights.set_roles(SYSTEM, other.id, [Role.SALES], now)  # type: ignore[arg-type]
    known_to_one(other)
    assert given(admin, other, Role.CUSTODIAN, now).new_access


def test_who_has_a_privileged_role_already_keeps_their_access(admin: Person, now: datetime, db: DB) -> None:
    """Accounts of former versions say nothing of who gave their access."""
    head = person(Role.HEAD)
    db["user"].update_one({"_id": head.id}, {"$unset": {"vouched": ""}, "$set": {"password": "own"}})
    assert not given(admin, head, Role.CREDIT_GROUP, now).new_access
    assert stored(head)["password"] == "own"


def test_a_program_that_was_let_in_before_acts_in_no_privileged_role(admin: Person, now: datetime) -> None:
    who = person(Role.SALES)
    known_to_one(who)
    _, secret = tokens.create(who, stored(who), name="Figures", now=now)
    assert tokens.find(secret, now) is not None
    given(admin, who, Role.HEAD, now)
    assert tokens.find(secret, now) is None
