"""A complaint from the phone to the customer's answer, the revisit that follows, the quarterly review (T, V, F5)."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from models import records
from models.office import office_calendar
from models.review import service as reviews
from tests.browser.office import NOW, Office
from tests.browser.steps import act, answer, fill, follow, open_sheet, pick, state
from tests.factories.customers import FIRST_FILL


@pytest.fixture(scope="module")
def customer(office: Office) -> dict[str, Any]:
    """An active customer of Ann's."""
    ann = office.people["ann"]
    made = records.create(ann, "customer", {**FIRST_FILL, "name": "松涛电器有限公司"}, now=NOW)
    return records.move(ann, "customer", made["number"], "activate", {}, rev=made["rev"], now=NOW)


def complaint(office: Office, customer: dict[str, Any], subject: str, *moves: tuple[str, dict[str, Any]]) -> str:
    """The address of a complaint that Ann took and brought so far."""
    ann = office.people["ann"]
    made = records.create(ann, "complaint", {"subject": subject, "customer": customer["_id"]}, now=NOW)
    for name, values in moves:
        made = records.move(ann, "complaint", made["number"], name, values, rev=made["rev"], now=NOW, fresh=True)
    return f"/records/complaint/{made['number']}"


JUDGED = ("judge", {"founded": "yes", "severity": "middle", "problem": "delivery"})
ANSWERED = ("answer", {"answer": "We look into it today."})
RESOLVED = ("resolve", {"solution": "A new part is sent."})


def test_from_the_phone_to_the_booked_revisit(office: Office, customer: dict[str, Any]) -> None:
    taker = office.window("ann")
    taker.goto("/records/complaint/new")
    fill(taker, "subject", "到货数量与订单不符")
    pick(taker, "customer", "松涛")
    fill(taker, "complainant", "孙先生")
    fill(taker, "facts", "订单 200 件，实收 180 件。")
    follow(taker.get_by_role("button", name="Save", exact=True))
    expect(taker).to_have_url(re.compile(r"/records/complaint/TS-2026-\d{6}$"))
    page = taker.url
    expect(taker.locator(".record-facts")).to_contain_text("Lin Zhi")
    act(taker, "Judge", founded="yes", severity="middle", problem="delivery", fault="logistics")
    act(taker, "Assign", owner="Jiang Yu")

    handler = office.window("bob")
    handler.goto(page)
    assert state(handler) == "In hand"
    act(handler, "Answer the customer", answer="Twenty pieces leave tomorrow.")
    act(handler, "Resolve", solution="Missing pieces sent, freight refunded.", amount="120")
    open_sheet(handler, "Close")
    answer(handler, "Close")
    expect(handler.locator("[data-error-summary]")).to_be_visible()
    fill(handler, "cause", "Counted wrong at packing")
    fill(handler, "satisfaction", "satisfied")
    answer(handler, "Close")
    expect(handler.locator("#toasts")).to_contain_text("Done")
    assert state(handler) == "Closed"
    revisit = handler.locator(".related", has_text="Revisits")
    expect(revisit.get_by_role("link", name="松涛电器有限公司")).to_be_visible()

    follow(revisit.get_by_role("link", name="松涛电器有限公司"))
    expect(handler.locator("#f-occasion dd")).to_have_text("After a complaint")
    open_sheet(handler, "Record the revisit")
    answer(handler, "Record the revisit")
    expect(handler.locator("[data-error-summary]")).to_be_visible()
    fill(handler, "answers", "All pieces are there.")
    for point, score in {"ease": "5", "attitude": "5", "ability": "4", "time": "3", "outcome": "4"}.items():
        fill(handler, point, score)
    answer(handler, "Record the revisit")
    expect(handler.locator("#toasts")).to_contain_text("Done")
    assert state(handler) == "Done"
    expect(handler.locator("#f-average dd")).to_have_text("4.2")


def test_an_amount_above_ones_authority_names_whom_to_ask(office: Office, customer: dict[str, Any]) -> None:
    page = complaint(office, customer, "赔偿要求较高", JUDGED, ANSWERED)
    window = office.window("ann")
    window.goto(page)
    open_sheet(window, "Resolve")
    fill(window, "solution", "Partial refund")
    fill(window, "amount", "800")
    answer(window, "Resolve")
    expect(window.locator("[data-error-summary]")).to_contain_text("supervisor")
    expect(window.locator("[name=solution]")).to_have_value("Partial refund")
    above = office.window("supervisor")
    above.goto(page)
    act(above, "Resolve", solution="Partial refund", amount="800")


def test_an_unfounded_complaint_closes_with_the_reason_told(office: Office, customer: dict[str, Any]) -> None:
    page = complaint(office, customer, "认为价格偏高")
    window = office.window("ann", "zh")
    window.goto(page)
    zh_act(window, "判定", founded="no", severity="low", problem="billing")
    open_sheet(window, "结案")
    answer(window, "结案")
    expect(window.locator("[data-error-summary]")).to_be_visible()
    fill(window, "close_reason", "价格以合同为准，已向客户解释。")
    answer(window, "结案")
    expect(window.locator(".record-facts")).to_contain_text("已结案")


def zh_act(window: Page, label: str, **fields: str) -> None:
    """A move in the Chinese screens."""
    open_sheet(window, label)
    for name, value in fields.items():
        fill(window, name, value)
    answer(window, label)
    expect(window.locator(".record-tools")).to_be_visible()


def test_a_reopened_complaint_keeps_its_story(office: Office, customer: dict[str, Any]) -> None:
    closed = ("close", {"cause": "Late lorry", "satisfaction": "partly"})
    page = complaint(office, customer, "配送迟到", JUDGED, ANSWERED, RESOLVED, closed)
    window = office.window("ann")
    window.goto(page)
    act(window, "Reopen", "The customer called again")
    assert state(window) == "In hand"
    expect(window.locator(".timeline")).to_contain_text("The customer called again")
    expect(window.locator("#f-cause dd")).to_have_text("Late lorry")


def test_a_revisit_in_rest_hours_is_refused(office: Office, customer: dict[str, Any]) -> None:
    window = office.window("ann")
    window.goto(f"/records/revisit/new?customer={customer['number']}")
    fill(window, "due_on", "2026-11-25")
    fill(window, "planned_at", "2026-11-24T12:30")
    window.locator("[name=contact_hours]").fill("")
    follow(window.get_by_role("button", name="Save", exact=True))
    expect(window.locator("[data-error-summary]")).to_be_visible()
    fill(window, "planned_at", "2026-11-24T10:30")
    follow(window.get_by_role("button", name="Save", exact=True))
    expect(window).to_have_url(re.compile(r"/records/revisit/HF-"))


def test_nobody_answers_three_times_on_three_days(office: Office, customer: dict[str, Any]) -> None:
    ann = office.people["ann"]
    values = {"customer": customer["_id"], "due_on": "2026-11-23", "occasion": "festival"}
    made = records.create(ann, "revisit", values, now=NOW)
    window = office.window("ann")
    before = office.clock.now
    for tries in (1, 2, 3):
        window.goto(f"/records/revisit/{made['number']}")
        act(window, "Not reached", try_note=f"No answer, try {tries}")
        office.clock.forward(days=1)
        office.sign_in_again("ann")
    window.goto(f"/records/revisit/{made['number']}")
    assert state(window) == "Not reached"
    expect(window.locator("#f-tries tbody tr")).to_have_count(3)
    office.clock.now = before
    office.sign_in_again("ann")


def tick_sections(window: Page) -> None:
    """Confirm every section in which nothing was corrected."""
    boxes = window.locator("[data-section] input[name^=_section-]:visible")
    expect(boxes).not_to_have_count(0)
    for box in boxes.all():
        box.check()


def test_the_quarters_review_is_confirmed_or_corrected_section_by_section(
    office: Office, customer: dict[str, Any]
) -> None:
    other = records.create(office.people["ann"], "customer", {**FIRST_FILL, "name": "竹溪纸业有限公司"}, now=NOW)
    records.move(office.people["ann"], "customer", other["number"], "activate", {}, rev=other["rev"], now=NOW)
    assert reviews.open_quarter(NOW, office_calendar()) == 2
    window = office.window("ann")
    window.goto("/records/review/")
    follow(window.get_by_role("link", name="竹溪纸业有限公司"))
    follow(window.get_by_role("link", name="Review by section", exact=True))
    tick_sections(window)
    follow(window.get_by_role("button", name="Save and go on"))
    expect(window.locator("#toasts")).to_contain_text("Reviewed. Here is the next one")
    window.goto("/records/review/")
    follow(window.get_by_role("link", name="松涛电器有限公司"))
    number = window.url.rpartition("/")[2]
    follow(window.get_by_role("link", name="Review by section", exact=True))
    window.locator("[name=address]").fill("滨河路 9 号")
    tick_sections(window)
    window.locator("#remark").fill("New address since October")
    follow(window.get_by_role("button", name="Save and go on"))
    expect(window.locator("#toasts")).to_contain_text("That was the last one")
    window.goto(f"/records/review/{number}")
    assert state(window) == "Done"
    expect(window.locator("#f-corrections dd")).to_contain_text("New address since October")
