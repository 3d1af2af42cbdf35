"""The shipped record types on an empty database, an administrator, and a process that knows no calendar yet."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from pymongo.database import Database

from models import catalogue, office, schema
from models.person.roles import Person, Role
from tests.factories.people import person


@pytest.fixture(autouse=True)
def shipped(db: Database[dict[str, Any]]) -> Iterator[None]:
    catalogue.load()
    schema.migrate()
    office.forget()
    yield
    office.forget()


@pytest.fixture
def admin() -> Person:
    return person(Role.ADMINISTRATOR, name="吴七")


@pytest.fixture
def owner() -> Person:
    return person(Role.SPECIALIST, name="李四")
