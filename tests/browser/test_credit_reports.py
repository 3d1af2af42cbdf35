"""A credit report from the survey to the decision on which the customer's grade, limit and term change (C1-C4)."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from models import records
from tests.browser.office import NOW, Office
from tests.browser.steps import act, answer, fill, follow, offered, open_sheet, pick, press, state, strike
from tests.factories.credit_reports import WELL_PAID, credit_report
from tests.factories.customers import FIRST_FILL


def customer_of(office: Office, name: str) -> dict[str, Any]:
    return records.create(office.people["ann"], "customer", {**FIRST_FILL, "name": name}, now=NOW)


def draft_of(office: Office, customer: dict[str, Any], **raw: Any) -> str:
    """The address of a draft by Ann."""
    made = credit_report(office.people["ann"], customer["_id"], NOW, **raw)
    return f"/records/credit_report/{made['number']}"


def test_from_the_survey_to_the_customers_new_terms(office: Office) -> None:
    customer = customer_of(office, "锦川轴承有限公司")
    writer = office.window("ann")
    writer.goto("/records/credit_report/new")
    pick(writer, "customer", "锦川轴承")
    writer.get_by_label("Bank", exact=True).check()
    for name, value in WELL_PAID.items():
        if name != "channels":
            fill(writer, name, value)
    follow(writer.get_by_role("button", name="Save", exact=True))
    expect(writer).to_have_url(re.compile(r"/records/credit_report/XY-2026-\d{6}$"))
    report = writer.url
    expect(writer.locator("#f-score dd")).to_have_text("100.0")
    expect(writer.locator("#f-proposed_grade dd")).to_have_text("A")
    act(writer, "Submit")
    assert state(writer) == "With finance"
    assert not offered(writer) & {"Approve", "Give finance's opinion on credit", "Edit"}

    finance = office.window("finance")
    finance.goto(report)
    open_sheet(finance, "Give finance's opinion on credit")
    answer(finance, "Give finance's opinion on credit")
    expect(finance.locator("[data-error-summary] li")).to_have_count(2)
    fill(finance, "finance_agrees", "yes")
    fill(finance, "finance_opinion", "Bills of twelve months checked against the bank.")
    answer(finance, "Give finance's opinion on credit")
    expect(finance.locator("#toasts")).to_contain_text("Done")
    expect(finance.locator("h1")).to_have_text("My work")  # it is no longer finance's to read

    group = office.window("credit")
    group.goto(report)
    expect(group.locator("#f-finance_opinion dd")).to_contain_text("twelve months")
    act(group, "Approve")

    writer.goto(report)
    assert state(writer) == "Approved"
    writer.goto(f"/records/customer/{customer['number']}")
    expect(writer.locator("#f-grade dd")).to_have_text("A")
    expect(writer.locator("#f-credit_limit dd")).to_contain_text("300,000")
    expect(writer.locator("#f-credit_term dd")).to_contain_text("30")
    expect(writer.locator("#f-next_report_due dd")).to_contain_text("23 May 2027")


@pytest.mark.parametrize(
    ("language", "submit", "words"),
    [("en", "Submit", "at most"), ("zh", "提交", "额度")],
)
def test_a_limit_that_its_grade_may_not_hold_is_refused_in_words(
    office: Office, language: str, submit: str, words: str
) -> None:
    report = draft_of(office, customer_of(office, f"高限贸易{language}有限公司"), limit="900000")
    window = office.window("ann", language)
    window.goto(report)
    open_sheet(window, submit)
    answer(window, submit)
    summary = window.locator("[data-error-summary]")
    expect(summary).to_contain_text("300,000")
    expect(summary).to_contain_text(words)
    window.goto(report)
    assert state(window) in ("Draft", "草稿")


def test_grade_d_gets_no_credit(office: Office) -> None:
    report = draft_of(office, customer_of(office, "沉舟物资有限公司"))
    window = office.window("ann")
    window.goto(f"{report}/edit")
    for name, value in {"grade": "D", "grade_reason": "Bankruptcy filed", "limit": "1000"}.items():
        fill(window, name, value)
    strike(window, "Control+s")
    expect(window.locator("[data-error-summary]")).to_contain_text("no credit")
    expect(window.locator("[name=limit]")).to_have_value("1000")
    fill(window, "limit", "0")
    fill(window, "term_days", "0")
    strike(window, "Control+s")
    expect(window.locator("#toasts")).to_contain_text("Saved")


def test_a_writer_who_differs_from_the_scorecard_says_why(office: Office) -> None:
    report = draft_of(office, customer_of(office, "另见仪表有限公司"), grade="B", limit="20000")
    window = office.window("ann")
    window.goto(report)
    open_sheet(window, "Submit")
    answer(window, "Submit")
    expect(window.locator("[data-error-summary]")).to_be_visible()
    window.goto(f"{report}/edit")
    fill(window, "grade_reason", "Two late deliveries of ours were disputed.")
    follow(window.get_by_role("button", name="Save", exact=True))
    expect(window).to_have_url(f"{office.address}{report}")
    act(window, "Submit")
    assert state(window) == "With finance"


def test_a_report_is_sent_back_with_a_reason_and_changed(office: Office) -> None:
    report = draft_of(office, customer_of(office, "回炉五金有限公司"))
    writer = office.window("ann")
    writer.goto(report)
    act(writer, "Submit")
    finance = office.window("finance")
    finance.goto(report)
    act(finance, "Send back", "The bank's letter is missing")
    writer.reload()
    expect(writer.get_by_role("main")).to_contain_text("The bank's letter is missing")
    assert "Edit" in offered(writer)
    act(writer, "Submit")
    press(writer, "Withdraw")
    assert state(writer) == "Draft"


def test_the_credit_group_is_not_asked_before_finance(office: Office) -> None:
    report = draft_of(office, customer_of(office, "双签化工有限公司"))
    writer, group = office.window("ann"), office.window("credit")
    writer.goto(report)
    act(writer, "Submit")
    for address in (report, f"{report}/do/approve"):
        response = group.goto(address)
        assert response is not None
        assert response.status == 404
