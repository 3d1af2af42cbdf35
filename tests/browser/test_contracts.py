"""A contract from the draft over two opinions to the cabinet, out to a borrower and back (K1-K4)."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from backoffice.demonstration.scans import one_page
from models import records
from tests.browser.office import NOW, Office
from tests.browser.steps import act, answer, fill, follow, offered, open_sheet, pick, state, strike
from tests.factories.contracts import CHECKED, contract
from tests.factories.customers import FIRST_FILL


@pytest.fixture(scope="module")
def customer(office: Office) -> dict[str, Any]:
    """A customer of the salesperson."""
    values = {**FIRST_FILL, "name": "白石精铸有限公司", "salesperson": office.id("sales")}
    return records.create(office.people["head"], "customer", values, now=NOW)


def draft(office: Office, customer: dict[str, Any], **raw: Any) -> str:
    """The address of a draft by the salesperson."""
    made = contract(office.people["sales"], customer["_id"], NOW, **raw)
    return f"/records/contract/{made['number']}"


def in_custody(office: Office, customer: dict[str, Any], **raw: Any) -> str:
    """The address of a contract in the cabinet."""
    number = draft(office, customer, **raw).rpartition("/")[2]
    steps: tuple[tuple[str, str, dict[str, Any]], ...] = (
        ("sales", "submit", {}),
        ("finance", "finance_review", {"finance_agrees": "yes"}),
        ("legal", "legal_review", {"legal_agrees": "yes"}),
        ("sales", "sign", {"signed_on": "2026-11-20"}),
        ("custodian", "hand_in", {"cabinet": "C1", "box": "7"}),
    )
    for rev, (who, name, values) in enumerate(steps, start=1):
        person = office.people[who]
        records.move(person, "contract", number, name, values, rev=rev, now=NOW, fresh=True)
    return f"/records/contract/{number}"


def test_from_the_draft_to_the_cabinet(office: Office, customer: dict[str, Any], tmp_path: Path) -> None:
    sales = office.window("sales")
    sales.goto("/records/contract/new")
    pick(sales, "customer", "白石精铸")
    pick(sales, "answerable", "Cheng Yang")
    for name, value in CHECKED.items():
        fill(sales, name, value)
    follow(sales.get_by_role("button", name="Save", exact=True))
    expect(sales).to_have_url(re.compile(r"/records/contract/HT-2026-\d{6}$"))
    page = sales.url
    act(sales, "Hand in for review")
    assert state(sales) == "In review"

    legal, finance = office.window("legal"), office.window("finance")
    legal.goto(page)
    act(legal, "Give legal's opinion", legal_agrees="yes", legal_opinion="Clause 7 is as agreed.")
    finance.goto(page)
    expect(finance.locator("#f-legal_opinion dd")).to_contain_text("Clause 7")
    act(finance, "Give finance's opinion", finance_agrees="yes")

    sales.reload()
    assert state(sales) == "To be signed"
    act(sales, "Record the signing", signed_on="2026-11-20", ends_on="2027-11-19")
    assert state(sales) == "To be handed in"

    scan = tmp_path / "扫描件 contract.pdf"
    scan.write_bytes(one_page("scan"))
    keeper = office.window("custodian")
    keeper.goto(page)
    open_sheet(keeper, "Take into custody")
    fill(keeper, "cabinet", "C2")
    fill(keeper, "box", "14")
    keeper.locator("input[type=file][name=scans]").set_input_files(scan)
    answer(keeper, "Take into custody")
    expect(keeper.locator("#toasts")).to_contain_text("Done")
    assert state(keeper) == "In custody"
    expect(keeper.locator("#f-cabinet dd")).to_have_text("C2")
    assert downloaded(keeper) == (scan.name, scan.read_bytes())


def downloaded(window: Page) -> tuple[str, bytes]:
    """Name and content of the scan, as it comes to whoever clicks it."""
    with window.expect_download() as coming:
        window.locator("#f-scans").get_by_role("link", name=".pdf").click()
    return coming.value.suggested_filename, Path(coming.value.path()).read_bytes()


def test_the_general_manager_lends_and_the_custodian_takes_back(office: Office, customer: dict[str, Any]) -> None:
    page = in_custody(office, customer, name="提取合同")
    borrower = office.window("sales")
    borrower.goto(page)
    open_sheet(borrower, "Ask for the original")
    fill(borrower, "loan_reason", "Bank asks for it")
    fill(borrower, "return_by", "2026-12-24")
    answer(borrower, "Ask for the original")
    expect(borrower.locator("[data-error-summary]")).to_contain_text("7 days")
    fill(borrower, "return_by", "2026-11-27")
    answer(borrower, "Ask for the original")
    expect(borrower.locator("#toasts")).to_contain_text("Done")

    manager = office.window("gm")
    manager.goto(page)
    expect(manager.locator("#f-loan_reason dd")).to_have_text("Bank asks for it")
    act(manager, "Lend")

    borrower.reload()
    assert state(borrower) == "Taken out"
    assert "Record the return" not in offered(borrower)

    keeper = office.window("custodian")
    keeper.goto(page)
    act(keeper, "Record the return", cabinet="C1", box="8")
    assert state(keeper) == "In custody"
    loans = keeper.locator("#f-loans tbody tr")
    expect(loans).to_have_count(1)
    expect(loans).to_contain_text("Cheng Yang")
    expect(loans).to_contain_text("Gao Yuan")


def test_an_objection_needs_its_reason_and_returns_the_contract(office: Office, customer: dict[str, Any]) -> None:
    page = draft(office, customer, name="退回合同")
    sales, finance = office.window("sales"), office.window("finance")
    sales.goto(page)
    act(sales, "Hand in for review")
    finance.goto(page)
    open_sheet(finance, "Give finance's opinion")
    fill(finance, "finance_agrees", "no")
    answer(finance, "Give finance's opinion")
    expect(finance.locator("[data-error-summary]")).to_contain_text("An objection needs its reason")
    fill(finance, "finance_opinion", "The price is below cost.")
    answer(finance, "Give finance's opinion")
    expect(finance.locator("#toasts")).to_contain_text("Done")
    sales.reload()
    assert state(sales) == "Returned"
    expect(sales.get_by_role("main")).to_contain_text("The price is below cost.")
    assert "Edit" in offered(sales)


@pytest.mark.parametrize(
    ("language", "submit", "words"), [("en", "Hand in for review", "prepayment only"), ("zh", "送审", "只能现款或预付")]
)
def test_credit_without_a_grade_is_refused_in_words(
    office: Office, customer: dict[str, Any], language: str, submit: str, words: str
) -> None:
    page = draft(office, customer, name=f"赊销合同 {language}", payment="credit", term_days="30")
    window = office.window("sales", language)
    window.goto(page)
    open_sheet(window, submit)
    answer(window, submit)
    expect(window.locator("[data-error-summary]")).to_contain_text(words)


def test_whoever_hands_in_does_not_review(office: Office, customer: dict[str, Any]) -> None:
    page = draft(office, customer, name="自审合同")
    sales = office.window("sales")
    sales.goto(page)
    act(sales, "Hand in for review")
    assert not offered(sales) & {"Give finance's opinion", "Give legal's opinion", "Edit"}
    response = sales.goto(f"{page}/do/legal_review")
    assert response is not None
    assert response.status == 403
    expect(sales.get_by_role("main")).to_contain_text("You may not")


def test_a_file_that_is_a_program_is_not_taken(office: Office, customer: dict[str, Any], tmp_path: Path) -> None:
    program = tmp_path / "contract.pdf"
    program.write_bytes(b"MZ" + b"\0" * 600)
    window = office.window("sales")
    window.goto(f"{draft(office, customer, name='附件合同')}/edit")
    window.locator("[name=subject]").fill("Castings, four lots a year")
    window.locator("input[type=file][name=scans]").set_input_files(program)
    strike(window, "Control+s")
    expect(window.locator("[data-error-summary]")).to_contain_text("contract.pdf")
    expect(window.locator("[name=subject]")).to_have_value("Castings, four lots a year")
    window.once("dialog", lambda dialog: dialog.accept())
    window.goto("/")
