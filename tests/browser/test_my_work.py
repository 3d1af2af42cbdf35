"""My work: it shows what waits, each line can be done from there, and it empties."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from models import records
from models.access_request import service as access_requests
from models.office import office_calendar
from models.reminder import chasing
from models.reminder import service as reminders
from tests.browser.office import NOW, Office
from tests.browser.steps import answer, confirm_who, fill, follow
from tests.factories.customers import FIRST_FILL


@pytest.fixture(scope="module")
def customer(office: Office) -> dict[str, Any]:
    """A confidential customer of Bob's."""
    values = {**FIRST_FILL, "name": "晴川仪器有限公司", "level": "confidential", "owner": office.id("bob")}
    return records.create(office.people["head"], "customer", values, now=NOW)


@pytest.mark.parametrize(("language", "words"), [("en", "Nothing waits for you"), ("zh", "")])
def test_an_empty_desk_says_so(office: Office, language: str, words: str) -> None:
    window = office.window("legal", language)
    window.goto("/")
    expect(window.locator(".empty")).to_be_visible()
    expect(window.locator(".empty")).to_contain_text(words)


def test_a_request_waits_for_the_manager_then_the_head_and_then_for_nobody(
    office: Office, customer: dict[str, Any]
) -> None:
    raw = {"uses": ["view"], "reason": "Spare parts talk", "valid_until": "2026-11-25"}
    access_requests.ask(office.people["ann"], "customer", customer["number"], raw, now=NOW)
    for who, move in (("supervisor", "Sign"), ("head", "Approve")):
        window = office.window(who)
        window.goto("/")
        line = window.locator("#work-signature li", has_text=customer["number"])
        expect(line).to_be_visible()
        follow(line.get_by_role("link", name=move))
        confirm_who(window)
        answer(window, move)
        window.goto("/")
        expect(window.locator("main li", has_text=customer["number"])).to_have_count(0)


def test_a_late_complaint_stands_on_top_and_leaves_when_it_is_answered(office: Office) -> None:
    ann = office.people["ann"]
    late = {"subject": "设备异响", "received_at": "2026-11-18T09:30", "channel": "phone"}
    made = records.create(ann, "complaint", late, now=NOW)
    window = office.window("ann")
    window.goto("/")
    line = window.locator("#work-late li", has_text="设备异响")
    expect(line).to_contain_text("late")
    follow(line.get_by_role("link", name="设备异响"))
    expect(window).to_have_url(f"{office.address}/records/complaint/{made['number']}")
    window.goto(f"/records/complaint/{made['number']}/do/judge")
    for name, value in {"founded": "no", "severity": "low", "problem": "quality"}.items():
        fill(window, name, value)
    answer(window, "Judge")
    window.goto(f"/records/complaint/{made['number']}/do/close")
    fill(window, "close_reason", "The noise is normal, shown on site.")
    answer(window, "Close")
    expect(window.locator(".record-facts")).to_contain_text("Closed")
    window.goto("/")
    expect(window.locator("main li", has_text="设备异响")).to_have_count(0)


def test_the_head_sees_what_is_late_in_the_department(office: Office) -> None:
    late = {"subject": "发票未开", "received_at": "2026-11-16T09:30", "channel": "phone"}
    records.create(office.people["bob"], "complaint", late, now=NOW)
    window = office.window("head")
    window.goto("/")
    line = window.locator("#work-department li", has_text="发票未开")
    expect(line).to_contain_text("Jiang Yu")
    window = office.window("supervisor")
    window.goto("/")
    expect(window.locator("main li", has_text="发票未开")).to_have_count(0)


def test_each_figure_opens_its_records(office: Office) -> None:
    window = office.window("head")
    window.goto("/")
    figures = window.locator(".figures li a")
    expect(figures).not_to_have_count(0)
    for number in range(figures.count()):
        figure = window.locator(".figures li a").nth(number)
        shown = figure.locator("strong").inner_text()
        follow(figure)
        expect(window.locator("h1")).not_to_have_text("My work")
        if shown.isdecimal():
            expect(window.locator(".page-count, .empty")).to_be_visible()
        window.goto("/")


def test_a_reminder_is_counted_in_the_menu_until_it_is_read(office: Office) -> None:
    ann = office.people["ann"]
    records.create(ann, "revisit", {"due_on": "2026-11-23", "occasion": "birthday", "contact": "孙女士"}, now=NOW)
    chasing.chase_deadlines(NOW, office_calendar())
    window = office.window("ann")
    window.goto("/records/customer/")
    unread = reminders.unread_count(ann)
    assert unread > 0
    expect(window.locator("#rail .rail-badge")).to_have_text(str(unread))
    window.goto("/?show=reminders")
    follow(window.get_by_role("button", name="Mark all as read"))
    expect(window.locator("#rail .rail-badge")).to_have_count(0)


def test_lines_are_put_aside_together_and_one_comes_back_by_hand(office: Office) -> None:
    bob = office.people["bob"]
    made = [records.create(bob, "revisit", {"due_on": "2026-11-30", "contact": "孙女士"}, now=NOW) for _ in range(2)]
    window = office.window("bob")
    window.goto("/")
    boxes = [window.locator(f"input[form=work][value^='revisit/{one['number']}/']") for one in made]
    expect(window.locator("[data-work]")).to_be_hidden()
    for box in boxes:
        box.check()
    expect(window.locator("[data-chosen]")).to_have_text("2 selected")
    follow(window.locator("[data-work]").get_by_role("button", name="Until tomorrow morning"))
    expect(window.locator("#toasts")).to_contain_text("2 things are back on 24 Nov 2026 09:00")
    aside = window.locator("#work-aside li", has_text=made[0]["number"])
    expect(window.locator("#work-aside li")).to_have_count(2)
    follow(aside.get_by_role("button", name="Take back"))
    expect(window.locator("#work-aside li")).to_have_count(1)
    expect(window.locator("#work-coming li")).to_have_count(1)


def test_what_is_late_asks_before_it_is_put_aside_and_a_line_is_handed_over(office: Office) -> None:
    bob = office.people["bob"]
    made = records.create(bob, "revisit", {"due_on": "2026-11-20", "contact": "周先生"}, now=NOW)
    window = office.window("bob")
    window.goto("/")
    line = window.locator("#work-late li", has=window.locator(f"input[value^='revisit/{made['number']}/']"))
    line.locator(".dropdown > button").click()
    follow(line.get_by_role("link", name="Later"))
    follow(window.get_by_role("button", name="Put aside"))
    expect(window.locator(".work-outcome")).to_contain_text("late already")
    follow(window.get_by_role("button", name="Put aside all the same"))
    aside = window.locator("#work-aside li", has=window.locator(f"a[href$='{made['number']}']"))
    aside.locator(".dropdown > button").click()
    follow(aside.get_by_role("link", name="Hand over"))
    window.locator("#owner").select_option(label="Lin Zhi · Customer service")
    window.locator("#note").fill("Please call on Tuesday")
    follow(window.get_by_role("button", name="Hand over"))
    expect(window.locator("#work-handed li", has=window.locator(f"a[href$='{made['number']}']"))).to_be_visible()
    other = office.window("ann")
    other.goto("/")
    expect(other.locator("#work-late li", has_text="Please call on Tuesday")).to_contain_text("handed over by Jiang Yu")
