"""A department that destroys: who proposes, who signs, and records that have been kept for long enough."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from config import database as base
from config.settings import Settings
from models import catalogue, records, schema, store
from models.backup import archive, restoring
from models.backup.restoring import Restored
from models.destruction import removal, service
from models.destruction.document import SLUG
from models.person.roles import Person, Role
from tests.factories.customers import customer
from tests.factories.elsewhere import another_place, carry_keys
from tests.factories.people import person

__all__ = ["another_place"]

Base = Database[dict[str, Any]]
Restore = Callable[..., Restored]
YEARS = timedelta(days=4 * 366)
WEEK = timedelta(days=7)
SETTLED = timedelta(minutes=3)


@pytest.fixture(autouse=True)
def types(db: Base) -> None:
    catalogue.load()
    schema.migrate()


@pytest.fixture
def saved(connected: Settings, db: Base, tmp_path: Path) -> Settings:
    return replace(connected, data_dir=tmp_path / "here")


@pytest.fixture
def restore(saved: Settings, there: Settings, now: datetime) -> Restore:
    """Restore a file into the empty place, with or without the key vault as it is now."""

    def work(path: Path, *, keys: bool = True) -> Restored:
        if keys:
            carry_keys(saved, there)
        with archive.opened(path) as source:
            source.verify()
            base.connect(there)
            return restoring.restore(source, there, now)

    return work


@dataclass
class Cast:
    """Who proposes and who signs, in the order of the signatures."""

    owner: Person
    custodian: Person
    supervisor: Person
    head: Person
    manager: Person

    @property
    def signers(self) -> tuple[tuple[Person, str], ...]:
        return ((self.supervisor, "sign"), (self.head, "approve"), (self.manager, "countersign"))


@pytest.fixture
def cast(db: Base) -> Cast:
    return Cast(
        owner=person(Role.SPECIALIST, name="Owner"),
        custodian=person(Role.CUSTODIAN, name="Custodian"),
        supervisor=person(Role.SUPERVISOR, name="Supervisor"),
        head=person(Role.HEAD, name="Head"),
        manager=person(Role.GENERAL_MANAGER, name="Manager", department="management"),
    )


@pytest.fixture
def old(cast: Cast, now: datetime) -> dict[str, Any]:
    """A file that nobody has touched for four years."""
    return old_file(cast, now)


def old_file(cast: Cast, now: datetime, **values: Any) -> dict[str, Any]:
    made = {"level": "secret", "level_basis": "往来", "secret_until": None, **values}
    return customer(cast.owner, now - YEARS, **made)


def sign(who: Person, asked: dict[str, Any], move: str, now: datetime, note: str = "") -> dict[str, Any]:
    rev = store.fetch(SLUG, asked["_id"])["rev"]
    return records.move(who, SLUG, asked["number"], move, {}, rev=rev, now=now, note=note, fresh=True)


def signed(cast: Cast, records_of: list[dict[str, Any]], now: datetime, slug: str = "customer") -> dict[str, Any]:
    """A destruction in its cooling-off."""
    asked = service.propose(cast.owner, slug, [one["number"] for one in records_of], "Outdated", now=now)
    for who, move in cast.signers:
        asked = sign(who, asked, move, now)
    return asked


def carried_out(now: datetime) -> None:
    """What the job does from the end of the cooling-off on, until nothing is left."""
    removal.begin_due(now)
    while removal.work("test", now + SETTLED, settled=timedelta())[1]:
        pass
