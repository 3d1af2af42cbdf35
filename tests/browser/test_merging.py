"""Two files of one customer made one and taken apart again; a former version restored; two people at one list."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from models import records
from tests.browser.office import NOW, Office
from tests.browser.steps import follow, pick, strike
from tests.factories.customers import FIRST_FILL

AT = "/records/customer/"
PEOPLE = {name: [{"name": name, "part": "manager"}] for name in ("赵一凡", "钱小雨", "孙立")}


def file(office: Office, name: str, **values: Any) -> dict[str, Any]:
    """A customer file of Ann's."""
    return records.create(office.people["ann"], "customer", {**FIRST_FILL, "name": name, **values}, now=NOW)


def menu(window: Page) -> None:
    """Open the menu of a record's further actions."""
    window.locator(".record-tools .dropdown > button").click()


@pytest.mark.parametrize("language", ["en", "zh"])
def test_two_files_are_merged_and_taken_apart_again(office: Office, language: str) -> None:
    keep = file(office, f"远山精密机械有限公司 {language}", phone="", key_people=PEOPLE["赵一凡"])
    other = file(office, f"远山精密机械公司 {language}", region="江苏", key_people=PEOPLE["钱小雨"])
    complaint = {"customer": other["_id"], "subject": f"缺件 {language}", "channel": "phone", "facts": "少一箱"}
    made = records.create(office.people["ann"], "complaint", complaint, now=NOW)
    window = office.window("custodian", language)
    window.goto(AT + keep["number"])
    menu(window)
    follow(window.locator(".record-tools .dropdown-menu a[href$='/merge']"))
    pick(window, "with", other["name"])
    follow(window.locator("form .act-answers button"))
    expect(window).to_have_url(re.compile(r"/merge\?with="))
    lines = window.locator(".merge-lines tbody tr")
    expect(lines.filter(has_text="赵一凡")).to_contain_text("钱小雨")
    expect(lines.filter(has_text="江苏").locator("[value=other]")).to_be_checked()
    lines.filter(has_text=other["name"]).locator("[value=keep]").check()
    follow(window.locator("form.merge .act-answers button"))

    expect(window).to_have_url(f"{office.address}{AT}{keep['number']}")
    expect(window.locator("h1")).to_have_text(keep["name"])
    expect(window.locator("#f-region dd")).to_have_text("江苏")
    expect(window.locator("#f-key_people")).to_contain_text("钱小雨")
    expect(window.locator(".notice").first).to_contain_text(other["number"])
    window.goto(f"/records/complaint/{made['number']}")
    expect(window.locator("#f-customer dd")).to_have_text(keep["name"])
    window.goto(AT + other["number"])
    expect(window).to_have_url(f"{office.address}{AT}{keep['number']}")

    window.locator(".notice form[action$='/unmerge'] button").click()
    follow(window.locator("#confirm [data-ask-yes]"))
    expect(window).to_have_url(f"{office.address}{AT}{keep['number']}")
    expect(window.locator("#f-key_people")).not_to_contain_text("钱小雨")
    window.goto(f"/records/complaint/{made['number']}")
    expect(window.locator("#f-customer dd")).to_have_text(other["name"])


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_former_version_comes_back(office: Office, language: str) -> None:
    made = file(office, f"青湖纺织有限公司 {language}", city="湖州", key_people=PEOPLE["孙立"])
    records.change(office.people["ann"], "customer", made["number"], {"city": "苏州", "key_people": []}, rev=1, now=NOW)
    window = office.window("ann", language)
    window.goto(AT + made["number"])
    menu(window)
    follow(window.locator(".record-tools .dropdown-menu a[href$='/history']"))
    follow(window.locator(".timeline a[href$='/history/1']"))
    row = window.locator(".restore-lines tbody tr", has_text="湖州")
    expect(row.locator("del")).to_have_text("苏州")
    expect(window.locator(".restore-lines")).to_contain_text("孙立")
    follow(window.locator(".act-answers button"))
    expect(window).to_have_url(f"{office.address}{AT}{made['number']}")
    expect(window.locator("#f-city dd")).to_have_text("湖州")
    expect(window.locator("#f-key_people")).to_contain_text("孙立")


def test_two_people_at_one_list_keep_the_rows_of_both(office: Office) -> None:
    made = file(office, "海平线贸易有限公司", key_people=PEOPLE["赵一凡"], salesperson=office.id("sales"))
    mine, theirs = office.window("ann"), office.window("custodian")
    for window, name in ((mine, "钱小雨"), (theirs, "孙立")):
        window.goto(f"{AT}{made['number']}/edit")
        window.get_by_role("button", name="Add a row").click()
        window.locator("[name=key_people-1-name]").fill(name)
    strike(theirs, "Control+s")
    expect(theirs.locator("#toasts")).to_contain_text("Saved")
    strike(mine, "Control+s")
    conflict = mine.locator(".conflict")
    row = conflict.locator("tbody tr", has_text="Key people")
    expect(row.locator("ins")).to_have_count(2)
    expect(row.get_by_role("radio", name="Both")).to_be_checked()
    expect(mine.locator("#in-key_people-field")).to_have_class(re.compile("set-aside"))
    follow(mine.get_by_role("button", name="Save", exact=True))
    expect(mine).to_have_url(f"{office.address}{AT}{made['number']}")
    for name in ("赵一凡", "钱小雨", "孙立"):
        expect(mine.locator("#f-key_people")).to_contain_text(name)


def test_a_person_and_attachments_are_chosen_too(office: Office) -> None:
    made = file(office, "三江仪表有限公司")
    mine, theirs = office.window("ann"), office.window("custodian")
    for window, who, name in ((mine, "Cheng Yang", "mine.txt"), (theirs, "Qin Shan", "theirs.txt")):
        window.goto(f"{AT}{made['number']}/edit")
        pick(window, "salesperson", who)
        window.locator("#in-papers").set_input_files({"name": name, "mimeType": "text/plain", "buffer": b"scan"})
    strike(theirs, "Control+s")
    expect(theirs.locator("#toasts")).to_contain_text("Saved")
    strike(mine, "Control+s")
    rows = mine.locator(".conflict tbody tr")
    person = rows.filter(has_text="Salesperson")
    expect(person).to_contain_text("Cheng Yang")
    person.get_by_role("radio", name="Theirs").check()
    expect(rows.filter(has_text="Scans").get_by_role("radio", name="Both")).to_be_checked()
    follow(mine.get_by_role("button", name="Save", exact=True))
    expect(mine).to_have_url(f"{office.address}{AT}{made['number']}")
    expect(mine.locator("#f-salesperson dd")).to_have_text("Qin Shan")
    for name in ("mine.txt", "theirs.txt"):
        expect(mine.locator("#f-papers")).to_contain_text(name)


def test_a_row_is_added_and_saved_without_a_script(office: Office) -> None:
    made = file(office, "无脚本商行")
    context = office.browser.new_context(base_url=office.address, java_script_enabled=False)
    office._sign_in(context, "ann")
    window = office.watch(context.new_page())
    window.goto(f"{AT}{made['number']}/edit")
    window.locator("[name=short_name]").fill("商行")
    follow(window.locator("button[name=_add][value=key_people]"))
    window.locator("[name=key_people-0-name]").fill("李无声")
    expect(window.locator("[name=short_name]")).to_have_value("商行")
    follow(window.get_by_role("button", name="Save", exact=True))
    expect(window.locator("#f-key_people")).to_contain_text("李无声")
    expect(window.locator("#f-short_name dd")).to_have_text("商行")
    context.close()


def test_enter_in_a_form_saves_and_adds_no_row(office: Office) -> None:
    made = file(office, "回车商行")
    window = office.window("ann")
    window.goto(f"{AT}{made['number']}/edit")
    window.locator("[name=short_name]").fill("回车")
    strike(window, "Enter")
    expect(window).to_have_url(f"{office.address}{AT}{made['number']}")
    expect(window.locator("#f-short_name dd")).to_have_text("回车")
