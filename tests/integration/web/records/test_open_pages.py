"""X5: a page that is open by a card asks whether it still is, and learns nothing else (X6, X7)."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from config.database import database
from models.person.roles import Role
from tests.factories.desks import Desk
from tests.factories.web import Clock
from tests.integration.web.records.conftest import Make, Sit
from tests.integration.web.records.test_borrowing import AT, WINDOW, granted, last_card, move, office

__all__ = ["granted", "office"]

AS_SCRIPT = {"X-Requested-With": "fetch"}


def test_a_page_under_a_card_asks_and_hears_when_it_is_revoked(
    office: dict[str, Desk], granted: tuple[str, str]
) -> None:
    card, number = granted
    reader, held = office["manager"], f"{AT}{number}/open"
    for page in ("", "/history"):
        assert f'data-countdown-held="{held}"' in reader.text(f"{AT}{number}{page}")
        assert "data-countdown-held" not in office["owner"].text(f"{AT}{number}{page}")
    assert "data-countdown-held" not in reader.text(f"/records/access_request/{card}"), "a card stays to be read"
    answer = reader.get(held, headers=AS_SCRIPT)
    assert (answer.status_code, answer.json) == (200, {"open": True})
    move(office["head"], card, "revoke", note="Stop")
    assert reader.get(held, headers=AS_SCRIPT).status_code == 404


@pytest.mark.parametrize("level", ["secret", "top_secret"])
def test_it_answers_of_what_is_locked_or_foreign_as_of_what_is_missing(
    office: dict[str, Desk], make: Make, sit: Sit, level: str
) -> None:
    number = make(office["owner"].person, name="Lamp works", level=level)["number"]
    asking = sit(Role.SPECIALIST, name="Stranger")
    answers = [asking.get(f"{AT}{one}/open", headers=AS_SCRIPT) for one in (number, f"{number[:-3]}999")]
    assert [one.status_code for one in answers] == [404, 404]
    bodies = [one.get_data(as_text=True).replace(one.headers["X-Request-Id"], "") for one in answers]
    assert bodies[0] == bodies[1]


def test_it_is_no_reading_and_keeps_no_session_alive(
    office: dict[str, Desk], granted: tuple[str, str], clock: Clock, now: datetime
) -> None:
    _card, number = granted
    reader, held = office["manager"], f"{AT}{number}/open"
    entries = database()["audit"].count_documents({})
    for minutes in range(10, 40, 10):
        clock.now = now + timedelta(minutes=minutes)
        answer = reader.get(held, headers=AS_SCRIPT)
        assert answer.status_code == (200 if minutes < 30 else 401), minutes
    assert database()["audit"].count_documents({}) == entries


def test_a_record_that_became_more_secret_than_was_signed_for_is_heard_of_too(
    office: dict[str, Desk], make: Make
) -> None:
    number = make(office["owner"].person, name="Lamp works", level="secret")["number"]
    office["manager"].send(f"{AT}{number}/ask", 302, use="view", **WINDOW)
    move(office["head"], last_card(), "approve", valid_until="2026-11-25")
    held = f"{AT}{number}/open"
    assert office["manager"].get(held).status_code == 200
    office["owner"].send(f"{AT}{number}/edit", 303, rev="1", level="confidential")
    assert office["manager"].get(held).status_code == 404
