"""Customer information reports and the changes they report (F4): opened once, filed in time, closed when filed."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from pymongo.database import Database

from models import access, catalogue, records, schema, store
from models.access import Purpose
from models.change_report import rules, service
from models.change_report.document import CHANGE_REPORT
from models.customer_change.document import CUSTOMER_CHANGE
from models.customer_change.rules import NotFiled
from models.errors import Forbidden, Invalid, NotFound, Refusal
from models.moves import NotYourOwn
from models.office import office_calendar
from models.person.roles import Person, Role
from tests.factories.customers import customer
from tests.factories.people import person

DB = Database[dict[str, Any]]
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def shipped(db: DB) -> None:
    catalogue.load()
    schema.migrate()


@pytest.fixture
def seller(db: DB) -> Person:
    return person(Role.SALES, name="Seller", department="sales")


@pytest.fixture
def custodian(db: DB) -> Person:
    return person(Role.CUSTODIAN, name="Custodian")


def the_report(db: DB) -> dict[str, Any]:
    (row,) = db["record_change_report"].find()
    return store.fetch("change_report", row["_id"])


def report_change(who: Person, file: dict[str, Any], at: datetime, **more: Any) -> dict[str, Any]:
    raw = {"customer": str(file["_id"]), "section": "people", "change": "A new buyer", **more}
    return records.create(who, "customer_change", raw, now=at)


def move(who: Person, record: dict[str, Any], slug: str, name: str, at: datetime, **raw: Any) -> dict[str, Any]:
    rev = store.fetch(slug, record["_id"])["rev"]
    return records.move(who, slug, record["number"], name, raw, rev=rev, now=at, note="why", fresh=True)


def test_each_salesperson_gets_one_report_a_month_however_often_it_is_opened(
    db: DB, seller: Person, now: datetime
) -> None:
    person(Role.SALES, department="sales", name="Other")
    person(Role.SPECIALIST)
    assert (service.open_month(now, lambda: False), service.open_month(now), service.open_month(now)) == (1, 1, 0)
    rows = list(db["record_change_report"].find())
    assert sorted(row["subject"] for row in rows) == [rules.subject_of("2026-11", name) for name in ("Other", "Seller")]
    assert {row["owner"] for row in rows} == {row["salesperson"] for row in rows}
    assert service.open_month(now + timedelta(days=14)) == 2


def test_before_the_first_monday_nothing_is_opened(db: DB, seller: Person) -> None:
    sunday = datetime.fromisoformat("2026-11-01T09:00+08:00")
    assert (service.open_month(sunday), service.open_month(sunday + timedelta(days=1))) == (0, 1)


def test_a_report_is_due_on_the_first_monday_and_to_be_filed_within_24_working_hours(
    db: DB, seller: Person, owner: Person, now: datetime
) -> None:
    service.open_month(now)
    report = the_report(db)
    assert report["next_due"] == datetime.fromisoformat("2026-11-02T18:00+08:00")
    report_change(seller, customer(owner, now, salesperson=seller.id), now)
    handed = move(seller, report, "change_report", "hand_in", now)
    due = office_calendar().add_working_hours(now, 24).at
    assert (handed["state"], handed["received_at"], handed["next_due"]) == ("handed_in", now, due)


def test_a_report_without_changes_says_so_and_is_closed_at_once(db: DB, seller: Person, now: datetime) -> None:
    service.open_month(now)
    with pytest.raises(rules.NothingReported):
        move(seller, the_report(db), "change_report", "hand_in", now)
    closed = move(seller, the_report(db), "change_report", "hand_in", now, nothing_changed="yes")
    assert (closed["state"], closed["closed_at"], closed["next_due"]) == ("closed", now, None)


def test_a_report_with_changes_cannot_say_that_nothing_changed(
    db: DB, seller: Person, owner: Person, now: datetime
) -> None:
    service.open_month(now)
    report_change(seller, customer(owner, now, salesperson=seller.id), now)
    with pytest.raises(rules.SaysBoth):
        move(seller, the_report(db), "change_report", "hand_in", now, nothing_changed="yes")


def test_a_change_goes_to_the_files_owner_with_its_level_and_24_working_hours(
    seller: Person, owner: Person, head: Person, now: datetime
) -> None:
    plain = report_change(seller, customer(owner, now, salesperson=seller.id), now)
    assert (plain["owner"], plain["salesperson"], plain["level"]) == (owner.id, seller.id, "internal")
    assert plain["filed_due"] == office_calendar().add_working_hours(now, 24).at
    assert plain["report"] is None
    secret = report_change(head, customer(owner, now, level="secret"), now)
    assert secret["level"] == "secret"
    assert access.reach(seller, CUSTOMER_CHANGE, Purpose.VIEW).sees(secret_acl(secret)) == ""


def secret_acl(record: dict[str, Any]) -> list[str]:
    return access.tokens_of(CUSTOMER_CHANGE, record)


def test_nobody_reports_on_a_file_that_they_do_not_read(seller: Person, owner: Person, now: datetime) -> None:
    with pytest.raises((Invalid, NotFound)):
        report_change(seller, customer(owner, now, salesperson=seller.id, level="secret"), now)


def test_a_change_is_filed_only_when_somebody_wrote_in_the_file_since(
    seller: Person, owner: Person, now: datetime
) -> None:
    file = customer(owner, now - HOUR, salesperson=seller.id)
    change = report_change(seller, file, now)
    with pytest.raises(Forbidden):
        move(seller, change, "customer_change", "file", now + HOUR)
    with pytest.raises(NotFiled):
        move(owner, change, "customer_change", "file", now + HOUR)
    records.change(owner, "customer", file["number"], {"contact_name": "Sun"}, rev=1, now=now + HOUR)
    filed = move(owner, change, "customer_change", "file", now + 2 * HOUR)
    assert (filed["state"], filed["filed_rev"], filed["filed_at"]) == ("filed", 2, now + HOUR)


@pytest.mark.parametrize("written", [True, False])
def test_whether_a_file_that_was_closed_meanwhile_was_written_in_is_not_told(
    owner: Person, head: Person, now: datetime, written: bool
) -> None:
    """X6"""
    clerk, file = person(Role.SPECIALIST, name="Clerk"), customer(owner, now - HOUR)
    change = report_change(owner, file, now)
    store.change("customer_change", change["_id"], {"owner": clerk.id}, actor=head, now=now)
    closed = {"level": "confidential"} | ({"contact_name": "Sun"} if written else {})
    store.change("customer", file["_id"], closed, actor=head, now=now + HOUR, action="change" if written else "raise")
    with pytest.raises(Invalid) as refused:
        move(clerk, change, "customer_change", "file", now + 2 * HOUR)
    assert set(refused.value.problems) == {"customer"}


def test_what_the_engine_writes_into_a_file_files_no_change(seller: Person, owner: Person, now: datetime) -> None:
    file = customer(owner, now - HOUR, salesperson=seller.id)
    change = report_change(seller, file, now)
    visited = {"last_revisited": now.date()}
    store.change("customer", file["_id"], visited, actor=owner, now=now + HOUR, action="revisited")
    with pytest.raises(NotFiled):
        move(owner, change, "customer_change", "file", now + HOUR)


def test_what_is_not_filed_needs_a_reason_and_another_person(seller: Person, owner: Person, now: datetime) -> None:
    file = customer(owner, now, salesperson=seller.id)
    with pytest.raises(Refusal):
        move(owner, report_change(seller, file, now), "customer_change", "set_aside", now)
    own = report_change(owner, file, now)
    with pytest.raises(NotYourOwn):
        move(owner, own, "customer_change", "set_aside", now, not_filed="Known")
    other = report_change(seller, file, now)
    assert move(owner, other, "customer_change", "set_aside", now, not_filed="Known")["state"] == "void"


def test_a_report_is_closed_when_all_its_changes_are_filed(
    db: DB, seller: Person, owner: Person, custodian: Person, now: datetime
) -> None:
    service.open_month(now)
    report = the_report(db)
    file = customer(owner, now - HOUR, salesperson=seller.id)
    change = report_change(seller, file, now)
    assert change["report"] == report["_id"]
    move(seller, report, "change_report", "hand_in", now, others="Far Hills: moved")
    with pytest.raises(rules.ChangesOpen):
        move(custodian, report, "change_report", "close", now + HOUR)
    records.change(owner, "customer", file["number"], {"contact_name": "Sun"}, rev=1, now=now + HOUR)
    move(owner, change, "customer_change", "file", now + HOUR)
    with pytest.raises(rules.OthersOpen):
        move(custodian, report, "change_report", "close", now + HOUR)
    closed = move(custodian, report, "change_report", "close", now + HOUR, others_filed="Recorded as BD-2026-000002")
    assert (closed["state"], closed["next_due"]) == ("closed", None)


def test_a_change_that_the_custodian_may_not_know_of_does_not_show_in_the_refusal(
    db: DB, seller: Person, owner: Person, custodian: Person, now: datetime
) -> None:
    service.open_month(now)
    report = the_report(db)
    file = customer(owner, now, salesperson=seller.id)
    report_change(seller, file, now)
    move(seller, report, "change_report", "hand_in", now)
    store.change("customer", file["_id"], {"level": "top_secret"}, actor=owner, now=now)
    assert move(custodian, report, "change_report", "close", now)["state"] == "closed"


def test_of_a_report_the_department_sees_the_card_only(
    db: DB, seller: Person, clerk: Person, custodian: Person, head: Person, now: datetime
) -> None:
    service.open_month(now)
    acl = the_report(db)["acl"]
    seen = {
        one.name: access.reach(one, CHANGE_REPORT, Purpose.VIEW).sees(acl) for one in (seller, clerk, custodian, head)
    }
    assert seen == {"Seller": "full", "Clerk": "card", "Custodian": "full", "Head": "full"}
