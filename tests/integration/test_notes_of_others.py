"""X3, X6: what a record's history says of another one is told to whoever may know of that one, and to nobody else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from pymongo.database import Database

from models import catalogue, records, schema, store
from models.access import Purpose
from models.person.roles import Person, Role
from models.secrecy_change import service as secrecy
from tests.factories.commands import commands
from tests.factories.contracts import contract
from tests.factories.credit_reports import credit_report
from tests.factories.customers import customer
from tests.factories.people import person

DB = Database[dict[str, Any]]
TOP = {"level": "top_secret", "level_basis": "x"}
Noted = Callable[[Person, dict[str, Any], datetime], str]


@pytest.fixture(autouse=True)
def shipped(db: DB) -> None:
    catalogue.load()
    schema.migrate()


@pytest.fixture
def owner(db: DB) -> Person:
    return person(Role.SPECIALIST, name="Owner")


@pytest.fixture
def clerk(db: DB) -> Person:
    return person(Role.SPECIALIST, name="Clerk")


@pytest.fixture
def head(db: DB) -> Person:
    return person(Role.HEAD, name="Head")


def moved(who: Person, slug: str, record: dict[str, Any], name: str, raw: dict[str, Any], now: datetime) -> None:
    rev = store.fetch(slug, record["_id"])["rev"]
    records.move(who, slug, record["number"], name, raw, rev=rev, now=now, fresh=True)


def by_report(owner: Person, file: dict[str, Any], now: datetime, limit: str = "300000") -> str:
    """A customer's credit decided by a report."""
    made = credit_report(owner, file["_id"], now, **TOP, limit=limit)
    finance = person(Role.FINANCE_REVIEWER, department="finance")
    group = person(Role.CREDIT_GROUP, department="management")
    named = {"finance_person": str(finance.id), "decider": str(group.id)}
    moved(owner, "credit_report", made, "submit", named, now)
    moved(finance, "credit_report", made, "rate", {"finance_agrees": "1", "finance_opinion": "ok"}, now)
    moved(group, "credit_report", made, "approve", {}, now)
    return str(made["number"])


def by_contract(owner: Person, file: dict[str, Any], now: datetime) -> str:
    """A customer's first contract, signed."""
    made = contract(owner, file["_id"], now, **TOP)
    finance = person(Role.FINANCE_REVIEWER, department="finance")
    legal = person(Role.LEGAL_REVIEWER, department="legal")
    named = {"finance_person": str(finance.id), "legal_person": str(legal.id)}
    moved(owner, "contract", made, "submit", named, now)
    for side, who in (("finance", finance), ("legal", legal)):
        moved(who, "contract", made, f"{side}_review", {f"{side}_agrees": "yes", f"{side}_opinion": "ok"}, now)
    moved(owner, "contract", made, "sign", {"signed_on": now.date().isoformat()}, now)
    return str(made["number"])


NOTES: dict[str, tuple[str, Noted]] = {
    "credit_decision": ("credit_report", by_report),
    "contract_signed": ("contract", by_contract),
}


def notes(who: Person, file: dict[str, Any], action: str, now: datetime) -> list[str]:
    rows = records.versions(who, "customer", file["number"], now)
    return [row["note"] for row in rows if row["action"] == action]


@pytest.mark.parametrize("action", NOTES)
def test_the_number_is_told_to_whoever_sees_the_record_or_its_card(
    owner: Person, clerk: Person, head: Person, now: datetime, db: DB, action: str
) -> None:
    slug, noted = NOTES[action]
    seller = person(Role.SALES, name="Seller", department="sales")
    file = customer(owner, now, salesperson=seller.id)
    number = noted(owner, file, now)
    told = [notes(who, file, action, now) for who in (owner, head, clerk, seller)]
    assert told == [[number], [number], [""], [""]]
    sight = records.see(clerk, "customer", file["number"], Purpose.VIEW, now)
    stored = db[store.VERSIONS].find({"record": file["_id"]})
    assert number not in str([row["note"] for row in records.versions_among(sight, stored)])
    row = db[f"record_{slug}"].find_one({"number": number}) or {}
    store.change(slug, row["_id"], {"level": "secret"}, actor=head, now=now)
    told = [notes(who, file, action, now) for who in (owner, head, clerk, seller)]
    assert told == [[number], [number], [number], [""]], "whoever sees its card knows the number"


def test_so_is_that_of_a_change_of_secrecy(owner: Person, head: Person, now: datetime) -> None:
    file = customer(owner, now, level="secret", level_basis="x")
    lower = {"kind": "lower", "new_level": "internal", "reason": "Published"}
    asked = secrecy.ask(owner, "customer", file["number"], lower, now=now)
    moved(head, "secrecy_change", asked, "approve", {}, now)
    told = [notes(who, file, "secrecy_changed", now) for who in (owner, head, person(Role.CUSTODIAN))]
    assert told == [[asked["number"]], [asked["number"]], [""]]


def test_what_somebody_wrote_themselves_stays(owner: Person, clerk: Person, now: datetime) -> None:
    file = customer(owner, now)
    records.change(owner, "customer", file["number"], {"address": "x"}, rev=1, now=now, note="XY-2026-000001")
    assert notes(clerk, file, "change", now) == ["XY-2026-000001"]


def test_a_history_asks_once_for_each_type_that_it_names(owner: Person, clerk: Person, now: datetime) -> None:
    file = customer(owner, now)
    for limit in ("300000", "200000", "100000"):
        by_report(owner, file, now, limit)
    with commands.heard() as heard:
        assert notes(clerk, file, "credit_decision", now) == [""] * 3
    assert heard.count("find record_credit_report") == 1
