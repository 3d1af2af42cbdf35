"""Help in the product: in the reader's language, for people who are signed in."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from bson import ObjectId

from backoffice.screens.help import PAGES
from models.person.roles import Role
from tests.factories.web import Browser

Add = Callable[..., ObjectId]


@pytest.fixture
def reader(browser: Browser, add: Add) -> Browser:
    add(Role.SALES, email="sales@example.com")
    browser.sign_in("sales@example.com")
    return browser


@pytest.mark.parametrize(("language", "title"), [("zh", "键盘"), ("en", "Keyboard")])
def test_help_speaks_the_readers_language(reader: Browser, language: str, title: str) -> None:
    reader.post("/language", {"lang": language, "next": "/help/keyboard"})
    answer = reader.get("/help/keyboard")
    assert f"<h1>{title}</h1>" in answer.get_data(as_text=True)


def test_every_page_opens_and_the_menu_leads_to_the_first(reader: Browser) -> None:
    assert 'href="/help/"' in reader.get("/").get_data(as_text=True)
    assert reader.get("/help/").location == f"/help/{PAGES[0]}"
    assert {name: reader.get(f"/help/{name}").status_code for name in PAGES} == dict.fromkeys(PAGES, 200)


def test_an_unknown_page_is_not_found(reader: Browser) -> None:
    assert reader.get("/help/nothing-here").status_code == 404


def test_strangers_are_sent_to_the_sign_in(browser: Browser) -> None:
    assert "/login" in (browser.get("/help/keyboard").location or "")
