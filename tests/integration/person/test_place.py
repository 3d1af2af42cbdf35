"""Department and manager decide what a privileged person reads and who signs for them: a change waits for a second
person, as a privileged role does."""

from __future__ import annotations

import threading
from datetime import datetime
from typing import Any

import pytest
from bson import ObjectId
from pymongo.database import Database

from models import records, schema
from models.access import Purpose
from models.errors import FieldProblem, Forbidden, NotFound
from models.person import proposals, rights, service
from models.person.proposals import AlreadyDecided, Place
from models.person.rights import SecondPerson
from models.person.roles import PRIVILEGED, SYSTEM, Person, Role
from models.person.service import OwnAccount

Base = Database[dict[str, Any]]
ORDINARY = [role for role in Role if role not in PRIVILEGED]


@pytest.fixture
def house(db: Base) -> Base:
    """A database with its indexes."""
    schema.migrate()
    return db


def made(now: datetime, *roles: Role, department: str = "sales", manager: ObjectId | None = None) -> Person:
    """A stored person with these roles."""
    email = f"{ObjectId()}@example.com"
    row = service.add(SYSTEM, name="某人", email=email, now=now, roles=roles, department=department, manager=manager)
    return service.person_of(service.get(row))


@pytest.fixture
def admin(house: Base, now: datetime) -> Person:
    return made(now, Role.ADMINISTRATOR, department="it")


@pytest.fixture
def second(house: Base, now: datetime) -> Person:
    return made(now, Role.GENERAL_MANAGER, department="management")


def move(actor: Person, person: Person, now: datetime, **changes: Any) -> frozenset[str]:
    """Change somebody's profile in a form that shows what waits; what of it waits."""
    assert person.id is not None
    row = service.get(person.id)
    shown = [one.id for one in proposals.of_person(person.id)]
    profile: dict[str, Any] = {name: row.get(name) for name in ("name", "email", "department", "manager")} | changes
    return service.change_profile(actor, person.id, **profile, now=now, shown=shown)


def place(person: Person) -> tuple[str, ObjectId | None]:
    """Where somebody belongs as it is stored now."""
    assert person.id is not None
    found = service.person_of(service.get(person.id))
    return found.department, found.manager


@pytest.mark.parametrize("role", sorted(PRIVILEGED))
def test_a_new_department_and_manager_of_a_privileged_person_wait_for_a_second_person(
    admin: Person, second: Person, now: datetime, house: Base, role: Role
) -> None:
    person = made(now, Role.SPECIALIST, role)
    assert move(admin, person, now, department="service", manager=second.id)
    assert place(person) == ("sales", None)
    [waiting] = proposals.waiting()
    assert (waiting.person, waiting.by, waiting.role) == (person.id, admin.id, None)
    assert waiting.place == Place("service", second.id)
    with pytest.raises(SecondPerson):
        rights.confirm(admin, waiting.id, now)
    rights.confirm(second, waiting.id, now)
    assert place(person) == ("service", second.id)
    assert proposals.waiting() == []
    with pytest.raises(AlreadyDecided):
        rights.confirm(second, waiting.id, now)
    told = {entry["action"]: entry for entry in house["audit"].find({"record": person.id})}
    detail = {"department": "service", "manager": "某人", "manager_id": str(second.id)}
    assert told["right_proposed"]["detail"] == told["right_confirmed"]["detail"] == {"what": "place", **detail}
    assert (told["person_changed"]["actor"], told["person_changed"]["detail"]) == (second.id, detail)
    assert sorted(told["person_changed"]["fields"]) == ["department", "manager"]


@pytest.mark.parametrize("changes", [{"department": "service"}, {"department": ""}, {"manager": True}])
def test_either_of_the_two_waits(admin: Person, second: Person, now: datetime, changes: dict[str, Any]) -> None:
    person = made(now, Role.HEAD)
    wanted = {key: second.id if value is True else value for key, value in changes.items()}
    assert move(admin, person, now, **wanted)
    assert place(person) == ("sales", None)


def test_a_head_reads_another_departments_files_only_once_it_is_confirmed(
    admin: Person, second: Person, now: datetime, sample: None
) -> None:
    from_sales, owner = made(now, Role.HEAD), made(now, Role.SPECIALIST, department="service")
    number = records.create(owner, "sample", {"name": "东方精密", "level": "top_secret"}, now=now)["number"]

    def full() -> bool:
        assert from_sales.id is not None
        reader = service.person_of(service.get(from_sales.id))
        return records.see(reader, "sample", number, Purpose.VIEW, now).full

    move(admin, from_sales, now, department="service")
    with pytest.raises(NotFound):
        full()
    rights.confirm(second, proposals.waiting()[0].id, now)
    assert full()


@pytest.mark.parametrize("role", ORDINARY)
def test_who_is_not_privileged_is_moved_at_once(admin: Person, now: datetime, house: Base, role: Role) -> None:
    person = made(now, role)
    assert not move(admin, person, now, department="service", manager=admin.id)
    assert place(person) == ("service", admin.id)
    entry = house["audit"].find_one({"action": "person_changed"}) or {}
    assert entry["detail"] == {"department": "service", "manager": "某人", "manager_id": str(admin.id)}


def test_the_name_of_a_privileged_person_changes_at_once(admin: Person, now: datetime) -> None:
    person = made(now, Role.HEAD)
    assert person.id is not None
    assert move(admin, person, now, name="新名", department="service")
    row = service.get(person.id)
    assert (row["name"], row["department"]) == ("新名", "sales")


def test_nobody_moves_themselves_whatever_their_role(admin: Person, second: Person, now: datetime) -> None:
    for changes in ({"department": "service"}, {"manager": second.id}):
        with pytest.raises(OwnAccount):
            move(admin, admin, now, **changes)
    assert place(admin) == ("it", None)
    assert not move(admin, admin, now, name="新名")


def test_nobody_decides_about_their_own_place(admin: Person, now: datetime) -> None:
    person = made(now, Role.HEAD)
    move(admin, person, now, department="service")
    [waiting] = proposals.waiting()
    for decide in (rights.confirm, rights.refuse):
        with pytest.raises(OwnAccount):
            decide(person, waiting.id, now)
    for role in (*ORDINARY, Role.AUDITOR):
        with pytest.raises(Forbidden):
            rights.confirm(made(now, role), waiting.id, now)
    assert place(person) == ("sales", None)


def test_who_is_to_become_privileged_is_moved_by_two_as_well(admin: Person, second: Person, now: datetime) -> None:
    """Whoever confirms a role has seen for which department."""
    person = made(now, Role.SPECIALIST)
    assert person.id is not None
    rights.set_roles(admin, person.id, [Role.SPECIALIST, Role.HEAD], now)
    assert move(admin, person, now, department="service")
    assert place(person) == ("sales", None)
    rights.set_roles(admin, person.id, [Role.SPECIALIST], now, shown=[one.id for one in proposals.waiting()])
    assert not move(admin, person, now, department="service")
    assert (place(person)[0], proposals.waiting()) == ("service", [])


def test_what_is_no_longer_wanted_waits_no_longer(admin: Person, second: Person, now: datetime) -> None:
    person = made(now, Role.HEAD)
    move(admin, person, now, department="service")
    [first] = proposals.waiting()
    move(admin, person, now, department="service")
    assert proposals.waiting() == [first]
    move(admin, person, now, department="finance")
    [other] = proposals.waiting()
    assert other.place == Place("finance", None)
    with pytest.raises(AlreadyDecided):
        rights.confirm(second, first.id, now)
    assert not move(admin, person, now)
    assert proposals.waiting() == []
    assert place(person) == ("sales", None)


def test_a_changed_role_leaves_the_waiting_place_and_the_other_way_round(
    admin: Person, second: Person, now: datetime
) -> None:
    person = made(now, Role.HEAD)
    assert person.id is not None
    move(admin, person, now, department="service")
    rights.set_roles(admin, person.id, [Role.HEAD, Role.SUPERVISOR], now)
    move(admin, person, now, name="新名", department="service")
    assert {waiting.role for waiting in proposals.waiting()} == {None, Role.SUPERVISOR}
    for waiting in proposals.waiting():
        rights.confirm(second, waiting.id, now)
    assert service.person_of(service.get(person.id)).roles == {Role.HEAD, Role.SUPERVISOR}
    assert place(person)[0] == "service"


def test_a_refused_place_is_not_given(admin: Person, second: Person, now: datetime, house: Base) -> None:
    person = made(now, Role.HEAD)
    move(admin, person, now, department="service")
    rights.refuse(second, proposals.waiting()[0].id, now)
    assert place(person) == ("sales", None)
    entry = house["audit"].find_one({"action": "right_refused"}) or {}
    assert entry["detail"] == {"what": "place", "department": "service"}


def test_the_system_needs_no_second_person(admin: Person, now: datetime) -> None:
    person = made(now, Role.HEAD)
    move(admin, person, now, department="finance")
    assert not move(SYSTEM, person, now, department="service")
    assert (place(person)[0], proposals.waiting()) == ("service", [])


def test_a_manager_who_left_stays_until_another_is_chosen(admin: Person, second: Person, now: datetime) -> None:
    manager = made(now, Role.SALES_MANAGER)
    assert manager.id is not None
    person, other = made(now, Role.HEAD, manager=manager.id), made(now, Role.HEAD)
    rights.set_active(admin, manager.id, False, now)
    assert not move(admin, person, now, name="新名")
    assert place(person) == ("sales", manager.id)
    with pytest.raises(FieldProblem):
        move(admin, other, now, manager=manager.id)


def test_a_role_proposed_while_its_person_is_moved_is_not_confirmed_for_a_department_that_nobody_saw(
    admin: Person, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = made(now, Role.SPECIALIST)
    assert person.id is not None
    needs_second, proposing = proposals.needs_second, [True]

    def proposed_meanwhile(row: dict[str, Any]) -> bool:
        found = needs_second(row)
        if proposing:
            proposing.clear()
            other = threading.Thread(
                target=rights.set_roles, args=(admin, person.id, [Role.SPECIALIST, Role.HEAD], now)
            )
            other.start()
            other.join()
        return found

    monkeypatch.setattr(proposals, "needs_second", proposed_meanwhile)
    assert move(admin, person, now, department="service")
    assert place(person) == ("sales", None)
    assert {waiting.role for waiting in proposals.waiting()} == {None, Role.HEAD}


def test_who_saves_their_own_account_leaves_what_others_proposed_about_it(
    admin: Person, second: Person, now: datetime
) -> None:
    move(made(now, Role.ADMINISTRATOR), admin, now, department="service")
    [waiting] = proposals.waiting()
    move(admin, admin, now, name="新名", department="service")  # as the form shows it
    move(admin, admin, now, name="旧名")
    with pytest.raises(OwnAccount):
        move(admin, admin, now, department="finance")
    assert (place(admin)[0], proposals.waiting()) == ("it", [waiting])
