"""Signing in: who is let in, what is told, how often one may try."""

from __future__ import annotations

import html
from typing import Any

import pytest
from flask import Flask
from pymongo.database import Database

from backoffice import sign_in
from models.person import rights
from models.person.roles import SYSTEM, Role
from models.person.rules import ACCOUNT_TRIES, ADDRESS_TRIES
from tests.factories import thrift
from tests.factories.web import PASSWORD, Browser, Clock
from tests.integration.web.conftest import Add

Base = Database[dict[str, Any]]
LURES = (
    "//evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "http:evil.example",
    "https://evil.example/",
    "/\t/evil.example",
    "//127.0.0.1@evil.example",
    "javascript:alert(1)",
    "/%09/evil.example",
)


@pytest.fixture
def as_served(monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords are hashed at their full cost."""
    monkeypatch.setitem(sign_in.CONFIG, thrift.HASHING, thrift.AS_SERVED)


def test_email_and_password_sign_a_person_in(browser: Browser, add: Add) -> None:
    add(Role.SALES)
    assert not browser.inside()
    answer = browser.sign_in("Sales@Example.com")
    assert (answer.status_code, answer.location) == (302, "/")
    assert browser.inside()


def test_the_password_is_kept_as_argon2id_in_64_mb_and_three_rounds(
    as_served: None, browser: Browser, add: Add, db: Base
) -> None:
    add(Role.SALES)
    stored = db["user"].find_one({})
    assert stored is not None
    assert stored["password"].startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert PASSWORD not in str(stored)
    assert browser.sign_in("sales@example.com").location == "/"


def test_unknown_account_wrong_password_and_disabled_account_are_answered_alike(
    browser: Browser, add: Add, clock: Clock
) -> None:
    add(Role.SALES)
    browser.headers["Accept-Language"] = "en"
    gone = add(Role.SALES, email="gone@example.com")
    rights.set_active(SYSTEM, gone, False, clock.now)
    answers = {
        browser.sign_in("nobody@example.com").get_data(as_text=True).replace("nobody@", "@"),
        browser.sign_in("sales@example.com", "wrong umbrella word").get_data(as_text=True).replace("sales@", "@"),
        browser.sign_in("gone@example.com").get_data(as_text=True).replace("gone@", "@"),
    }
    plain = {_without_tokens(text) for text in answers}
    assert len(plain) == 1
    assert "Email or password is wrong." in html.unescape(plain.pop())


def _without_tokens(text: str) -> str:
    return "\n".join(line for line in text.splitlines() if "csrf" not in line and "nonce" not in line)


def test_one_account_has_so_many_tries_from_wherever_they_come(app: Flask, add: Add) -> None:
    add(Role.SALES)
    for number in range(ACCOUNT_TRIES):
        stranger = Browser(app.test_client(), address=f"198.51.100.{number}")
        assert stranger.sign_in("sales@example.com", "a wrong umbrella").status_code == 200
    late = Browser(app.test_client(), address="198.51.100.200")
    answer = late.sign_in("SALES@example.com ")
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0
    assert not late.inside()


def test_an_unknown_account_has_as_many_tries_as_a_known_one(browser: Browser) -> None:
    codes = [browser.sign_in("nobody@example.com").status_code for _ in range(ACCOUNT_TRIES + 1)]
    assert codes == [200] * ACCOUNT_TRIES + [429]


def test_one_address_has_so_many_tries_on_whatever_account(
    browser: Browser, add: Add, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ADDRESS_TRIES > ACCOUNT_TRIES
    monkeypatch.setattr("models.person.rules.ADDRESS_TRIES", 3)
    add(Role.SALES)
    for number in range(3):
        assert browser.sign_in(f"nobody{number}@example.com").status_code == 200
    assert browser.sign_in("sales@example.com").status_code == 429


def test_tries_are_forgotten_after_a_while_and_after_a_success(browser: Browser, add: Add, clock: Clock) -> None:
    add(Role.SALES)
    for _ in range(ACCOUNT_TRIES - 1):
        browser.sign_in("sales@example.com", "a wrong umbrella")
    assert browser.sign_in("sales@example.com").status_code == 302
    browser.post("/logout")
    for _ in range(ACCOUNT_TRIES):
        browser.sign_in("sales@example.com", "a wrong umbrella")
    assert browser.sign_in("sales@example.com").status_code == 429
    clock.forward(minutes=15)
    assert browser.sign_in("sales@example.com").status_code == 302


def test_after_signing_in_one_is_where_one_wanted_to_be(browser: Browser, add: Add) -> None:
    add(Role.SALES)
    sent = browser.get("/people/?q=李")
    assert sent.status_code == 302
    assert sent.location.startswith("/login?next=/people/")
    answer = browser.sign_in("sales@example.com", path=sent.location)
    assert answer.location.startswith("/people/?q=")


@pytest.mark.parametrize("lure", LURES)
def test_signing_in_leads_to_no_other_site(browser: Browser, add: Add, lure: str) -> None:
    add(Role.SALES)
    answer = browser.post(
        "/login", {"email": "sales@example.com", "password": PASSWORD, "next": lure}, query_string={"next": lure}
    )
    assert answer.status_code == 302
    assert answer.location.startswith("/")
    assert not answer.location.startswith(("//", "/\\", "/%09/", "/\t"))
    assert "evil" not in answer.location.split("?")[0].split("/")[1:2]


def test_a_session_does_not_survive_from_before_the_sign_in(app: Flask, browser: Browser, add: Add) -> None:
    add(Role.SALES)
    token = browser.token()
    planted = browser.client.get_cookie("session")
    assert planted is not None
    browser.sign_in("sales@example.com")
    attacker = Browser(app.test_client())
    attacker.client.set_cookie("session", planted.value)
    assert not attacker.inside()
    forged = browser.client.post("/logout", data={"csrf_token": token})
    assert forged.status_code == 400
    assert browser.inside()


def test_whoever_asks_for_a_remember_cookie_is_refused_and_nobody_is_given_one(browser: Browser, add: Add) -> None:
    add(Role.SALES)
    asked = browser.post("/login", {"email": "sales@example.com", "password": PASSWORD, "remember": "y"})
    assert asked.status_code == 400
    assert not browser.inside()
    browser.post("/login", {"email": "sales@example.com", "password": PASSWORD})
    assert browser.inside()
    assert browser.client.get_cookie("remember_token") is None


def test_a_sign_in_as_json_is_not_served(browser: Browser, add: Add) -> None:
    add(Role.SALES)
    token = browser.token()
    answer = browser.client.post(
        "/login",
        json={"email": "sales@example.com", "password": PASSWORD, "csrf_token": token},
        headers={"X-CSRFToken": token, "Accept": "application/json"},
    )
    assert answer.status_code == 415
    assert not browser.inside()


def test_a_first_password_must_be_changed_before_anything_else(browser: Browser, add: Add) -> None:
    add(Role.SALES, must_change=True)
    browser.sign_in("sales@example.com")
    assert browser.get("/").location == "/change"
    changed = browser.post(
        "/change",
        {
            "password": PASSWORD,
            "new_password": "nine yellow kettles",
            "new_password_confirm": "nine yellow kettles",
        },
    )
    assert changed.status_code == 302
    assert browser.inside()


@pytest.mark.parametrize("weak", ["short", "password1234", "qwertyuiop[]", "sales-umbrella-kettle", "aaaaaaaaaaaaaaaa"])
def test_a_weak_new_password_is_refused(browser: Browser, add: Add, weak: str) -> None:
    add(Role.SALES)
    browser.sign_in("sales@example.com")
    page = browser.post("/change", {"password": PASSWORD, "new_password": weak, "new_password_confirm": weak})
    assert page.status_code == 200
    assert "field-error" in page.get_data(as_text=True)
    browser.post("/logout")
    assert browser.sign_in("sales@example.com").status_code == 302
