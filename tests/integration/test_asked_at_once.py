"""Two people, or one in two windows, ask for the same at the same moment: one request is made, the others are told."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from threading import Barrier
from types import ModuleType
from typing import Any

import pytest
from pymongo.database import Database

from models import catalogue, schema, store
from models.access_request import service as cards
from models.destruction import service as destruction
from models.errors import Refusal
from models.person.roles import Person, Role
from models.secrecy_change import service as secrecy
from tests.factories.customers import customer
from tests.factories.people import person

DB = Database[dict[str, Any]]
ENDS = date(2026, 12, 20)
LONG_AGO = timedelta(days=4 * 366)
LATER = {"kind": "extend", "new_until": "2027-11-20", "reason": "Still in talks"}
Ask = Callable[[], dict[str, Any]]
Together = Callable[[ModuleType, str, list[Ask]], list[str]]


@pytest.fixture(autouse=True)
def shipped(db: DB) -> None:
    catalogue.load()
    schema.migrate()


@pytest.fixture
def custodian(db: DB) -> Person:
    return person(Role.CUSTODIAN, name="Custodian")


@pytest.fixture
def together(monkeypatch: pytest.MonkeyPatch) -> Together:
    """Let each of some requests look at what there is, all of them, before one is stored; what came of each."""

    def work(room: ModuleType, look: str, asks: list[Ask]) -> list[str]:
        looked, real = Barrier(len(asks), timeout=120), getattr(room, look)

        def seen(*given: Any) -> Any:
            found = real(*given)
            looked.wait()
            return found

        monkeypatch.setattr(room, look, seen)

        def came_of(one: Ask) -> str:
            try:
                return str(one()["state"])
            except Refusal as refused:
                return refused.code

        with ThreadPoolExecutor(len(asks)) as pool:
            return sorted(pool.map(came_of, asks, timeout=120))

    return work


def wish(now: datetime, uses: str = "view") -> dict[str, Any]:
    return {"uses": [uses], "reason": "Audit at the site", "valid_until": now.date().isoformat()}


def test_a_card_is_asked_for_once(owner: Person, clerk: Person, now: datetime, together: Together) -> None:
    number = customer(owner, now, level="confidential", level_basis="x")["number"]
    asks: list[Ask] = [lambda: cards.ask(clerk, "customer", number, wish(now), now=now)] * 4
    assert together(cards, "see", asks) == ["asked_already"] * 3 + ["signed"]


def test_what_several_may_offer_is_offered_once(owner: Person, head: Person, now: datetime, together: Together) -> None:
    reader = person(Role.SALES, name="Reader", department="sales")
    number = customer(owner, now, level="top_secret", level_basis="x")["number"]

    def offer(who: Person) -> Ask:
        return lambda: cards.offer(who, "customer", number, reader.id, wish(now), now=now)

    offers = [offer(owner), offer(head), offer(owner)]
    assert together(cards, "read", offers).count("offered_already") == 2


def test_a_longer_period_is_asked_for_once(
    owner: Person, custodian: Person, now: datetime, together: Together, db: DB
) -> None:
    number = customer(owner, now, level="secret", level_basis="x", secret_until=ENDS)["number"]

    def ask(who: Person) -> Ask:
        return lambda: secrecy.ask(who, "customer", number, LATER, now=now)

    asks = [ask(owner), ask(custodian), ask(owner)]
    assert together(secrecy, "read", asks) == ["asked", "change_waits", "change_waits"]
    assert db["record_secrecy_change"].count_documents({}) == 1


def test_a_record_is_proposed_for_destruction_once(
    owner: Person, custodian: Person, now: datetime, together: Together, db: DB
) -> None:
    old = customer(owner, now - LONG_AGO, level="secret", level_basis="x", secret_until=None)

    def propose(who: Person) -> Ask:
        return lambda: destruction.propose(who, "customer", [old["number"]], "Outdated", now=now)

    proposals = [propose(owner), propose(custodian), propose(owner)]
    assert together(destruction, "read", proposals) == ["proposed", "proposed_already", "proposed_already"]
    assert db["record_destruction"].count_documents({}) == 1


def test_asking_makes_no_version_of_the_record(owner: Person, clerk: Person, now: datetime) -> None:
    made = customer(owner, now, level="secret", level_basis="x", secret_until=ENDS)
    cards.ask(clerk, "customer", made["number"], wish(now), now=now)
    secrecy.ask(owner, "customer", made["number"], LATER, now=now)
    assert store.fetch("customer", made["_id"]) == made
