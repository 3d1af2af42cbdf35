"""A specialist's daily work in customer files: find, open, edit with the keyboard, put right, save once."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Dialog, Page, expect

from models import records
from tests.browser.office import NOW, Office
from tests.browser.steps import follow, strike
from tests.factories.customers import FIRST_FILL


@pytest.fixture(scope="module")
def files(office: Office) -> dict[str, dict[str, Any]]:
    """Ann's customers."""
    ann = office.people["ann"]
    names = {"yuan": "远山精密机械有限公司", "tide": "Tidewater Lane Components Ltd", "lake": "青湖纺织有限公司"}
    return {key: records.create(ann, "customer", {**FIRST_FILL, "name": name}, now=NOW) for key, name in names.items()}


def address(record: dict[str, Any], more: str = "") -> str:
    return f"/records/customer/{record['number']}{more}"


@pytest.mark.parametrize(
    ("asked", "name"), [("密机械", "远山精密机械有限公司"), ("water lane", "Tidewater Lane Components Ltd")]
)
def test_a_customer_is_found_by_a_part_of_its_name(
    office: Office, files: dict[str, dict[str, Any]], asked: str, name: str
) -> None:
    window = office.window("ann")
    window.goto("/")
    window.keyboard.press("/")
    window.keyboard.type(asked)
    strike(window, "Enter")
    follow(window.get_by_role("main").get_by_role("link", name=name))
    expect(window.locator("h1")).to_have_text(name)
    expect(window).to_have_url(re.compile(r"/records/customer/KH-2026-\d{6}$"))


def test_a_file_is_edited_without_the_mouse(office: Office, files: dict[str, dict[str, Any]]) -> None:
    window = office.window("ann")
    window.goto(address(files["yuan"]))
    strike(window, "e")
    expect(window).to_have_url(re.compile("/edit$"))
    window.get_by_label("Short name").fill("远山")
    strike(window, "Control+s")
    expect(window.locator("#toasts")).to_contain_text("Saved")
    expect(window).to_have_url(re.compile("/edit$"))
    expect(window.get_by_label("Short name")).to_have_value("远山")
    window.get_by_label("Region").fill("江苏")
    strike(window, "Control+s")
    expect(window.get_by_label("Region")).to_have_value("江苏")
    window.goto(address(files["yuan"]))
    expect(window.locator("#f-region dd")).to_have_text("江苏")
    expect(window.locator(".timeline")).to_contain_text("Region")


def test_save_and_next_walks_the_list_it_came_from(office: Office, files: dict[str, dict[str, Any]]) -> None:
    window = office.window("ann")
    window.goto("/records/customer/?sort=name")
    rows = window.locator(".records tbody tr .first a")
    order = rows.all_inner_texts()
    follow(rows.first)
    expect(window.locator("h1")).to_have_text(order[0])
    strike(window, "e")
    for name in order[:2]:
        expect(window.locator("[name=name]")).to_have_value(name)
        window.get_by_label("Industry").fill("制造")
        strike(window, "Control+Enter")
    expect(window.locator("[name=name]")).to_have_value(order[2])


def test_leaving_with_something_unsaved_asks_first(office: Office, files: dict[str, dict[str, Any]]) -> None:
    window = office.window("ann")
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    window.goto(address(files["lake"], "/edit"))
    window.get_by_label("City").click()
    window.keyboard.type("湖州")
    expect(window.locator("[data-save-note]")).to_have_text("Not saved yet")
    window.once("dialog", stay)
    with window.expect_event("dialog"):
        window.locator(".crumbs a").click()
    expect(window.get_by_label("City")).to_have_value("湖州")
    assert asked == ["beforeunload"]
    strike(window, "Control+s")
    expect(window.locator("#toasts")).to_contain_text("Saved")
    follow(window.locator(".crumbs a"))
    expect(window).to_have_url(re.compile("/records/customer/$"))


@pytest.mark.parametrize(
    ("language", "email", "company", "count"), [("en", "Email", "Company", "2 things"), ("zh", "邮箱", "公司名称", "2")]
)
def test_what_is_wrong_stands_at_the_field_and_on_top_and_nothing_typed_is_lost(
    office: Office, files: dict[str, dict[str, Any]], language: str, email: str, company: str, count: str
) -> None:
    window = office.window("ann", language)
    window.goto("/records/customer/new")
    window.get_by_label(email, exact=True).fill("not an address")
    window.get_by_label("Address" if language == "en" else "地址", exact=True).fill("滨河路 8 号")
    strike(window, "Control+s")
    summary = window.locator("[data-error-summary]")
    expect(summary).to_be_focused()
    expect(summary.locator("h2")).to_contain_text(count)
    expect(window.locator(".field.has-error")).to_have_count(2)
    expect(window.get_by_label(email, exact=True)).to_have_value("not an address")
    expect(window.get_by_label("Address" if language == "en" else "地址", exact=True)).to_have_value("滨河路 8 号")
    summary.get_by_role("link", name=company, exact=True).click()
    expect(window.get_by_label(company)).to_be_focused()
    leave(window)


def test_key_people_are_added_ordered_and_removed(office: Office, files: dict[str, dict[str, Any]]) -> None:
    window = office.window("ann")
    window.goto(address(files["lake"], "/edit"))
    people = window.locator("[data-list=key_people]")
    for name in ("Owner Wu", "Buyer Shen", "Engineer He"):
        people.get_by_role("button", name="Add a row").click()
        window.keyboard.type(name)
    people.locator("[data-row]").nth(2).get_by_title("Move up").click()
    people.locator("[data-row]").nth(0).get_by_title("Remove").click()
    window.locator("#toasts").get_by_role("button", name="Undo").click()
    people.locator("[data-row]").nth(2).get_by_title("Remove").click()
    follow(window.get_by_role("button", name="Save", exact=True))
    expect(window).to_have_url(f"{office.address}{address(files['lake'])}")
    rows = window.locator("#f-key_people tbody tr")
    expect(rows).to_have_count(2)
    expect(rows.nth(0)).to_contain_text("Owner Wu")
    expect(rows.nth(1)).to_contain_text("Engineer He")


def test_a_wrong_row_is_named_and_its_neighbours_are_kept(office: Office, files: dict[str, dict[str, Any]]) -> None:
    window = office.window("ann")
    window.goto(address(files["yuan"], "/edit"))
    people = window.locator("[data-list=key_people]")
    people.get_by_role("button", name="Add a row").click()
    window.keyboard.type("Chief Tang")
    people.get_by_role("button", name="Add a row").click()
    people.locator("[data-row]").nth(1).get_by_label("Position").fill("Buyer")
    strike(window, "Control+s")
    expect(people.locator(".field.has-error")).to_have_count(1)
    expect(people.locator("[data-row]").nth(1).locator(".has-error")).to_be_visible()
    expect(people.locator("[data-row]").nth(0).get_by_label("Name", exact=False).first).to_have_value("Chief Tang")
    expect(people.locator("[data-row]").nth(1).get_by_label("Position")).to_have_value("Buyer")
    leave(window)


def test_a_double_click_makes_one_record(office: Office, files: dict[str, dict[str, Any]]) -> None:
    window = office.window("ann")
    window.goto("/records/customer/new")
    window.locator("[name=name]").fill("双击贸易有限公司")
    window.get_by_role("button", name="Save", exact=True).dblclick()
    window.wait_for_url(re.compile(r"/records/customer/KH-2026-\d{6}$"))
    window.go_back()
    window.goto("/records/customer/?q=双击贸易")
    expect(window.locator(".records tbody tr")).to_have_count(1)


def test_a_form_sent_again_after_going_back_makes_no_second_record(
    office: Office, files: dict[str, dict[str, Any]]
) -> None:
    window = office.window("ann")
    window.goto("/records/customer/new")
    window.locator("[name=name]").fill("回退贸易有限公司")
    token = window.locator("input[name=token]").input_value()
    follow(window.get_by_role("button", name="Save", exact=True))
    expect(window).to_have_url(re.compile(r"/records/customer/KH-2026-\d{6}$"))
    made = window.url
    window.goto("/records/customer/new")
    window.locator("[name=name]").fill("回退贸易有限公司")
    window.locator("input[name=token]").evaluate("(input, value) => { input.value = value; }", token)
    follow(window.get_by_role("button", name="Save", exact=True))
    expect(window).to_have_url(made)
    expect(window.locator("#toasts")).to_contain_text("sent already")


def test_two_people_at_one_file_see_each_others_words_and_settle_it(
    office: Office, files: dict[str, dict[str, Any]]
) -> None:
    mine, theirs = office.window("ann"), office.window("custodian")
    for window in (mine, theirs):
        window.goto(address(files["tide"], "/edit"))
    theirs.get_by_label("City").fill("Harborough")
    theirs.get_by_label("Industry").fill("Bearings")
    strike(theirs, "Control+s")
    expect(theirs.locator("#toasts")).to_contain_text("Saved")
    mine.get_by_label("City").fill("Saltmarsh")
    mine.get_by_label("Country").fill("Ireland")
    strike(mine, "Control+s")
    conflict = mine.locator(".conflict")
    expect(conflict).to_contain_text("Shen Mo")
    city = conflict.locator("tbody tr", has_text="City")
    expect(city.locator("td").nth(1)).to_have_text("Harborough")
    expect(city.locator("td").nth(2)).to_have_text("Saltmarsh")
    expect(conflict.locator("tbody tr", has_text="Industry")).to_contain_text("not changed by you")
    expect(mine.get_by_label("Country")).to_have_value("Ireland")
    expect(mine.get_by_label("Industry")).to_have_value("Bearings")
    city.get_by_role("radio", name="Theirs").check()
    expect(mine.locator("#in-city-field")).to_have_class(re.compile("set-aside"))
    follow(mine.get_by_role("button", name="Save", exact=True))
    expect(mine).to_have_url(f"{office.address}{address(files['tide'])}")
    expect(mine.locator("#f-city dd")).to_have_text("Harborough")
    expect(mine.locator("#f-country dd")).to_have_text("Ireland")
    expect(mine.locator("#f-industry dd")).to_have_text("Bearings")


def test_a_likely_duplicate_is_pointed_out(office: Office, files: dict[str, dict[str, Any]]) -> None:
    window = office.window("ann")
    window.goto("/records/customer/new")
    window.locator("[name=name]").fill("远山精密机械有限公司")
    strike(window, "Control+s")
    expect(window.get_by_role("main")).to_contain_text(files["yuan"]["number"])


def test_an_archived_file_leaves_the_list_and_comes_back(office: Office, files: dict[str, dict[str, Any]]) -> None:
    window = office.window("custodian")
    window.goto(address(files["lake"]))
    window.get_by_role("button", name="More").click()
    follow(window.get_by_role("link", name="Archive"))
    window.locator("#note").fill("No longer a customer")
    follow(window.locator(".act-answers").get_by_role("button", name="Archive"))
    expect(window).to_have_url(re.compile("/records/customer/$"))
    expect(window.get_by_role("main")).not_to_contain_text("青湖纺织")
    window.goto(address(files["lake"]))
    window.get_by_role("button", name="More").click()
    follow(window.get_by_role("button", name="Restore"))
    expect(window).to_have_url(f"{office.address}{address(files['lake'])}")
    expect(window.locator("#toasts")).to_contain_text("Restored")


def leave(window: Page) -> None:
    """Go away from a form without saving."""
    window.once("dialog", lambda dialog: dialog.accept())
    window.goto("/")


def test_a_row_that_is_moved_to_the_end_keeps_the_focus(office: Office) -> None:
    window = office.window("ann")
    window.goto("/records/customer/new")
    people = window.locator("[data-list=key_people]")
    for name in ("Zhao", "Qian"):
        people.locator("[data-row-do=add]").click()
        window.keyboard.type(name)
    people.locator("[data-row]").nth(1).locator("[data-row-do=up]").focus()
    window.keyboard.press("Enter")
    expect(window.locator("[name=key_people-0-name]")).to_have_value("Qian")
    expect(people.locator("[data-row]").nth(0).locator("[data-row-do=down]")).to_be_focused()
    window.keyboard.press("Enter")
    expect(window.locator("[name=key_people-1-name]")).to_have_value("Qian")
    expect(people.locator("[data-row]").nth(1).locator("[data-row-do=up]")).to_be_focused()
