"""X4, K4: whoever has the original of a contract, and reads it no more, sees on every door what they have, and that."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from config.database import database
from models import store
from models.person.roles import Person, Role
from tests.factories.contracts import contract
from tests.factories.customers import customer
from tests.factories.desks import Desk
from tests.integration.web.records.conftest import Sit

CONTRACTS = "/records/contract/"
CONTENT = ("年度供货合同", "91310000MA1K00001X", "远山机械")


@pytest.fixture
def borrower(sit: Sit) -> Desk:
    return sit(Role.SALES_MANAGER, name="Borrower", department="sales")


@pytest.fixture
def lent(sit: Sit, borrower: Desk, now: datetime) -> dict[str, Any]:
    """A contract of which the borrower has the original, and no card any more."""
    owner, keeper = sit(Role.SPECIALIST, name="Owner").person, sit(Role.CUSTODIAN, name="Keeper").person
    made = contract(owner, customer(owner, now)["_id"], now, level="confidential", level_basis="往来")
    return taken_out(made, borrower.person, keeper, now)


def taken_out(made: dict[str, Any], borrower: Person, keeper: Person, now: datetime) -> dict[str, Any]:
    values = {"state": "lent", "original": "out", "borrower": borrower.id, "kept_by_person": keeper.id}
    return store.change("contract", made["_id"], {**values, "return_by": now.date()}, actor=keeper, now=now)


def test_the_page_of_the_contract_says_what_they_have(borrower: Desk, lent: dict[str, Any]) -> None:
    page = borrower.text(CONTRACTS + lent["number"])
    for told in (lent["number"], "Keeper", "Taken out", "Return by"):
        assert told in page
    for content in CONTENT:
        assert content not in page
    for more in ("history", "print", "edit"):
        assert borrower.get(f"{CONTRACTS}{lent['number']}/{more}").status_code in (403, 404)


def test_my_work_and_the_list_lead_there(borrower: Desk, lent: dict[str, Any], sit: Sit) -> None:
    for page in (borrower.text("/"), borrower.text("/records/contract/")):
        assert lent["number"] in page
        for content in CONTENT:
            assert content not in page
    colleague = sit(Role.SALES_MANAGER, name="Colleague", department="sales")
    assert lent["number"] not in colleague.text("/records/contract/")


def test_nobody_asks_for_what_is_top_secret_by_the_paper_that_they_have(
    borrower: Desk, lent: dict[str, Any], now: datetime
) -> None:
    assert 'id="ask"' in borrower.text(CONTRACTS + lent["number"])
    database()["record_contract"].update_one({"_id": lent["_id"]}, {"$set": {"level": "top_secret"}})
    store.change("contract", lent["_id"], {"cabinet": "B-1"}, actor=borrower.person, now=now)
    page = borrower.text(CONTRACTS + lent["number"])
    assert "Taken out" in page
    assert 'id="ask"' not in page
