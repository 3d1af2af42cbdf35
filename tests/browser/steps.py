"""What people do on every record: choose from a list as they type, fill a sheet, make a move, confirm who they are."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect


def follow(target: Locator) -> None:
    """Press what leads to a page, or to this one anew, and see that page there with its scripts.

    A click alone returns while the page before stands there still, or the next one in part.
    """
    expect(target).to_be_visible()
    target.page.wait_for_load_state()
    with target.page.expect_navigation():
        target.click()


def strike(window: Page, key: str) -> None:
    """Press a key that leads to a page, or to this one anew, and see it there with its scripts."""
    window.wait_for_load_state()
    with window.expect_navigation():
        window.keyboard.press(key)


def pick(window: Page, name: str, text: str) -> None:
    """Choose a person or record in the field `name` by typing a part of its title."""
    lookup = window.locator(f"[name={name}] + .lookup")
    lookup.locator("input").fill(text)
    lookup.get_by_role("option", name=re.compile(re.escape(text))).first.click()


def fill(window: Page, name: str, value: str) -> None:
    """Fill the field `name`, whatever it is; `value` is a choice's value, a date as yyyy-mm-dd or a text."""
    field = window.locator(f"[name={name}]").last
    kind = field.evaluate("field => field.dataset.lookup !== undefined ? 'lookup' : field.type")
    if kind == "lookup":
        pick(window, name, value)
    elif kind in ("radio", "checkbox"):
        window.locator(f"[name={name}][value='{value}']").check()
    elif kind == "select-one":
        field.select_option(value)
    else:
        field.fill(value)


def act(window: Page, label: str, note: str = "", **fields: str) -> None:
    """Make a move that has a sheet, and see it done."""
    open_sheet(window, label)
    for name, value in fields.items():
        fill(window, name, value)
    if note:
        window.locator("#note").fill(note)
    answer(window, label)
    expect(window.locator("#toasts")).to_contain_text("Done")


def answer(window: Page, label: str) -> None:
    """Press the button of a sheet, and see what the server says to it."""
    follow(window.locator(".act-answers").get_by_role("button", name=label, exact=True))


def open_sheet(window: Page, label: str) -> None:
    """Open the sheet of a move, wherever on the page it is offered."""
    tools = window.locator(".record-tools")
    link = tools.get_by_role("link", name=label, exact=True)
    if not link.first.is_visible():
        tools.locator(".dropdown > button").click()
    follow(link)
    confirm_who(window)
    expect(window.locator(".act-answers")).to_be_visible()


def press(window: Page, label: str) -> None:
    """Make a move that asks nothing."""
    tools = window.locator(".record-tools")
    button = tools.get_by_role("button", name=label, exact=True)
    if not button.first.is_visible():
        tools.locator(".dropdown > button").click()
    follow(button)
    expect(window.locator("#toasts")).to_contain_text("Done")


def offered(window: Page) -> set[str]:
    """The labels of everything that can be done with the record on the page."""
    tools = window.locator(".record-tools a, .record-tools form button")
    return {text.strip() for text in tools.all_text_contents()}


def confirm_who(window: Page) -> None:
    """Give the fresh sign-in of a demonstration, if it is asked for."""
    if "/verify" in window.url:
        follow(window.locator("form[action*='/demonstration/refresh'] button"))
        expect(window).to_have_url(re.compile("/do/"))


def state(window: Page) -> str:
    """The state in the head of the record on the page."""
    return window.locator(".record-facts .pill").first.inner_text().strip()


def no_sideways(window: Page) -> None:
    """Nothing but a table's own frame scrolls to the side."""
    window.wait_for_load_state()
    wider = window.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wider <= 0
