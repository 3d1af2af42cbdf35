"""Keys, menus, theme, notes and confirmations, under the content security policy."""

from __future__ import annotations

import pytest
from playwright.sync_api import BrowserContext, Page, expect

FOCUSED = "document.activeElement"


def test_j_and_k_walk_the_rows_and_enter_opens_one(page: Page) -> None:
    page.goto("/list")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    assert page.evaluate(f"{FOCUSED}.textContent") == "Ningbo"
    page.keyboard.press("Enter")
    page.wait_for_url("**/details?number=KH-1")


def test_letters_typed_into_a_field_are_only_letters(page: Page) -> None:
    page.goto("/list")
    page.keyboard.press("/")
    page.keyboard.type("njx?e")
    expect(page.locator("#find")).to_have_value("njx?e")
    expect(page.locator("#help")).to_be_hidden()
    assert page.url.endswith("/list")


def test_selecting_rows_shows_what_can_be_done_with_them(page: Page) -> None:
    page.goto("/list")
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(page.locator("[data-chosen]")).to_have_text("1 selected")
    page.locator("[data-pick-all]").check()
    expect(page.locator("[data-chosen]")).to_have_text("5 selected")
    page.get_by_role("button", name="Archive all").click()
    page.wait_for_url("**/archive")
    assert '"what":["archive"]' in page.content()
    assert '"KH-0"' in page.content()
    assert '"KH-4"' in page.content()


def test_a_row_action_that_changes_something_is_a_post_with_the_token(page: Page) -> None:
    page.goto("/list")
    page.locator(".records tbody tr").first.hover()
    page.locator(".records tbody tr").first.get_by_title("Archive").click()
    page.wait_for_url("**/archive")
    assert "csrf_token" in page.content()


def test_a_filter_is_made_of_field_operator_and_value_and_keeps_the_rest_of_the_address(page: Page) -> None:
    page.goto("/list?state=open&after=token")
    page.get_by_role("button", name="Filter").click()
    page.get_by_role("button", name="Add the filter").click()
    expect(page.locator("[data-filter-error]")).to_be_visible()
    page.locator("[data-filter-value] input").fill("5000")
    page.keyboard.press("Enter")
    page.wait_for_url("**/list?state=open&add-filter=limit%3Aat_least%3A5000")


def test_what_is_destructive_asks_for_the_name(page: Page) -> None:
    page.goto("/details")
    page.get_by_title("More").click()
    page.get_by_role("button", name="Archive").click()
    yes = page.locator("#confirm").get_by_role("button", name="Archive")
    expect(yes).to_be_disabled()
    page.keyboard.press("Escape")
    expect(page.locator("#confirm")).to_be_hidden()
    assert page.url.endswith("/details")
    page.get_by_title("More").click()
    page.get_by_role("button", name="Archive").click()
    page.locator("#confirm input").fill("KH-1")
    yes.click()
    page.wait_for_url("**/archive")


def test_the_theme_is_kept_and_painted_by_the_server(page: Page, window: BrowserContext) -> None:
    page.goto("/details")
    page.get_by_title("Light or dark").click()
    page.get_by_role("button", name="Dark", exact=True).click()
    assert 'data-bs-theme="dark"' in window.request.get("/details").text()
    page.reload()
    page.get_by_title("Light or dark").click()
    page.get_by_role("button", name="As the system").click()
    assert 'data-look="system"' in window.request.get("/details").text()


def test_a_folded_menu_and_a_folded_group_stay_folded(page: Page) -> None:
    page.goto("/details")
    page.get_by_title("Fold or unfold the menu").click()
    page.locator("#g-more summary").click()
    page.reload()
    expect(page.locator(".rail-brand .rail-text")).to_be_hidden()
    expect(page.locator("#g-more dl")).to_be_hidden()
    expect(page.locator("#g-basic dl")).to_be_visible()


def test_bad_news_stays_until_it_is_closed(page: Page) -> None:
    page.clock.install()
    page.goto("/list?flash=1")
    expect(page.get_by_text("Saved.", exact=True)).to_be_visible()
    page.clock.run_for(9_000)
    expect(page.get_by_text("Saved.", exact=True)).to_be_hidden()
    expect(page.get_by_text("Not saved.")).to_be_visible()
    page.locator(".toast-note").get_by_title("Close").click()
    expect(page.get_by_text("Not saved.")).to_be_hidden()


@pytest.mark.parametrize("path", ["/list", "/details", "/form", "/act"])
def test_no_page_is_wider_than_a_small_phone_and_the_menu_is_a_drawer(page: Page, path: str) -> None:
    page.set_viewport_size({"width": 380, "height": 740})
    page.goto(path)
    assert page.evaluate("document.documentElement.scrollWidth") <= 380
    expect(page.locator("#rail")).to_be_hidden()
    page.get_by_role("button", name="Menu").click()
    expect(page.locator("#rail")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#rail")).to_be_hidden()


def test_a_wide_table_of_rows_is_whole_on_paper(page: Page) -> None:
    page.set_viewport_size({"width": 680, "height": 900})
    page.goto("/details?printable=1")
    page.locator("article").evaluate(
        'at => at.innerHTML = \'<div class="scroll-x"><table class="mini"><tr>\''
        " + '<td>Purchase decider</td>'.repeat(9) + '</tr></table></div>'"
    )
    beyond = "at => at.getBoundingClientRect().right > document.documentElement.clientWidth"
    assert page.locator(".mini").evaluate(beyond), "on screen it is scrolled"
    page.emulate_media(media="print")
    assert not page.locator(".mini").evaluate(beyond)


def test_what_may_not_be_printed_prints_a_sentence_instead(page: Page) -> None:
    page.emulate_media(media="print")
    page.goto("/details")
    expect(page.locator("article")).to_be_hidden()
    expect(page.get_by_text("on screen only")).to_be_visible()
    page.goto("/details?printable=1")
    expect(page.locator("article")).to_be_visible()
    expect(page.locator(".watermark")).to_be_visible()


def test_a_page_of_flask_admin_stands_in_the_frame(page: Page) -> None:
    page.goto("/stock/")
    expect(page.get_by_role("navigation", name="Main")).to_be_visible()
