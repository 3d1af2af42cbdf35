"""The life of cards: asked for from a list, signed, counting down; offered, taken as a file, returned and received."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from models import records
from tests.browser.office import NOW, Office
from tests.browser.steps import act, answer, follow, open_sheet, press, state
from tests.factories.customers import FIRST_FILL

NAMES = ("云谷特种合金有限公司", "海临机电有限公司")


@pytest.fixture(scope="module")
def locked(office: Office) -> list[dict[str, Any]]:
    """Two confidential files of Bob's."""
    values = {**FIRST_FILL, "level": "confidential", "level_basis": "议价资料", "owner": office.id("bob")}
    head = office.people["head"]
    return [records.create(head, "customer", {**values, "name": name}, now=NOW) for name in NAMES]


def test_two_locked_files_are_ticked_asked_for_signed_and_open_with_a_countdown(
    office: Office, locked: list[dict[str, Any]]
) -> None:
    asking = office.window("ann")
    asking.goto("/records/customer/?level=confidential")
    rows = asking.locator(".records tbody tr.locked")
    expect(rows).to_have_count(len(locked))
    for row in rows.all():
        row.locator(".pick input").check()
    follow(asking.get_by_role("button", name=re.compile("Ask for access")))
    for one in locked:
        expect(asking.get_by_role("main")).to_contain_text(one["number"])
    asking.locator("#ask-reason").fill("Renewal talks this week")
    follow(asking.get_by_role("button", name="Ask", exact=True))
    expect(asking.get_by_role("main")).to_contain_text("Waiting for manager")
    card = asking.url

    manager = office.window("supervisor")
    manager.goto(card)
    open_sheet(manager, "Sign")
    main = manager.get_by_role("main")
    for part in (*(one["number"] for one in locked), "2 records (rows)", "columns", "Confidential"):
        expect(main).to_contain_text(part)
    assert not any(name in manager.content() for name in NAMES)
    answer(manager, "Sign")

    head = office.window("head")
    head.goto(card)
    act(head, "Approve")
    asking.goto(f"/records/customer/{locked[0]['number']}")
    expect(asking.locator("h1")).to_have_text(NAMES[0])
    expect(asking.locator("[data-countdown-ends]")).to_have_text(re.compile(r"\d"))
    watching = office.window("ann")
    watching.clock.install(time=NOW)
    watching.goto(f"/records/customer/{locked[0]['number']}")
    watching.clock.run_for(31_000)
    expect(watching.locator("h1")).to_have_text(NAMES[0])
    asking.goto(card)
    press(asking, "Return early")
    asking.goto(f"/records/customer/{locked[0]['number']}")
    expect(asking.locator("h1")).to_have_text("云***司")
    watching.clock.run_for(31_000)
    expect(watching.locator("h1")).to_have_text("云***司")
    office.complaints[:] = [one for one in office.complaints if not one.endswith("/open")]  # by which it heard of that


def test_an_offered_file_leaves_with_a_receipt_and_comes_back(
    office: Office, locked: list[dict[str, Any]], tmp_path: Path
) -> None:
    owner = office.window("bob")
    owner.goto(f"/records/customer/{locked[1]['number']}/offer")
    owner.locator("#ask-to").fill("Qin Shan")
    owner.locator("[name=use][value=export]").check()
    owner.locator("#ask-reason").fill("Tender at the customer's site")
    owner.locator("#ask-until").fill("2026-11-25")
    follow(owner.get_by_role("button", name="Offer", exact=True))
    expect(owner.locator("#toasts")).to_contain_text("CY-")

    head = office.window("head")
    head.goto("/records/access_request/?state=signed")
    follow(head.locator(".records tbody th a").first)
    card = head.url
    act(head, "Approve")

    borrower = office.window("sales_manager")
    borrower.goto(card)
    follow(borrower.get_by_role("link", name="Take the file …"))
    with borrower.expect_download() as given:
        borrower.get_by_role("button", name="File as CSV").click()
    file = tmp_path / "file.csv"
    given.value.save_as(file)
    text = file.read_text("utf-8-sig")
    receipt = re.search(r"HZ-\d{4}-\d{6}", text)
    assert receipt is not None
    assert NAMES[1] in text
    assert given.value.suggested_filename.startswith(receipt[0])
    borrower.goto(card)
    expect(borrower.get_by_role("main")).to_contain_text(receipt[0])
    press(borrower, "Return early")
    assert state(borrower) == "To be returned"

    receiver = office.window("custodian")
    receiver.goto(card)
    press(receiver, "Confirm the return")
    borrower.reload()
    assert state(borrower) == "Ended"


@pytest.mark.parametrize(("language", "width", "dark"), [("zh", 1440, False), ("en", 380, True)])
def test_the_forms_fit_every_window(
    office: Office, locked: list[dict[str, Any]], language: str, width: int, dark: bool
) -> None:
    owner = office.window("bob", language, width, 800, dark)
    for page in ("offer", "secrecy"):
        owner.goto(f"/records/customer/{locked[1]['number']}/{page}")
        expect(owner.locator("main form.card-plain")).to_be_visible()
        assert owner.evaluate("document.scrollingElement.scrollWidth <= window.innerWidth")
