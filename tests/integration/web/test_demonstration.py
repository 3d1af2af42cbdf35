"""Demonstration people come in by a button; elsewhere that door does not exist."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

import pytest
from bson import ObjectId
from flask import Flask
from pymongo.database import Database

from backoffice import auth
from models.declarations import Label
from models.person import service
from models.person.roles import SYSTEM, Role
from tests.factories.web import Browser, Clock
from tests.integration.web.conftest import Add

TRY = Label("批准查阅申请", "Approve a request to read")


@pytest.fixture
def trial_head(prepared: Any, db: Database[dict[str, Any]], now: datetime) -> ObjectId:
    """A demonstration person who heads the department."""
    return service.add(
        SYSTEM, name="韩梅梅", email="head@example.com", now=now, roles=[Role.HEAD], must_change=False, trial=(1, TRY)
    )


def test_a_button_lets_one_in_without_password_or_second_factor(demo_browser: Browser, trial_head: ObjectId) -> None:
    page = demo_browser.get("/login", headers={"Accept-Language": "en"}).get_data(as_text=True)
    for shown in ("韩梅梅", "Department head", "Approve a request to read", "Demonstration", str(trial_head)):
        assert shown in page
    answer = demo_browser.post("/demonstration/enter", {"person": str(trial_head)})
    assert (answer.status_code, answer.location) == (303, "/")
    assert demo_browser.inside()


def test_outside_a_demonstration_the_buttons_do_not_exist(browser: Browser, trial_head: ObjectId) -> None:
    assert "韩梅梅" not in browser.get("/login").get_data(as_text=True)
    for path in ("/demonstration/enter", "/demonstration/refresh"):
        assert browser.post(path, {"person": str(trial_head)}).status_code == 404
        assert browser.get(path).status_code == 404
    assert not browser.inside()


@pytest.mark.parametrize("person", ["", "x", "5f0000000000000000000001", '{"$ne": null}'])
def test_a_button_that_is_none_lets_nobody_in(demo_browser: Browser, trial_head: ObjectId, person: str) -> None:
    assert demo_browser.post("/demonstration/enter", {"person": person}).status_code == 404
    assert not demo_browser.inside()


def test_only_demonstration_people_are_entered_as(demo_browser: Browser, add: Add) -> None:
    real = add(Role.SALES)
    assert demo_browser.post("/demonstration/enter", {"person": str(real)}).status_code == 404
    assert "sales@example.com" not in demo_browser.get("/login").get_data(as_text=True)


def test_the_button_needs_the_forms_token(demo_browser: Browser, trial_head: ObjectId) -> None:
    answer = demo_browser.client.post("/demonstration/enter", data={"person": str(trial_head)})
    assert answer.status_code == 400


@pytest.mark.parametrize("lure", ["//evil.example", "http:evil.example", "/\\evil.example"])
def test_the_button_leads_to_no_other_site(demo_browser: Browser, trial_head: ObjectId, lure: str) -> None:
    answer = demo_browser.post("/demonstration/enter", {"person": str(trial_head)}, query_string={"next": lure})
    assert answer.location == "/"


def test_a_stale_demonstration_sign_in_is_refreshed_by_a_button(
    demo_app: Flask, demo_browser: Browser, trial_head: ObjectId, clock: Clock
) -> None:
    demo_app.add_url_rule("/fresh", "fresh", lambda: str(auth.is_fresh()))
    demo_browser.post("/demonstration/enter", {"person": str(trial_head)})
    clock.forward(minutes=6)
    assert demo_browser.get("/fresh").text == "False"
    page = demo_browser.get("/verify?next=/fresh").get_data(as_text=True)
    found = re.search(r'action="(/demonstration/refresh[^"]*)"', page)
    assert found is not None
    demo_browser.page = "/verify"
    assert demo_browser.post(found.group(1)).location == "/fresh"
    assert demo_browser.get("/fresh").text == "True"


def test_a_real_account_gives_its_password_in_a_demonstration_too(demo_browser: Browser, add: Add) -> None:
    add(Role.HEAD, email="real@example.com")
    assert demo_browser.sign_in("real@example.com").location == "/"
    assert demo_browser.post("/demonstration/refresh").status_code == 404


def test_an_account_without_a_password_cannot_sign_in_with_one(browser: Browser, trial_head: ObjectId) -> None:
    for password in ("", " ", "x", "None"):
        assert browser.sign_in("head@example.com", password).status_code == 200
    assert not browser.inside()
