"""Records that wait for signatures: the sample type, classified, and requests for access to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from pymongo.database import Database

from models import access, catalogue, records, registry, schema
from models.access import Purpose
from models.calendar import local
from models.person import deputies, service
from models.person.deputies import Deputy
from models.person.roles import Person, Role
from tests.factories.people import person
from tests.factories.types import SAMPLE

Base = Database[dict[str, Any]]


@pytest.fixture(autouse=True)
def types(db: Base) -> Iterator[None]:
    catalogue.load()
    registry.register(SAMPLE)
    schema.migrate()
    yield
    registry.unregister("sample")


@dataclass
class Cast:
    """Who asks, who signs and who signs for them."""

    owner: Person
    checker: Person
    deputy: Person
    admin: Person
    head: Person


@pytest.fixture
def cast(db: Base) -> Cast:
    return Cast(
        owner=person(Role.SPECIALIST, name="Owner"),
        checker=person(Role.SUPERVISOR, name="Checker"),
        deputy=person(Role.SALES_MANAGER, name="Deputy", department="sales"),
        admin=person(Role.ADMINISTRATOR, name="Admin", department="it"),
        head=person(Role.HEAD, name="Head"),
    )


def acting(who: Person, now: datetime) -> Person:
    """A person as a request takes them: with those for whom they sign at that moment."""
    assert who.id is not None
    return deputies.with_stand_ins(who, service.get(who.id), now)


Name = Callable[..., Deputy]


def name(actor: Person, of: Person, deputy: Person | None, now: datetime, days: int = 3, **more: Any) -> Deputy:
    """Let somebody sign for a person from today on."""
    assert of.id is not None
    begins: date = local(now).date()
    days_of = {"begins": begins, "ends": begins + timedelta(days=days - 1), **more}
    return deputies.name_deputy(actor, of.id, deputy.id if deputy else None, now=now, **days_of)


def waiting(
    cast: Cast, now: datetime, level: str = "secret", checker: Person | None = None, **values: Any
) -> dict[str, Any]:
    """A sample that waits for the checker's signature."""
    made = records.create(cast.owner, "sample", {"name": "Lamp works", "level": level, **values}, now=now)
    whom = str((checker or cast.checker).id)
    return records.move(cast.owner, "sample", made["number"], "submit", {"checker": whom}, rev=1, now=now)


def reads(who: Person, record: dict[str, Any], slug: str = "sample") -> bool:
    """Whether a person reads a record in full."""
    return access.reach(who, registry.get(slug).rt, Purpose.VIEW).sees(record["acl"]) == "full"


def sign(who: Person, record: dict[str, Any], now: datetime, move: str = "approve", **raw: Any) -> dict[str, Any]:
    """Make a move on a sample, freshly signed in."""
    return records.move(who, "sample", record["number"], move, raw, rev=record["rev"], now=now, fresh=True)
