"""On paper: a sheet is narrower than a phone held sideways, and is laid out as an office screen all the same."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import expect

from models import records
from tests.browser.office import NOW, Office
from tests.factories.customers import FIRST_FILL

SHEET: dict[str, Any] = {"width": 688, "height": 1000}
"""A4 within its margins."""


def test_a_list_is_printed_as_a_table_and_a_record_in_two_columns(office: Office) -> None:
    made = records.create(office.people["head"], "customer", {**FIRST_FILL, "owner": office.id("ann")}, now=NOW)
    window = office.window("ann", **SHEET)
    window.emulate_media(media="print")
    window.goto("/records/customer/")
    expect(window.locator(".records thead")).to_have_css("display", "table-header-group")
    expect(window.locator(".records tbody tr").first).to_have_css("display", "table-row")
    window.goto(f"/records/customer/{made['number']}/print")
    company, short_name = window.locator(".fields.two .row-field").all()[:2]
    expect(company).to_be_visible()
    assert company.evaluate("e => e.offsetTop") == short_name.evaluate("e => e.offsetTop")
