"""On a phone: nothing wider than the screen, the menu as a drawer, lists and forms of use; in the dark too."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from models import records
from tests.browser.office import NOW, Office
from tests.browser.steps import act, follow, pick
from tests.factories.contracts import contract
from tests.factories.credit_reports import credit_report
from tests.factories.customers import FIRST_FILL

PHONE: dict[str, Any] = {"width": 380, "height": 780}
LONG = "Northern Saltmarsh Precision Components and Engineering Works (Holdings) Limited Liability Company"


@pytest.fixture(scope="module")
def pages(office: Office) -> list[str]:
    """Addresses that the head opens in a day."""
    head, ann = office.people["head"], office.people["ann"]
    values = {**FIRST_FILL, "name": LONG, "level": "secret", "level_basis": "prices"}
    customer = records.create(
        head, "customer", {**values, "owner": ann.id, "email": "a.long.name@example.test"}, now=NOW
    )
    complaint = records.create(
        ann, "complaint", {"subject": "到货数量与订单不符" * 6, "customer": customer["_id"]}, now=NOW
    )
    report = credit_report(ann, customer["_id"], NOW)
    paper = contract(ann, customer["_id"], NOW, name="W" * 90)
    slugs = ("customer", "complaint", "credit_report", "contract", "revisit", "review", "access_request")
    lists = [f"/records/{slug}/" for slug in slugs]
    made = zip(slugs, (customer, complaint, report, paper), strict=False)
    opened = [f"/records/{slug}/{record['number']}" for slug, record in made]
    forms = [f"{opened[0]}/edit", "/records/complaint/new", "/records/contract/new", "/records/revisit/new"]
    sheets = [f"{opened[1]}/do/judge", f"{opened[1]}/do/hand_over"]
    more = [
        "/",
        "/help/",
        "/team/",
        "/team/tomorrow",
        f"{opened[0]}/history",
        "/records/find?q=saltmarsh",
        "/nowhere",
        "/records/customer/?q=zzzz",
    ]
    return [*more, *lists, *opened, *forms, *sheets]


def overflow(window: Page) -> list[str]:
    """What sticks out of the page on the right, outside of boxes that scroll by themselves."""
    found: list[str] = window.evaluate(
        """() => {
          const wide = document.documentElement.clientWidth;
          const sticks = [];
          if (document.documentElement.scrollWidth > wide) sticks.push(`page: ${document.documentElement.scrollWidth}`);
          const inScroller = (one) => {
            for (let up = one.parentElement; up; up = up.parentElement)
              if (["auto", "scroll", "hidden", "clip"].includes(getComputedStyle(up).overflowX)) return true;
            return false;
          };
          for (const one of document.querySelectorAll("main *")) {
            const box = one.getBoundingClientRect();
            if (box.width && box.right > wide + 1 && !inScroller(one)) sticks.push(one.outerHTML.slice(0, 120));
          }
          return sticks;
        }"""
    )
    return found


@pytest.mark.parametrize("language", ["en", "zh"])
def test_no_page_is_wider_than_a_phone(office: Office, pages: list[str], language: str) -> None:
    window = office.window("head", language, **PHONE)
    wide = {}
    for page in pages:
        window.goto(page)
        if sticking := overflow(window):
            wide[page] = sticking[:3]
    assert wide == {}


def test_the_menu_is_a_drawer(office: Office, pages: list[str]) -> None:
    window = office.window("ann", **PHONE)
    window.goto("/")
    link = window.locator("#rail").get_by_role("link", name="Complaints")
    expect(link).not_to_be_in_viewport()
    window.locator("[data-do=rail-open]").click()
    expect(link).to_be_in_viewport()
    window.keyboard.press("Escape")
    expect(link).not_to_be_in_viewport()
    window.locator("[data-do=rail-open]").click()
    follow(link)
    expect(window).to_have_url(re.compile("/records/complaint/$"))


def test_a_complaint_is_taken_and_judged_with_a_thumb(office: Office, pages: list[str]) -> None:
    window = office.window("ann", **PHONE)
    window.goto("/records/complaint/")
    follow(window.get_by_role("link", name="New complaint"))
    window.locator("[name=subject]").fill("Late lorry")
    pick(window, "customer", "Saltmarsh")
    follow(window.get_by_role("button", name="Save", exact=True))
    expect(window).to_have_url(re.compile(r"/records/complaint/TS-"))
    act(window, "Judge", founded="yes", severity="low", problem="delivery")
    expect(window.locator(".record-facts")).to_contain_text("Judged")


def test_the_save_button_is_always_in_sight(office: Office, pages: list[str]) -> None:
    window = office.window("ann", **PHONE)
    window.goto("/records/customer/new")
    expect(window.get_by_role("button", name="Save", exact=True)).to_be_in_viewport()
    window.mouse.wheel(0, 2000)
    expect(window.get_by_role("button", name="Save", exact=True)).to_be_in_viewport()


@pytest.mark.parametrize(("width", "height"), [(1366, 768), (800, 900)])
def test_no_page_is_wider_than_an_office_screen(office: Office, pages: list[str], width: int, height: int) -> None:
    window = office.window("head", width=width, height=height)
    wide = {}
    for page in pages[::2] if width == 800 else pages[1::2]:
        window.goto(page)
        if sticking := overflow(window):
            wide[page] = sticking[:3]
    assert wide == {}


def test_words_can_be_read_in_the_dark(office: Office, pages: list[str]) -> None:
    window = office.window("head", dark=True)
    pale = {}
    for page in pages[::3]:
        window.goto(page)
        if found := window.evaluate(CONTRAST):
            pale[page] = found[:4]
    assert pale == {}


CONTRAST = """() => {
  const rgb = (text) => (text.match(/[\\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => {
    const part = (v) => { v /= 255; return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; };
    return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
  };
  const ground = (one) => {
    for (let up = one; up; up = up.parentElement) {
      const colour = rgb(getComputedStyle(up).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const pale = [];
  for (const one of document.querySelectorAll("main *, #rail *")) {
    const own = [...one.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
    const unread = one.closest(".visually-hidden, .watermark, [disabled], .disabled, option");
    if (!own || !one.offsetParent || unread) continue;
    const [a, b] = [light(rgb(getComputedStyle(one).color)), light(ground(one))];
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (contrast < 4.4) pale.push(`${contrast.toFixed(1)} ${one.outerHTML.slice(0, 90)}`);
  }
  return pale;
}"""


def test_what_was_done_is_said_within_the_screen(office: Office, pages: list[str]) -> None:
    window = office.window("head", **PHONE)
    window.goto("/records/leak/")
    box = window.evaluate(
        """() => {
          const box = document.querySelector('.toasts').getBoundingClientRect();
          return [box.left, box.right, document.documentElement.clientWidth];
        }"""
    )
    left, right, wide = box
    assert 0 <= left < right <= wide


def test_a_list_is_sorted_with_a_thumb(office: Office, pages: list[str]) -> None:
    window = office.window("head", **PHONE)
    window.goto("/records/customer/")
    window.get_by_role("button", name="Sort", exact=True).click()
    follow(window.locator(".list-sort").get_by_role("link", name="Due"))
    expect(window).to_have_url(re.compile("sort=due_at"))
    window.get_by_role("button", name="Sort", exact=True).click()
    expect(window.locator(".list-sort [aria-current]")).to_have_text("Due")
    assert overflow(window) == []


def test_what_restoring_would_bring_is_in_sight(office: Office, pages: list[str]) -> None:
    at = changed(office, "云岭纸业有限公司", "上海一号线", "另一个" * 20)
    window = office.window("ann", **PHONE)
    window.goto(f"{at}/1")
    cells = window.locator(".restore-lines tbody td")
    for cell, label in zip(cells.all(), ("Now", "Afterwards"), strict=True):
        box = cell.bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= PHONE["width"]
        assert cell.evaluate("cell => getComputedStyle(cell, '::before').content") == f'"{label}: "'
    scrolls = "table => table.parentElement.scrollWidth - table.parentElement.clientWidth"
    assert window.locator(".restore-lines").evaluate(scrolls) <= 0


def test_no_stroke_goes_through_what_was(office: Office, pages: list[str]) -> None:
    at = changed(office, "白沙印染有限公司", "上海一号线", "另一个")
    window = office.window("ann")
    looks = "one => [getComputedStyle(one).textDecorationLine, getComputedStyle(one, '::before').content !== 'none']"
    for address, signed in ((at, True), (f"{at}/1", False)):
        window.goto(address)
        assert window.locator("del", has_text="上海一号线" if signed else "另一个").evaluate(looks) == ["none", signed]
        assert window.locator("ins", has_text="另一个" if signed else "上海一号线").evaluate(looks) == ["none", signed]


def changed(office: Office, name: str, before: str, after: str) -> str:
    """The history of a complaint whose subject was changed."""
    ann = office.people["ann"]
    customer = records.create(ann, "customer", {"name": name}, now=NOW)
    made = records.create(ann, "complaint", {"subject": before, "customer": customer["_id"]}, now=NOW)
    records.change(ann, "complaint", made["number"], {"subject": after}, rev=made["rev"], now=NOW)
    return f"/records/complaint/{made['number']}/history"
