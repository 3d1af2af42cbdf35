"""A locked file: its card, the way in by two signatures, and out again at the next request; the top-secret one."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from models import records
from tests.browser.office import NOW, Office
from tests.browser.steps import act, answer, confirm_who, follow, open_sheet, strike
from tests.factories.customers import FIRST_FILL

NAME = "云谷特种合金有限公司"


@pytest.fixture(scope="module")
def locked(office: Office) -> dict[str, Any]:
    """Bob's confidential file."""
    return made(office, "bob", NAME, "confidential")


@pytest.fixture(scope="module")
def hidden(office: Office) -> dict[str, Any]:
    """Bob's top-secret file."""
    return made(office, "bob", "深岭航电研究有限公司", "top_secret")


def made(office: Office, who: str, name: str, level: str) -> dict[str, Any]:
    values = {**FIRST_FILL, "name": name, "level": level, "level_basis": "议价资料", "owner": office.id("head")}
    head = office.people["head"]
    return records.create(head, "customer", {**values, "owner": office.id(who)}, now=NOW)


def test_a_locked_file_shows_its_card_and_nothing_more(office: Office, locked: dict[str, Any]) -> None:
    window = office.window("ann")
    window.goto("/records/customer/")
    row = window.locator(".records tbody tr.locked")
    expect(row).to_contain_text("云***司")
    follow(row.get_by_role("link").first)
    expect(window.locator("h1")).to_have_text("云***司")
    expect(window.get_by_role("main")).to_contain_text("Confidential")
    expect(window.get_by_role("main")).to_contain_text("Jiang Yu")
    assert NAME not in window.content()
    assert FIRST_FILL["contact_name"] not in window.content()
    window.goto(f"/records/find?q={NAME[:4]}")
    expect(window.locator(".find-hit, main li a")).to_have_count(0)
    window.goto(f"/records/customer/?q={NAME[:4]}")
    expect(window.locator(".records tbody tr")).to_have_count(0)


def test_asking_without_a_reason_is_refused_in_place(office: Office, locked: dict[str, Any]) -> None:
    window = office.window("ann")
    window.goto(f"/records/customer/{locked['number']}")
    window.locator("#ask-reason").evaluate("box => box.removeAttribute('required')")
    follow(window.get_by_role("button", name="Ask", exact=True))
    expect(window.locator("#ask .has-error")).to_contain_text("required")
    expect(window.locator("h1")).to_have_text("云***司")


def test_asked_signed_approved_read_revoked_and_closed_again(office: Office, locked: dict[str, Any]) -> None:
    asking = office.window("ann")
    file = f"/records/customer/{locked['number']}"
    asking.goto(file)
    asking.locator("#ask-reason").fill("Renewal talk on Thursday")
    follow(asking.get_by_role("button", name="Ask", exact=True))
    expect(asking.get_by_role("main")).to_contain_text("Waiting for manager")
    follow(asking.get_by_role("link", name=re.compile(r"^CY-")))
    request = asking.url

    manager = office.window("supervisor")
    manager.goto(request)
    expect(manager.get_by_role("main")).to_contain_text("Renewal talk on Thursday")
    assert NAME not in manager.content()
    act(manager, "Sign")

    head = office.window("head")
    head.goto(request)
    office.clock.forward(minutes=6)
    follow(head.locator(".record-tools").get_by_role("link", name="Approve"))
    expect(head).to_have_url(re.compile("/verify"))
    confirm_who(head)
    expect(head.get_by_role("main")).to_contain_text("Lu Qing")
    answer(head, "Approve")
    expect(head.locator("#toasts")).to_contain_text("Done")

    asking.goto(file)
    expect(asking.locator("h1")).to_have_text(NAME)
    expect(asking.locator(".watermark")).to_contain_text("Lin Zhi")
    expect(asking.get_by_role("link", name="Edit", exact=True)).to_have_count(0)

    open_sheet(head, "Revoke")
    head.locator(".act-answers").get_by_role("button", name="Revoke", exact=True).click()
    expect(head.locator("#note")).to_be_focused()
    head.locator("#note").fill("The talk is cancelled")
    answer(head, "Revoke")
    expect(head.locator("#toasts")).to_contain_text("Done")
    asking.reload()
    expect(asking.locator("h1")).to_have_text("云***司")
    assert NAME not in asking.content()


def test_the_head_sees_who_has_read_the_file(office: Office, locked: dict[str, Any]) -> None:
    window = office.window("head")
    window.goto(f"/records/customer/{locked['number']}/history")
    expect(window.get_by_role("main")).to_contain_text("Lin Zhi")


def test_a_refusal_says_why_and_ends_the_request(office: Office, locked: dict[str, Any]) -> None:
    asking = office.window("custodian")
    file = made(office, "bob", "海临机电有限公司", "confidential")
    asking.goto(f"/records/customer/{file['number']}")
    asking.locator("#ask-reason").fill("For the yearly check")
    follow(asking.get_by_role("button", name="Ask", exact=True))
    follow(asking.get_by_role("link", name=re.compile(r"^CY-")))
    head = office.window("head")
    head.goto(asking.url)
    act(head, "Refuse", "The supervisor does the check this year")
    asking.reload()
    expect(asking.get_by_role("main")).to_contain_text("Refused")
    expect(asking.get_by_role("main")).to_contain_text("The supervisor does the check this year")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_top_secret_file_answers_like_one_that_is_not_there(
    office: Office, hidden: dict[str, Any], language: str
) -> None:
    window = office.window("ann", language)
    pages = []
    for number in (hidden["number"], "KH-2026-999999"):
        answer = window.goto(f"/records/customer/{number}")
        assert answer is not None
        assert answer.status == 404
        pages.append(window.get_by_role("main").inner_text().replace(number, ""))
    assert pages[0] == pages[1]
    window.goto("/records/customer/")
    assert hidden["number"] not in window.content()
    assert "深" not in window.locator(".records").inner_text()


def test_the_general_manager_reads_the_top_secret_file(office: Office, hidden: dict[str, Any]) -> None:
    window = office.window("gm")
    window.goto(f"/records/customer/{hidden['number']}")
    expect(window.locator("h1")).to_have_text("深岭航电研究有限公司")
    expect(window.locator(".level-top_secret")).to_be_visible()


def test_only_the_head_lowers_a_level(office: Office, locked: dict[str, Any]) -> None:
    owner = office.window("bob")
    owner.goto(f"/records/customer/{locked['number']}/edit")
    owner.locator("#g-placing summary").click()
    owner.locator("[name=level]").select_option("secret")
    strike(owner, "Control+s")
    expect(owner.locator("[data-error-summary]")).to_contain_text("Only the department head may lower a level")
    owner.once("dialog", lambda dialog: dialog.accept())
    owner.goto("/")
    head = office.window("head")
    head.goto(f"/records/customer/{locked['number']}/edit")
    head.locator("#g-placing summary").click()
    head.locator("[name=level]").select_option("secret")
    strike(head, "Control+s")
    expect(head.locator("#toasts")).to_contain_text("Saved")
    expect(head.locator(".level-secret").first).to_be_visible()
