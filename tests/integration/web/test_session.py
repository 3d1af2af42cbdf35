"""A session ends when it should, on the next request."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from pymongo.database import Database

from backoffice import auth, edge
from models.person import rights
from models.person.roles import SYSTEM, Role
from tests.factories.web import PASSWORD, Browser, Clock
from tests.integration.web.conftest import Add

Base = Database[dict[str, Any]]


@pytest.fixture
def inside(browser: Browser, add: Add) -> Browser:
    """A browser in which a salesperson is signed in."""
    add(Role.SALES)
    browser.sign_in("sales@example.com")
    assert browser.inside()
    return browser


def copied(app: Flask, browser: Browser) -> Browser:
    """Another browser with the same cookie, as a thief would have it."""
    thief = Browser(app.test_client())
    cookie = browser.client.get_cookie("session")
    assert cookie is not None
    thief.client.set_cookie("session", cookie.value)
    return thief


def test_signing_out_ends_the_session_for_every_copy_of_the_cookie(app: Flask, inside: Browser) -> None:
    thief = copied(app, inside)
    assert thief.inside()
    inside.post("/logout")
    assert not inside.inside()
    assert not thief.inside()


def test_signing_out_needs_the_forms_token(inside: Browser) -> None:
    assert inside.client.post("/logout").status_code == 400
    assert inside.client.get("/logout").status_code == 405
    assert inside.inside()


def test_a_new_password_ends_the_other_sessions_and_keeps_this_one(app: Flask, inside: Browser) -> None:
    other = Browser(app.test_client())
    other.sign_in("sales@example.com")
    thief = copied(app, inside)
    new = "nine yellow kettles"
    inside.post("/change", {"password": PASSWORD, "new_password": new, "new_password_confirm": new})
    assert inside.inside()
    assert not other.inside()
    assert not thief.inside()


def test_a_disabled_person_is_out_at_the_next_request(inside: Browser, db: Base, clock: Clock) -> None:
    person = db["user"].find_one({})
    assert person is not None
    rights.set_active(SYSTEM, person["_id"], False, clock.now)
    assert not inside.inside()
    rights.set_active(SYSTEM, person["_id"], True, clock.now)
    assert not inside.inside()


def test_changed_roles_and_a_reset_end_the_session(inside: Browser, db: Base, clock: Clock) -> None:
    person = db["user"].find_one({})
    assert person is not None
    rights.set_roles(SYSTEM, person["_id"], [Role.SALES, Role.SALES_MANAGER], clock.now)
    assert not inside.inside()
    rights.set_roles(SYSTEM, person["_id"], [Role.SALES], clock.now)
    inside.sign_in("sales@example.com")
    assert inside.inside()
    rights.reset_access(SYSTEM, person["_id"], "", clock.now)
    assert not inside.inside()


def test_half_an_hour_without_a_request_ends_the_session(inside: Browser, clock: Clock) -> None:
    clock.forward(minutes=29)
    assert inside.inside()
    clock.forward(minutes=29)
    assert inside.inside()
    clock.forward(minutes=30)
    assert not inside.inside()


def test_twelve_hours_end_the_session_however_busy_it_is(inside: Browser, clock: Clock) -> None:
    for _ in range(35):
        clock.forward(minutes=20)
        assert inside.inside()
    clock.forward(minutes=20)
    assert not inside.inside()


def test_the_cookie_carries_an_id_and_the_database_only_its_hash(inside: Browser, db: Base) -> None:
    cookie = inside.client.get_cookie("session")
    assert cookie is not None
    assert cookie.http_only
    assert cookie.same_site == "Lax"
    with inside.client.session_transaction() as values:
        kept = dict(values)
    row = db["session"].find_one({})
    assert row is not None
    assert kept["sid"] not in str(row)
    assert "192.0.2.10" not in str(row)
    assert set(row) == {"_id", "user", "uniquifier", "created", "last_seen", "fresh_at", "address", "ends"}


def test_a_made_up_id_is_nobody(inside: Browser) -> None:
    with inside.client.session_transaction() as values:
        values["sid"] = "made-up"
    assert not inside.inside()
    with inside.client.session_transaction() as values:
        values["sid"] = {"$ne": None}
    assert not inside.inside()


def test_five_minutes_after_the_password_a_signature_asks_for_it_again(
    app: Flask, browser: Browser, add: Add, clock: Clock
) -> None:
    app.add_url_rule("/fresh", "fresh", lambda: str(auth.is_fresh()))
    add(Role.SALES)
    browser.sign_in("sales@example.com")
    inside = browser
    assert inside.get("/fresh").text == "True"
    clock.forward(minutes=5)
    assert inside.get("/fresh").text == "False"
    assert inside.post("/verify?next=/fresh", {"password": "a wrong umbrella"}).status_code == 200
    assert inside.get("/fresh").text == "False"
    answer = inside.post("/verify?next=/fresh", {"password": PASSWORD})
    assert answer.location == "/fresh"
    assert inside.get("/fresh").text == "True"
    clock.forward(minutes=5)
    assert inside.get("/fresh").text == "False"


@pytest.mark.parametrize("lure", ["//evil.example", "http:evil.example", "/\\evil.example", "https://evil.example"])
def test_the_fresh_sign_in_returns_to_no_other_site(inside: Browser, lure: str) -> None:
    answer = inside.post("/verify", {"password": PASSWORD}, query_string={"next": lure})
    assert edge.is_local(answer.location)
    assert answer.location in ("/", "/%5Cevil.example")


def test_an_old_cookie_does_not_bring_back_a_fresh_sign_in(app: Flask, inside: Browser, clock: Clock) -> None:
    old = copied(app, inside)
    clock.forward(minutes=6)
    assert "/verify" in old.get("/mf-recovery-codes").location
    assert "/verify" in inside.get("/mf-recovery-codes").location


def test_sign_in_and_out_are_in_the_audit_trail(inside: Browser, db: Base) -> None:
    inside.post("/logout")
    actions = [entry["action"] for entry in db["audit"].find({"actor_name": "测试员"}).sort("_id", 1)]
    assert actions == ["signed_in", "signed_out"]
