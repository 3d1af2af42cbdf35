"""X3, People: nothing above internal becomes theirs whose first password one administrator gave, and new access for
whoever has used their account takes two people: what they may be given tomorrow, nobody knows today."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from pymongo.database import Database

from models import access, catalogue, records, registry, schema, store
from models.access import Purpose
from models.access_request import service as cards
from models.access_request.refusals import NotSignedInYet
from models.errors import Invalid
from models.hand_over import service as hand_over
from models.person import credentials, directory, proposals, rights, service
from models.person.roles import SYSTEM, Person, Role
from tests.factories.customers import customer
from tests.factories.people import person

DB = Database[dict[str, Any]]
CARD, DAY = "access_request", "2026-11-25"
TOO_EARLY = "has not signed in yet"


@pytest.fixture(autouse=True)
def shipped(db: DB) -> None:
    catalogue.load()
    schema.migrate()


@pytest.fixture
def admin(db: DB) -> Person:
    return person(Role.ADMINISTRATOR, name="Admin", department="it")


@pytest.fixture
def new(admin: Person, now: datetime) -> Person:
    """A specialist whose account one administrator made, and who has not signed in."""
    profile: dict[str, Any] = {"name": "New", "email": "new@example.test", "department": "service"}
    made = service.add(admin, **profile, roles=[Role.SPECIALIST], password="known", now=now)
    return service.person_of(service.get(made))


def by_form(head: Person, file: dict[str, Any], to: Person, now: datetime) -> None:
    raw = {"owner": str(to.id)}
    records.change(head, "customer", file["number"], raw, rev=stored(file)["rev"], now=now)


def by_store(head: Person, file: dict[str, Any], to: Person, now: datetime) -> None:
    store.change("customer", file["_id"], {"owner": to.id}, actor=head, now=now)


def raised_with_it(head: Person, file: dict[str, Any], to: Person, now: datetime) -> None:
    store.change("customer", file["_id"], {"level": "internal", "level_basis": None}, actor=head, now=now)
    both = {"owner": to.id, "level": "secret", "level_basis": "x"}
    store.change("customer", file["_id"], both, actor=head, now=now)


def stored(file: dict[str, Any]) -> dict[str, Any]:
    return store.fetch("customer", file["_id"])


def signs_in(who: Person) -> None:
    """They sign in with the first password and choose another."""
    assert who.id is not None
    credentials.store_credentials(who.id, {"password": "own", "must_change": False})


Way = Callable[[Person, dict[str, Any], Person, datetime], None]


@pytest.mark.parametrize("give", [by_form, by_store, raised_with_it])
def test_what_is_above_internal_is_not_given_to_them(
    owner: Person, head: Person, new: Person, now: datetime, give: Way
) -> None:
    file = customer(owner, now, level="secret", level_basis="x")
    with pytest.raises(Invalid) as refused:
        give(head, file, new, now)
    assert TOO_EARLY in refused.value.problems["owner"].en
    assert stored(file)["owner"] == owner.id
    signs_in(new)
    give(head, file, new, now)
    assert stored(file)["owner"] == new.id


def test_what_is_internal_is_given_and_what_belongs_to_it_and_is_not_stays(
    owner: Person, head: Person, new: Person, now: datetime
) -> None:
    file = customer(owner, now)
    told = {
        "facts": "x",
        "complainant": "y",
        "contact_phone": "13912345678",
        "owner": owner.id,
        "customer": file["_id"],
    }
    secret = store.create("complaint", {**told, "level": "secret", "level_basis": "x"}, actor=owner, now=now)
    plain = store.create("complaint", told, actor=owner, now=now)
    by_form(head, file, new, now)
    assert stored(file)["owner"] == new.id
    assert [store.fetch("complaint", one["_id"])["owner"] for one in (secret, plain)] == [owner.id, new.id]


@pytest.mark.parametrize("slug", ["customer", "complaint"])
def test_what_is_raised_after_it_was_given_to_them_is_not_theirs_until_they_signed_in(
    owner: Person, head: Person, new: Person, now: datetime, slug: str
) -> None:
    """By itself, or with what it hangs on."""
    file = customer(owner, now)
    told = {"facts": "x", "complainant": "y", "contact_phone": "13912345678", "customer": file["_id"]}
    given = file if slug == "customer" else store.create(slug, {**told, "owner": owner.id}, actor=owner, now=now)
    store.change(slug, given["_id"], {"owner": new.id}, actor=head, now=now)

    def sees() -> set[str]:
        who, rt = service.person_of(service.get(new.id)), registry.get(slug).rt  # type: ignore[arg-type]
        acl = store.fetch(slug, given["_id"])["acl"]
        return {access.reach(who, rt, purpose).sees(acl) for purpose in (Purpose.VIEW, Purpose.EDIT, Purpose.PRINT)}

    assert sees() == {"full"}
    store.change("customer", file["_id"], {"level": "secret", "level_basis": "x"}, actor=head, now=now)
    assert sees() == {""}
    store.change("customer", file["_id"], {"level": "top_secret", "level_basis": "x"}, actor=head, now=now)
    assert sees() == {""}
    signs_in(new)
    assert "full" in sees()


def test_a_hand_over_keeps_what_is_above_internal(owner: Person, head: Person, new: Person, now: datetime) -> None:
    rt, file = registry.get("customer").rt, customer(owner, now, level="secret", level_basis="x")
    assert new.id not in {one.id for one in hand_over.candidates(head, rt, stored(file))}
    signs_in(new)
    assert new.id in {one.id for one in hand_over.candidates(head, rt, stored(file))}


def test_no_card_is_offered_to_them(owner: Person, new: Person, now: datetime) -> None:
    file = customer(owner, now, level="top_secret", level_basis="x")
    wish = {"uses": "view", "reason": "Audit at the site", "valid_until": DAY}
    with pytest.raises(NotSignedInYet):
        cards.offer(owner, "customer", file["number"], new.id, wish, now=now)
    signs_in(new)
    assert cards.offer(owner, "customer", file["number"], new.id, wish, now=now)


def test_no_card_is_granted_to_them(owner: Person, head: Person, now: datetime, db: DB) -> None:
    """What they asked for before, should their access have come to be known to one administrator since."""
    reader = person(Role.SPECIALIST, manager=head.id)
    file = customer(owner, now, level="secret", level_basis="x")
    wish = {"uses": ["view"], "reason": "核对", "valid_from": "", "valid_until": DAY}
    asked = cards.ask(reader, "customer", file["number"], wish, now=now)
    db["user"].update_one({"_id": reader.id}, {"$set": {"must_change": True, "vouched": False}})
    granted = {"rev": asked["rev"], "now": now, "fresh": True}
    with pytest.raises(NotSignedInYet):
        records.move(head, CARD, asked["number"], "approve", {"valid_until": DAY}, **granted)
    db["user"].update_one({"_id": reader.id}, {"$set": {"vouched": True}})
    assert records.move(head, CARD, asked["number"], "approve", {"valid_until": DAY}, **granted)


def test_no_new_file_is_allotted_to_them(new: Person, owner: Person) -> None:
    assert set(directory.capacities(Role.SPECIALIST, "service")) == {owner.id}
    signs_in(new)
    assert set(directory.capacities(Role.SPECIALIST, "service")) == {owner.id, new.id}


def test_a_command_on_the_machine_gives_them_anything(owner: Person, new: Person, now: datetime) -> None:
    file = customer(owner, now, level="secret", level_basis="x")
    by_store(SYSTEM, file, new, now)
    assert stored(file)["owner"] == new.id


def away(admin: Person, who: Person, now: datetime) -> None:
    """One administrator takes their role and department away before: nothing can be theirs at that moment."""
    row = service.get(who.id)  # type: ignore[arg-type]
    rights.set_roles(admin, row["_id"], [], now)
    profile = {"name": row["name"], "email": row["email"], "department": "", "manager": None}
    service.change_profile(admin, row["_id"], **profile, now=now)


def nothing(_admin: Person, _who: Person, _now: datetime) -> None:
    """All is as it was."""


@pytest.mark.parametrize("before", [nothing, away])
@pytest.mark.parametrize("role", [Role.SPECIALIST, Role.SALES])
def test_whose_account_is_used_gets_new_access_from_two(
    admin: Person, head: Person, now: datetime, role: Role, before: Callable[[Person, Person, datetime], None]
) -> None:
    who = person(role)
    assert who.id is not None
    before(admin, who, now)
    assert rights.reset_access(admin, who.id, "known to the administrator", now) is False
    [waiting] = proposals.waiting()
    assert rights.confirm(head, waiting.id, now, password="of the second").new_access
    row = service.get(who.id)
    assert (row["password"], row["vouched"]) == ("of the second", True)
    assert not service.person_of(row).unclaimed


def test_a_first_password_that_two_gave_is_not_taken_over_by_one(admin: Person, head: Person, now: datetime) -> None:
    who = person(Role.SPECIALIST)
    assert who.id is not None
    rights.reset_access(admin, who.id, "", now)
    rights.confirm(head, proposals.waiting()[0].id, now, password="of the second")
    assert rights.reset_access(admin, who.id, "known", now) is False
    assert service.get(who.id)["password"] == "of the second"


def test_who_lost_the_first_password_gets_another_at_once(admin: Person, new: Person, now: datetime) -> None:
    assert new.id is not None
    assert rights.reset_access(admin, new.id, "another", now) is True
    assert service.get(new.id)["password"] == "another"
    signs_in(new)
    assert rights.reset_access(admin, new.id, "known", now) is False
