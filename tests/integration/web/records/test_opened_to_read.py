"""X5, X7: who reads a record by a card, or owns it while heading another department, reads it and no more."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from pymongo.database import Database

from models import catalogue, schema, store
from models.access_request import service as cards
from models.destruction import holds
from models.person.roles import Person, Role
from tests.factories.customers import customer
from tests.factories.desks import Desk
from tests.integration.web.records.conftest import Sit

DB = Database[dict[str, Any]]
WHY = "Lawsuit in the city court"


@pytest.fixture(autouse=True)
def shipped(db: DB) -> None:
    catalogue.load()
    schema.migrate()


@pytest.fixture
def head(sit: Sit) -> Desk:
    return sit(Role.HEAD, name="Head")


def offered(head: Desk, manager: Desk, to: Person, number: str, now: datetime) -> None:
    """Let somebody consult a file of the department."""
    until = (now + timedelta(days=2)).date().isoformat()
    assert to.id is not None
    wish = {"uses": ["view"], "reason": "To advise", "valid_until": until}
    card = cards.offer(head.person, "customer", number, to.id, wish, now=now)
    manager.send(f"/records/access_request/{card['number']}/do/countersign", 303, rev="1", valid_until=until)


@pytest.mark.parametrize(("role", "department"), [(Role.LEGAL_REVIEWER, "legal"), (Role.HEAD, "sales")])
def test_a_card_opens_neither_the_hold_nor_who_has_read_it(
    sit: Sit, head: Desk, now: datetime, db: DB, role: Role, department: str
) -> None:
    reader = sit(role, name="Reader", department=department)
    made = customer(sit(Role.SPECIALIST, name="Owner").person, now, level="confidential", level_basis="x")
    at, readers = f"/records/customer/{made['number']}", f"/readers/customer/{made['number']}"
    head.send(f"{at}/hold", 303, act="place", note=WHY)
    assert reader.get(at).status_code == 404
    offered(head, sit(Role.GENERAL_MANAGER, department="management"), reader.person, made["number"], now)
    page = reader.text(at)
    assert "On legal hold" in page
    assert WHY not in page
    assert f"{at}/hold" not in page
    assert readers not in page
    assert "Who has read this" not in reader.text(f"{at}/history")
    assert reader.get(f"{at}/hold").status_code == 403
    assert reader.post(f"{at}/hold", {"act": "lift", "note": "No"}).status_code == 403
    assert reader.get(readers).status_code == 403
    assert db[holds.HOLDS].count_documents({"lifted_at": None}) == 1
    assert WHY in head.text(at)
    assert "Reader" in head.text(readers)
    head.send(f"{at}/hold", 303, act="lift", note="Settled")


def test_a_head_of_another_department_who_owns_a_record_is_no_head_of_it(sit: Sit, head: Desk, now: datetime) -> None:
    owner = sit(Role.HEAD, name="Owner", department="sales")
    made = customer(owner.person, now, level="secret", level_basis="x")
    at, readers = f"/records/customer/{made['number']}", f"/readers/customer/{made['number']}"
    page = owner.text(at)
    assert f"{at}/edit" in page
    assert (f"{at}/hold" in page, readers in page) == (False, False)
    assert owner.get(f"{at}/hold").status_code == 403
    assert owner.get(readers).status_code == 403
    assert f"{at}/hold" in head.text(at)


def test_a_legal_reviewer_holds_what_waits_for_them(sit: Sit, now: datetime) -> None:
    owner, legal = sit(Role.SPECIALIST).person, sit(Role.LEGAL_REVIEWER, department="legal").person
    file = customer(owner, now)
    values = {"customer": file["_id"], "name": "x", "level": "confidential", "state": "in_review", "owner": owner.id}
    made = store.create("contract", values, actor=owner, now=now)
    holds.place(legal, "contract", made["number"], WHY, now=now)
    holds.lift(legal, "contract", made["number"], "Settled", now=now)
    assert len(holds.story(made["_id"])) == 1
