"""Lists: keys, search, filters, saved views, sorting, pages, and addresses that can be sent to a colleague."""

from __future__ import annotations

import re
from urllib.parse import unquote

import pytest
from playwright.sync_api import Page, expect

from models import records
from models.listing import hits
from tests.browser.office import NOW, Office
from tests.browser.steps import follow, strike

REGIONS = ("江苏", "浙江", "上海")
COUNT = 63


@pytest.fixture(scope="module", autouse=True)
def customers(office: Office) -> None:
    """More customers than a page holds, of three regions; each third one is a key customer."""
    ann = office.people["ann"]
    for number in range(COUNT):
        values = {
            "name": f"第{number:02d}号客户有限公司",
            "region": REGIONS[number % 3],
            "key_customer": "yes" if number % 3 == 0 else "no",
            "service_plan": "每月回访",
            "employees": str(number),
        }
        records.create(ann, "customer", values, now=NOW)


def titles(window: Page) -> list[str]:
    return window.locator(".records tbody tr .first a").all_inner_texts()


def test_j_k_and_enter_walk_and_open_rows(office: Office) -> None:
    window = office.window("ann")
    window.goto("/records/customer/?sort=name")
    for key in "jjjk":
        window.keyboard.press(key)
    assert window.evaluate("document.activeElement.textContent") == "第01号客户有限公司"
    strike(window, "Enter")
    expect(window.locator("h1")).to_have_text("第01号客户有限公司")
    window.go_back()
    expect(window).to_have_url(f"{office.address}/records/customer/?sort=name")


def test_a_count_that_comes_behind_the_page_is_told_of_all_that_match_too(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("models.listing.cheap_count", lambda *_args, **_options: None)
    window = office.window("ann")
    window.goto("/records/customer/")
    expect(window.locator(".page-count")).to_have_text("63 records")
    window.locator("[data-pick-all]").click()
    window.locator("[data-bulk-all]").click()
    expect(window.locator("[data-chosen]")).to_have_text("All that match: 63 records")


def test_a_search_narrows_and_says_when_nothing_matches(office: Office) -> None:
    window = office.window("ann")
    window.goto("/records/customer/")
    box = window.get_by_role("searchbox", name="Search this list")
    box.fill("第07号")
    strike(window, "Enter")
    expect(window.locator(".records tbody tr")).to_have_count(1)
    expect(window.locator(".chip")).to_contain_text("第07号")
    box = window.get_by_role("searchbox", name="Search this list")
    box.fill("没有这家")
    strike(window, "Enter")
    expect(window.get_by_role("main")).to_contain_text("Nothing matches")
    follow(window.get_by_role("link", name="Show all"))
    expect(window.locator(".records tbody tr")).not_to_have_count(0)


def test_a_filter_is_made_kept_while_sorting_and_removed(office: Office) -> None:
    window = office.window("ann")
    window.goto("/records/customer/?sort=name")
    window.get_by_role("button", name="Filter").click()
    window.locator("[data-filter-field]").select_option("region")
    window.locator("[data-filter-operator]").select_option("is")
    window.locator("[data-filter-value] input").fill("浙江")
    follow(window.get_by_role("button", name="Add the filter"))
    expect(window.locator(".page-count")).to_have_text("21 records")
    expect(window.locator(".chip")).to_contain_text("Region is 浙江")
    follow(window.locator(".records thead").get_by_role("link", name="Company"))
    expect(window.locator("th[aria-sort=descending]")).to_contain_text("Company")
    assert titles(window)[0] == "第61号客户有限公司"
    follow(window.locator(".chip").get_by_role("link"))
    expect(window.locator(".page-count")).to_have_text(f"{COUNT} records")


def test_every_field_offers_a_filter_that_can_be_filled_in(office: Office) -> None:
    window = office.window("ann")
    window.goto("/records/customer/")
    window.get_by_role("button", name="Filter").click()
    field = window.locator("[data-filter-field]")
    for name in field.locator("option").evaluate_all("all => all.map(one => one.value)"):
        field.select_option(name)
        operator = window.locator("[data-filter-operator]")
        assert operator.locator("option").count() > 0, name
        for one in operator.locator("option").evaluate_all("all => all.map(one => one.value)"):
            operator.select_option(one)
            bare = one in ("empty", "filled", "overdue")
            assert (window.locator("[data-filter-value]").locator("input, select").count() > 0) != bare, (name, one)


def test_a_filter_gets_an_alternative_and_loses_it_again_with_the_keyboard_alone(office: Office) -> None:
    window = office.window("ann")
    window.goto("/records/customer/?region=is:浙江")
    join = window.get_by_role("button", name="Region is 浙江 or …")
    join.focus()
    window.keyboard.press("Enter")
    expect(window.locator("[data-filter-field]")).to_be_focused()
    expect(window.locator("[data-filter-joins]")).to_have_text("Region is 浙江 or …")
    window.locator("[data-filter-field]").select_option("region")
    window.locator("[data-filter-value] input").fill("上海")
    strike(window, "Enter")
    expect(window.locator(".page-count")).to_have_text("42 records")
    group = window.locator(".chip-group")
    expect(group).to_contain_text("or")
    expect(group.locator(".chip-part")).to_have_count(2)
    assert "where=any(region:is:" in unquote(window.url)
    group.locator(".chip-part").first.get_by_role("link").focus()
    strike(window, "Enter")
    expect(window.locator(".page-count")).to_have_text("21 records")
    expect(window.locator(".chip")).to_contain_text("Region is 上海")


def test_a_period_is_chosen_by_its_name(office: Office) -> None:
    window = office.window("ann")
    window.goto("/records/customer/")
    window.get_by_role("button", name="Filter").click()
    window.locator("[data-filter-field]").select_option("created_at")
    window.locator("[data-filter-operator]").select_option("in")
    window.locator("[data-filter-value] select").select_option("last_{n}_days")
    window.get_by_role("spinbutton", name="days").fill("3")
    follow(window.get_by_role("button", name="Add the filter"))
    expect(window.locator(".chip")).to_contain_text("Created: the last 3 days")
    expect(window.locator(".page-count")).to_have_text(f"{COUNT} records")
    window.goto("/records/customer/?created_at=in:last_quarter")
    expect(window.get_by_role("main")).to_contain_text("Nothing matches")


def test_a_person_is_picked_by_name(office: Office) -> None:
    window = office.window("ann")
    window.goto("/records/customer/")
    window.get_by_role("button", name="Filter").click()
    window.locator("[data-filter-field]").select_option("owner")
    window.get_by_role("combobox").last.fill("Jiang")
    window.get_by_role("option", name="Jiang Yu").click()
    follow(window.get_by_role("button", name="Add the filter"))
    expect(window.locator(".chip")).to_contain_text("Owner is Jiang Yu")
    window.goto("/records/customer/")
    window.get_by_role("button", name="Filter").click()
    window.locator("[data-filter-field]").select_option("owner")
    follow(window.get_by_role("button", name="Me", exact=True))
    expect(window.locator(".page-count")).to_have_text(f"{COUNT} records")


def test_columns_and_the_size_of_a_page_stay_in_the_address(office: Office) -> None:
    window = office.window("ann")
    window.goto("/records/customer/?sort=name")
    window.get_by_role("button", name="Choose columns").click()
    while window.locator(".column-picker input:checked").count():
        window.locator(".column-picker input:checked").first.uncheck()
    window.locator(".column-picker").get_by_label("Region", exact=True).check()
    follow(window.get_by_role("button", name="Show these"))
    expect(window).to_have_url(re.compile("columns=region"))
    expect(window.locator(".records thead th:not(.pick):not(.tools)")).to_have_text(["Company", "Region"])
    follow(window.get_by_role("link", name="50", exact=True))
    expect(window).to_have_url(re.compile("show=50"))
    expect(window.locator(".records tbody tr")).to_have_count(50)
    expect(window.locator(".records thead th:not(.pick):not(.tools)")).to_have_text(["Company", "Region"])


@pytest.mark.parametrize(("language", "tab"), [("en", "Key customers"), ("zh", "大客户")])
def test_a_saved_view_is_one_click_away(office: Office, language: str, tab: str) -> None:
    window = office.window("ann", language)
    window.goto("/records/customer/")
    follow(window.locator(".tabs").get_by_role("link", name=tab, exact=True))
    expect(window.locator(".tabs .active")).to_have_text(tab)
    expect(window.locator(".page-count")).to_contain_text("21")


def test_pages_follow_one_another_and_lead_back(office: Office) -> None:
    window = office.window("ann")
    window.goto("/records/customer/?sort=name")
    pages = [titles(window)]
    while window.get_by_role("link", name="Next").count():
        follow(window.get_by_role("link", name="Next"))
        pages.append(titles(window))
    assert [name for page in pages for name in page] == [f"第{number:02d}号客户有限公司" for number in range(COUNT)]
    follow(window.get_by_role("link", name="Previous"))
    assert titles(window) == pages[-2]
    window.go_back()
    assert titles(window) == pages[-1]


def test_an_address_shows_a_colleague_the_same_list(office: Office) -> None:
    mine, theirs = office.window("ann"), office.window("bob")
    mine.goto("/records/customer/?region=is:上海&sort=-name")
    theirs.goto(mine.url)
    assert titles(mine) == titles(theirs)
    assert titles(mine)[0] == "第62号客户有限公司"


def test_a_list_leads_back_as_it_was_left(office: Office) -> None:
    window = office.window("ann")
    window.goto("/records/customer/?key_customer=true&sort=name")
    follow(window.locator(".records tbody tr .first a").nth(2))
    follow(window.locator(".crumbs a"))
    expect(window).to_have_url(f"{office.address}/records/customer/?key_customer=true&sort=name")
    expect(window.locator(".tabs .active")).to_have_text("Key customers")


def test_a_list_is_exported_as_it_is_shown(office: Office) -> None:
    window = office.window("head")
    window.goto("/records/customer/?q=第0")
    window.get_by_role("button", name="More").click()
    with window.expect_download() as coming:
        window.get_by_role("button", name="Export as CSV").click()
    text = coming.value.path().read_text("utf-8-sig")
    assert text.count("号客户有限公司") == 10


def test_the_first_column_stays_while_the_rest_scrolls(office: Office) -> None:
    window = office.window("ann", width=800)
    window.goto("/records/customer/")
    first = window.locator(".records tbody tr .first").first
    before = first.bounding_box()
    window.locator(".table-frame").evaluate("frame => { frame.scrollLeft = 300; }")
    after = first.bounding_box()
    assert before is not None
    assert after is not None
    assert after["x"] == pytest.approx(before["x"], abs=2)


def test_a_count_that_is_not_cheap_comes_behind_the_page(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("models.listing.walking.FEW_HITS", 5)
    monkeypatch.setattr("models.listing.hits.FEW_HITS", 5)
    monkeypatch.setattr("models.listing.counting.FEW_HITS", 5)
    hits.forget()
    window = office.window("ann")
    told: list[str] = []
    window.on("request", lambda request: told.append(request.url))
    window.goto("/records/customer/?key_customer=false")
    expect(window.locator(".page-count")).to_have_text("42 records")
    assert [url for url in told if "/records/customer/count?" in url]
