"""Roles that records wait for and that nobody holds, in a department or in the whole house."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from pymongo.database import Database

from models import catalogue, schema, unheld
from models.person import rights
from models.person.roles import SYSTEM, Person, Role
from tests.factories.people import person

HOUSE = [
    Role.SALES_MANAGER,
    Role.FINANCE_REVIEWER,
    Role.LEGAL_REVIEWER,
    Role.CREDIT_GROUP,
    Role.GENERAL_MANAGER,
]
SERVICE = [Role.SPECIALIST, Role.CUSTODIAN, Role.SUPERVISOR, Role.HEAD]


@pytest.fixture(autouse=True)
def shipped(db: Database[dict[str, Any]]) -> None:
    catalogue.load()
    schema.migrate()


def staffed(*without: Role) -> dict[Role, Person]:
    return {role: person(role, name=role.value) for role in (*HOUSE, *SERVICE) if role not in without}


def test_a_full_house_lacks_nobody_and_one_without_records_needs_nobody() -> None:
    person(Role.ADMINISTRATOR, department="it")
    assert unheld.unheld() == []
    staffed()
    assert unheld.unheld() == []


def test_a_department_lacks_who_was_disabled_and_whom_another_department_has(now: datetime) -> None:
    people = staffed(Role.LEGAL_REVIEWER)
    for role in (Role.SUPERVISOR, Role.CUSTODIAN):
        rights.set_active(SYSTEM, people[role].id, False, now)  # type: ignore[arg-type]
    person(Role.CUSTODIAN, department="sales")
    house, sales, service = unheld.unheld()
    assert (house.department, house.roles) == ("", (Role.LEGAL_REVIEWER,))
    assert (service.department, service.roles) == ("service", (Role.CUSTODIAN, Role.SUPERVISOR))
    assert sales.department == "sales"
    assert Role.CUSTODIAN not in sales.roles
    assert unheld.of_department([house, sales, service], people[Role.HEAD]) == [house, service]
