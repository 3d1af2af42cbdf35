"""Whoever asked for something while they read a record takes it back on its card, when they read it no longer."""

from __future__ import annotations

from datetime import datetime

from config.database import database
from models import store
from models.person.roles import Role
from tests.factories.contracts import contract
from tests.factories.customers import customer
from tests.integration.web.records.conftest import Sit

CONTRACTS = "/records/contract/"


def test_the_card_offers_to_take_back_what_its_reader_asked_for(sit: Sit, now: datetime) -> None:
    owner = sit(Role.SPECIALIST, name="Owner").person
    asker, colleague = sit(Role.SPECIALIST, name="Asker"), sit(Role.SPECIALIST, name="Colleague")
    file = customer(owner, now)
    made = contract(owner, file["_id"], now, level="confidential", level_basis="往来")
    asked = {"state": "loan_asked", "original": "kept", "borrower": asker.person.id}
    database()["record_contract"].update_one({"_id": made["_id"]}, {"$set": asked})
    page = CONTRACTS + made["number"]
    assert f'action="{page}/do/cancel_loan"' in asker.text(page)
    assert "cancel_loan" not in colleague.text(page)
    colleague.send(f"{page}/do/cancel_loan", 403, rev="1")
    assert asker.get(f"{page}/do/cancel_loan").location == page
    asker.send(f"{page}/do/cancel_loan", rev="1")
    stored = store.fetch("contract", made["_id"])
    assert (stored["state"], stored["borrower"]) == ("in_custody", None)
    assert "cancel_loan" not in asker.text(page)


def test_the_card_offers_its_keeper_to_record_the_return_of_the_original(sit: Sit, now: datetime) -> None:
    owner = sit(Role.SPECIALIST, name="Owner").person
    custodian, colleague = sit(Role.CUSTODIAN, name="Custodian"), sit(Role.SPECIALIST, name="Colleague")
    made = contract(owner, customer(owner, now)["_id"], now, level="confidential", level_basis="往来")
    lent = {"state": "lent", "original": "out", "borrower": owner.id, "return_by": now, "cabinet": "A", "box": "1"}
    database()["record_contract"].update_one({"_id": made["_id"]}, {"$set": lent})
    page = CONTRACTS + made["number"]
    assert "give_back" not in colleague.text(page)
    shown = custodian.text(page)
    assert f'action="{page}/do/give_back"' in shown
    assert 'name="cabinet"' not in shown
    custodian.send(f"{page}/do/give_back", rev="1")
    stored = store.fetch("contract", made["_id"])
    assert [stored[name] for name in ("state", "original", "cabinet", "box")] == ["in_custody", "kept", "A", "1"]
    assert "give_back" not in custodian.text(page)
