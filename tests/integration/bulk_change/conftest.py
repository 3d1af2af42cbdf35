"""People of the department, and customer files of theirs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest
from pymongo.database import Database

from models import catalogue, registry, schema, store
from models.bulk_change import selection
from models.person.roles import Person, Role
from tests.factories.people import person
from tests.factories.types import SAMPLE

Make = Callable[..., list[str]]


@pytest.fixture(autouse=True)
def ready(db: Database[dict[str, Any]]) -> Iterator[None]:
    catalogue.load()
    registry.register(SAMPLE)
    schema.migrate()
    yield
    registry.unregister(SAMPLE.slug)


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selection, "CHUNK", 10)


@pytest.fixture
def ann(db: Database[dict[str, Any]]) -> Person:
    return person(Role.SPECIALIST, name="ann")


@pytest.fixture
def ben(db: Database[dict[str, Any]]) -> Person:
    return person(Role.SPECIALIST, name="ben")


@pytest.fixture
def head(db: Database[dict[str, Any]]) -> Person:
    return person(Role.HEAD, name="head")


@pytest.fixture
def custodian(db: Database[dict[str, Any]]) -> Person:
    return person(Role.CUSTODIAN, name="custodian")


@pytest.fixture
def made(db: Database[dict[str, Any]], now: datetime) -> Make:
    """Store samples of an owner; returns their numbers."""

    def make(owner: Person, count: int = 1, slug: str = "sample", **values: Any) -> list[str]:
        given = {"owner": owner.id, **values}
        return [store.create(slug, {"name": f"N{at}", **given}, actor=owner, now=now)["number"] for at in range(count)]

    return make


def stored(db: Database[dict[str, Any]], number: str, slug: str = "sample") -> dict[str, Any]:
    """A stored record, by its number."""
    son = db[f"record_{slug}"].find_one({"number": number})
    assert son is not None
    return son
