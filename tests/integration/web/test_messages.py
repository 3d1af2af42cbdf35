"""The account page of channels and quiet hours, and the administrator's page of messages (J, X6)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, time
from typing import Any

import pytest
from flask import Flask
from pymongo.database import Database

from backoffice.app import create_app
from backoffice.screens.outbox import PAGE
from config.channels import Channel, Kind
from config.settings import Settings
from models.channel_choice import service as choices
from models.channel_choice.rules import Choice
from models.outbox import service as outbox
from models.outbox.document import EMAILS
from models.outbox.rules import State
from models.person.roles import PERMISSIONS, Permission, Role
from tests.factories.desks import Desk, seat
from tests.factories.web import Clock

Base = Database[dict[str, Any]]
Sit = Callable[..., Desk]
HUSH = "https://robots.example.com/send?access_token=hush"


@pytest.fixture
def sit(prepared: Settings, db: Base, clock: Clock, now: datetime) -> Sit:
    """Seat somebody in an installation with one group robot."""
    group = Channel("group", Kind.WECOM, "客服群", "Service group", HUSH)
    app: Flask = create_app(replace(prepared, demo=True, channels=(group,)), clock=clock, connect=False)
    app.testing = True
    return lambda *roles, **more: seat(app, *roles, now=now, **more)


def give_up(now: datetime, key: str, **more: Any) -> None:
    values = {"to": "li@example.com", "subject": "Late: Complaint TS-2026-000001", "text": "address"}
    outbox.post(key, **{**values, **more}, now=now)
    message = outbox.take_due(now)
    assert message is not None
    outbox.mark_refused(message, "the mail server answered 550", now, for_good=True)


# --- a person's own page


def test_the_page_shows_the_usual_choice_and_the_declared_robots(sit: Sit) -> None:
    page = sit(Role.SALES).text("/account/notifications/")
    for words in ("Notifications", "By email", "Service group", 'value="09:00"', "example.com"):
        assert words in page, words
    assert "hush" not in page


def test_what_was_chosen_is_stored_and_shown_again(sit: Sit) -> None:
    desk = sit(Role.SPECIALIST)
    chosen = {"channels": "group", "digest_at": "10:00", "quiet_from": "20:00", "quiet_to": "08:00"}
    assert desk.post("/account/notifications/", chosen).status_code == 303
    assert desk.person.id is not None
    assert choices.of(desk.person.id) == Choice(False, ("group",), time(20), time(8), time(10))
    page = desk.text("/account/notifications/")
    assert page.count("checked") == 1
    assert all(f'value="{moment}"' in page for moment in ("10:00", "20:00", "08:00"))


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"quiet_from": "20:00"}, "Give both times, or neither."),
        ({"digest_at": "99:99"}, "Give a time such as 20:00."),
        ({"channels": "other"}, "Choose from the list."),
    ],
)
def test_what_cannot_be_stored_is_said_beside_the_field(sit: Sit, values: dict[str, str], words: str) -> None:
    desk = sit(Role.SPECIALIST)
    answer = desk.post("/account/notifications/", values)
    assert answer.status_code == 422
    assert words in answer.get_data(as_text=True)
    assert desk.person.id is not None
    assert choices.of(desk.person.id) == Choice()


def test_one_person_s_choice_is_nobody_else_s(sit: Sit) -> None:
    first, second = sit(Role.SPECIALIST), sit(Role.SPECIALIST)
    first.send("/account/notifications/", channels="group")
    assert second.person.id is not None
    assert choices.of(second.person.id) == Choice()


# --- the administrator's page


def test_what_was_given_up_is_seen_without_its_content_and_sent_again(sit: Sit, db: Base, now: datetime) -> None:
    give_up(now, "reminder:1")
    desk = sit(Role.ADMINISTRATOR)
    page = desk.text("/outbox/")
    for words in ("li@example.com", "the mail server answered 550", "given up", "Send again"):
        assert words in page, words
    assert "TS-2026" not in page
    desk.send("/outbox/again", message="reminder:1")
    row = db[EMAILS].find_one({})
    assert row is not None
    assert (row["state"], row["next_try"], "keep_until" in row) == (State.WAITING, now, False)
    assert "No messages in this state" in desk.text("/outbox/")
    assert "li@example.com" in desk.text("/outbox/?state=waiting")
    assert desk.post("/outbox/again", {"message": "reminder:1"}).status_code == 404


def test_only_whoever_looks_after_messages_comes_in(sit: Sit, db: Base, now: datetime) -> None:
    give_up(now, "reminder:1")
    for role in Role:
        desk = sit(role)
        allowed = Permission.OUTBOX_MANAGE in PERMISSIONS.get(role, frozenset())
        assert desk.get("/outbox/").status_code == (200 if allowed else 403), role
        assert ('href="/outbox/"' in desk.text("/")) is allowed, role
        if not allowed:
            assert desk.post("/outbox/again", {"message": "reminder:1"}).status_code == 403
    row = db[EMAILS].find_one({})
    assert row is not None
    assert row["state"] == State.DEAD


def test_pages_go_on_behind_the_last_message(sit: Sit, now: datetime) -> None:
    for number in range(PAGE + 3):
        give_up(now, f"reminder:{number:03}", to=f"p{number:03}@example.com")
    desk = sit(Role.ADMINISTRATOR)
    first = desk.text("/outbox/")
    following = desk.text(f"/outbox/?state=dead&before={round(now.timestamp() * 1000)}.reminder:003")
    assert first.count("Send again") == PAGE
    assert f"before={round(now.timestamp() * 1000)}.reminder" in first
    assert [f"p{number:03}@" in following for number in (2, 3)] == [True, False]


@pytest.mark.parametrize("query", ["state=flying", "before=x", "before=99999999999999.a", "before=1.%00"])
def test_an_address_that_means_nothing_is_refused(sit: Sit, query: str) -> None:
    assert sit(Role.ADMINISTRATOR).get(f"/outbox/?{query}").status_code == 400
