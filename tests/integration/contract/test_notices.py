"""A signed contract tells of itself 30 and 7 days before an agreed day or its end, then each working day (K5)."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from pymongo.database import Database

from models import catalogue, schema, store
from models.calendar import local
from models.contract import overdue
from models.office import office_calendar
from models.outbox.document import EMAILS
from models.person.roles import SYSTEM, Person, Role
from models.reminder.chasing import chase_deadlines
from models.reminder.document import REMINDERS
from tests.factories.contracts import contract
from tests.factories.customers import customer
from tests.factories.people import person

Base = Database[dict[str, Any]]
END = date(2026, 12, 24)  # 31 days after the Monday of the tests
PAYMENT = {"what": "Half", "due": END, "amount": None, "paid": None}


@pytest.fixture
def owner(db: Base) -> Person:
    catalogue.load()
    schema.migrate()
    return person(Role.SPECIALIST, name="Owner")


def in_custody(owner: Person, now: datetime, **values: Any) -> dict[str, Any]:
    file = customer(owner, now, salesperson=values.pop("salesperson", None))
    made = contract(owner, file["_id"], now)
    signed = {"state": "in_custody", "signed_on": date(2026, 11, 2), "starts_on": date(2026, 11, 2)}
    return store.change("contract", made["_id"], {**signed, **values}, actor=SYSTEM, now=now)


def told(db: Base, who: Person, record: dict[str, Any], now: datetime, days: tuple[int, ...]) -> list[int]:
    """How many reminders of the contract the person has after each day."""
    counts = []
    for day in days:
        chase_deadlines(now + timedelta(days=day), office_calendar())
        counts.append(db[REMINDERS].count_documents({"person": who.id, "record": record["_id"]}))
    return counts


@pytest.mark.parametrize("values", [{"ends_on": END}, {"ends_on": date(2027, 12, 31), "payments": [PAYMENT]}])
def test_the_owner_is_told_a_month_and_a_week_before_and_chased_after(
    db: Base, owner: Person, now: datetime, values: dict[str, Any]
) -> None:
    record = in_custody(owner, now, **values)
    assert told(db, owner, record, now, (0, 1, 2, 22, 24, 25, 31, 32)) == [0, 1, 1, 1, 2, 2, 3, 4]


def test_the_head_hears_of_what_is_late_for_days(db: Base, owner: Person, now: datetime) -> None:
    head, record = person(Role.HEAD, name="Head"), in_custody(owner, now, ends_on=END)
    assert told(db, head, record, now, (31, 32)) == [0, 0]
    assert told(db, head, record, now, (38,)) == [1]


def test_a_renewed_contract_is_told_of_anew(db: Base, owner: Person, now: datetime) -> None:
    record = in_custody(owner, now, ends_on=END)
    assert told(db, owner, record, now, (1,)) == [1]
    store.change("contract", record["_id"], {"ends_on": END + timedelta(days=365)}, actor=SYSTEM, now=now)
    assert told(db, owner, record, now, (24, 32)) == [1, 1]


def test_one_that_renews_by_itself_is_due_when_it_can_still_be_ended(owner: Person, now: datetime) -> None:
    values = {"ends_on": date(2027, 3, 31), "renews": True, "notice_days": 61}
    record = in_custody(owner, now, **values)
    assert local(record["due"]).date() == date(2027, 1, 29)
    kept = store.change("contract", record["_id"], {"ends_on": date(2027, 12, 31)}, actor=SYSTEM, now=now)
    assert local(kept["due"]).date() == date(2027, 10, 29)  # the 31st is a Sunday
    ended = store.change("contract", record["_id"], {"renews": False}, actor=SYSTEM, now=now)
    assert local(ended["due"]).date() == date(2027, 12, 31)


def mails(db: Base) -> list[tuple[str, str]]:
    """To whom, and the number, of what waits to be sent."""
    return [(row["to"], row["subject"].split()[1]) for row in db[EMAILS].find().sort("created", 1)]


def test_the_salespersons_manager_is_told_once_of_each_deadline_that_passed(
    db: Base, owner: Person, now: datetime
) -> None:
    manager = person(Role.SALES_MANAGER, name="Manager", department="sales")
    person(Role.SALES_MANAGER, name="Other", department="sales")
    seller = person(Role.SALES, name="Seller", department="sales", manager=manager.id)
    record = in_custody(owner, now, ends_on=date(2027, 12, 31), payments=[PAYMENT], salesperson=seller.id)
    after = now + timedelta(days=32)
    assert overdue.tell(now + timedelta(days=30)) == 0
    assert [overdue.tell(after), overdue.tell(after + timedelta(days=1))] == [1, 0]
    assert mails(db) == [(f"{manager.id}@example.test", record["number"])]
    later = [{**PAYMENT, "due": END + timedelta(days=10)}]
    store.change("contract", record["_id"], {"payments": later}, actor=SYSTEM, now=after)
    assert overdue.tell(after + timedelta(days=2)) == 0
    assert overdue.tell(after + timedelta(days=11)) == 1


def test_every_sales_manager_is_told_where_no_salesperson_is_known(db: Base, owner: Person, now: datetime) -> None:
    for name in ("One", "Two"):
        person(Role.SALES_MANAGER, name=name, department="sales")
    in_custody(owner, now, ends_on=END)
    assert overdue.tell(now + timedelta(days=32)) == 2


@pytest.mark.parametrize("level", ["secret", "confidential", "top_secret"])
def test_nothing_is_told_of_a_contract_with_a_class(db: Base, owner: Person, now: datetime, level: str) -> None:
    person(Role.SALES_MANAGER, name="Manager", department="sales")
    in_custody(owner, now, ends_on=END, level=level)
    assert overdue.tell(now + timedelta(days=32)) == 0


def test_nothing_is_told_of_what_was_done_in_time(db: Base, owner: Person, now: datetime) -> None:
    person(Role.SALES_MANAGER, name="Manager", department="sales")
    paid = [{**PAYMENT, "paid": END}]
    in_custody(owner, now, ends_on=date(2027, 12, 31), payments=paid)
    assert overdue.tell(now + timedelta(days=32)) == 0


RENEWING = {"ends_on": date(2027, 3, 31), "renews": True, "notice_days": 61}  # to be ended by 29 January


def texts(db: Base) -> list[str]:
    return [row["text"] for row in db[EMAILS].find().sort("created", 1)]


def test_one_that_nobody_ended_in_time_is_told_of_once_and_then_due_at_its_end(
    db: Base, owner: Person, now: datetime
) -> None:
    person(Role.SALES_MANAGER, name="Manager", department="sales")
    record = in_custody(owner, now, **RENEWING)
    decided = local(record["due"])
    assert overdue.let_renew(decided) == 0
    after = decided + timedelta(days=1)
    assert (overdue.tell(after), overdue.let_renew(after)) == (1, 1)
    assert "The last day to end it was Fri 29 Jan 2027" in texts(db)[0]
    assert local(store.fetch("contract", record["_id"])["due"]).date() == date(2027, 3, 31)
    assert (overdue.tell(after), overdue.let_renew(after)) == (0, 0)
    ended = after + timedelta(days=62)
    assert (overdue.tell(ended), overdue.let_renew(ended)) == (1, 0)
    assert "its new end is not recorded" in texts(db)[1]


def test_what_is_written_after_the_last_day_of_notice_does_not_bring_it_back(owner: Person, now: datetime) -> None:
    record = in_custody(owner, now, **RENEWING)
    later = now + timedelta(days=80)
    done = [{**PAYMENT, "paid": END}]
    kept = store.change("contract", record["_id"], {"payments": done}, actor=SYSTEM, now=later)
    assert local(kept["due"]).date() == date(2027, 3, 31)


def test_an_open_payment_of_one_that_renews_stays_late(db: Base, owner: Person, now: datetime) -> None:
    record = in_custody(owner, now, **RENEWING, payments=[PAYMENT])
    assert overdue.let_renew(now + timedelta(days=90)) == 0
    assert local(store.fetch("contract", record["_id"])["due"]).date() == END


@pytest.mark.parametrize("active", [True, False])
@pytest.mark.parametrize(("own", "told"), [("sales", ["Own"]), ("office", ["Same"]), ("none", ["Same"])])
def test_only_the_salespersons_own_side_is_told_of_a_salesperson(
    db: Base, owner: Person, now: datetime, active: bool, own: str, told: list[str]
) -> None:
    managers = {
        "sales": person(Role.SALES_MANAGER, name="Own", department="other").id,
        "office": person(Role.HEAD, name="Head").id,
        "none": None,
    }
    person(Role.SALES_MANAGER, name="Same", department="sales")
    seller = person(Role.SALES, name="Seller", department="sales", manager=managers[own])
    db["user"].update_one({"_id": seller.id}, {"$set": {"active": active}})
    in_custody(owner, now, ends_on=END, salesperson=seller.id)
    assert overdue.tell(now + timedelta(days=32)) == 1
    names = {row["email"]: row["name"] for row in db["user"].find()}
    assert [names[to] for to, _ in mails(db)] == told


def test_nobody_but_the_head_is_told_where_no_sales_manager_is_near(db: Base, owner: Person, now: datetime) -> None:
    person(Role.SALES_MANAGER, name="Far", department="other")
    seller = person(Role.SALES, name="Seller", department="sales")
    in_custody(owner, now, ends_on=END, salesperson=seller.id)
    assert overdue.tell(now + timedelta(days=32)) == 0
