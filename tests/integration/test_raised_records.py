"""X2, X4, X5: a card opens a record at the level that was signed for; raised above that, by whichever door, it ends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from pymongo.database import Database

from models import catalogue, records, schema, store
from models.access import Purpose
from models.access_request import grants, receipt, service
from models.merge import service as merging
from models.person.roles import Person, Role
from tests.factories.bulk_changes import carried_out
from tests.factories.contracts import contract
from tests.factories.customers import customer
from tests.factories.people import person

DB = Database[dict[str, Any]]
CARD = "access_request"
Record = dict[str, Any]
SECRET = {"level": "secret", "level_basis": "往来"}
RAISED = {"level": "confidential", "level_basis": "重要往来"}


@pytest.fixture(autouse=True)
def types(db: DB) -> None:
    catalogue.load()
    schema.migrate()


@pytest.fixture
def reader(head: Person) -> Person:
    return person(Role.SALES_MANAGER, name="Reader", department="service", manager=head.id)


def wish(now: datetime, uses: str = "view") -> dict[str, Any]:
    return {"uses": uses, "reason": "Audit at the site", "valid_until": (now + timedelta(days=2)).date()}


def granted(reader: Person, head: Person, slug: str, numbers: list[str], now: datetime, uses: str = "view") -> Record:
    """A card in force for some records."""
    card = service.ask_for(reader, slug, numbers, wish(now, uses), now=now)
    return records.move(head, CARD, card["number"], "approve", {}, rev=1, now=now, fresh=True)


def is_open(reader: Person, slug: str, number: str, now: datetime) -> bool:
    from_now = replace(reader, grants=grants.grants_in_force(reader, now))
    return records.see(from_now, slug, number, Purpose.VIEW, now).full


def state(card: Record) -> str:
    return str(store.fetch(CARD, card["_id"])["state"])


def by_form(owner: Person, _head: Person, made: Record, now: datetime) -> None:
    records.change(owner, "customer", made["number"], RAISED, rev=1, now=now)


def many_at_once(owner: Person, _head: Person, made: Record, now: datetime) -> None:
    done = carried_out(owner, "change", RAISED, now=now, numbers=[made["number"]])
    assert done.count("changed") == 1


def by_a_merge(_owner: Person, head: Person, made: Record, now: datetime) -> None:
    other = customer(head, now, name="另一家有限公司", department="service", **RAISED)
    merging.merge(head, "customer", made["number"], other["number"], {}, revs=(1, 1), now=now)


@pytest.mark.parametrize("raise_it", [by_form, many_at_once, by_a_merge])
def test_a_card_signed_for_secret_ends_when_its_record_becomes_confidential(
    owner: Person, head: Person, reader: Person, now: datetime, db: DB, raise_it: Callable[..., None]
) -> None:
    made = customer(owner, now, **SECRET)
    card = granted(reader, head, "customer", [made["number"]], now)
    assert is_open(reader, "customer", made["number"], now)
    raise_it(owner, head, made, now)
    assert store.fetch("customer", made["_id"])["level"] == "confidential"
    assert (state(card), grants.grants_in_force(reader, now)) == ("ended", {})
    assert not is_open(reader, "customer", made["number"], now)
    entry = db["audit"].find_one({"action": "raised", "record": card["_id"]}) or {}
    assert entry["actor"] in (owner.id, head.id), "the trail says by whom"
    assert entry["detail"] == {"raised": {made["number"]: "confidential"}}, "and which record, to which level"


def of_the_file(owner: Person, _head: Person, file: Record, now: datetime) -> None:
    records.change(owner, "customer", file["number"], RAISED, rev=store.fetch("customer", file["_id"])["rev"], now=now)


def by_a_merge_of_the_file(_owner: Person, head: Person, file: Record, now: datetime) -> None:
    into = customer(head, now, name="另一家有限公司", department="service", **RAISED)
    revs = (1, store.fetch("customer", file["_id"])["rev"])
    merging.merge(head, "customer", into["number"], file["number"], {}, revs=revs, now=now)


@pytest.mark.parametrize("raise_it", [of_the_file, by_a_merge_of_the_file])
def test_a_card_ends_when_its_record_is_raised_with_the_customers_file(
    owner: Person, head: Person, reader: Person, now: datetime, raise_it: Callable[..., None]
) -> None:
    file = customer(owner, now, **SECRET)
    made = contract(owner, file["_id"], now, **SECRET)
    card = granted(reader, head, "contract", [made["number"]], now)
    raise_it(owner, head, file, now)
    assert store.fetch("contract", made["_id"])["level"] == "confidential"
    assert state(card) == "ended"


def test_a_card_for_several_ends_with_the_first_that_is_raised_and_what_left_is_called_back(
    owner: Person, head: Person, reader: Person, now: datetime
) -> None:
    first, second = customer(owner, now, **SECRET), customer(owner, now, name="别的有限公司", **RAISED)
    card = granted(reader, head, "customer", [first["number"], second["number"]], now, "export")
    holder = replace(reader, grants=grants.grants_in_force(reader, now))
    receipt.take(holder, card["number"], "csv", now=now)
    records.change(owner, "customer", second["number"], {"level": "confidential", "city": "广州"}, rev=1, now=now)
    assert state(card) == "granted", "as secret as it was signed for"
    records.change(owner, "customer", first["number"], RAISED, rev=1, now=now)
    assert state(card) == "out"


def test_the_job_ends_a_card_whose_record_was_raised_before_that_ended_it(
    owner: Person, head: Person, reader: Person, now: datetime, db: DB
) -> None:
    made = customer(owner, now, **SECRET)
    card = granted(reader, head, "customer", [made["number"]], now)
    assert service.expire(now) == 0
    db["record_customer"].update_one({"_id": made["_id"]}, {"$set": {"level": "confidential"}})
    assert service.expire(now) == 1
    assert state(card) == "ended"


def test_a_card_that_waits_is_signed_for_the_level_of_the_day(
    owner: Person, head: Person, reader: Person, now: datetime
) -> None:
    made = customer(owner, now, **SECRET)
    card = service.ask(reader, "customer", made["number"], wish(now), now=now)
    records.change(owner, "customer", made["number"], RAISED, rev=1, now=now)
    records.move(head, CARD, card["number"], "approve", {}, rev=1, now=now, fresh=True)
    assert [item["level"] for item in store.fetch(CARD, card["_id"])["items"]] == ["confidential"]
    assert is_open(reader, "customer", made["number"], now)
