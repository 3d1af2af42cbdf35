"""Signing in and staying signed in."""

from __future__ import annotations

from typing import Any

from models.person.roles import Role
from tests.factories.web import Browser


def test_email_and_password_sign_a_person_in(browser: Browser, add: Any) -> None:
    add(Role.SALES)
    assert not browser.inside()
    answer = browser.sign_in("Sales@Example.com")
    assert (answer.status_code, answer.location) == (302, "/")
    assert browser.inside()
