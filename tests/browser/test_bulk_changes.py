"""Many records changed at once in the browser: tick, say what, preview, confirm, watch, undo; in both languages."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from config.database import database
from models import records
from models.bulk_change import running, service
from tests.browser.office import NOW, Office
from tests.browser.steps import follow, no_sideways

COUNT = 23
AT = "/records/customer/?sort=name&region=江苏"


@pytest.fixture(scope="module", autouse=True)
def customers(office: Office) -> None:
    """More customers than a page of twenty, of one region."""
    ann = office.people["ann"]
    for number in range(COUNT):
        values = {"name": f"第{number:02d}号客户有限公司", "region": "江苏"}
        records.create(ann, "customer", values, now=NOW)


def work() -> None:
    """What the scheduler would do."""
    for plan_id in service.at_work():
        running.advance(plan_id, holder="test", now=NOW)


def held(field: str) -> list[Any]:
    return [son.get(field) for son in database()["record_customer"].find({"region": "江苏"}).sort("name", 1)]


def ticked(window: Page) -> int:
    return window.locator(".records .pick input[name=number]:checked").count()


def test_rows_are_ticked_by_key_by_click_by_range_and_by_page(office: Office) -> None:
    window = office.window("ann")
    window.goto(AT)
    bar = window.locator("[data-bulk]")
    expect(bar).to_be_hidden()
    window.keyboard.press("j")
    window.keyboard.press("x")
    expect(bar).to_be_visible()
    expect(window.locator("[data-chosen]")).to_have_text("1 selected")
    boxes = window.locator(".records .pick input[name=number]")
    boxes.nth(4).click()
    boxes.nth(8).click(modifiers=["Shift"])
    assert ticked(window) == 6
    window.locator("[data-pick-all]").click()
    assert ticked(window) == 20
    window.get_by_role("button", name="Select all that match").click()
    expect(window.locator("[data-chosen]")).to_contain_text("All that match")
    boxes.nth(0).click()
    expect(window.locator("[data-chosen]")).to_have_text("19 selected")
    expect(window.get_by_role("button", name="Select all that match")).to_be_visible()
    window.get_by_role("button", name="Clear").click()
    expect(bar).to_be_hidden()


@pytest.mark.parametrize("width", [1440, 380])
def test_ticked_records_are_changed_and_changed_back(office: Office, width: int) -> None:
    window = office.window("ann", width=width)
    window.goto(AT)
    boxes = window.locator(".records .pick input[name=number]")
    boxes.nth(0).click()
    boxes.nth(1).click()
    no_sideways(window)
    follow(window.get_by_role("button", name="Change fields"))
    expect(window.locator("main")).to_contain_text("2 records selected")
    no_sideways(window)
    window.locator("details.bulk-group", has=window.locator("[name=address]")).locator("summary").click()
    window.locator("[name=address]").fill("临江市滨河路 9 号")
    expect(window.locator("input[name=_set][value=address]")).to_be_checked()
    follow(window.get_by_role("button", name="Preview"))
    expect(window.locator("main")).to_contain_text("would change")
    expect(window.locator(".bulk-samples ins").first).to_have_text("临江市滨河路 9 号")
    no_sideways(window)
    follow(window.get_by_role("button", name="Change 2 records"))
    expect(window.locator("[data-progress]")).to_be_visible()
    no_sideways(window)
    work()
    expect(window.locator(".import-sum")).to_contain_text("2 changed")
    assert held("address")[:3] == ["临江市滨河路 9 号"] * 2 + [None]
    no_sideways(window)
    window.get_by_role("button", name="Undo").click()
    follow(window.locator("#confirm [data-ask-yes]"))
    expect(window.locator("[data-progress]")).to_be_visible()
    work()
    expect(window.locator(".import-sum")).to_contain_text("2 given back")
    assert set(held("address")) == {None}


def test_all_that_match_are_handed_over_in_chinese(office: Office) -> None:
    window = office.window("head", language="zh")
    window.goto(AT)
    window.locator("[data-pick-all]").click()
    window.locator("[data-bulk-all]").click()
    follow(window.locator("[data-bulk] button[value=hand_over]"))
    window.locator("[name=owner] + .lookup input").fill("Jiang")
    window.locator("[name=owner] + .lookup").get_by_role("option").first.click()
    follow(window.locator("main .btn-primary"))
    expect(window.locator(".import-sum")).to_contain_text(str(COUNT))
    no_sideways(window)
    follow(window.locator(".save-bar .btn-primary"))
    expect(window.locator("[data-progress]")).to_be_visible()
    work()
    expect(window.locator(".import-sum")).to_contain_text(str(COUNT))
    assert set(held("owner")) == {office.id("bob")}
    window.goto("/bulk-changes/")
    expect(window.locator(".records tbody tr")).to_have_count(3)


def test_a_running_one_is_stopped(office: Office) -> None:
    window = office.window("head")
    window.goto(AT)
    window.locator("[data-pick-all]").click()
    follow(window.locator("[data-bulk] button[value=archive]"))
    window.locator("[name=note]").fill("Outdated")
    follow(window.locator("main .btn-primary"))
    follow(window.locator(".save-bar .btn-primary"))
    expect(window.locator("[data-progress]")).to_be_visible()
    follow(window.get_by_role("button", name="Stop"))
    expect(window.locator("main")).to_contain_text("stopped")
    work()
    assert set(held("archived_at")) == {None}


def test_without_a_script_the_bar_is_there_and_the_page_turns_by_itself(office: Office) -> None:
    context = office.browser.new_context(base_url=office.address, java_script_enabled=False)
    office._sign_in(context, "head")
    window = context.new_page()
    window.goto(AT)
    window.locator(".records .pick input[name=number]").first.check()
    follow(window.locator("noscript button[value=archive], .bulk-bar:visible button[value=archive]").first)
    window.locator("[name=note]").fill("Outdated")
    follow(window.locator("main .btn-primary"))
    follow(window.locator(".save-bar .btn-primary"))
    expect(window.locator("meta[http-equiv=refresh]")).to_have_count(1)
    work()
    expect(window.locator(".import-sum")).to_contain_text("1")
    context.close()
