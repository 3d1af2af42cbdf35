"""The language: the person's choice, else the browser's."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from pymongo.database import Database

from backoffice import locale
from models.person.roles import Role
from tests.factories.web import Browser
from tests.integration.web.conftest import Add


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("zh-TW", "zh"),
        ("en-US,en;q=0.9", "en"),
        ("de-DE,en;q=0.5,zh;q=0.4", "en"),
        ("de-DE", "zh"),
        ("", "zh"),
        ("*", "zh"),
        ("\u00e9;;q=x", "zh"),
    ],
)
def test_a_stranger_is_spoken_to_as_the_browser_asks(app: Flask, header: str, language: str) -> None:
    with app.test_request_context(headers={"Accept-Language": header}):
        assert locale.language() == language


def test_the_page_says_which_language_it_is_in(browser: Browser) -> None:
    assert '<html lang="en"' in browser.get("/login", headers={"Accept-Language": "en"}).text
    assert '<html lang="zh-CN"' in browser.get("/login", headers={"Accept-Language": "zh-CN"}).text


def test_a_choice_outlasts_the_browsers_wish_and_the_device(
    app: Flask, browser: Browser, add: Add, db: Database[dict[str, Any]]
) -> None:
    add(Role.SALES)
    browser.headers["Accept-Language"] = "zh-CN"
    browser.sign_in("sales@example.com")
    answer = browser.post("/language", {"lang": "en", "next": "/change"})
    assert (answer.status_code, answer.location) == (303, "/change")
    assert '<html lang="en"' in browser.get("/").text
    assert db["user"].find_one({})["language"] == "en"  # type: ignore[index]
    elsewhere = Browser(app.test_client(), headers={"Accept-Language": "zh-CN"})
    elsewhere.sign_in("sales@example.com")
    assert '<html lang="en"' in elsewhere.get("/").text


def test_a_stranger_may_switch_too(browser: Browser) -> None:
    browser.post("/language", {"lang": "en", "next": "/login"})
    assert '<html lang="en"' in browser.get("/login", headers={"Accept-Language": "zh-CN"}).text
    cookie = browser.client.get_cookie("lang")
    assert cookie is not None
    assert cookie.http_only
    assert cookie.same_site == "Lax"


@pytest.mark.parametrize("wanted", ["de", "", "zh_Hans_CN", "../../etc/passwd"])
def test_an_unknown_language_changes_nothing(browser: Browser, wanted: str) -> None:
    assert browser.post("/language", {"lang": wanted, "next": "/login"}).status_code == 303
    assert browser.client.get_cookie("lang") is None


@pytest.mark.parametrize("lure", ["//evil.example", "https://evil.example", "/\\evil.example", "login"])
def test_switching_leads_to_no_other_site(browser: Browser, lure: str) -> None:
    assert browser.post("/language", {"lang": "en", "next": lure}).location == "/"


def test_a_forged_cookie_is_not_a_language(app: Flask) -> None:
    with app.test_request_context(headers={"Cookie": "lang=../../x", "Accept-Language": "en"}):
        assert locale.language() == "en"
