"""Every test here works with the shipped record types on an empty, migrated database."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from pymongo.database import Database

from models import catalogue, schema
from models.person.roles import Person, Role
from tests.factories.customers import customer
from tests.factories.people import person

File = Callable[..., dict[str, Any]]


@pytest.fixture(autouse=True)
def shipped(db: Database[dict[str, Any]]) -> None:
    catalogue.load()
    schema.migrate()


@pytest.fixture
def owner() -> Person:
    return person(Role.SPECIALIST)


@pytest.fixture
def file(owner: Person, now: datetime) -> File:
    """Make an active customer file, since long ago, with whatever else is given."""

    def make(**values: Any) -> dict[str, Any]:
        return customer(owner, now - timedelta(days=400), **{"state": "active", "grade": "B", **values})

    return make


LONG_AGO = date(2024, 3, 1)
