"""X4, X5: what nobody can sign is neither offered nor pressed for, and where a card waits its page says so."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from config.database import database
from models.access_request import service
from models.access_request.refusals import NobodyLeftToSign
from models.person import rights
from models.person.roles import SYSTEM, Role
from tests.factories.desks import Desk
from tests.factories.people import person
from tests.integration.web.records.conftest import Make, Sit
from tests.integration.web.records.test_borrowing import AT, CARDS, WINDOW, last_card, move, office, stored

__all__ = ["office"]

OFFERED = WINDOW | {"use": "print"}


@pytest.mark.parametrize("by", ["owner", "head"])
def test_the_only_general_manager_is_not_offered_what_a_general_manager_signs(
    office: dict[str, Desk], sit: Sit, make: Make, by: str
) -> None:
    gm = sit(Role.GENERAL_MANAGER, name="Manager of all", department="management")
    number = make(office["owner"].person, name="Lamp works", level="top_secret")["number"]
    page = office[by].send(f"{AT}{number}/offer", 409, to="Manager of all", **OFFERED).text
    assert "nobody could sign" in page
    assert database()["record_access_request"].count_documents({}) == 0
    second = person(Role.GENERAL_MANAGER, name="Second", department="management")
    office[by].send(f"{AT}{number}/offer", 302, to="Manager of all", **OFFERED)
    card, at = last_card(), f"{CARDS}{last_card()}"
    if by == "owner":
        move(office["head"], card, "approve", valid_until="2026-11-25")
    assert "nobody else who may sign" not in office[by].text(at)
    assert second.id is not None
    rights.set_active(SYSTEM, second.id, False, datetime.fromisoformat("2026-11-23T02:00:00+00:00"))
    assert "waits for General manager (nobody else who may sign)" in office[by].text(at)
    assert stored(card)["owner"] == gm.person.id


def test_a_general_manager_is_offered_what_the_head_alone_signs(
    office: dict[str, Desk], sit: Sit, make: Make, now: datetime
) -> None:
    gm = sit(Role.GENERAL_MANAGER, name="Manager of all", department="management").person
    number = make(office["owner"].person, name="Lamp works", level="secret")["number"]
    wish = {"uses": "print", "reason": "Audit", "valid_until": now.date()}
    assert service.offer(office["owner"].person, "sample", number, gm.id, wish, now=now)["state"] == "signed"
    other = make(office["owner"].person, name="Light works", level="secret")["number"]
    with pytest.raises(NobodyLeftToSign):
        service.offer(office["head"].person, "sample", other, gm.id, wish, now=now)


def test_where_a_card_stands_says_that_its_signers_account_is_disabled(
    sit: Sit, office: dict[str, Desk], make: Make, now: datetime
) -> None:
    signer = person(Role.SUPERVISOR, name="Signer")
    asker = sit(Role.SPECIALIST, name="Asker", manager=signer.id)
    number = make(office["owner"].person, name="Lamp works", level="secret")["number"]
    asker.send(f"{AT}{number}/ask", 302, use="view", **WINDOW)
    at = f"{CARDS}{last_card()}"
    assert "waits for Signer" in asker.text(at)
    assert signer.id is not None
    rights.set_active(SYSTEM, signer.id, False, now)
    assert "waits for Signer (account disabled)" in asker.text(at)
    assert stored(last_card())["climbed"] == 1


def test_a_sheet_that_can_only_be_refused_offers_nothing_else(office: dict[str, Desk], make: Make) -> None:
    number = make(office["owner"].person, name="Lamp works", level="secret")["number"]
    office["manager"].send(f"{AT}{number}/ask", 302, use="view", **WINDOW)
    at = f"{CARDS}{last_card()}/do/approve"
    page = office["head"].text(at)
    assert 'value="approve"' in page
    assert "Then it stands at" in page
    office["owner"].send(f"{AT}{number}/edit", 303, rev="1", level="top_secret")
    page = office["head"].text(at)
    assert ('value="approve"' in page, 'value="refuse"' in page) == (False, True)
    assert "Then it stands at" not in page
    assert 'name="valid_until"' not in page


def granted(office: dict[str, Desk], make: Make) -> str:
    number = make(office["owner"].person, name="Lamp works", level="secret")["number"]
    office["manager"].send(f"{AT}{number}/ask", 302, use="view", **WINDOW)
    move(office["head"], last_card(), "approve", valid_until="2026-11-25")
    return str(number)


def test_the_history_under_a_card_counts_down_as_the_record_does(office: dict[str, Desk], make: Make) -> None:
    number = granted(office, make)
    for page in ("", "/history"):
        assert "data-countdown-ends" in office["manager"].text(f"{AT}{number}{page}")
        assert "data-countdown-ends" not in office["owner"].text(f"{AT}{number}{page}")


def test_after_its_last_day_a_card_shows_ended_with_the_form_to_ask_again(
    office: dict[str, Desk], make: Make, sit: Sit, now: datetime
) -> None:
    number = granted(office, make)
    past = {"valid_from": now - timedelta(days=9), "valid_until": now - timedelta(days=5)}
    database()["grant"].update_many({}, {"$set": past})
    database()["record_access_request"].update_many({}, {"$set": {"valid_until": now - timedelta(days=6)}})
    page = office["manager"].text(f"{AT}{number}")
    assert "Ended" in page[page.index(last_card()) :]
    assert 'id="ask"' in page
    office["manager"].send(f"{AT}{number}/ask", 302, use="view", **WINDOW)
