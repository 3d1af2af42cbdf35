"""X5: what left under a card and is not back in time is chased: borrower and receiver, and then the head."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

from models import records, store
from models.access_request import grants, receipt, service
from models.person.roles import Person, Role
from tests.factories.customers import customer
from tests.factories.people import person
from tests.integration.reminder.conftest import Base, chase, open_steps

CARD = service.SLUG


def test_overdue_paper_is_chased_until_it_is_received(db: Base, owner: Person, now: datetime) -> None:
    head, custodian = person(Role.HEAD, name="H"), person(Role.CUSTODIAN, name="C")
    borrower = person(Role.SALES_MANAGER, name="B", department="sales")
    assert borrower.id is not None
    record = customer(owner, now, level="secret")
    wish = {"uses": ["export"], "reason": "Tender", "valid_until": date(2026, 11, 24)}
    card = service.offer(owner, "customer", record["number"], borrower.id, wish, now=now)
    card = records.move(head, CARD, card["number"], "approve", {}, rev=1, now=now, fresh=True)
    admitted = replace(borrower, grants=grants.grants_in_force(borrower, now))
    receipt.take(admitted, card["number"], "csv", now=now)

    late = now + timedelta(days=2)
    assert service.expire(late) == 1
    chase(late)
    assert open_steps(db, borrower) == open_steps(db, custodian) == ["late"]
    later = now + timedelta(days=7)
    chase(later)
    assert "climbed" in open_steps(db, head)

    rev = store.fetch(CARD, card["_id"])["rev"]
    records.move(custodian, CARD, card["number"], "take_back", {}, rev=rev, now=later)
    chase(later + timedelta(hours=1))
    assert (open_steps(db, borrower), open_steps(db, custodian)) == (["outcome"], [])
