"""The end of the period of secrecy (X2)."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from bson import Decimal128
from pymongo.database import Database

from models import access, audit, catalogue, history, schema, store
from models.access import Purpose
from models.calendar import local
from models.declarations import Level
from models.declassification import Outcome, declassify
from models.person.roles import Person, Role
from models.registry import get
from tests.factories.customers import customer
from tests.factories.people import person

Base = Database[dict[str, Any]]
SECRET_ENDS = date(2026, 11, 22)


@pytest.fixture(autouse=True)
def shipped(db: Base) -> None:
    catalogue.load()
    schema.migrate()


@pytest.fixture
def owner() -> Person:
    return person(Role.SPECIALIST)


def classified(owner: Person, now: datetime, level: str = "secret", until: date = SECRET_ENDS) -> dict[str, Any]:
    return customer(owner, now - timedelta(days=365), level=level, level_basis="普通往来", secret_until=until)


@pytest.mark.parametrize("level", ["secret", "confidential", "top_secret"])
def test_a_record_is_declassified_once_its_last_day_is_over(owner: Person, now: datetime, level: str) -> None:
    record = classified(owner, now, level, local(now).date())
    assert declassify(now) == Outcome(0, 0)
    assert declassify(now + timedelta(days=1)) == Outcome(1, 0)
    after = store.fetch("customer", record["_id"])
    assert (after["level"], after["secret_until"], after["level_basis"]) == ("internal", None, None)


def test_who_sees_the_card_only_reads_it_from_then_on(owner: Person, now: datetime) -> None:
    record = classified(owner, now)
    rt, colleague = get("customer").rt, person(Role.SPECIALIST)

    def seen() -> str:
        return access.reach(colleague, rt, Purpose.VIEW).sees(store.fetch("customer", record["_id"])["acl"])

    assert seen() == "card"
    declassify(now)
    assert seen() == "full"


def test_declassifying_is_a_version_and_an_entry_of_the_trail_and_happens_once(owner: Person, now: datetime) -> None:
    record = classified(owner, now)
    assert declassify(now) == Outcome(1, 0)
    assert declassify(now) == Outcome(0, 0)
    version = history.history("customer", record["_id"])[0]
    assert (version["action"], version["by_name"], version["rev"]) == ("declassify", "system", 2)
    assert {change["field"].name for change in version["changes"]} >= {"level", "secret_until"}
    assert [entry["action"] for entry in audit.entries({"record": record["_id"]})] == ["declassify", "create"]


def test_archived_records_are_declassified_too(owner: Person, now: datetime) -> None:
    record = classified(owner, now)
    store.change("customer", record["_id"], {"archived_at": now}, actor=owner, now=now, action="archive")
    assert declassify(now) == Outcome(1, 0)
    after = store.fetch("customer", record["_id"])
    assert after["level"] == Level.INTERNAL.value
    assert all(token.startswith("~internal|") for token in after["acl"])


def test_a_record_of_a_customer_that_is_still_secret_keeps_its_level(owner: Person, now: datetime) -> None:
    parent = classified(owner, now, until=local(now).date() + timedelta(days=10))
    values = {"customer": parent["_id"], "subject": "包装破损", "secret_until": SECRET_ENDS, "level": "secret"}
    child = store.create("complaint", values, actor=owner, now=now - timedelta(days=365))
    assert declassify(now) == Outcome(0, 1)
    assert store.fetch("complaint", child["_id"])["level"] == "secret"
    assert declassify(now + timedelta(days=11)) == Outcome(2, 0)


def test_a_decided_report_is_declassified_whatever_its_terms_would_be_judged_today(
    db: Base, owner: Person, now: datetime
) -> None:
    parent = customer(owner, now)
    values = {"customer": parent["_id"], "level": "secret", "secret_until": SECRET_ENDS, "state": "approved"}
    report = store.create("credit_report", values, actor=owner, now=now - timedelta(days=365))
    over_the_limit = {"grade": "D", "limit": Decimal128("300000"), "term_days": 90}
    db["record_credit_report"].update_one({"_id": report["_id"]}, {"$set": over_the_limit})
    assert declassify(now) == Outcome(1, 0)
