"""Accounts and roles: who may change them, and what needs a second person."""

from __future__ import annotations

import threading
from datetime import datetime
from typing import Any

import pytest
from bson import ObjectId
from pymongo.database import Database

from models import schema
from models.errors import FieldProblem, Forbidden, NotFound, Refusal
from models.kinds import kind_of
from models.person import credentials, proposals, rights, rules, service
from models.person.proposals import AlreadyDecided
from models.person.rights import SecondPerson
from models.person.roles import PRIVILEGED, ROLE_LABELS, SYSTEM, Person, Role
from models.person.service import LastAdministrator, OwnAccount
from models.record import SYSTEM_FIELDS

Base = Database[dict[str, Any]]


@pytest.fixture
def house(db: Base) -> Base:
    """A database with its indexes."""
    schema.migrate()
    return db


def made(now: datetime, *roles: Role, name: str = "某人") -> Person:
    """A stored person with these roles."""
    row = service.add(SYSTEM, name=name, email=f"{ObjectId()}@example.com", now=now, roles=roles)
    return service.person_of(service.get(row))


def roles_of(person: Person) -> frozenset[Role]:
    assert person.id is not None
    return service.person_of(service.get(person.id)).roles


@pytest.fixture
def admin(house: Base, now: datetime) -> Person:
    return made(now, Role.ADMINISTRATOR, name="管理员")


@pytest.fixture
def head(house: Base, now: datetime) -> Person:
    return made(now, Role.HEAD, name="经理")


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMINISTRATOR])
def test_only_an_administrator_changes_accounts(house: Base, now: datetime, role: Role) -> None:
    actor, other = made(now, role), made(now, Role.SALES)
    assert other.id is not None
    for act in (
        lambda: service.add(actor, name="x", email="x@example.com", now=now),
        lambda: service.change_profile(
            actor, other.id, name="x", email="x@example.com", department="", manager=None, now=now
        ),
        lambda: rights.set_active(actor, other.id, False, now),
        lambda: rights.set_roles(actor, other.id, [], now),
        lambda: rights.reset_access(actor, other.id, "", now),
    ):
        with pytest.raises(Forbidden):
            act()
    assert roles_of(other) == {Role.SALES}


def test_ordinary_roles_are_given_and_taken_at_once(admin: Person, now: datetime, house: Base) -> None:
    person = made(now, Role.SALES)
    assert person.id is not None
    waiting = rights.set_roles(admin, person.id, [Role.SPECIALIST], now)
    assert not waiting
    assert roles_of(person) == {Role.SPECIALIST}
    entry = house["audit"].find_one({"action": "roles_changed"})
    assert entry is not None
    assert entry["detail"] == {"given": ["specialist"], "taken": ["sales"]}
    assert entry["actor"] == admin.id


@pytest.mark.parametrize("role", sorted(PRIVILEGED))
def test_a_privileged_role_waits_for_a_second_person(admin: Person, head: Person, now: datetime, role: Role) -> None:
    person = made(now, Role.SPECIALIST)
    assert person.id is not None
    assert rights.set_roles(admin, person.id, [Role.SPECIALIST, role], now) == {role}
    assert roles_of(person) == {Role.SPECIALIST}
    (waiting,) = proposals.waiting()
    assert (waiting.person, waiting.role, waiting.by) == (person.id, role, admin.id)
    with pytest.raises(SecondPerson):
        rights.confirm(admin, waiting.id, now)
    rights.confirm(head, waiting.id, now)
    assert roles_of(person) == {Role.SPECIALIST, role}
    assert proposals.waiting() == []
    with pytest.raises(AlreadyDecided):
        rights.confirm(head, waiting.id, now)


@pytest.mark.parametrize("role", [role for role in Role if role not in rules.CONFIRMING])
def test_whoever_does_not_answer_for_others_or_only_looks_confirms_nothing(
    admin: Person, now: datetime, role: Role
) -> None:
    person = made(now)
    assert person.id is not None
    rights.set_roles(admin, person.id, [Role.HEAD], now)
    (waiting,) = proposals.waiting()
    for decide in (rights.confirm, rights.refuse):
        with pytest.raises(Forbidden):
            decide(made(now, role), waiting.id, now)
    assert roles_of(person) == frozenset()


def test_nobody_confirms_their_own_elevation(admin: Person, head: Person, now: datetime) -> None:
    assert head.id is not None
    rights.set_roles(admin, head.id, [Role.HEAD, Role.GENERAL_MANAGER], now)
    (waiting,) = proposals.waiting()
    for decide in (rights.confirm, rights.refuse):
        with pytest.raises(OwnAccount):
            decide(head, waiting.id, now)


def test_an_administrator_gives_themselves_nothing(admin: Person, now: datetime) -> None:
    assert admin.id is not None
    for role in (Role.SPECIALIST, Role.HEAD):
        with pytest.raises(OwnAccount):
            rights.set_roles(admin, admin.id, [Role.ADMINISTRATOR, role], now)
    assert roles_of(admin) == {Role.ADMINISTRATOR}


def test_a_new_account_with_a_privileged_role_has_it_only_after_confirmation(
    admin: Person, head: Person, now: datetime
) -> None:
    added = service.add(admin, name="新人", email="new@example.com", now=now, roles=[Role.SPECIALIST, Role.SUPERVISOR])
    assert service.person_of(service.get(added)).roles == {Role.SPECIALIST}
    rights.confirm(head, proposals.waiting()[0].id, now)
    assert service.person_of(service.get(added)).roles == {Role.SPECIALIST, Role.SUPERVISOR}


def test_a_role_no_longer_wanted_waits_no_longer(admin: Person, now: datetime) -> None:
    person = made(now, Role.SALES)
    assert person.id is not None
    rights.set_roles(admin, person.id, [Role.SALES, Role.HEAD], now)
    rights.set_roles(admin, person.id, [Role.SALES, Role.HEAD], now)
    [waiting] = proposals.waiting()
    rights.set_roles(admin, person.id, [Role.SALES], now)  # in a form that did not show it
    assert proposals.waiting() == [waiting]
    rights.set_roles(admin, person.id, [Role.SALES], now, shown=[waiting.id])
    assert proposals.waiting() == []


def test_a_refused_role_is_not_given_and_may_be_proposed_again(admin: Person, head: Person, now: datetime) -> None:
    person = made(now)
    assert person.id is not None
    rights.set_roles(admin, person.id, [Role.HEAD], now)
    rights.refuse(head, proposals.waiting()[0].id, now)
    assert roles_of(person) == frozenset()
    rights.set_roles(admin, person.id, [Role.HEAD], now)
    assert len(proposals.waiting()) == 1
    rights.refuse(admin, proposals.waiting()[0].id, now)
    assert proposals.waiting() == []


def test_resetting_a_privileged_person_needs_a_second_person_too(admin: Person, head: Person, now: datetime) -> None:
    second = made(now, Role.GENERAL_MANAGER)
    assert head.id is not None
    before = service.get(head.id)
    assert rights.reset_access(admin, head.id, "hash-of-the-proposer", now) is False
    assert service.get(head.id) == before
    (waiting,) = proposals.waiting()
    assert waiting.role is None
    with pytest.raises(OwnAccount):
        rights.confirm(head, waiting.id, now, password="x")
    rights.confirm(second, waiting.id, now, password="hash-of-the-confirmer")
    after = service.get(head.id)
    assert after["password"] == "hash-of-the-confirmer"
    assert after["must_change"] is True
    assert after["fs_uniquifier"] != before["fs_uniquifier"]


def test_who_has_not_used_a_new_account_gets_another_first_password_at_once(
    admin: Person, now: datetime, house: Base
) -> None:
    person = made(now, Role.SPECIALIST)
    first = {"must_change": True, "vouched": False, "tf_totp_secret": "x", "mf_recovery_codes": ["y"]}
    house["user"].update_one({"_id": person.id}, {"$set": first})
    assert person.id is not None
    assert rights.reset_access(admin, person.id, "hash", now) is True
    after = service.get(person.id)
    assert (after["password"], after["tf_totp_secret"], after["mf_recovery_codes"]) == ("hash", None, [])


def test_the_last_administrator_cannot_go(admin: Person, now: datetime) -> None:
    second = made(now, Role.ADMINISTRATOR)
    assert admin.id is not None
    assert second.id is not None
    with pytest.raises(OwnAccount):
        rights.set_active(admin, admin.id, False, now)
    rights.set_active(admin, second.id, False, now)
    with pytest.raises(LastAdministrator):
        rights.set_roles(admin, admin.id, [], now)
    with pytest.raises(LastAdministrator):
        rights.set_active(SYSTEM, admin.id, False, now)


def test_two_administrators_cannot_disable_each_other_at_once(admin: Person, now: datetime, house: Base) -> None:
    second = made(now, Role.ADMINISTRATOR)
    start, refused = threading.Barrier(2), []

    def disable(actor: Person, other: Person) -> None:
        assert other.id is not None
        start.wait()
        try:
            rights.set_active(actor, other.id, False, now)
        except Refusal as refusal:
            refused.append(refusal)

    threads = [threading.Thread(target=disable, args=pair) for pair in ((admin, second), (second, admin))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [type(refusal) for refusal in refused] == [LastAdministrator]
    assert house["user"].count_documents({"active": True, "roles": "administrator"}) == 1


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 61}, "name"),
        ({"email": "no at sign"}, "email"),
        ({"email": "a@"}, "email"),
        ({"email": "a b@example.com"}, "email"),
        ({"email": "a\n@example.com"}, "email"),
        ({"department": "nowhere"}, "department"),
        ({"manager": ObjectId()}, "manager"),
    ],
)
def test_a_wrong_value_is_refused_at_its_field(admin: Person, now: datetime, values: Any, field: str) -> None:
    profile = {"name": "某人", "email": "a@example.com", "department": "", "manager": None} | values
    with pytest.raises(FieldProblem) as caught:
        service.add(admin, **profile, now=now)
    assert caught.value.field == field


def test_an_account_belongs_to_a_department_that_lists_know(admin: Person, now: datetime, db: Base) -> None:
    db["department"].insert_one({"_id": "moon", "zh": "月球部", "en": "Moon"})  # of former versions
    field = next(field for field in SYSTEM_FIELDS if field.name == "department")
    for number, code in enumerate(service.departments()):
        service.add(admin, name="某人", email=f"{number}@example.com", department=code, now=now)
        assert kind_of(field).text(field, code, "en") == service.department_name(code, "en") != ""
    with pytest.raises(FieldProblem):
        service.add(admin, name="某人", email="moon@example.com", department="moon", now=now)


def test_an_email_is_taken_once_in_whatever_case(admin: Person, now: datetime) -> None:
    first = service.add(admin, name="甲", email="A@Example.com", now=now)
    other = service.add(admin, name="乙", email="b@example.com", now=now)
    with pytest.raises(FieldProblem, match="account with this email"):
        service.add(admin, name="丙", email="a@example.COM", now=now)
    with pytest.raises(FieldProblem, match="account with this email"):
        service.change_profile(admin, other, name="乙", email="a@example.com", department="", manager=None, now=now)
    assert service.by_email(" a@EXAMPLE.com ") == service.get(first)


def test_nobody_is_their_own_manager(admin: Person, now: datetime) -> None:
    person = made(now)
    assert person.id is not None
    with pytest.raises(FieldProblem):
        service.change_profile(
            admin, person.id, name="某人", email="c@example.com", department="", manager=person.id, now=now
        )


def test_accounts_come_page_by_page_and_by_name_or_email(admin: Person, now: datetime) -> None:
    for number in range(5):
        service.add(admin, name=f"甲{number % 2}", email=f"p{number}@example.com", now=now)
    seen: list[ObjectId] = []
    after = None
    while page := service.accounts("p", after=after, limit=2):
        seen += [row["_id"] for row in page if row["email"].startswith("p")]
        after = page[-1]["_id"]
    assert len(seen) == len(set(seen)) == 5
    assert [row["email"] for row in service.accounts("P3@")] == ["p3@example.com"]
    assert service.accounts(".*") == []


def test_unknown_roles_in_the_database_give_nothing(house: Base, now: datetime) -> None:
    person = made(now, Role.SALES)
    house["user"].update_one({"_id": person.id}, {"$push": {"roles": "emperor"}})
    assert roles_of(person) == {Role.SALES}


def test_the_sign_in_may_not_store_rights(house: Base, now: datetime) -> None:
    person = made(now)
    assert person.id is not None
    with pytest.raises(ValueError, match="roles"):
        credentials.store_credentials(person.id, {"roles": ["head"]})


def test_an_account_that_does_not_exist_is_not_found(admin: Person, now: datetime) -> None:
    with pytest.raises(NotFound):
        rights.set_roles(admin, ObjectId(), [], now)
    with pytest.raises(NotFound):
        rights.refuse(admin, ObjectId(), now)


def mails(house: Base) -> dict[str, str]:
    """To whom something was put in the outbox, and its text."""
    return {row["to"]: row["text"] for row in house["outbox_email"].find()}


@pytest.mark.parametrize("role", sorted(PRIVILEGED))
@pytest.mark.parametrize("how", ["disabled", "taken"])
def test_when_a_privileged_role_ends_the_other_privileged_people_are_told_and_it_stands_in_the_trail(
    admin: Person, head: Person, now: datetime, house: Base, role: Role, how: str
) -> None:
    person, colleague = made(now, Role.SALES, role, name="某某"), made(now, Role.SPECIALIST)
    auditor = made(now, Role.AUDITOR)
    assert person.id is not None
    if how == "disabled":
        rights.set_active(admin, person.id, False, now)
    else:
        rights.set_roles(admin, person.id, [Role.SALES], now)
    told = mails(house)
    assert set(told) == {head.email, auditor.email}
    assert not {person.email, colleague.email, admin.email} & set(told)
    for text in told.values():
        assert "管理员" in text
        assert "某某" in text
        assert ROLE_LABELS[role][0] in text
        assert ROLE_LABELS[role][1] in text
        assert ROLE_LABELS[Role.SALES][0] not in text
    entry = house["audit"].find_one({"action": "person_disabled" if how == "disabled" else "roles_changed"}) or {}
    assert role.value in entry["detail"]["roles" if how == "disabled" else "taken"]


def test_of_rights_that_are_not_privileged_and_of_what_is_given_nobody_is_told(
    admin: Person, head: Person, now: datetime, house: Base
) -> None:
    person = made(now, Role.SALES, Role.SPECIALIST)
    assert person.id is not None
    assert head.id is not None
    rights.set_roles(admin, person.id, [Role.SALES], now)
    rights.set_active(admin, person.id, False, now)
    rights.set_active(admin, person.id, True, now)
    rights.set_roles(admin, head.id, [Role.HEAD, Role.SALES], now)
    assert mails(house) == {}
