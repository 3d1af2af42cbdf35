"""Between the password and the code: what changes meanwhile counts, and nobody's code is another's."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest
from bson import ObjectId

from models.person import rights, service
from models.person.roles import SYSTEM, Role
from tests.factories.web import Browser, Clock
from tests.integration.web.conftest import Add
from tests.integration.web.test_second_factor import code, secret, set_up

__all__ = ["secret"]
HEAD = "head@example.com"


def head() -> ObjectId:
    row = service.by_email(HEAD)
    assert row is not None
    found: ObjectId = row["_id"]
    return found


def disable(now: datetime) -> None:
    rights.set_active(SYSTEM, head(), False, now)


def reset(now: datetime) -> None:
    rights.reset_access(SYSTEM, head(), "", now)


@pytest.mark.parametrize("change", [disable, reset])
def test_a_code_lets_nobody_in_whose_access_ended_after_the_password(
    browser: Browser, secret: str, clock: Clock, change: Callable[[datetime], None]
) -> None:
    clock.forward(minutes=1)
    assert browser.sign_in(HEAD).location.startswith("/tf-validate")
    change(clock.now)
    assert browser.post("/tf-validate", {"code": code(secret, clock)}).status_code < 500
    assert not browser.inside()


def test_a_colleague_s_code_lets_nobody_in(browser: Browser, secret: str, add: Add, clock: Clock) -> None:
    add(Role.HEAD, email="other@example.com")
    theirs = set_up(browser, clock, "other@example.com")
    browser.post("/logout")
    clock.forward(minutes=1)
    browser.sign_in(HEAD)
    assert browser.post("/tf-validate", {"code": code(theirs, clock)}).status_code == 200
    assert not browser.inside()


@pytest.mark.parametrize(
    "more", [{"tf_user_id": "x"}, {"user": HEAD}, {"_user_id": "x"}, {"next": "//elsewhere.test/"}]
)
def test_a_forged_field_beside_the_code_takes_nobody_in_or_elsewhere(
    browser: Browser, secret: str, clock: Clock, more: dict[str, str]
) -> None:
    clock.forward(minutes=1)
    browser.sign_in(HEAD)
    answer = browser.post("/tf-validate", {"code": code(secret, clock), **more})
    assert answer.status_code in (302, 400)
    assert "elsewhere" not in (answer.location or "")
    assert browser.inside() == (answer.status_code == 302)
