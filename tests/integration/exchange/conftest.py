"""Every test here works with the shipped record types on an empty, migrated database."""

from __future__ import annotations

from typing import Any

import pytest
from pymongo.database import Database

from models import catalogue, schema
from models.person.roles import Person, Role
from tests.factories.people import person


@pytest.fixture(autouse=True)
def shipped(db: Database[dict[str, Any]]) -> None:
    catalogue.load()
    schema.migrate()


@pytest.fixture
def custodian() -> Person:
    return person(Role.CUSTODIAN, name="custodian")


@pytest.fixture
def head() -> Person:
    return person(Role.HEAD, name="head")


@pytest.fixture
def specialists() -> list[Person]:
    return [person(Role.SPECIALIST, name=f"specialist {n}") for n in (1, 2)]
