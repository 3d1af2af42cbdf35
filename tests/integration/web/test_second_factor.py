"""The second factor: who needs one, setting it up, using each code once, losing the device."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask
from passlib.totp import TOTP
from pymongo.database import Database

from models.person.roles import Role
from models.person.rules import ACCOUNT_TRIES
from tests.factories.web import Browser, Clock
from tests.integration.web.conftest import Add

Base = Database[dict[str, Any]]
KEY = re.compile(r'class="qr-key num">([A-Z2-7 -]+)<')


def code(secret: str, clock: Clock) -> str:
    """What the app shows now."""
    return str(TOTP(secret).generate(time=clock.now).token)


def set_up(browser: Browser, clock: Clock, email: str) -> str:
    """Sign in for the first time and set up the app; returns its secret."""
    assert browser.sign_in(email).location == "/tf-setup"
    page = browser.post("/tf-setup", {"setup": "authenticator"}).get_data(as_text=True)
    found = KEY.search(page)
    assert found is not None
    assert 'src="data:image/svg+xml;base64,' in page
    secret = found.group(1).replace(" ", "").replace("-", "")
    assert browser.post("/tf-validate", {"code": code(secret, clock)}).status_code == 302
    assert browser.inside()
    return secret


@pytest.fixture
def secret(browser: Browser, add: Add, clock: Clock) -> str:
    """The app's secret of a head who has just set it up and signed out; its last code is used."""
    add(Role.HEAD, email="head@example.com")
    made = set_up(browser, clock, "head@example.com")
    browser.post("/logout")
    return made


@pytest.mark.parametrize(
    "role",
    [
        Role.HEAD,
        Role.CUSTODIAN,
        Role.SPECIALIST,
        Role.SUPERVISOR,
        Role.GENERAL_MANAGER,
        Role.CREDIT_GROUP,
        Role.FINANCE_REVIEWER,
        Role.LEGAL_REVIEWER,
        Role.SALES_MANAGER,
        Role.ADMINISTRATOR,
    ],
)
def test_whoever_approves_or_reads_classified_records_sets_one_up_first(browser: Browser, add: Add, role: Role) -> None:
    add(role, email="x@example.com")
    assert browser.sign_in("x@example.com").location == "/tf-setup"
    assert not browser.inside()


def test_a_salesperson_needs_none_but_may_have_one(browser: Browser, add: Add, clock: Clock) -> None:
    add(Role.SALES)
    assert browser.sign_in("sales@example.com").location == "/"
    page = browser.post("/tf-setup", {"setup": "authenticator"}).get_data(as_text=True)
    found, action = KEY.search(page), re.search(r'action="(/tf-setup/[^"]+)"', page)
    assert found is not None
    assert action is not None
    secret = found.group(1).replace(" ", "").replace("-", "")
    assert browser.post(action.group(1), {"code": code(secret, clock)}).status_code == 302
    browser.post("/logout")
    assert browser.sign_in("sales@example.com").location.startswith("/tf-validate")
    assert not browser.inside()


def test_the_secret_is_kept_sealed(browser: Browser, secret: str, db: Base) -> None:
    stored = db["user"].find_one({"email": "head@example.com"})
    assert stored is not None
    assert stored["tf_primary_method"] == "authenticator"
    assert secret not in str(stored)


def test_a_code_lets_one_in_once(browser: Browser, app: Flask, secret: str, clock: Clock) -> None:
    clock.forward(seconds=30)
    now = code(secret, clock)
    browser.sign_in("head@example.com")
    assert browser.post("/tf-validate", {"code": now}).status_code == 302
    assert browser.inside()
    over_the_shoulder = Browser(app.test_client())
    over_the_shoulder.sign_in("head@example.com")
    assert over_the_shoulder.post("/tf-validate", {"code": now}).status_code == 200
    assert not over_the_shoulder.inside()
    clock.forward(seconds=30)
    assert over_the_shoulder.post("/tf-validate", {"code": now}).status_code == 200
    assert over_the_shoulder.post("/tf-validate", {"code": code(secret, clock)}).status_code == 302


def test_the_code_that_set_the_app_up_does_not_sign_in_again(browser: Browser, secret: str, clock: Clock) -> None:
    browser.sign_in("head@example.com")
    assert browser.post("/tf-validate", {"code": code(secret, clock)}).status_code == 200
    assert not browser.inside()


def test_an_old_code_is_refused(browser: Browser, secret: str, clock: Clock) -> None:
    clock.forward(seconds=60)
    old = code(secret, clock)
    clock.forward(minutes=2)
    browser.sign_in("head@example.com")
    for wrong in (old, "000000", "", "abcdef", "12345678901234567890"):
        assert browser.post("/tf-validate", {"code": wrong}).status_code == 200
    assert not browser.inside()


def test_codes_cannot_be_guessed_at_length(browser: Browser, secret: str, clock: Clock) -> None:
    clock.forward(minutes=1)
    browser.sign_in("head@example.com")
    for _ in range(ACCOUNT_TRIES):
        assert browser.post("/tf-validate", {"code": "000000"}).status_code == 200
    assert browser.post("/tf-validate", {"code": code(secret, clock)}).status_code == 429
    assert not browser.inside()


def test_without_the_password_there_is_no_second_step(browser: Browser, secret: str) -> None:
    assert browser.get("/tf-validate").location == "/login"
    assert browser.get("/mf-recovery").location == "/login"
    assert browser.get("/tf-setup").location == "/login"


def test_a_second_factor_that_is_needed_cannot_be_taken_away(
    browser: Browser, secret: str, clock: Clock, db: Base
) -> None:
    clock.forward(seconds=30)
    browser.sign_in("head@example.com")
    browser.post("/tf-validate", {"code": code(secret, clock)})
    browser.post("/tf-setup", {"setup": "disable"})
    stored = db["user"].find_one({"email": "head@example.com"})
    assert stored is not None
    assert stored["tf_totp_secret"]


def test_a_recovery_code_stands_in_once(browser: Browser, secret: str, clock: Clock, db: Base) -> None:
    clock.forward(seconds=30)
    browser.sign_in("head@example.com")
    browser.post("/tf-validate", {"code": code(secret, clock)})
    page = browser.post("/mf-recovery-codes", {"generate_new_codes": "1"}).get_data(as_text=True)
    codes = re.findall(r">([0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4})<", page)
    assert len(codes) == 8
    assert codes[0] not in browser.get("/mf-recovery-codes?show_codes=1").get_data(as_text=True)
    stored = db["user"].find_one({"email": "head@example.com"})
    assert codes[0] not in str(stored)
    browser.post("/logout")
    browser.sign_in("head@example.com")
    assert browser.post("/mf-recovery", {"code": "0000-0000-0000"}).status_code == 200
    assert browser.post("/mf-recovery", {"code": codes[0]}).status_code == 302
    assert browser.inside()
    browser.post("/logout")
    browser.sign_in("head@example.com")
    assert browser.post("/mf-recovery", {"code": codes[0]}).status_code == 200
    assert not browser.inside()


@pytest.mark.parametrize("path", ["/tf-rescue", "/tf-select"])
def test_the_weaker_ways_round_it_do_not_exist(browser: Browser, secret: str, path: str) -> None:
    browser.sign_in("head@example.com")
    assert browser.get(path).status_code == 404
    assert browser.post(path, {"help_setup": "email"}).status_code == 404


def test_a_stray_look_at_the_page_for_a_code_signs_nobody_out(browser: Browser, add: Add, clock: Clock) -> None:
    add(Role.HEAD, email="head@example.com")
    set_up(browser, clock, "head@example.com")
    assert browser.get("/tf-validate").location == "/"
    assert browser.inside()
