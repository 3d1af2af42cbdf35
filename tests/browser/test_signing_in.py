"""Coming and going: sign-in, sign-out, language, theme, and the keys that work everywhere."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.office import Office
from tests.browser.steps import follow, strike


def enter(page: Page, name: str) -> None:
    """Sign in by the button of a demonstration person."""
    page.goto("/login")
    follow(page.get_by_role("button", name=re.compile(name)))
    expect(page).to_have_url(re.compile(r"/$"))


def test_a_person_signs_in_and_finds_only_what_they_may_use(office: Office) -> None:
    window = office.watch(office.visitor().new_page())
    enter(window, "Lin Zhi")
    rail = window.locator("#rail")
    expect(rail.get_by_role("link", name="Customer files")).to_be_visible()
    expect(rail.get_by_role("link", name="People", exact=True)).to_have_count(0)
    expect(rail.get_by_role("link", name="Audit trail")).to_have_count(0)
    window.context.close()


def test_signing_out_ends_the_session_at_once_in_every_tab(office: Office) -> None:
    window = office.watch(office.visitor().new_page())
    enter(window, "Jiang Yu")
    other = office.watch(window.context.new_page())
    other.goto("/records/customer/")
    expect(other.locator("h1")).to_have_text("Customer files")
    kept = next(one["value"] for one in window.context.cookies() if one["name"] == "session")
    window.locator("button.me").click()
    follow(window.get_by_role("button", name="Sign out"))
    expect(window).to_have_url(re.compile("/login"))
    other.goto("/records/customer/")
    expect(other).to_have_url(re.compile(r"/login\?next="))
    window.context.clear_cookies()
    window.context.add_cookies([{"name": "session", "value": kept, "url": office.address}])
    other.goto("/records/customer/")
    expect(other).to_have_url(re.compile(r"/login\?next="))
    window.context.close()


def test_an_address_sent_by_a_colleague_opens_after_signing_in(office: Office) -> None:
    window = office.watch(office.visitor().new_page())
    window.goto("/records/complaint/?state=closed&sort=subject")
    follow(window.get_by_role("button", name=re.compile("Lin Zhi")))
    expect(window).to_have_url(f"{office.address}/records/complaint/?state=closed&sort=subject")
    window.context.close()


def test_the_language_is_guessed_switched_and_kept(office: Office) -> None:
    window = office.watch(office.visitor("zh").new_page())
    window.goto("/login")
    expect(window.locator("html")).to_have_attribute("lang", "zh-CN")
    enter(window, "Shen Mo")
    rail = window.locator("#rail")
    expect(rail.get_by_role("link", name="客户档案")).to_be_visible()
    window.goto("/records/customer/?show=archived")
    follow(window.get_by_title("Switch to English"))
    expect(window).to_have_url(f"{office.address}/records/customer/?show=archived")
    expect(rail.get_by_role("link", name="Customer files")).to_be_visible()
    expect(window.locator("html")).to_have_attribute("lang", "en")
    again = office.watch(office.visitor("zh").new_page())
    enter(again, "Shen Mo")
    expect(again.locator("#rail").get_by_role("link", name="Customer files")).to_be_visible()
    window.context.close()
    again.context.close()


def test_the_theme_is_painted_at_once_and_kept(office: Office) -> None:
    window = office.window("supervisor")
    window.goto("/records/customer/")
    html = window.locator("html")
    expect(html).to_have_attribute("data-bs-theme", "light")
    light = window.evaluate("getComputedStyle(document.body).backgroundColor")
    window.get_by_role("button", name="Light or dark").click()
    window.get_by_role("button", name="Dark", exact=True).click()
    expect(html).to_have_attribute("data-bs-theme", "dark")
    assert window.evaluate("getComputedStyle(document.body).backgroundColor") != light
    window.reload()
    expect(html).to_have_attribute("data-bs-theme", "dark")
    window.get_by_role("button", name="Light or dark").click()
    window.get_by_role("button", name="As the system").click()
    expect(html).to_have_attribute("data-bs-theme", "light")


def test_keys_that_work_everywhere(office: Office) -> None:
    window = office.window("head")
    window.goto("/records/contract/")
    window.keyboard.press("?")
    expect(window.locator("#help")).to_be_visible()
    window.keyboard.press("Escape")
    expect(window.locator("#help")).to_be_hidden()
    window.keyboard.press("/")
    expect(window.locator("#find")).to_be_focused()
    window.locator("#find").blur()
    window.keyboard.press("Control+k")
    expect(window.locator("#find")).to_be_focused()
    window.locator("#find").blur()
    strike(window, "n")
    expect(window).to_have_url(re.compile("/records/contract/new$"))


def test_the_menu_folds_and_stays_folded(office: Office) -> None:
    window = office.window("head")
    window.goto("/")
    window.get_by_title("Fold or unfold the menu").click()
    expect(window.locator("#rail .rail-text").first).to_be_hidden()
    window.goto("/records/customer/")
    expect(window.locator("html")).to_have_attribute("data-rail", "icons")
    window.get_by_title("Fold or unfold the menu").click()
    expect(window.locator("#rail .rail-text").first).to_be_visible()
