"""X2: raising is free for the owner; a longer period and a lower level are asked for and approved by the head."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from pymongo.database import Database

from models import catalogue, history, records, schema, store
from models.bulk_change.refusals import NothingToChange
from models.declarations import Level
from models.errors import Forbidden, Invalid, NotFound
from models.kinds import ZONE
from models.office import office_calendar
from models.person.roles import Person, Role
from models.record_input import LoweringNeedsHead, PeriodNeedsHead
from models.reminder import chasing
from models.reminder import service as reminders
from models.reminder.rules import Step
from models.secrecy import GROUNDS
from models.secrecy_change import service
from tests.factories.bulk_changes import carried_out
from tests.factories.customers import customer
from tests.factories.people import person

DB = Database[dict[str, Any]]
SLUG = "secrecy_change"
LATER = {"kind": "extend", "new_until": "2027-11-20", "reason": "Still in talks"}
LOWER = {"kind": "lower", "new_level": "internal", "reason": "Published"}


@pytest.fixture(autouse=True)
def shipped(db: DB) -> None:
    catalogue.load()
    schema.migrate()


@pytest.fixture
def owner(db: DB) -> Person:
    return person(Role.SPECIALIST, name="Owner")


@pytest.fixture
def head(db: DB) -> Person:
    return person(Role.HEAD, name="Head")


@pytest.fixture
def secret(owner: Person, now: datetime) -> dict[str, Any]:
    return customer(owner, now, level="secret", level_basis="往来", secret_until=date(2026, 12, 20))


def decided(head: Person, asked: dict[str, Any], move: str, now: datetime, note: str = "") -> dict[str, Any]:
    return records.move(head, SLUG, asked["number"], move, {}, rev=1, now=now, note=note, fresh=True)


@pytest.mark.parametrize("role", [None, Role.CUSTODIAN])
def test_an_approved_extension_moves_the_end(
    owner: Person, head: Person, secret: dict[str, Any], now: datetime, role: Role | None
) -> None:
    asked = service.ask(owner if role is None else person(role), "customer", secret["number"], LATER, now=now)
    assert store.fetch("customer", secret["_id"])["secret_until"] == date(2026, 12, 20)
    decided(head, asked, "approve", now)
    assert store.fetch("customer", secret["_id"])["secret_until"] == date(2027, 11, 20)
    newest = history.history("customer", secret["_id"])[0]
    assert (newest["action"], newest["by_name"], newest["note"]) == ("secrecy_changed", "Head", asked["number"])


def test_an_approved_lowering_opens_the_record(
    owner: Person, head: Person, secret: dict[str, Any], now: datetime
) -> None:
    decided(head, service.ask(owner, "customer", secret["number"], LOWER, now=now), "approve", now)
    after = store.fetch("customer", secret["_id"])
    assert (after["level"], after["secret_until"], after["level_basis"]) == ("internal", None, None)


@pytest.mark.parametrize(
    ("basis", "then"), [("Price list of 2025", "Price list of 2025"), ("", GROUNDS[Level.SECRET].en)]
)
def test_the_basis_of_the_former_level_goes_with_it(
    owner: Person, head: Person, now: datetime, basis: str, then: str
) -> None:
    made = customer(owner, now, level="confidential", level_basis="Important dealings")
    wish = {**LOWER, "new_level": "secret", "new_basis": basis, "new_until": "2027-11-20"}
    decided(head, service.ask(owner, "customer", made["number"], wish, now=now), "approve", now)
    after = store.fetch("customer", made["_id"])
    assert (after["level"], after["level_basis"]) == ("secret", then)


def test_nobody_asks_for_less_than_what_the_record_hangs_on(owner: Person, head: Person, now: datetime) -> None:
    """X1: the revisit after a complaint is as secret as the complaint; it goes down after that."""
    complaint = store.create("complaint", {"facts": "x", "level": "secret"}, actor=owner, now=now)
    values = {"occasion": "complaint", "due_on": now.date(), "complaint": complaint["_id"]}
    revisit = store.create("revisit", values, actor=owner, now=now)
    assert revisit["level"] == "secret"
    with pytest.raises(Invalid) as refused:
        service.ask(owner, "revisit", revisit["number"], LOWER, now=now)
    assert set(refused.value.problems) == {"new_level"}
    decided(head, service.ask(owner, "complaint", complaint["number"], LOWER, now=now), "approve", now)
    decided(head, service.ask(owner, "revisit", revisit["number"], LOWER, now=now), "approve", now)
    assert store.fetch("revisit", revisit["_id"])["level"] == "internal"


def test_an_extension_leaves_the_basis(owner: Person, head: Person, secret: dict[str, Any], now: datetime) -> None:
    asked = service.ask(owner, "customer", secret["number"], {**LATER, "new_basis": "Other"}, now=now)
    assert asked["new_basis"] is None
    decided(head, asked, "approve", now)
    assert store.fetch("customer", secret["_id"])["level_basis"] == "往来"


def test_a_refused_or_withdrawn_change_changes_nothing(
    owner: Person, head: Person, secret: dict[str, Any], now: datetime
) -> None:
    asked = service.ask(owner, "customer", secret["number"], LOWER, now=now)
    with pytest.raises(service.ChangeWaits):
        service.ask(owner, "customer", secret["number"], LATER, now=now)
    decided(head, asked, "refuse", now, "Not yet")
    again = service.ask(owner, "customer", secret["number"], LATER, now=now)
    assert records.move(owner, SLUG, again["number"], "withdraw", {}, rev=1, now=now)["state"] == "withdrawn"
    assert store.fetch("customer", secret["_id"])["rev"] == 1


def test_of_several_who_ask_at_once_one_waits_for_the_head(
    owner: Person, secret: dict[str, Any], now: datetime, db: DB
) -> None:
    people, start = [owner, *(person(Role.CUSTODIAN) for _ in range(3))], Barrier(4)

    def asks(one: Person) -> str:
        start.wait()
        try:
            return str(service.ask(one, "customer", secret["number"], LATER, now=now)["number"])
        except service.ChangeWaits as refused:
            return str(refused.params["number"])

    with ThreadPoolExecutor(len(people)) as pool:
        told = set(pool.map(asks, people))
    assert [told] == [{row["number"]} for row in db["record_secrecy_change"].find()]


def test_what_changed_or_went_meanwhile_cannot_be_approved(
    owner: Person, head: Person, secret: dict[str, Any], now: datetime, db: DB
) -> None:
    asked = service.ask(owner, "customer", secret["number"], LATER, now=now)
    records.change(owner, "customer", secret["number"], {"level": "confidential"}, rev=1, now=now)
    with pytest.raises(service.NoLongerSo):
        decided(head, asked, "approve", now)
    db["record_customer"].delete_one({"_id": secret["_id"]})
    with pytest.raises(service.NoLongerSo):
        decided(head, asked, "approve", now)
    assert store.fetch(SLUG, asked["_id"])["state"] == "asked"


def test_nobody_else_asks(secret: dict[str, Any], head: Person, now: datetime) -> None:
    with pytest.raises(records.Locked):
        service.ask(person(Role.SPECIALIST), "customer", secret["number"], LATER, now=now)
    with pytest.raises(Forbidden):
        service.ask(head, "customer", secret["number"], LATER, now=now)


@pytest.mark.parametrize(
    ("raw", "field"),
    [
        ({**LATER, "new_until": "2026-12-20"}, "new_until"),
        ({**LATER, "new_until": "2027-11-24"}, "new_until"),
        ({**LATER, "new_until": ""}, "new_until"),
        ({**LOWER, "new_level": "secret"}, "new_level"),
        ({**LOWER, "new_level": ""}, "new_level"),
        ({**LATER, "reason": ""}, "reason"),
    ],
)
def test_a_change_that_makes_no_sense_is_refused(
    owner: Person, secret: dict[str, Any], now: datetime, raw: dict[str, str], field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        service.ask(owner, "customer", secret["number"], raw, now=now)
    assert set(refused.value.problems) == {field}


def test_the_edit_form_is_no_way_round(owner: Person, head: Person, secret: dict[str, Any], now: datetime) -> None:
    number = secret["number"]
    for until in ("2027-11-20", "2026-12-01", ""):
        with pytest.raises(PeriodNeedsHead):
            records.change(owner, "customer", number, {"secret_until": until}, rev=1, now=now)
    with pytest.raises(LoweringNeedsHead):
        records.change(owner, "customer", number, {"level": "internal"}, rev=1, now=now)
    shorter = {"level": "confidential", "secret_until": "2026-12-01"}
    with pytest.raises(PeriodNeedsHead):
        records.change(owner, "customer", number, shorter, rev=1, now=now)
    records.change(owner, "customer", number, {"secret_until": "2026-12-20", "phone": "021-55501234"}, rev=1, now=now)
    raised = {"level": "confidential", "secret_until": "2028-12-01"}
    assert records.change(owner, "customer", number, raised, rev=2, now=now)["secret_until"] == date(2028, 12, 1)
    assert records.change(head, "customer", number, {"secret_until": "2027-01-01"}, rev=3, now=now)["rev"] == 4


def test_a_head_lowers_and_extends_in_their_own_department_only(owner: Person, head: Person, now: datetime) -> None:
    foreign = person(Role.HEAD, name="Head of sales", department="sales")
    made = customer(foreign, now, level="confidential", level_basis="x", secret_until=date(2026, 12, 20))
    assert (made["department"], made["owner"]) == ("service", foreign.id)
    number = made["number"]
    with pytest.raises(LoweringNeedsHead):
        records.change(foreign, "customer", number, {"level": "internal"}, rev=1, now=now)
    with pytest.raises(PeriodNeedsHead):
        records.change(foreign, "customer", number, {"secret_until": "2027-11-20"}, rev=1, now=now)
    with pytest.raises(NothingToChange):
        carried_out(foreign, "change", {"level": "internal"}, now=now, numbers=[number])
    beyond = {"level": "top_secret", "secret_until": "2032-12-01"}
    with pytest.raises(Invalid) as refused:
        records.change(foreign, "customer", number, beyond, rev=1, now=now)
    assert list(refused.value.problems) == ["secret_until"]
    asked = service.ask(foreign, "customer", number, LOWER, now=now)
    with pytest.raises(NotFound):
        decided(person(Role.HEAD, name="Other head", department="sales"), asked, "approve", now)
    decided(head, asked, "approve", now)
    assert store.fetch("customer", made["_id"])["level"] == "internal"
    assert records.change(head, "customer", number, {"level": "secret"}, rev=2, now=now)["level"] == "secret"
    assert records.change(head, "customer", number, {"level": "internal"}, rev=3, now=now)["level"] == "internal"


def test_a_change_has_a_date_by_which_the_head_signs_and_is_reminded(
    owner: Person, head: Person, secret: dict[str, Any], now: datetime
) -> None:
    asked = service.ask(owner, "customer", secret["number"], LATER, now=now)
    assert asked["sign_by"] == asked["due_at"].astimezone(ZONE).date() == date(2026, 11, 26)
    late = datetime(2026, 11, 27, 2, 0, tzinfo=UTC)
    chasing.chase_deadlines(late, office_calendar())
    [one] = reminders.inbox(head, late, "en")
    assert (one.reminder.step, one.number) == (Step.LATE, asked["number"])
    decided(head, asked, "refuse", late, "Published long ago")
    assert store.fetch(SLUG, asked["_id"])["due_at"] is None
    chasing.chase_deadlines(late + timedelta(hours=1), office_calendar())
    assert reminders.inbox(head, late, "en") == []
