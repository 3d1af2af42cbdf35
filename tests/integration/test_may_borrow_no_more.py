"""X4: a card to borrow ends with its reader's being a manager; a card to consult is anybody's."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from pymongo.database import Database

from models import records, store
from models.access import Purpose
from models.access_request import grants, receipt, service
from models.access_request.receipt import CardClosed
from models.person import rights
from models.person.roles import SYSTEM, Person, Role
from tests.factories.people import person

pytestmark = pytest.mark.usefixtures("cards")

DB = Database[dict[str, Any]]
CARD = "access_request"


@pytest.fixture
def manager(db: DB, head: Person) -> Person:
    return person(Role.SALES_MANAGER, name="Manager", manager=head.id)


def granted(owner: Person, manager: Person, head: Person, uses: str, now: datetime, **more: Any) -> dict[str, Any]:
    """A card in force for a secret record of somebody else."""
    number = records.create(owner, "sample", {"name": "Lamp works", "level": "secret"}, now=now)["number"]
    wish = {"uses": uses, "reason": "Audit", "valid_until": (now + timedelta(days=2)).date(), **more}
    card = service.ask(manager, "sample", number, wish, now=now)
    rev = store.fetch(CARD, card["_id"])["rev"]
    return records.move(head, CARD, card["number"], "approve", {}, rev=rev, now=now, fresh=True)


def admitted(who: Person, now: datetime) -> Person:
    return replace(who, grants=grants.grants_in_force(who, now))


def reads(who: Person, card: dict[str, Any], now: datetime) -> bool:
    return records.see(admitted(who, now), "sample", card["number_asked"], Purpose.VIEW, now).full


@pytest.mark.parametrize("use", ["print", "export"])
def test_a_card_to_borrow_opens_nothing_to_who_is_no_manager_any_more(
    owner: Person, manager: Person, head: Person, now: datetime, use: str
) -> None:
    card = granted(owner, manager, head, use, now)
    assert reads(manager, card, now)
    assert not reads(replace(manager, roles=frozenset({Role.SALES})), card, now)


def test_a_card_to_consult_is_not_asked_for_a_role(owner: Person, manager: Person, head: Person, now: datetime) -> None:
    card = granted(owner, manager, head, "view", now)
    rights.set_roles(SYSTEM, manager.id, [Role.SALES], now)  # type: ignore[arg-type]
    assert reads(replace(manager, roles=frozenset({Role.SALES})), card, now)
    assert store.fetch(CARD, card["_id"])["state"] == "granted"


def test_the_card_ends_with_the_role_and_says_why(
    owner: Person, manager: Person, head: Person, now: datetime, db: DB
) -> None:
    cards = [granted(owner, manager, head, "export", now)]
    begins = (now + timedelta(days=1)).date()
    cards.append(granted(owner, manager, head, "print", now, valid_from=begins))
    rights.set_roles(SYSTEM, manager.id, [Role.SALES, Role.SPECIALIST], now)  # type: ignore[arg-type]
    for card in cards:
        row = db[store.VERSIONS].find_one({"record": card["_id"]}, sort=[("rev", -1)]) or {}
        assert (row["action"], row["by"]) == ("may_not_borrow", None)
        assert store.fetch(CARD, card["_id"])["state"] == "ended"
        assert db["audit"].find_one({"action": "may_not_borrow", "record": card["_id"]}) is not None
    assert db["grant"].count_documents({"ended_at": None}) == 0
    rights.set_roles(SYSTEM, manager.id, [Role.SALES_MANAGER], now)  # type: ignore[arg-type]
    assert not reads(manager, cards[0], now)


def test_what_left_under_it_is_to_be_returned_at_once(
    owner: Person, manager: Person, head: Person, now: datetime
) -> None:
    card = granted(owner, manager, head, "export", now)
    receipt.take(admitted(manager, now), card["number"], "csv", now=now)
    rights.set_roles(SYSTEM, manager.id, [Role.SALES], now)  # type: ignore[arg-type]
    card = store.fetch(CARD, card["_id"])
    assert (card["state"], card["due_on"]) == ("out", date(2026, 11, 23))


def test_another_managing_role_keeps_it(owner: Person, manager: Person, head: Person, now: datetime) -> None:
    card = granted(owner, manager, head, "export", now)
    rights.set_roles(SYSTEM, manager.id, [Role.HEAD], now)  # type: ignore[arg-type]
    assert store.fetch(CARD, card["_id"])["state"] == "granted"


def test_the_job_ends_what_lost_its_reader_past_the_change_of_roles(
    owner: Person, manager: Person, head: Person, now: datetime, db: DB
) -> None:
    other = person(Role.SALES_MANAGER, name="Other", manager=head.id)
    card = granted(owner, manager, head, "export", now)
    kept = granted(owner, other, head, "export", now)
    lost = replace(manager, roles=frozenset({Role.SALES}))
    db["user"].update_one({"_id": manager.id}, {"$set": {"roles": ["sales"]}})
    with pytest.raises(CardClosed):
        receipt.take(admitted(lost, now), card["number"], "csv", now=now)
    assert [service.expire(now) for _ in range(2)] == [1, 0]
    assert [store.fetch(CARD, one["_id"])["state"] for one in (card, kept)] == ["ended", "granted"]
