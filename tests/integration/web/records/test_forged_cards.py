"""Cards under attack: what no role may do, forged fields, old versions; and what a raised record changes on no page."""

from __future__ import annotations

import re
from typing import Any

import pytest

from config.database import database
from models.person.roles import Role
from tests.factories.desks import Desk
from tests.integration.web.records.conftest import Make, Sit
from tests.integration.web.records.test_borrowing import AT, CARDS, WINDOW, last_card, stored

MOVES = ("sign", "approve", "countersign", "refuse", "revoke", "withdraw", "give_back", "take_back")
FORGED = ("owner", "state", "created_by", "signers", "level_asked", "items", "acl", "in_person", "decided_by")


@pytest.fixture
def asker(sit: Sit) -> Desk:
    return sit(Role.SALES_MANAGER, name="Asker")


@pytest.fixture
def card(sit: Sit, asker: Desk, make: Make) -> str:
    """A card that waits for the head."""
    number = make(sit(Role.SPECIALIST, name="Owner").person, name="Lamp works", level="secret")["number"]
    asker.send(f"{AT}{number}/ask", 302, use="view", **WINDOW)
    asker.text(f"{CARDS}{last_card()}")  # what was just done is said once
    return last_card()


def tried(desk: Desk, card: str, move: str, **more: Any) -> int:
    asked = {"approve": {"valid_until": "2026-11-25"}, "countersign": {"valid_until": "2026-11-25"}}
    given = asked.get(move, {"note": "x"} if move in ("refuse", "revoke") else {})
    sent = {"rev": "1", **given, **more}
    return int(desk.post(f"{CARDS}{card}/do/{move}", sent).status_code)


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.HEAD])
def test_nobody_but_the_head_moves_a_card_that_waits_for_the_head(sit: Sit, card: str, role: Role) -> None:
    desk = sit(role, name="Other", department="service")
    assert {tried(desk, card, move) for move in MOVES} <= {403, 404, 409}
    assert (stored(card)["state"], stored(card)["rev"], database()["grant"].count_documents({})) == ("signed", 1, 0)


def test_who_asked_does_nothing_with_it_but_withdraw_it(asker: Desk, card: str) -> None:
    assert {tried(asker, card, move) for move in MOVES if move != "withdraw"} <= {403, 409}
    assert stored(card)["rev"] == 1
    assert tried(asker, card, "withdraw") == 303


@pytest.mark.parametrize("name", FORGED)
def test_a_forged_field_is_refused_before_anything_is_done(sit: Sit, card: str, name: str) -> None:
    head = sit(Role.HEAD, name="Head")
    for move in ("approve", "refuse"):
        assert 400 <= tried(head, card, move, **{name: "granted"}) < 500
    assert stored(card)["rev"] == 1


def test_a_decision_is_not_played_again_nor_given_on_an_old_version(sit: Sit, card: str) -> None:
    head = sit(Role.HEAD, name="Head")
    assert tried(head, card, "approve", rev="0") == 409
    assert tried(head, card, "approve") == 303
    assert {tried(head, card, move) for move in ("approve", "refuse", "approve")} == {409}
    assert (stored(card)["state"], database()["grant"].count_documents({})) == ("granted", 1)


# --- a record that is raised while its card waits (X3, X6)


def said(desk: Desk, card: str) -> dict[str, str]:
    """What the asker's pages about a card say; what differs with every request is left out."""
    pages = (f"{CARDS}{card}", f"{CARDS}{card}/history", CARDS, f"{CARDS}?state=signed", "/", f"{CARDS}{card}/print")
    changing = r'(csrf_token|nonce|name="once"|name="seen"|_token|data-at)[^>]*'
    return {page: re.sub(changing, "", desk.get(page).get_data(as_text=True)) for page in pages}


def test_no_page_tells_whoever_asked_that_a_record_of_their_card_was_raised(sit: Sit, asker: Desk, card: str) -> None:
    head = sit(Role.HEAD, name="Head")
    before = said(asker, card)
    number = stored(card)["items"][0]["number"]
    head.send(f"{AT}{number}/edit", 303, rev="1", level="top_secret")
    assert said(asker, card) == before
    page = head.text(f"{CARDS}{card}/do/approve")
    assert "One of these records is top secret now" in page
    assert tried(head, card, "approve") == 409
    assert said(asker, card) == before, "nor after the head tried"
    assert tried(head, card, "refuse", note="Not now") == 303
    after = said(asker, card)
    empty = re.compile(r'<div class="row-field" id="f-countersigner">.*?</dd></div>')
    assert empty.findall(after[f"{CARDS}{card}"]) == empty.findall(before[f"{CARDS}{card}"]) != []
    told = empty.sub("", after[f"{CARDS}{card}"]) + after[f"{CARDS}{card}/history"]
    assert not re.search(r"op secret|eneral manager", told)


def test_who_signed_something_reads_on_its_card_what_they_decided(sit: Sit, make: Make) -> None:
    owner, checker = sit(Role.SPECIALIST, name="Owner"), sit(Role.SUPERVISOR, name="Checker")
    number = make(owner.person, name="Lamp works", level="confidential")["number"]
    owner.send(f"{AT}{number}/do/submit", 303, rev="1", checker=str(checker.person.id))
    assert "What you signed" not in sit(Role.SUPERVISOR, name="Other").text(f"{AT}{number}")
    checker.send(f"{AT}{number}/do/approve", 303, rev="2")
    page = checker.text(f"{AT}{number}")
    assert "What you signed" in page
    assert "Lamp works" not in page
