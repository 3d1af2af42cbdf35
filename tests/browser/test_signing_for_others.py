"""A head names a deputy, the deputy signs, and the requester sees both names and where it stands."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from models import records
from models.access_request import service as access_requests
from tests.browser.office import NOW, Office
from tests.browser.steps import answer, confirm_who, follow
from tests.factories.customers import FIRST_FILL


@pytest.fixture(scope="module")
def asked(office: Office) -> dict[str, Any]:
    """Ann's request for a confidential customer, signed by her manager: it waits for the head."""
    values = {**FIRST_FILL, "name": "云帆电器有限公司", "level": "confidential", "owner": office.id("bob")}
    customer = records.create(office.people["head"], "customer", values, now=NOW)
    raw = {"uses": ["view"], "reason": "Spare parts talk", "valid_until": "2026-11-25"}
    made = access_requests.ask(office.people["ann"], "customer", customer["number"], raw, now=NOW)
    manager = office.people["supervisor"]
    return records.move(manager, "access_request", made["number"], "sign", {}, rev=1, now=NOW, fresh=True)


def name_deputy(window: Page, who: str) -> None:
    window.goto("/account/deputies/")
    window.locator("[name=deputy]").select_option(label=who)
    window.locator("[name=begins]").fill("2026-11-23")
    window.locator("[name=ends]").fill("2026-11-27")
    follow(window.get_by_role("button", name="Name the deputy", exact=True))
    if "/verify" in window.url:
        follow(window.locator("form[action*='/demonstration/refresh'] button"))
        name_deputy(window, who)


def test_a_deputy_signs_and_the_requester_sees_both_names(office: Office, asked: dict[str, Any]) -> None:
    head = office.window("head")
    name_deputy(head, "Qin Shan")
    row = head.locator("table.records tbody tr", has_text="Qin Shan")
    expect(row).to_contain_text("in force")
    expect(row).to_contain_text("23 Nov 2026 to 27 Nov 2026")

    ann = office.window("ann")
    ann.goto(f"/records/access_request/{asked['number']}")
    strip = ann.locator(".standing")
    expect(strip.locator("li.past")).to_have_count(2)
    expect(strip.locator("[aria-current=step]")).to_contain_text("waits for Department head")

    deputy = office.window("sales_manager")
    deputy.goto("/")
    line = deputy.locator("#work-signature li", has_text=asked["number_asked"])
    follow(line.get_by_role("link", name="Approve"))
    confirm_who(deputy)
    expect(deputy.locator(".notice")).to_contain_text("You sign for Su Ming")
    answer(deputy, "Approve")

    ann.reload()
    expect(strip.locator("li.past").last).to_contain_text("Qin Shan for Su Ming")
    expect(strip.locator("[aria-current=step]")).to_contain_text("Granted")


@pytest.mark.parametrize(("language", "width", "dark"), [("zh", 380, True), ("en", 1440, False)])
def test_the_pages_fit_a_narrow_window(
    office: Office, asked: dict[str, Any], language: str, width: int, dark: bool
) -> None:
    for who, page in (("head", "/account/deputies/"), ("ann", f"/records/access_request/{asked['number']}")):
        window = office.window(who, language, width=width, height=800, dark=dark)
        window.goto(page)
        expect(window.locator("h1")).to_be_visible()
        assert window.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
