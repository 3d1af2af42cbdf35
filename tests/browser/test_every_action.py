"""Everything that can be pressed on the main pages of every role is pressed: nothing breaks, no policy is violated.

Links are followed; menus, folds, rows and sheets are opened one by one. What the browser or the server
complains about fails the test (see `Office`).
"""

from __future__ import annotations

import html
import re

import pytest
from playwright.sync_api import Dialog, Locator, Page

from models import records
from models.access_request import service as access_requests
from models.office import office_calendar
from models.review import service as reviews
from tests.browser.office import NOW, STAFF, Office
from tests.factories.contracts import contract
from tests.factories.credit_reports import credit_report
from tests.factories.customers import FIRST_FILL

PRESSED = "main button:visible, main summary:visible"
FRAME = ".topbar button:visible, #rail button:visible"


@pytest.fixture(scope="module", autouse=True)
def work(office: Office) -> None:
    """A record of every kind, with something to do on each."""
    ann, bob = office.people["ann"], office.people["bob"]
    values = {**FIRST_FILL, "name": "云帆渡物流有限公司", "salesperson": office.id("sales")}
    customer = records.create(office.people["head"], "customer", {**values, "owner": ann.id}, now=NOW)
    records.move(ann, "customer", customer["number"], "activate", {}, rev=customer["rev"], now=NOW)
    locked = {**FIRST_FILL, "name": "云深矿业有限公司", "level": "confidential", "owner": bob.id}
    other = records.create(office.people["head"], "customer", locked, now=NOW)
    records.create(ann, "complaint", {"subject": "到货破损", "customer": customer["_id"]}, now=NOW)
    records.create(ann, "revisit", {"customer": customer["_id"], "due_on": "2026-11-23"}, now=NOW)
    report = credit_report(ann, customer["_id"], NOW)
    records.move(ann, "credit_report", report["number"], "submit", {}, rev=1, now=NOW)
    paper = contract(office.people["sales"], customer["_id"], NOW)
    records.move(office.people["sales"], "contract", paper["number"], "submit", {}, rev=1, now=NOW)
    asked = {"uses": ["view"], "reason": "Talk on Thursday", "valid_until": "2026-11-25"}
    access_requests.ask(ann, "customer", other["number"], asked, now=NOW)
    reviews.open_quarter(NOW, office_calendar())


LINK = re.compile(r'<a [^>]*?href="(/[^"#]*)')
NUMBER = re.compile(r"[0-9a-f]{24}|(?<=/)[0-9]{4}$|[A-Z]{2}-[0-9A-Z-]+")


@pytest.mark.parametrize("who", STAFF)
def test_every_link_of_a_role_leads_somewhere(office: Office, who: str, drawn: set[str]) -> None:
    """Of links of one shape (records of a kind, sorted lists) one is followed; pages new to all roles are drawn."""
    window, client = office.window(who), office.client(who)
    window.on("dialog", stay)
    shapes, waiting, broken = {"/"}, ["/"], []
    while waiting:
        address = waiting.pop(0)
        answer = client.get(address, follow_redirects=True)
        if answer.status_code >= 400:
            broken.append((address, answer.status_code))
        elif answer.mimetype == "text/html":
            if shape_of(address) not in drawn:
                drawn.add(shape_of(address))
                window.goto(address)
            for link in map(html.unescape, LINK.findall(answer.text)):
                if shape_of(link) not in shapes:
                    shapes.add(shape_of(link))
                    waiting.append(link)
    assert broken == []
    assert len(shapes) > 2


@pytest.fixture(scope="module")
def drawn() -> set[str]:
    """The shapes of the pages that were drawn by the browser already."""
    return set()


def shape_of(address: str) -> str:
    """An address without the parts in which pages of a kind differ."""
    path, _, query = address.partition("?")
    return NUMBER.sub("#", path) + "?" * bool(query)


MAIN_PAGES: dict[str, tuple[str, ...]] = {
    "head": ("/", "/records/customer/", "/records/complaint/", "first customer", "first access_request"),
    "ann": ("/", "/records/customer/new", "first complaint", "first revisit", "first review"),
    "finance": ("/", "first credit_report", "first contract"),
    "admin": ("/", "/people/", "/jobs/"),
    "auditor": ("/", "/audit/"),
    "custodian": ("/records/customer/import", "/records/contract/"),
}


@pytest.mark.parametrize(("who", "page"), [(who, page) for who, pages in MAIN_PAGES.items() for page in pages])
def test_every_button_can_be_pressed(office: Office, who: str, page: str) -> None:
    """The frame is the same everywhere: its buttons are pressed on the first page, and where there are no others."""
    window = office.window(who)
    window.on("dialog", stay)
    address = first(window, page.removeprefix("first ")) if page.startswith("first ") else page
    window.goto(address)
    enough = page != MAIN_PAGES[who][0] and window.locator(PRESSED).count() > 0
    pressed = PRESSED if enough else f"{PRESSED}, {FRAME}"
    assert window.locator(pressed).count() > 0
    index = 0
    while index < (count := window.locator(pressed).count()):  # folds stay as they are left, so the count may sink
        button, index = window.locator(pressed).nth(index), index + 1
        if not harmless(button):
            continue
        button.click(no_wait_after=True)
        window.wait_for_load_state()
        if window.url != office.address + address or covered(window) or window.locator(pressed).count() != count:
            window.goto(address)


def first(window: Page, slug: str) -> str:
    """The address of the first record of a list."""
    window.goto(f"/records/{slug}/")
    link: str = window.locator(".records tbody tr .first a").first.get_attribute("href") or ""
    assert link
    return link


def harmless(button: Locator) -> bool:
    """Whether pressing changes no record and no setting of the person: menus, folds, rows, sheets that ask first."""
    form = button.evaluate("one => one.type !== 'button' && one.form ? one.form.getAttribute('action') || '?' : ''")
    asks = button.evaluate("one => Boolean(one.form && one.form.dataset.confirm || one.dataset.confirm)")
    disabled = button.is_disabled() or not button.is_visible()
    return not disabled and (not form or bool(asks))


def covered(window: Page) -> bool:
    """Whether a sheet or a menu lies over the page."""
    return window.locator("dialog[open], .dropdown-menu.show, [data-drawer=open]").count() > 0


def stay(dialog: Dialog) -> None:
    """Leave a form although something is unsaved."""
    dialog.accept()
