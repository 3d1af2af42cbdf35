"""Every test here works with the shipped record types and the people of a contract, on an empty database."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest
from pymongo.database import Database

from models import catalogue, records, schema, store
from models.person.roles import Person, Role
from tests.factories.contracts import contract
from tests.factories.customers import customer
from tests.factories.people import person

AGREES = {"finance": {"finance_agrees": "yes"}, "legal": {"legal_agrees": "yes"}}
SHELF = {"cabinet": "A-3", "box": "17", "copies": "2"}


@dataclass
class Cast:
    """The people of a contract."""

    writer: Person
    finance: Person
    legal: Person
    custodian: Person
    manager: Person
    head: Person


Step = Callable[..., dict[str, Any]]


@pytest.fixture(autouse=True)
def shipped(db: Database[dict[str, Any]]) -> None:
    catalogue.load()
    schema.migrate()


@pytest.fixture
def cast(shipped: None) -> Cast:
    return Cast(
        writer=person(Role.SPECIALIST, name="Writer"),
        finance=person(Role.FINANCE_REVIEWER, name="Finance", department="finance"),
        legal=person(Role.LEGAL_REVIEWER, name="Legal", department="legal"),
        custodian=person(Role.CUSTODIAN, name="Custodian"),
        manager=person(Role.GENERAL_MANAGER, name="Manager", department="board"),
        head=person(Role.HEAD, name="Head"),
    )


@pytest.fixture
def step(now: datetime) -> Step:
    """Make a move on the stored version, as a person with a fresh sign-in."""

    def make(who: Person, made: dict[str, Any], name: str, note: str = "", at: datetime = now, **raw: Any) -> Any:
        rev = store.fetch("contract", made["_id"])["rev"]
        return records.move(who, "contract", made["number"], name, raw, rev=rev, now=at, note=note, fresh=True)

    return make


@pytest.fixture
def submitted(cast: Cast, step: Step, now: datetime) -> dict[str, Any]:
    """A contract that waits for both opinions."""
    file = customer(cast.writer, now)
    return step(cast.writer, contract(cast.writer, file["_id"], now), "submit")


@pytest.fixture
def signed(cast: Cast, step: Step, submitted: dict[str, Any]) -> dict[str, Any]:
    """A contract signed today that is not handed in yet."""
    step(cast.finance, submitted, "finance_review", **AGREES["finance"])
    step(cast.legal, submitted, "legal_review", **AGREES["legal"])
    return step(cast.writer, submitted, "sign", signed_on="2026-11-23", ends_on="2027-11-22")


@pytest.fixture
def kept(cast: Cast, step: Step, signed: dict[str, Any]) -> dict[str, Any]:
    """A contract in custody."""
    return step(cast.custodian, signed, "hand_in", **SHELF)
