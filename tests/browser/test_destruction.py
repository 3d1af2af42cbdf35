"""The life of a destruction, in Chinese: proposed, signed by three, carried out, certified; and one that is stopped."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from models import store
from models.destruction import removal
from tests.browser.office import NOW, Office
from tests.browser.steps import answer, follow, open_sheet, state
from tests.factories.customers import FIRST_FILL

THEN = NOW - timedelta(days=5 * 366)
AFTER = NOW + timedelta(days=7)
SIGN = "签署同意"
NAMES = ("旧岸机械有限公司", "古桥商贸有限公司")


@pytest.fixture(scope="module")
def old(office: Office) -> list[dict[str, Any]]:
    """Two secret files of Ann's that nobody has touched for five years."""
    values = {"address": FIRST_FILL["address"], "level": "secret", "level_basis": "往来", "owner": office.id("ann")}
    made = [{**values, "name": name} for name in NAMES]
    return [store.create("customer", one, actor=office.people["ann"], now=THEN) for one in made]


def propose(window: Page, number: str) -> str:
    """Propose a file on its page; the address of the destruction."""
    window.goto(f"/records/customer/{number}")
    window.locator(".record-tools .dropdown > button").click()
    follow(window.locator(".record-tools a[href$='/destroy']"))
    expect(window.locator("main")).to_contain_text(number)
    window.locator("#reason").fill("多年无往来")
    follow(window.locator("button[name=send]"))
    expect(window).to_have_url(re.compile("/records/destruction/."))
    return window.url


def signed(office: Office, at: str, number: str, name: str) -> None:
    """Three people sign, each on a sheet that shows the number and never the name."""
    for who in ("supervisor", "head", "gm"):
        window = office.window(who, "zh")
        window.goto(at)
        open_sheet(window, SIGN)
        expect(window.locator("main")).to_contain_text(number)
        assert name not in window.content()
        answer(window, SIGN)


def test_from_the_proposal_to_the_certificate(office: Office, old: list[dict[str, Any]]) -> None:
    number, name = old[0]["number"], NAMES[0]
    ann = office.window("ann", "zh")
    at = propose(ann, number)
    assert state(ann) == "待信息主管签署"
    signed(office, at, number, name)
    ann.goto(at)
    assert state(ann) == "冷静期"
    removal.begin_due(AFTER)
    removal.work("browser", AFTER + timedelta(minutes=3), settled=timedelta())
    answered = ann.goto(f"/records/customer/{number}")
    assert answered is not None
    assert answered.status == 404
    ann.goto(at)
    assert state(ann) == "已销毁"
    follow(ann.locator(".notice a[href$='/certificate']"))
    paper = ann.locator("main.paper")
    for text in (number, "秘密", "已销毁", "多年无往来", "Lu Qing", "Su Ming", "Gao Yuan"):
        expect(paper).to_contain_text(text)
    assert name not in ann.content()
    ann.goto("/records/customer/")
    expect(ann.locator("main")).not_to_contain_text(name)


def test_whoever_signed_may_stop_it(office: Office, old: list[dict[str, Any]]) -> None:
    number = old[1]["number"]
    ann = office.window("ann", "zh")
    at = propose(ann, number)
    signed(office, at, number, NAMES[1])
    head = office.window("head", "zh")
    head.goto(at)
    open_sheet(head, "中止销毁")
    head.locator("#note").fill("客户来函，仍需保留")
    answer(head, "中止销毁")
    ann.goto(at)
    assert state(ann) == "已中止"
    ann.goto(f"/records/customer/{number}")
    expect(ann.locator("h1")).to_have_text(NAMES[1])


@pytest.mark.parametrize(("language", "width", "dark"), [("zh", 380, True), ("en", 1440, False)])
def test_the_pages_fit_a_narrow_window(
    office: Office, old: list[dict[str, Any]], language: str, width: int, dark: bool
) -> None:
    number = old[1]["number"]
    for who, page in (
        ("ann", f"/records/customer/{number}/destroy"),
        ("head", f"/records/customer/{number}/hold"),
        ("custodian", "/records/destruction/outdated"),
        ("gm", "/records/destruction/"),
    ):
        window = office.window(who, language, width=width, height=800, dark=dark)
        window.goto(page)
        expect(window.locator("main")).to_be_visible()
        assert window.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), page
