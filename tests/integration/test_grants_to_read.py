"""X4 and X5: a card to consult lets one read, and leaves the record, its owner and its end as they are."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from pymongo.database import Database

from models import catalogue, records, schema, store
from models.access import Purpose
from models.access_request import grants, service
from models.bulk_change.refusals import NothingToChange
from models.complaint.document import COMPLAINT
from models.contract.document import CONTRACT
from models.contract.taking_out import BorrowerMayNot
from models.destruction import service as destruction
from models.errors import Forbidden, Invalid
from models.hand_over import service as hand_over
from models.merge import service as merge
from models.moves import OriginalByCard
from models.person.roles import Person, Role
from models.records import Locked
from models.secrecy_change import service as secrecy_change
from tests.factories.bulk_changes import carried_out
from tests.factories.customers import customer
from tests.factories.people import person

DB = Database[dict[str, Any]]


@pytest.fixture(autouse=True)
def shipped(db: DB) -> None:
    catalogue.load()
    schema.migrate()


@pytest.fixture
def custodian(db: DB, head: Person) -> Person:
    return person(Role.CUSTODIAN, name="Custodian", manager=head.id)


@pytest.fixture
def file(owner: Person, now: datetime) -> dict[str, Any]:
    return customer(owner, now, level="confidential", level_basis="往来")


def with_card(reader: Person, head: Person, slug: str, number: str, now: datetime, use: str = "view") -> Person:
    """The person with a card to consult a record today, or for another use."""
    assert reader.id is not None
    wish = {"uses": [use], "reason": "核对", "valid_from": "", "valid_until": now.date().isoformat()}
    asked = service.ask(reader, slug, number, wish, now=now)
    raw = {"valid_until": now.date().isoformat()}
    records.move(head, "access_request", asked["number"], "approve", raw, rev=asked["rev"], now=now, fresh=True)
    held = replace(reader, grants=grants.grants_in_force(reader, now))
    assert records.see(held, slug, number, Purpose.VIEW, now).full
    return held


def test_a_custodian_with_a_card_changes_archives_and_takes_nothing(
    file: dict[str, Any], clerk: Person, head: Person, custodian: Person, now: datetime
) -> None:
    number = file["number"]
    held = with_card(custodian, head, "customer", number, now)
    found = records.read(held, "customer", number, Purpose.VIEW, now)
    for to in (held, clerk):
        with pytest.raises(Forbidden):
            records.change(held, "customer", number, {"owner": str(to.id)}, rev=1, now=now)
        with pytest.raises(Forbidden):
            hand_over.hand_over(held, found, to.id, "请接手", rev=1, now=now)
        raw = {"owner": str(to.id)}
        with pytest.raises(NothingToChange):
            carried_out(held, "hand_over", raw, now=now, numbers=[number], note="请接手")
    with pytest.raises(Forbidden):
        records.change(held, "customer", number, {"short_name": "远山"}, rev=1, now=now)
    with pytest.raises(Forbidden):
        records.set_archived(held, "customer", number, True, rev=1, now=now, note="不再往来")
    with pytest.raises(NothingToChange):
        carried_out(held, "archive", {}, now=now, numbers=[number], note="不再往来")
    assert records.moves(held, found.rt, store.fetch("customer", file["_id"])) == []
    later = now + timedelta(days=30)
    service.expire(later)
    assert not records.see(custodian, "customer", number, Purpose.VIEW, later).full
    assert store.fetch("customer", file["_id"])["rev"] == file["rev"]


def test_a_card_merges_nothing(file: dict[str, Any], head: Person, custodian: Person, now: datetime) -> None:
    mine = customer(custodian, now, name="空壳有限公司")
    held = with_card(custodian, head, "customer", file["number"], now)
    for keep, other in ((mine, file), (file, mine)):
        with pytest.raises(Forbidden):
            merge.compare(held, "customer", keep["number"], other["number"], now)
        with pytest.raises(Forbidden):
            merge.merge(held, "customer", keep["number"], other["number"], {}, revs=(1, 1), now=now)


def test_a_card_asks_for_no_other_level_and_no_destruction(
    file: dict[str, Any], owner: Person, head: Person, custodian: Person, now: datetime
) -> None:
    number = file["number"]
    held = with_card(custodian, head, "customer", number, now)
    for who, may in ((held, False), (owner, True)):
        found = records.read(who, "customer", number, Purpose.VIEW, now)
        assert (secrecy_change.may_ask(who, found), destruction.may_propose(who, found)) == (may, may)
    wish = {"kind": "lower", "new_level": "internal", "reason": "无须保密"}
    with pytest.raises(Forbidden):
        secrecy_change.ask(held, "customer", number, wish, now=now)
    with pytest.raises(Forbidden):
        destruction.propose(held, "customer", [number], "过期", now=now)


def test_a_supervisor_with_a_card_makes_no_move_on_a_complaint(owner: Person, head: Person, now: datetime) -> None:
    supervisor = person(Role.SUPERVISOR, name="Supervisor", manager=head.id)
    values = {"subject": "破损", "level": "confidential", "level_basis": "往来"}
    made = store.create("complaint", values, actor=owner, now=now)
    held = with_card(supervisor, head, "complaint", made["number"], now)
    assert records.moves(held, COMPLAINT, store.fetch("complaint", made["_id"])) == []
    raw = {"owner": str(held.id)}
    with pytest.raises(Forbidden):
        records.move(held, "complaint", made["number"], "hand_over", raw, rev=1, now=now, note="我来办")
    assert "hand_over" in [move.name for move in records.moves(owner, COMPLAINT, store.fetch("complaint", made["_id"]))]


LOAN = {"loan_reason": "核对原件", "return_by": "2026-11-23"}


@pytest.fixture
def kept(owner: Person, now: datetime, db: DB) -> dict[str, Any]:
    """A confidential contract in the cabinet."""
    file = customer(owner, now)
    values = {"customer": file["_id"], "title": "供货合同", "level": "confidential", "level_basis": "往来"}
    made = store.create("contract", values, actor=owner, now=now)
    db["record_contract"].update_one({"_id": made["_id"]}, {"$set": {"state": "in_custody", "original": "kept"}})
    return store.fetch("contract", made["_id"])


@pytest.fixture
def manager(db: DB, head: Person) -> Person:
    return person(Role.SALES_MANAGER, name="Manager", department="service", manager=head.id)


@pytest.fixture
def loan(kept: dict[str, Any], manager: Person, head: Person, now: datetime) -> tuple[Person, dict[str, Any]]:
    """A manager who borrows a contract on paper by a card, and the contract whose original they asked for."""
    held = with_card(manager, head, "contract", kept["number"], now, "print")
    assert [move.name for move in records.moves(held, CONTRACT, store.fetch("contract", kept["_id"]))] == ["ask_loan"]
    return held, records.move(held, "contract", kept["number"], "ask_loan", LOAN, rev=1, now=now)


def test_a_card_to_consult_asks_for_no_original(
    kept: dict[str, Any], clerk: Person, manager: Person, head: Person, now: datetime
) -> None:
    """X4: to take out is to borrow."""
    for who in (replace(clerk, manager=head.id), manager):
        held = with_card(who, head, "contract", kept["number"], now)
        assert records.moves(held, CONTRACT, kept) == []
        with pytest.raises(OriginalByCard):
            records.move(held, "contract", kept["number"], "ask_loan", LOAN, rev=1, now=now)
    assert store.fetch("contract", kept["_id"])["state"] == "in_custody"


def test_the_salesperson_asks_for_the_original_of_an_internal_contract(owner: Person, now: datetime, db: DB) -> None:
    seller = person(Role.SALES, name="Seller", department="sales")
    file = customer(owner, now, salesperson=seller.id)
    made = store.create("contract", {"customer": file["_id"], "title": "供货合同"}, actor=seller, now=now)
    db["record_contract"].update_one({"_id": made["_id"]}, {"$set": {"state": "in_custody", "original": "kept"}})
    raw = {**LOAN, "return_by": "2026-11-25"}
    assert records.move(seller, "contract", made["number"], "ask_loan", raw, rev=1, now=now)["state"] == "loan_asked"


def test_the_original_comes_back_before_the_card_ends(
    kept: dict[str, Any], manager: Person, head: Person, now: datetime
) -> None:
    held = with_card(manager, head, "contract", kept["number"], now, "print")
    raw = {**LOAN, "return_by": "2026-11-24"}
    with pytest.raises(Invalid) as refused:
        records.move(held, "contract", kept["number"], "ask_loan", raw, rev=1, now=now)
    assert set(refused.value.problems) == {"return_by"}


@pytest.mark.parametrize(("days", "lent"), [(0, True), (2, False)])
def test_the_original_is_lent_while_the_borrowers_card_lasts(
    loan: tuple[Person, dict[str, Any]], gm: Person, now: datetime, days: int, lent: bool
) -> None:
    _, asked = loan
    later = now + timedelta(days=days)
    service.expire(later)
    move = partial(records.move, gm, "contract", asked["number"], "lend", {}, rev=asked["rev"], now=later, fresh=True)
    if lent:
        assert move()["state"] == "lent"
    else:
        with pytest.raises(BorrowerMayNot):
            move()
        assert store.fetch("contract", asked["_id"])["state"] == "loan_asked"


@pytest.fixture
def gm(db: DB) -> Person:
    return person(Role.GENERAL_MANAGER, name="GM", department="management")


def test_a_reader_by_card_asks_for_the_loan_of_an_original_and_takes_that_back(
    loan: tuple[Person, dict[str, Any]], head: Person, now: datetime
) -> None:
    """K4, X4: whoever may have a contract on paper may ask for its original; the general manager signs."""
    held, asked = loan
    assert (asked["state"], asked["borrower"]) == ("loan_asked", held.id)
    stored = store.fetch("contract", asked["_id"])
    assert [move.name for move in records.moves(held, CONTRACT, stored)] == ["cancel_loan"]
    assert "cancel_loan" not in [move.name for move in records.moves(head, CONTRACT, stored)]
    back = records.move(held, "contract", asked["number"], "cancel_loan", {}, rev=asked["rev"], now=now)
    assert (back["state"], back["borrower"], back["loan_reason"]) == ("in_custody", None, None)


def test_whoever_asked_takes_their_request_back_by_the_card_when_they_read_no_longer(
    loan: tuple[Person, dict[str, Any]], clerk: Person, head: Person, now: datetime
) -> None:
    held, asked = loan
    number, later = asked["number"], now + timedelta(days=30)
    service.expire(later)
    after = replace(held, grants={})
    assert not records.see(after, "contract", number, Purpose.VIEW, later).full
    colleague = person(Role.SPECIALIST, name="Colleague", manager=head.id)
    for who, name in ((colleague, "cancel_loan"), (after, "ask_loan"), (after, "lend")):
        with pytest.raises(Locked):
            records.move(who, "contract", number, name, {}, rev=asked["rev"], now=later, fresh=True)
    back = records.move(after, "contract", number, "cancel_loan", {}, rev=asked["rev"], now=later)
    assert (back["state"], back["borrower"]) == ("in_custody", None)
    assert not records.see(after, "contract", number, Purpose.VIEW, later).full
