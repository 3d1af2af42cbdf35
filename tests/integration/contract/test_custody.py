"""Signing, custody, loans and the deadline of each state (K3-K6)."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from models import access, listing, store
from models.access import Purpose
from models.contract.document import CONTRACT
from models.errors import Forbidden, Invalid
from models.listing import Filter, ListQuery
from models.person.roles import Role
from models.records import NotNow, NotYourOwn
from tests.factories.people import person
from tests.integration.contract.conftest import SHELF, Cast, Step

LOAN = {"loan_reason": "诉讼举证", "return_by": "2026-11-27"}


def test_a_signed_contract_is_due_in_custody_the_next_working_day(signed: dict[str, Any]) -> None:
    assert signed["state"] == "signed"
    assert signed["due_at"].isoformat() == "2026-11-24T10:00:00+00:00"


def test_signing_starts_the_customers_first_fill(signed: dict[str, Any]) -> None:
    file = store.fetch("customer", signed["customer"])
    assert (file["contract_signed"], file["state"]) == (date(2026, 11, 23), "active")
    assert file["first_fill_due"] == date(2026, 11, 26)


def test_a_contract_is_not_signed_in_the_future(cast: Cast, step: Step, submitted: dict[str, Any]) -> None:
    step(cast.finance, submitted, "finance_review", finance_agrees="yes")
    with pytest.raises(NotNow):  # one opinion is missing
        step(cast.writer, submitted, "sign", signed_on="2026-11-23")
    step(cast.legal, submitted, "legal_review", legal_agrees="yes")
    with pytest.raises(Invalid) as refused:
        step(cast.writer, submitted, "sign", signed_on="2026-11-24")
    assert set(refused.value.problems) == {"signed_on"}


def test_the_custodian_takes_it_in_with_its_place(cast: Cast, step: Step, signed: dict[str, Any]) -> None:
    with pytest.raises(Invalid) as refused:
        step(cast.custodian, signed, "hand_in")
    assert set(refused.value.problems) == {"cabinet", "box"}
    with pytest.raises(Forbidden):
        step(cast.writer, signed, "hand_in", **SHELF)
    kept = step(cast.custodian, signed, "hand_in", **SHELF)
    assert (kept["original"], kept["cabinet"], kept["copies"]) == ("kept", "A-3", 2)
    assert (kept["handed_in_on"], kept["kept_by_person"]) == (date(2026, 11, 23), cast.custodian.id)


def test_in_custody_the_next_agreed_day_is_due_and_then_the_end(cast: Cast, step: Step, kept: dict[str, Any]) -> None:
    assert kept["due_at"].isoformat() == "2027-11-22T10:00:00+00:00"
    plan = [{"what": "首批", "due": "2026-12-01"}, {"what": "二批", "due": "2026-12-31"}]
    planned = step(cast.writer, kept, "progress", deliveries=plan)
    assert planned["state"] == "in_custody"
    assert planned["due_at"].isoformat() == "2026-12-01T10:00:00+00:00"
    done = step(cast.writer, kept, "progress", deliveries=[{**plan[0], "done": "2026-11-23"}, plan[1]])
    assert done["due_at"].isoformat() == "2026-12-31T10:00:00+00:00"


def test_noting_a_dispute_leaves_plan_and_custody_alone(cast: Cast, step: Step, kept: dict[str, Any]) -> None:
    step(cast.writer, kept, "progress", payments=[{"what": "尾款", "due": "2027-01-04", "amount": "5"}])
    noted = step(cast.writer, kept, "progress", dispute="open", dispute_notes="数量不符")
    assert (noted["state"], noted["dispute"]) == ("in_custody", "open")
    assert [row["what"] for row in noted["payments"]] == ["尾款"]


def test_a_reader_asks_the_general_manager_lends_and_the_custodian_takes_it_back(
    cast: Cast, step: Step, kept: dict[str, Any], now: datetime
) -> None:
    reader = person(Role.SPECIALIST, name="Reader")
    asked = step(reader, kept, "ask_loan", **LOAN)
    assert (asked["state"], asked["borrower"]) == ("loan_asked", reader.id)
    lent = step(cast.manager, kept, "lend")
    assert (lent["state"], lent["original"], lent["lent_by"]) == ("lent", "out", cast.manager.id)
    assert lent["due_at"].isoformat() == "2026-11-27T10:00:00+00:00"

    late = now + timedelta(days=9)  # Wednesday, three working days after Friday's date
    back = step(cast.custodian, kept, "give_back", at=late)

    assert (back["state"], back["original"], back["borrower"], back["return_by"]) == ("in_custody", "kept", None, None)
    row = back["loans"][0]
    assert (row["borrower"], row["lent_by"], row["late_days"]) == (reader.id, cast.manager.id, 3)
    assert row["returned_on"] == date(2026, 12, 2)


def test_only_the_general_manager_lends_and_never_to_themselves(cast: Cast, step: Step, kept: dict[str, Any]) -> None:
    insider = person(Role.GENERAL_MANAGER, Role.HEAD, name="Insider")
    step(insider, kept, "ask_loan", **LOAN)
    with pytest.raises(Forbidden):
        step(cast.head, kept, "lend")
    with pytest.raises(NotYourOwn):
        step(insider, kept, "lend")
    assert step(cast.manager, kept, "refuse_loan", note="请用扫描件")["state"] == "in_custody"


@pytest.mark.parametrize("return_by", ["2026-11-22", "2026-12-01"])
def test_the_return_date_lies_within_the_longest_loan(
    cast: Cast, step: Step, kept: dict[str, Any], return_by: str
) -> None:
    with pytest.raises(Invalid) as refused:
        step(cast.writer, kept, "ask_loan", loan_reason="核对", return_by=return_by)
    assert set(refused.value.problems) == {"return_by"}


def test_a_lent_contract_is_not_lent_again(cast: Cast, step: Step, kept: dict[str, Any]) -> None:
    step(cast.writer, kept, "ask_loan", **LOAN)
    step(cast.manager, kept, "lend")
    with pytest.raises(NotNow):
        step(cast.head, kept, "ask_loan", **LOAN)


def test_the_borrower_does_not_record_their_own_return(cast: Cast, step: Step, kept: dict[str, Any]) -> None:
    step(cast.custodian, kept, "ask_loan", **LOAN)
    step(cast.manager, kept, "lend")
    with pytest.raises(NotYourOwn):
        step(cast.custodian, kept, "give_back")
    assert step(cast.head, kept, "give_back")["state"] == "in_custody"


def test_an_overdue_loan_stands_in_the_list_of_late_contracts(
    cast: Cast, step: Step, kept: dict[str, Any], now: datetime
) -> None:
    step(cast.writer, kept, "ask_loan", **LOAN)
    step(cast.manager, kept, "lend")
    fields = access.visible_fields(cast.head, CONTRACT)
    due = listing.queryable(CONTRACT, fields)["due_at"]
    reach = access.reach(cast.head, CONTRACT, Purpose.VIEW)

    def late(yesterday: str) -> list[str]:
        query = ListQuery(filters=(Filter(due, "until", yesterday),))
        return [row["number"] for row in listing.page(CONTRACT, reach, query, fields).rows]

    assert late("2026-11-26") == [], "it is due by the end of the 27th"
    assert late("2026-11-27") == [kept["number"]]


def test_an_ended_contract_waits_for_nobody(cast: Cast, step: Step, kept: dict[str, Any]) -> None:
    ended = step(cast.custodian, kept, "end", note="履行完毕")
    assert (ended["state"], ended["due_at"]) == ("ended", None)
