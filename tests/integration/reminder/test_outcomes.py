"""Whoever asked is told what became of it: once, and as long as it is how the request stands (X4, X5)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from pymongo.database import Database

from models import catalogue, records, schema, store
from models.access_request import service
from models.destruction import service as destruction
from models.person.roles import Person, Role
from models.reminder.rules import Step
from models.reminder.service import inbox, unread_count
from models.secrecy_change import service as secrecy_change
from tests.factories.customers import customer
from tests.factories.people import person

DB = Database[dict[str, Any]]
CARD = "access_request"


@pytest.fixture(autouse=True)
def shipped(db: DB) -> None:
    catalogue.load()
    schema.migrate()


@pytest.fixture
def reader(db: DB, head: Person) -> Person:
    return person(Role.CUSTODIAN, name="Reader", manager=head.id)


@pytest.fixture
def file(owner: Person, now: datetime) -> dict[str, Any]:
    return customer(owner, now, level="confidential", level_basis="往来")


def asked(reader: Person, file: dict[str, Any], now: datetime) -> dict[str, Any]:
    wish = {"uses": ["view"], "reason": "核对", "valid_from": "", "valid_until": now.date().isoformat()}
    return service.ask(reader, "customer", file["number"], wish, now=now)


def moved(who: Person, slug: str, made: dict[str, Any], name: str, now: datetime, note: str = "") -> dict[str, Any]:
    rev = store.fetch(slug, made["_id"])["rev"]
    return records.move(who, slug, made["number"], name, {}, rev=rev, now=now, note=note, fresh=True)


def told(who: Person, now: datetime) -> list[tuple[str, Step]]:
    return [(one.number, one.reminder.step) for one in inbox(who, now, "en") if one.reminder.step is Step.OUTCOME]


def test_the_asker_is_told_of_each_outcome_and_the_decider_of_none(
    reader: Person, head: Person, file: dict[str, Any], now: datetime
) -> None:
    card = asked(reader, file, now)
    assert told(reader, now) == []
    moved(head, CARD, card, "approve", now)
    assert told(reader, now) == [(card["number"], Step.OUTCOME)]
    later = now + timedelta(minutes=5)
    moved(head, CARD, card, "revoke", later, "不再需要")
    assert told(reader, later) == [(card["number"], Step.OUTCOME)], "the former one stands no longer"
    assert unread_count(reader) == 1
    assert told(head, later) == []


@pytest.mark.parametrize("move", ["refuse", "lapse"])
def test_a_refusal_and_nobodys_decision_are_told_too(
    reader: Person, head: Person, file: dict[str, Any], now: datetime, move: str
) -> None:
    card, later = asked(reader, file, now), now + timedelta(days=30)
    if move == "refuse":
        moved(head, CARD, card, move, later, "不批")
    else:
        service.expire(later)
    assert told(reader, later) == [(card["number"], Step.OUTCOME)]


def test_who_takes_their_own_request_back_is_told_nothing(reader: Person, file: dict[str, Any], now: datetime) -> None:
    moved(reader, CARD, asked(reader, file, now), "withdraw", now)
    assert told(reader, now) == []


def test_an_offer_is_told_to_its_reader_when_it_is_granted_and_never_when_it_was_refused(
    owner: Person, reader: Person, head: Person, file: dict[str, Any], now: datetime
) -> None:
    wish = {"uses": "view", "reason": "核对", "valid_until": now.date().isoformat()}
    for move, note, readers in (("refuse", "不批", 0), ("approve", "", 1)):
        card = service.offer(owner, "customer", file["number"], reader.id, wish, now=now)
        moved(head, CARD, card, move, now, note)
        assert unread_count(reader) == readers == len(told(reader, now))
        assert (card["number"], Step.OUTCOME) in told(owner, now)


def test_changes_of_secrecy_and_destructions_tell_who_asked(
    owner: Person, head: Person, file: dict[str, Any], now: datetime
) -> None:
    wish = {"kind": "lower", "new_level": "internal", "reason": "已公开"}
    change = secrecy_change.ask(owner, "customer", file["number"], wish, now=now)
    moved(head, "secrecy_change", change, "refuse", now, "不批")
    supervisor = person(Role.SUPERVISOR, name="Supervisor")
    other = customer(owner, now - timedelta(days=4 * 365), name="旧客户")
    proposal = destruction.propose(owner, "customer", [other["number"]], "过期", now=now)
    moved(supervisor, "destruction", proposal, "refuse", now, "还要用")
    assert {number for number, _ in told(owner, now)} == {change["number"], proposal["number"]}
