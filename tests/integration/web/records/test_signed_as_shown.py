"""X4, D1: one signs what one saw. A sheet of which what it shows has changed since decides nothing."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from config.database import database
from models import records, store
from models.access import Purpose
from models.destruction import service as destruction
from models.move_sheet import SheetChanged
from models.person.roles import Role
from tests.factories.contracts import contract
from tests.factories.customers import customer
from tests.factories.desks import SHOWN, Desk
from tests.integration.web.records.conftest import Make, Sit
from tests.integration.web.records.test_borrowing import AT, CARDS, WINDOW, last_card, stored

CHANGED = "What this page shows has changed since you opened it"
Change = Callable[[Desk, str], object]


@pytest.fixture
def owner(sit: Sit) -> Desk:
    return sit(Role.SPECIALIST, name="Owner")


@pytest.fixture
def head(sit: Sit) -> Desk:
    return sit(Role.HEAD, name="Head")


@pytest.fixture
def number(owner: Desk, make: Make) -> str:
    return str(make(owner.person, name="Lamp works", level="secret")["number"])


def card_for(asker: Desk, number: str) -> str:
    asker.send(f"{AT}{number}/ask", 302, use="view", **WINDOW)
    return last_card()


def edited(owner: Desk, number: str, **values: Any) -> None:
    rev = database()["record_sample"].find_one({"number": number}, {"rev": 1}) or {}
    owner.send(f"{AT}{number}/edit", 303, rev=str(rev["rev"]), **values)


def raised(owner: Desk, number: str) -> None:
    edited(owner, number, level="confidential")


def replaced(owner: Desk, number: str) -> None:
    edited(owner, number, name="Another works")


@pytest.mark.parametrize("change", [raised, replaced])
@pytest.mark.parametrize("answer", ["approve", "refuse"])
def test_a_card_is_decided_as_its_sheet_showed_it_or_not_at_all(
    sit: Sit, owner: Desk, head: Desk, number: str, change: Change, answer: str
) -> None:
    card = card_for(sit(Role.SPECIALIST, name="Asker", manager=head.person.id), number)
    sheet, sent = (
        f"{CARDS}{card}/do/approve",
        {"rev": "1", "_answer": answer, "valid_until": "2026-11-25", "note": "So"},
    )
    assert "Secret" in head.text(sheet).split("Highest level now")[1][:100]
    change(owner, number)
    page = head.send(sheet, 409, **sent).text
    assert CHANGED in page
    shows = ("Confidential", "L***s") if change is raised else ("Secret", "A***s")
    assert shows[0] in page.split("Highest level now")[1][:100], "the sheet as it is now"
    assert f"{number} {shows[1]}" in page
    assert 'value="2026-11-25"' in page, "what was typed is kept"
    assert (stored(card)["state"], stored(card)["rev"], database()["grant"].count_documents({})) == ("signed", 1, 0)
    head.send(sheet, 303, **sent)
    assert stored(card)["state"] == ("granted" if answer == "approve" else "refused")


def test_who_sends_no_mark_or_another_one_decides_nothing(sit: Sit, head: Desk, number: str) -> None:
    asker, other = (sit(Role.SPECIALIST, name=name, manager=head.person.id) for name in ("Asker", "Other"))
    card = card_for(asker, number)
    sheet, page = f"{CARDS}{card}/do/approve", other.get(f"{CARDS}{card}/do/approve")
    assert page.status_code == 404
    of_another_head = SHOWN.search(sit(Role.HEAD, name="Second").text(sheet))
    assert of_another_head is not None
    for mark in ("", "0" * 64, "é", of_another_head.group(1)):
        head.send(sheet, 409, rev="1", valid_until="2026-11-25", _shown=mark)
    assert stored(card)["state"] == "signed"


def test_a_sheet_that_is_shown_again_for_another_reason_still_stands_for_what_was_shown_first(
    sit: Sit, owner: Desk, head: Desk, number: str
) -> None:
    card = card_for(sit(Role.SPECIALIST, name="Asker", manager=head.person.id), number)
    sheet = f"{CARDS}{card}/do/approve"
    head.text(sheet)
    raised(owner, number)
    page = head.send(sheet, 422, rev="1", _answer="refuse", valid_until="2026-11-25").text
    found = SHOWN.search(page)
    assert found is not None
    head.send(sheet, 409, rev="1", valid_until="2026-11-25", _shown=found.group(1))
    assert stored(card)["state"] == "signed"


@pytest.mark.parametrize("level", ["confidential", "top_secret"])
def test_who_signs_before_the_head_learns_from_no_mark_that_a_record_became_top_secret(
    sit: Sit, owner: Desk, number: str, level: str
) -> None:
    manager = sit(Role.SALES_MANAGER, name="Manager", department="sales")
    card = card_for(sit(Role.SPECIALIST, name="Asker", manager=manager.person.id), number)
    sheet = f"{CARDS}{card}/do/sign"
    before = SHOWN.search(manager.text(sheet))
    edited(owner, number, level=level)
    after = SHOWN.search(manager.text(sheet))
    assert before is not None
    assert after is not None
    assert (before.group(1) == after.group(1)) == (level == "top_secret")
    manager.send(sheet, 303, rev="1")


def test_a_card_is_revoked_on_a_sheet_that_says_what_it_holds(sit: Sit, head: Desk, number: str) -> None:
    card = card_for(sit(Role.SPECIALIST, name="Asker", manager=head.person.id), number)
    head.send(f"{CARDS}{card}/do/approve", 303, rev="1", valid_until="2026-11-25")
    sheet = f"{CARDS}{card}/do/revoke"
    head.send(sheet, 409, rev="2", note="Enough", _shown="")
    head.send(sheet, 303, rev="2", note="Enough")
    assert stored(card)["state"] == "revoked"


def test_a_change_of_secrecy_is_approved_for_the_record_that_its_sheet_was_about(
    owner: Desk, head: Desk, number: str
) -> None:
    owner.send(f"{AT}{number}/secrecy", 302, kind="lower", new_level="internal", reason="Published")
    asked = database()["record_secrecy_change"].find_one({}) or {}
    sheet = f"/records/secrecy_change/{asked['number']}/do/approve"
    assert f"{number} L***s" in head.text(sheet)
    replaced(owner, number)
    page = head.send(sheet, 409, rev="1").text
    assert CHANGED in page
    assert f"{number} A***s" in page
    assert (database()["record_sample"].find_one({"number": number}) or {})["level"] == "secret"
    head.send(sheet, 303, rev="1")


def test_the_last_signature_destroys_nothing_that_its_signer_never_saw(
    sit: Sit, owner: Desk, head: Desk, make: Make, now: datetime
) -> None:
    supervisor, manager = sit(Role.SUPERVISOR), sit(Role.GENERAL_MANAGER, department="management")
    made = make(owner.person, name="Lamp works", level="internal", made_on="2019-05-01")
    final = {"state": "approved"}
    database()["record_sample"].update_one({"_id": made["_id"]}, {"$set": final})
    asked = destruction.propose(owner.person, "sample", [made["number"]], "Outdated", now=now)
    page = f"/records/destruction/{asked['number']}"
    supervisor.send(f"{page}/do/sign", 303, rev="1")
    head.send(f"{page}/do/approve", 303, rev="2")
    sheet = f"{page}/do/countersign"
    assert f"{made['number']} L***s (Internal)" in manager.text(sheet)
    values = {"level": "top_secret", "level_basis": "Talks", "name": "Evidence of the lawsuit"}
    store.change("sample", made["_id"], values, actor=owner.person, now=now)
    again = manager.send(sheet, 409, rev="3").text
    assert CHANGED in again
    assert f"{made['number']} changed since it was proposed: this destruction cannot go on" in again
    assert "(Top secret)" in again
    assert "what was signed is not what would go now" in manager.send(sheet, 409, rev="3").text
    assert store.fetch("destruction", asked["_id"])["state"] == "approved"
    manager.send(sheet, 303, rev="3", _answer="refuse", note="Changed")
    assert store.fetch("destruction", asked["_id"])["state"] == "refused"


def test_an_opinion_is_given_on_the_customer_that_its_sheet_named(sit: Sit, owner: Desk, now: datetime) -> None:
    finance = sit(Role.FINANCE_REVIEWER, Role.SPECIALIST)
    file = customer(owner.person, now, name="甲公司")
    made = contract(owner.person, file["_id"], now)
    records.move(owner.person, "contract", made["number"], "submit", {}, rev=1, now=now)
    sheet = f"/records/contract/{made['number']}/do/finance_review"
    sent = {"rev": "2", "finance_agrees": "yes", "finance_opinion": "Good standing"}
    finance.text(sheet)
    store.change("customer", file["_id"], {"name": "乙公司"}, actor=owner.person, now=now)
    rev = str(store.fetch("contract", made["_id"])["rev"])
    page = finance.send(sheet, 409, **{**sent, "rev": rev}).text
    assert CHANGED in page
    assert "Good standing" in page
    finance.send(sheet, 303, **{**sent, "rev": rev})


def test_a_sheet_that_says_nothing_of_other_records_needs_no_mark(owner: Desk, number: str, sit: Sit) -> None:
    checker = sit(Role.SUPERVISOR, name="Checker")
    page = owner.text(f"{AT}{number}/do/submit")
    assert not re.search('name="_shown"', page)
    owner.send(f"{AT}{number}/do/submit", 303, rev="1", checker=str(checker.person.id))


def test_nothing_is_signed_by_whoever_calls_without_saying_what_was_shown(
    sit: Sit, head: Desk, number: str, now: datetime
) -> None:
    card = card_for(sit(Role.SPECIALIST, name="Asker", manager=head.person.id), number)
    found = records.read(head.person, "access_request", card, Purpose.VIEW, now)
    with pytest.raises(SheetChanged):
        records.move_seen(head.person, found, "approve", {"valid_until": "2026-11-25"}, rev=1, now=now, fresh=True)
    assert stored(card)["state"] == "signed"
