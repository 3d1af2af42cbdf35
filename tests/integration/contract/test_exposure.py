"""Beyond the credit limit: the warning on a contract and on its customer's file (C5)."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from bson import ObjectId

from models import listed, store
from models.contract import exposure
from models.person.roles import SYSTEM, Person, Role
from tests.factories.contracts import contract
from tests.factories.customers import customer
from tests.factories.people import person


def file(owner: Person, now: datetime, **values: Any) -> dict[str, Any]:
    graded = {"grade": "B", "credit_limit": Decimal(100_000), "credit_term": 60, **values}
    return store.change("customer", customer(owner, now)["_id"], graded, actor=SYSTEM, now=now)


def on_credit(owner: Person, of: dict[str, Any], now: datetime, amount: str, **values: Any) -> dict[str, Any]:
    made = contract(owner, of["_id"], now, amount=amount, payment="credit", term_days="30")
    return store.change("contract", made["_id"], {"state": "draft", **values}, actor=SYSTEM, now=now)


def said(who: Person, made: dict[str, Any]) -> list[str]:
    return [text.en for text in exposure.of_contract(who, store.fetch("contract", made["_id"]), {})]


def test_what_is_unpaid_counts_with_the_contract_and_says_whom_to_ask(owner: Person, now: datetime) -> None:
    of = file(owner, now)
    new = on_credit(owner, of, now, "60000")
    assert said(owner, new) == []
    on_credit(owner, of, now, "50000", state="in_custody")
    [text] = said(owner, new)
    assert "by CNY 10,000 (unpaid CNY 50,000, this contract CNY 60,000, limit CNY 100,000)" in text
    assert "the sales manager" in text
    on_credit(owner, of, now, "30000", state="signed")
    assert "the general manager" in said(owner, new)[0]


def test_what_was_paid_is_not_owed(owner: Person, now: datetime) -> None:
    of, day = file(owner, now), date(2026, 11, 2)
    rows = [
        {"what": "首付", "due": day, "amount": Decimal(30_000), "paid": day, "paid_amount": Decimal(30_000)},
        {"what": "尾款", "due": day, "amount": Decimal(20_000), "paid": None, "paid_amount": Decimal(5_000)},
    ]
    on_credit(owner, of, now, "50000", state="in_custody", payments=rows)
    assert said(owner, on_credit(owner, of, now, "85000")) == []
    assert len(said(owner, on_credit(owner, of, now, "85000.01"))) == 1


@pytest.mark.parametrize(("came", "passes"), [(20_000, True), (50_000, False), (60_000, False), (None, False)])
def test_a_payment_that_came_in_short_is_owed_with_what_is_left(
    owner: Person, now: datetime, came: int | None, passes: bool
) -> None:
    of, day = file(owner, now, credit_limit=Decimal(29_999)), date(2026, 11, 2)
    paid = None if came is None else Decimal(came)
    row = {"what": "全款", "due": day, "amount": Decimal(50_000), "paid": day, "paid_amount": paid}
    on_credit(owner, of, now, "50000", state="in_custody", payments=[row])
    warned = [text.en for text in exposure.of_customer(owner, store.fetch("customer", of["_id"]), {})]
    assert ["by CNY 1 (unpaid CNY 30,000, limit CNY 29,999)" in text for text in warned] == [True] * passes


def test_cash_ended_and_unsigned_contracts_owe_nothing(owner: Person, now: datetime) -> None:
    of = file(owner, now)
    on_credit(owner, of, now, "90000", state="ended")
    on_credit(owner, of, now, "90000", state="approved")
    on_credit(owner, of, now, "90000", state="in_custody", payment="prepaid")
    assert said(owner, on_credit(owner, of, now, "90000")) == []


def test_what_the_reader_may_not_read_has_no_say(owner: Person, head: Person, now: datetime) -> None:
    of, clerk = file(owner, now), person(Role.SPECIALIST, name="Clerk")
    secret = {"state": "in_custody", "level": "secret", "level_basis": "一般往来"}
    on_credit(owner, of, now, "60000", **secret)
    new = on_credit(owner, of, now, "60000")
    assert (len(said(owner, new)), len(said(head, new)), said(clerk, new)) == (1, 1, [])
    store.change("customer", of["_id"], {"level": "secret", "level_basis": "一般往来"}, actor=SYSTEM, now=now)
    on_credit(owner, of, now, "60000", state="in_custody")
    assert said(clerk, new) == [], "nor is the limit of a file told that they do not read"


def test_the_customers_file_says_it_too(owner: Person, now: datetime) -> None:
    of = file(owner, now)
    on_credit(owner, of, now, "130000", state="in_custody")
    stored = store.fetch("customer", of["_id"])
    [text] = exposure.of_customer(owner, stored, {})
    assert "未收款" in text.zh
    assert "本合同" not in text.zh
    assert exposure.of_customer(owner, {**stored, "grade": None}, {}) == ()


def test_the_file_says_it_however_many_contracts_there_are(owner: Person, db: Any, now: datetime) -> None:
    of = file(owner, now)
    one = on_credit(owner, of, now, "50000", state="in_custody")["_id"]
    stored = db["record_contract"].find_one({"_id": one})
    stage = [{"$match": {"_id": of["_id"]}}, {"$project": {"record": "$$ROOT"}}, exposure.BESIDE]
    for many in (exposure.MOST_BESIDE, exposure.MOST_BESIDE + 9):
        there = db["record_contract"].count_documents({})
        copies = [{**stored, "_id": ObjectId(), "number": f"HT-{at}"} for at in range(there, many)]
        db["record_contract"].insert_many(copies)
        [row] = db["record_customer"].aggregate(stage)
        assert len(row["on_credit"]) <= exposure.MOST_BESIDE + 1
        [text] = exposure.of_customer(owner, store.fetch("customer", of["_id"]), row)
        assert f"unpaid CNY {50_000 * many:,}," in text.en


def test_a_warning_shows_the_file_and_the_contracts_that_it_counts(owner: Person, now: datetime) -> None:
    secret = {"level": "secret", "level_basis": "一般往来"}
    of = file(owner, now)
    other = on_credit(owner, of, now, "90000", state="in_custody", **secret)
    new = on_credit(owner, of, now, "60000")
    store.change("customer", of["_id"], secret, actor=SYSTEM, now=now)
    with listed.gathered() as shown:
        assert len(said(owner, new)) == 1
    assert {(one.number, one.level) for one in shown.values()} == {
        (of["number"], "secret"),
        (other["number"], "secret"),
    }
