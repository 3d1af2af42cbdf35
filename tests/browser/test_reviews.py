"""A quarterly review by keyboard alone: sections confirmed with one key, a difference typed, the next file (F5)."""

from __future__ import annotations

from datetime import date
from typing import Any

from playwright.sync_api import expect

from models import records, store
from tests.browser.office import NOW, Office
from tests.browser.steps import strike
from tests.factories.customers import FIRST_FILL


def review(office: Office, name: str) -> dict[str, Any]:
    values = {**FIRST_FILL, "name": name, "phone": "", "owner": office.id("ann")}
    file = records.create(office.people["head"], "customer", values, now=NOW)
    given = {"customer": file["_id"], "customer_name": name, "quarter": "2026Q4", "due_on": date(2026, 11, 30)}
    return store.create("review", given, actor=office.people["ann"], now=NOW)


def test_five_sections_and_a_correction_by_keyboard_then_the_next_file(office: Office) -> None:
    first, second = review(office, "晴川仪器有限公司"), review(office, "远山精密机械有限公司")
    window = office.window("ann")
    window.goto(f"/records/review/{first['number']}/sections")
    keyboard, left = window.keyboard, window.locator("[data-sections-left]")
    here = window.locator("[data-section]:focus")
    expect(here).to_have_attribute("data-section", "basic")
    keyboard.press("v")
    expect(here).to_have_attribute("data-section", "people")
    keyboard.press("Enter")
    expect(window.locator("[data-section=people] input:focus")).to_have_count(1)
    keyboard.press("Escape")
    keyboard.press("v")
    expect(here).to_have_attribute("data-section", "dealings")
    keyboard.press("Enter")
    keyboard.type("v is a letter here")
    keyboard.press("Escape")
    keyboard.press("j")
    expect(here).to_have_attribute("data-section", "characteristics")
    keyboard.press("v")
    keyboard.press("v")
    expect(left).to_have_text("4 sections left")
    for _ in range(4):
        keyboard.press("v")
    expect(left).to_have_text("")
    strike(window, "Control+Enter")
    expect(window).to_have_url(f"{office.address}/records/review/{second['number']}/sections")
    expect(window.locator(".section-keys strong")).to_have_text("1/2")
    stored = store.fetch("review", first["_id"])
    assert (stored["state"], stored["basic"], stored["dealings"]) == ("done", "confirmed", "corrected")
    for _ in range(9):
        keyboard.press("v")
    strike(window, "Enter")  # on the button, to which the last section leads
    expect(window).to_have_url(f"{office.address}/")
    assert store.fetch("review", second["_id"])["state"] == "done"
