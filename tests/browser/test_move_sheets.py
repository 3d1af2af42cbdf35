"""On the sheet of a move a field gets its star when another one makes it necessary; lists of rows, too."""

from __future__ import annotations

from playwright.sync_api import expect

from models import records
from tests.browser.office import NOW, Office
from tests.browser.steps import open_sheet

LEAKED = {
    "subject": "Quotation seen at a competitor",
    "happened_on": "2026-11-18",
    "found_on": "2026-11-20",
    "way": "paper",
    "level_leaked": "confidential",
    "account": "A print of the quotation lay on the table.",
}


def test_the_outcome_of_a_leak_decides_which_fields_bear_the_star(office: Office) -> None:
    head = office.people["head"]
    made = records.create(office.people["ann"], "leak", LEAKED, now=NOW)
    records.move(head, "leak", made["number"], "take_up", {}, rev=1, now=NOW, fresh=True)
    window = office.window("head")
    window.goto(f"/records/leak/{made['number']}")
    open_sheet(window, "Propose the outcome")
    stars = {name: window.locator(f"#in-{name}-field [data-star]") for name in ("people_found", "remedy", "superior")}
    for star in stars.values():
        expect(star).to_be_hidden()
    window.locator("[name=outcome]").select_option("warning")
    expect(stars["remedy"]).to_be_visible()
    expect(stars["people_found"]).to_be_visible()
    expect(stars["superior"]).to_be_hidden()
    window.locator("[name=duty]").select_option("supervision")
    expect(stars["superior"]).to_be_visible()
    window.locator("[name=outcome]").select_option("unfounded")
    expect(stars["remedy"]).to_be_hidden()
    expect(stars["people_found"]).to_be_hidden()
