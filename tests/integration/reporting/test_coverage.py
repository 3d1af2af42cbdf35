"""How far the quarter's revisits are, on the head's page (V5)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest
from pymongo.database import Database

from models import catalogue, schema, store
from models.person.roles import SYSTEM, Person
from models.revisit import coverage
from models.revisit.coverage import Covered, KeyCustomers
from tests.factories.customers import customer


@pytest.fixture(autouse=True)
def shipped(db: Database[dict[str, Any]]) -> None:
    catalogue.load()
    schema.migrate()


def visit(owner: Person, due: date, now: datetime, **values: Any) -> None:
    made = {"customer": customer(owner, now)["_id"], "occasion": "regular", "due_on": due}
    record = store.create("revisit", made, actor=owner, now=now)
    if values:
        store.change("revisit", record["_id"], values, actor=SYSTEM, now=now)


ALL = {"ease": 5, "attitude": 5, "ability": 4, "time": 4, "outcome": 5}


def test_what_was_due_this_quarter_counts_by_owner(owner: Person, clerk: Person, head: Person, now: datetime) -> None:
    visit(owner, date(2026, 10, 1), now, state="reached", **ALL)
    visit(owner, date(2026, 11, 23), now, state="reached", ease=5)
    visit(owner, date(2026, 11, 22), now)
    visit(clerk, date(2026, 11, 2), now, state="given_up")
    for elsewhere in (date(2026, 9, 30), date(2026, 11, 24)):
        visit(clerk, elsewhere, now)
    assert owner.id is not None
    assert clerk.id is not None
    found = {one.owner: one for one in coverage.by_owner(head, now)}
    assert found == {owner.id: Covered(owner.id, 3, 2, 60), clerk.id: Covered(clerk.id, 1, 0, None)}
    assert (found[owner.id].coverage, found[clerk.id].coverage) == (66, 0)


def test_a_department_sees_its_own(owner: Person, head: Person, now: datetime) -> None:
    visit(owner, date(2026, 11, 2), now, department="sales")
    assert coverage.by_owner(head, now) == []


def test_key_customers_are_covered_while_no_revisit_of_theirs_is_overdue(
    owner: Person, head: Person, now: datetime
) -> None:
    assert coverage.of_key_customers(head, now) == KeyCustomers(0, 0)
    for delivered in (date(2026, 10, 12), date(2026, 10, 23), None):  # due a month later, the first one late
        made = customer(owner, now, key_customer=True)
        store.change("customer", made["_id"], {"delivered": delivered, "state": "active"}, actor=SYSTEM, now=now)
    customer(owner, now, key_customer=True)
    seen = coverage.of_key_customers(head, now)
    assert (seen, seen.coverage) == (KeyCustomers(3, 2), 66)
