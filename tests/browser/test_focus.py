"""Where one writes: saving and staying comes back to the same place, and what is opened to be written in is ready."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from models import records
from tests.browser.office import NOW, Office
from tests.browser.steps import follow, strike
from tests.factories.customers import FIRST_FILL

TOP = "document.activeElement.getBoundingClientRect().top"
MIDDLE = (
    "field => { field.closest('details').open = true; field.scrollIntoView({block: 'center', behavior: 'instant'}) }"
)


@pytest.fixture(scope="module")
def edited(office: Office) -> str:
    """The form of a whole customer file."""
    ann = office.people["ann"]
    made: dict[str, Any] = records.create(ann, "customer", {**FIRST_FILL, "name": "长风精密机械有限公司"}, now=NOW)
    return f"/records/customer/{made['number']}/edit"


def write(window: Page, name: str, text: str) -> float:
    """Type at the end of a field in the middle of the screen; where it stands there."""
    field = window.locator(f"[name='{name}']")
    field.evaluate(MIDDLE)
    field.focus()
    expect(field).to_be_focused()
    window.keyboard.press("Control+End")
    window.keyboard.type(text)
    return float(window.evaluate(TOP))


def stays(window: Page, name: str, top: float) -> None:
    """The cursor is in the field, and the field where it was on the screen."""
    expect(window.locator(f"[name='{name}']")).to_be_focused()
    assert window.evaluate("scrollY") > 200
    assert abs(window.evaluate(TOP) - top) < 2


def test_saving_and_staying_comes_back_to_the_field_that_was_written_in(office: Office, edited: str) -> None:
    window = office.window("ann")
    window.goto(edited)
    top = write(window, "analysis", "first")
    strike(window, "Control+s")
    expect(window.locator("#toasts")).to_contain_text("Saved")
    stays(window, "analysis", top)
    window.keyboard.type(", second")
    expect(window.locator("[name=analysis]")).to_have_value("first, second")
    top = float(window.evaluate(TOP))
    follow(window.get_by_role("button", name="Save and stay"))
    stays(window, "analysis", top)
    window.goto(edited)
    expect(window.locator("body")).to_be_focused()


def test_a_new_record_that_is_saved_stays_where_it_was_written_in(office: Office) -> None:
    window = office.window("ann")
    window.goto("/records/customer/new")
    window.locator("[name=name]").fill("Farwind Bearings")
    people = window.locator("[data-list=key_people]")
    people.locator("[data-row-do=add]").click()
    top = write(window, "key_people-0-name", "Director Wu")
    strike(window, "Control+s")
    expect(window).to_have_url(re.compile("/edit$"))
    expect(window.locator("[name=key_people-0-name]")).to_be_focused()
    assert abs(window.evaluate(TOP) - top) < 2


def test_what_is_wrong_comes_before_the_place(office: Office, edited: str) -> None:
    window = office.window("ann")
    window.goto(edited)
    write(window, "analysis", "!")
    window.locator("[name=email]").fill("nowhere")
    window.locator("[name=analysis]").focus()
    strike(window, "Control+s")
    expect(window.locator("[data-error-summary]")).to_be_focused()
    window.once("dialog", lambda dialog: dialog.accept())
    window.goto(edited)
    expect(window.locator("body")).to_be_focused()


def test_a_new_record_is_begun_by_typing(office: Office, edited: str) -> None:
    window = office.window("ann")
    window.goto("/records/customer/")
    strike(window, "n")
    window.keyboard.type("Farwind Gears")
    expect(window.locator("[name=name]")).to_have_value("Farwind Gears")


def test_what_looks_like_a_record_that_is_there_is_told_first_and_is_not_saved_yet(office: Office, edited: str) -> None:
    window = office.window("ann")
    window.goto("/records/customer/new")
    window.keyboard.type("长风精密机械有限公司")
    strike(window, "Control+s")
    expect(window.locator("[data-alike]")).to_be_focused()
    expect(window.locator("[data-save-note]")).not_to_be_empty()


def test_a_view_is_named_by_typing(office: Office, edited: str) -> None:
    window = office.window("ann")
    window.goto("/records/customer/?region=is:江苏")
    window.get_by_role("button", name="Save view").focus()
    window.keyboard.press("Enter")
    expect(window.get_by_label("Name of the view")).to_be_focused()
    window.keyboard.press("Escape")
    expect(window.get_by_role("button", name="Save view")).to_be_focused()
