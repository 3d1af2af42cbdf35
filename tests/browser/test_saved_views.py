"""The life of a saved view: filtered, saved, opened, changed, moved, begun with, shared, taken away."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from models import records
from tests.browser.office import NOW, Office
from tests.browser.steps import follow, strike

LIST = "/records/customer/"


@pytest.fixture(scope="module", autouse=True)
def customers(office: Office) -> None:
    for number, region in enumerate(("江苏", "浙江", "浙江")):
        values = {"name": f"第{number}号客户有限公司", "region": region, "key_customer": "" if number else "true"}
        records.create(office.people["ann"], "customer", values, now=NOW)


def tab(window: Page, name: str) -> None:
    follow(window.locator(".tabs").get_by_role("link", name=name, exact=True))


def save(window: Page, name: str) -> None:
    window.get_by_role("button", name="Save view").click()
    window.get_by_label("Name of the view").fill(name)
    strike(window, "Enter")
    expect(window.locator(".tabs .active")).to_have_text(name)


def test_a_view_from_its_first_day_to_its_last(office: Office) -> None:
    window = office.window("ann")
    window.goto(f"{LIST}?region=is:浙江&sort=-name&columns=region")
    save(window, "Zhejiang")
    window.goto(LIST)
    expect(window.locator(".tabs .active")).to_have_text("All")
    tab(window, "Zhejiang")
    expect(window.locator(".page-count")).to_have_text("2 records")
    expect(window.locator(".records thead th:not(.pick):not(.tools)")).to_have_text(["Company", "Region"])
    expect(window.get_by_role("button", name="Save view")).to_have_count(0)

    window.goto(f"{LIST}?region=is:江苏")
    window.get_by_role("button", name="Save view").click()
    window.get_by_label("In place of").select_option(label="Zhejiang")
    follow(window.get_by_role("button", name="Save", exact=True))
    expect(window.locator(".tabs .active")).to_have_text("Zhejiang")
    expect(window.locator(".page-count")).to_have_text("1 record")
    window.goto(f"{LIST}?region=is:浙江")
    save(window, "East")

    follow(window.get_by_role("link", name="Saved views"))
    first = window.locator(".view-list li").first
    first.get_by_text("Rename", exact=True).first.click()
    first.get_by_role("textbox", name="Name of the view").fill("Jiangsu")
    follow(first.get_by_role("button", name="Rename"))
    expect(window.locator(".view-head a")).to_have_text(["Jiangsu", "East"])
    follow(window.locator(".view-list li").first.get_by_role("button", name="Move down"))
    expect(window.locator(".view-head a")).to_have_text(["East", "Jiangsu"])
    follow(window.locator(".view-list li").last.get_by_role("button", name="Begin with it"))
    expect(window.locator(".view-list li").last).to_contain_text("the list begins with it")
    window.goto("/")
    follow(window.get_by_role("navigation").get_by_role("link", name="Customer files").first)
    expect(window.locator(".tabs .active")).to_have_text("Jiangsu")
    expect(window.locator(".page-count")).to_have_text("1 record")

    follow(window.get_by_role("link", name="Saved views"))
    window.locator(".view-list li").last.get_by_role("button", name="Delete").click()
    follow(window.get_by_role("dialog").get_by_role("button", name="Delete"))
    expect(window.locator(".view-head a")).to_have_text(["East"])
    follow(window.get_by_role("navigation").get_by_role("link", name="Customer files").first)
    expect(window.locator(".tabs .active")).to_have_text("All")
    expect(window.locator(".page-count")).to_have_text("3 records")


def test_a_head_shares_a_view_with_the_specialists(office: Office) -> None:
    head, bob = office.window("head"), office.window("bob")
    head.goto(f"{LIST}?state=is:prospect&key_customer=true")
    save(head, "Look at these")
    follow(head.get_by_role("link", name="Saved views"))
    line = head.locator(".view-list li").first
    line.get_by_text("Rename and share").click()
    line.get_by_label("Role").select_option("specialist")
    follow(line.get_by_role("button", name="Share", exact=True))
    expect(head.locator(".view-list li").first).to_contain_text("shared with Customer service · Specialist")
    bob.goto(LIST)
    expect(bob.locator(".page-count")).to_have_text("3 records")
    tab(bob, "Look at these")
    expect(bob.locator(".page-count")).to_have_text("1 record")
    follow(head.get_by_role("button", name="Share no more"))
    expect(head.locator(".view-list li").first).not_to_contain_text("shared with")
    bob.goto(LIST)
    expect(bob.locator(".tabs")).not_to_contain_text("Look at these")


def test_a_name_that_is_in_use_is_told_beside_what_was_typed(office: Office) -> None:
    window = office.window("custodian")
    window.goto(f"{LIST}?region=is:浙江")
    save(window, "Twice")
    window.goto(f"{LIST}?region=is:江苏")
    window.get_by_role("button", name="Save view").click()
    window.get_by_label("Name of the view").fill("Twice")
    strike(window, "Enter")
    box = window.get_by_role("textbox", name="Name of the view").first
    expect(box).to_have_value("Twice")
    expect(window.locator("#title-wrong")).to_have_text("You have a view of this name already.")
    box.fill("Another")
    strike(window, "Enter")
    expect(window.locator(".tabs .active")).to_have_text("Another")
