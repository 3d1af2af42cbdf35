"""A register from the guide in a real browser: its form by keyboard, its stars, its list; and without scripts."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from config.database import database
from models.record_type.plain import to_plain
from tests.browser.office import NOW, Office
from tests.browser.steps import follow, pick, strike
from tests.factories import guide
from tests.factories.definitions import in_force


@pytest.fixture(scope="module", autouse=True)
def loan(office: Office) -> Iterator[None]:
    with in_force(to_plain(guide.defined(guide.blocks()[0])["LOAN"]), NOW):
        office.clock.forward(seconds=2)
        yield


def test_a_form_is_filled_by_keyboard_and_its_stars_follow_what_is_chosen(office: Office) -> None:
    window = office.window("ann")
    window.goto("/records/loan/new")
    window.locator("[name=thing]").fill("ThinkPad 7")
    window.locator("[name=category]").focus()
    window.keyboard.type("Lap")
    expect(window.locator("[name=category]")).to_have_value("laptop")
    pick(window, "borrower", "Lin Zhi")
    window.locator("[name=lent-from]").fill("2026-11-23")
    window.keyboard.press("Tab")
    window.locator("[name=lent-until]").fill("2026-11-27")
    window.locator("[name=value-amount]").fill("1350")
    window.keyboard.press("Tab")
    window.keyboard.type("U")
    expect(window.locator("[name=value-currency]")).to_have_value("USD")
    window.locator("[name=return_by]").fill("2026-11-27")
    star = window.locator("#in-condition-field [data-star]")
    expect(star).to_be_hidden()
    window.locator("[name=returned_on]").fill("2026-11-27")
    window.locator("[name=condition]").focus()
    expect(star).to_be_visible()
    window.locator("[name=condition]").select_option("damaged")
    expect(window.locator("#in-damage-field [data-star]")).to_be_visible()
    strike(window, "Control+s")
    expect(window.locator("[data-error-summary]")).to_contain_text("“Damage” is required here.")
    expect(window.locator("[name=lent-until]")).to_have_value("2026-11-27")
    expect(window.locator("[name=value-currency]")).to_have_value("USD")
    window.locator("[name=damage]").fill("A cracked screen.")
    follow(window.locator("footer button[value=close]"))
    expect(window.locator("h1")).to_have_text("ThinkPad 7")
    expect(window.locator("#f-value")).to_contain_text("US$1,350.00")
    expect(window.locator("#f-days")).to_contain_text("5")
    office.clock.forward(seconds=2)


def test_the_form_works_without_scripts(office: Office) -> None:
    window = office.window("ann")
    context = office.browser.new_context(java_script_enabled=False, storage_state=window.context.storage_state())
    plain = context.new_page()
    plain.goto(f"{office.address}/records/loan/new")
    ann = database()["user"].find_one({"_id": office.people["ann"].id})
    assert ann is not None
    for name, value in {
        "thing": "Van",
        "borrower": ann["email"],
        "lent-from": "2026-11-23",
        "return_by": "2026-12-01",
    }.items():
        plain.locator(f"[name={name}]").fill(value)
    plain.locator("[name=category]").select_option("car")
    plain.locator("[name=used_at-city]").fill("杭州市")
    follow(plain.locator("footer button[value=close]"))
    expect(plain.locator("h1")).to_have_text("Van")
    expect(plain.locator("#f-lent")).to_contain_text("from 23 Nov 2026 on")
    context.close()
