"""A warning tells of the records that it counts: the trail has the classified ones first (C5, X7)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from pymongo.database import Database

from models import audit, store
from models.person.roles import SYSTEM, Role
from tests.factories.contracts import contract
from tests.factories.customers import customer
from tests.factories.desks import Desk

Base = Database[dict[str, Any]]
Sit = Callable[..., Desk]
WARNED = "Beyond the credit limit by"


@pytest.fixture
def owner(sit: Sit) -> Desk:
    return sit(Role.SPECIALIST, name="Owner Wang")


@pytest.fixture
def numbers(owner: Desk, now: datetime) -> dict[str, str]:
    """A secret customer with a secret contract that passes its limit, one that is paid, and a plain new one."""
    of = customer(owner.person, now, name="隐山仪表有限公司")
    made = {"customer": of["number"]}
    paid = {"what": "全款", "due": now.date(), "amount": Decimal(5), "paid": now.date(), "paid_amount": Decimal(5)}
    kinds: dict[str, dict[str, Any]] = {
        "signed": {"state": "in_custody", "level": "secret"},
        "paid": {"state": "in_custody", "level": "secret", "payments": [paid]},
        "new": {"state": "draft"},
    }
    for name, values in kinds.items():
        row = contract(owner.person, of["_id"], now, amount="130000", payment="credit", term_days="30")
        made[name] = store.change("contract", row["_id"], values, actor=SYSTEM, now=now)["number"]
    graded = {"grade": "B", "credit_limit": Decimal(100_000), "credit_term": 60, "level": "secret"}
    store.change("customer", of["_id"], graded, actor=SYSTEM, now=now)
    return made


PAGES = {
    "the contract": ("/records/contract/{new}", "new"),
    "its form": ("/records/contract/{new}/edit", "new"),
    "a sheet": ("/records/contract/{new}/do/submit", "new"),
    "the customer": ("/records/customer/{customer}", "customer"),
    "the customer's form": ("/records/customer/{customer}/edit", "customer"),
}


@pytest.mark.parametrize("page", PAGES)
def test_a_warning_is_shown_with_an_entry_for_each_type_that_it_counts_and_not_without(
    owner: Desk, numbers: dict[str, str], db: Base, page: str
) -> None:
    path, of = PAGES[page]
    path = path.format(**numbers)
    assert WARNED in owner.text(path)
    db[audit.ENTRIES].delete_many({})
    owner.text(path)
    told = {row["type"]: row["number"] for row in db[audit.ENTRIES].find({"action": "listed"})}
    expected = {"contract": [numbers["signed"]], "customer": [numbers["customer"]]}
    assert told == {name: found for name, found in expected.items() if of == "new" or name == "contract"}
    assert db[audit.ENTRIES].count_documents({"action": "listed"}) == len(told)
    db.command("collMod", audit.ENTRIES, validator={"nothing": {"$exists": True}})
    page_without = owner.text(path, 503)
    db.command("collMod", audit.ENTRIES, validator={})
    assert WARNED not in page_without


def test_a_limit_that_holds_tells_of_nothing(owner: Desk, numbers: dict[str, str], db: Base, now: datetime) -> None:
    of = db["record_customer"].find_one({"number": numbers["customer"]}) or {}
    store.change("customer", of["_id"], {"credit_limit": Decimal(900_000)}, actor=SYSTEM, now=now)
    for page in (f"/records/contract/{numbers['new']}", f"/records/customer/{numbers['customer']}"):
        db[audit.ENTRIES].delete_many({})
        assert WARNED not in owner.text(page)
        told = db[audit.ENTRIES].find({"action": "listed"})
        assert [row for row in told if row["type"] == "contract"] == []
