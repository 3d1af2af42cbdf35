"""X4, X5: a card ends with its reader's account; what waits for a manager whose account is disabled goes on at once."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from pymongo.database import Database

from models import climbing, records, store
from models.access import Purpose
from models.access_request import grants, receipt, service
from models.office import office_calendar
from models.person import rights
from models.person.roles import SYSTEM, Person, Role
from tests.factories.people import person

pytestmark = pytest.mark.usefixtures("cards")

DB = Database[dict[str, Any]]
CARD = "access_request"


@pytest.fixture
def manager(db: DB, head: Person) -> Person:
    return person(Role.SUPERVISOR, name="Manager", manager=head.id)


@pytest.fixture
def asker(manager: Person) -> Person:
    return person(Role.SALES_MANAGER, name="Asker", manager=manager.id)


def asked(owner: Person, asker: Person, use: str, now: datetime) -> dict[str, Any]:
    number = records.create(owner, "sample", {"name": "Lamp works", "level": "secret"}, now=now)["number"]
    wish = {"uses": use, "reason": "Audit", "valid_until": (now + timedelta(days=2)).date()}
    return service.ask(asker, "sample", number, wish, now=now)


def signed(who: Person, card: dict[str, Any], move: str, now: datetime) -> dict[str, Any]:
    rev = store.fetch(CARD, card["_id"])["rev"]
    return records.move(who, CARD, card["number"], move, {}, rev=rev, now=now, fresh=True)


def granted(owner: Person, asker: Person, signers: tuple[Person, Person], use: str, now: datetime) -> dict[str, Any]:
    card = asked(owner, asker, use, now)
    return signed(signers[1], signed(signers[0], card, "sign", now), "approve", now)


def disable(who: Person, now: datetime) -> None:
    assert who.id is not None
    rights.set_active(SYSTEM, who.id, False, now)


def last(db: DB, card: dict[str, Any]) -> dict[str, Any]:
    return db[store.VERSIONS].find_one({"record": card["_id"]}, sort=[("rev", -1)]) or {}


def test_every_card_ends_with_its_readers_account(
    owner: Person, asker: Person, manager: Person, head: Person, now: datetime, db: DB
) -> None:
    waits, second = asked(owner, asker, "view", now), signed(manager, asked(owner, asker, "view", now), "sign", now)
    held = [granted(owner, asker, (manager, head), use, now) for use in ("view", "export")]
    disable(asker, now)
    for card in (waits, second, *held):
        assert store.fetch(CARD, card["_id"])["state"] == "ended"
        assert (last(db, card)["action"], last(db, card)["by"]) == ("reader_gone", None)
    rights.set_active(SYSTEM, asker.id, True, now)  # type: ignore[arg-type]
    back = replace(asker, grants=grants.grants_in_force(asker, now))
    assert not records.see(back, "sample", held[0]["number_asked"], Purpose.VIEW, now).full


def test_what_left_under_it_is_chased(
    owner: Person, asker: Person, manager: Person, head: Person, now: datetime
) -> None:
    card = granted(owner, asker, (manager, head), "export", now)
    receipt.take(replace(asker, grants=grants.grants_in_force(asker, now)), card["number"], "csv", now=now)
    disable(asker, now)
    card = store.fetch(CARD, card["_id"])
    assert (card["state"], card["due_on"]) == ("out", date(2026, 11, 23))


def test_the_job_ends_what_was_left_open(owner: Person, asker: Person, now: datetime, db: DB) -> None:
    card = asked(owner, asker, "view", now)
    db["user"].update_one({"_id": asker.id}, {"$set": {"active": False}})
    assert [service.expire(now) for _ in range(2)] == [1, 0]
    assert store.fetch(CARD, card["_id"])["state"] == "ended"


def test_what_waits_for_a_disabled_manager_goes_on_at_once(
    owner: Person, asker: Person, manager: Person, head: Person, now: datetime
) -> None:
    card = asked(owner, asker, "view", now)
    assert card["state"] == "asked"
    disable(manager, now)
    assert store.fetch(CARD, card["_id"])["climbed"] == 1
    assert signed(head, card, "sign", now)["state"] == "signed"


def test_a_new_card_goes_past_them(owner: Person, asker: Person, manager: Person, now: datetime) -> None:
    disable(manager, now)
    card = asked(owner, asker, "view", now)
    assert (card["state"], card["manager"]) == ("signed", None)


def test_the_job_lets_go_on_what_waited_before(
    owner: Person, asker: Person, manager: Person, now: datetime, db: DB
) -> None:
    kept = asked(owner, person(Role.SPECIALIST, name="Other", manager=owner.id), "view", now)
    card = asked(owner, asker, "view", now)
    db["user"].update_one({"_id": manager.id}, {"$set": {"active": False}})
    assert [climbing.climb(now, office_calendar()) for _ in range(2)] == [1, 0]
    assert [store.fetch(CARD, one["_id"])["climbed"] for one in (card, kept)] == [1, None]
