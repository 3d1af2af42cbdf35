"""Takes pictures of the pages of a demonstration: both languages, both themes, wide and narrow (`make screenshots`).

It starts a demonstration of its own in a scratch folder, signs in by the buttons of the sign-in page, and writes to
`var/screenshots`; the pictures of the README go to `docs/images`. Whatever a browser complains about, and pages wider
than the window, are told at the end, with exit code 1.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import click
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, sync_playwright
from playwright.sync_api import Error as PageError

from tests.browser.chromium import launched

ROOT = Path(__file__).parents[2]
OUT = ROOT / "var" / "screenshots"
IMAGES = ROOT / "docs" / "images"
LARGEST_IMAGE = 300_000
READY_SECONDS = 180
LANGUAGES = ("zh", "en")
THEMES = ("light", "dark")
WIDTHS: dict[str, ViewportSize] = {"1440": {"width": 1440, "height": 900}, "380": {"width": 380, "height": 780}}

ROW, LOCKED = "tbody tr:not(.locked) th.first a", "tbody tr.locked th.first a"


REASON = "textarea[name=reason]"


@dataclass(frozen=True)
class Shot:
    """A page: its name, its address, and the links to follow from there, each the first that matches; then what is
    typed into which fields, or pressed."""

    name: str
    path: str
    links: tuple[str, ...] = ()
    keys: str = ""
    typed: tuple[tuple[str, str], ...] = ()


def record(name: str, slug: str, query: str = "", *links: str) -> Shot:
    """The first record of a list, read in full, and links to follow from it."""
    return Shot(name, f"/records/{slug}/?{query}", (ROW, *links))


def move(name: str, slug: str, query: str, which: str) -> Shot:
    """The sheet of a move on the first record of a list."""
    return record(name, slug, query, f'a[href*="/do/{which}"]')


PLAN: dict[str, tuple[Shot, ...]] = {
    "林知夏": (
        Shot("home-specialist", "/"),
        Shot("customers", "/records/customer/"),
        Shot("customers-mine", "/records/customer/?owner=me"),
        Shot("customers-nothing", "/records/customer/?q=zzzz"),
        record("customer", "customer", "owner=me&state=active"),
        record("customer-edit", "customer", "owner=me&state=active", 'a[href*="/edit"]'),
        record("customer-history", "customer", "owner=me&state=active", 'a[href*="/history"]'),
        Shot("customer-new", "/records/customer/new"),
        Shot("locked", "/records/customer/?level=any_of:secret|confidential", (LOCKED,)),
        Shot(
            "card-ask",
            "/records/customer/?level=confidential",
            (LOCKED,),
            typed=((REASON, "客户来电咨询，负责人外出"),),
        ),
        record("card-asked", "access_request", "owner=me&state=any_of:asked|signed"),
        Shot("find", "/records/find?q=科技"),
        Shot("complaints", "/records/complaint/?state=is_not:closed"),
        record("complaint", "complaint", "owner=me&state=is_not:closed"),
        move("complaint-answer", "complaint", "owner=me&state=any_of:recorded|judged|assigned", "answer"),
        Shot("revisits", "/records/revisit/?owner=me&state=planned"),
        move("revisit-record", "revisit", "owner=me&state=planned", "record"),
        Shot("reviews", "/records/review/?owner=me&state=open"),
        move("review-finish", "review", "owner=me&state=open", "finish"),
        record("secrecy-ask", "customer", "owner=me&level=secret", 'a[href$="/secrecy"]'),
        record("offer", "customer", "owner=me&level=secret", 'a[href*="/offer"]'),
        Shot("help", "/help/locked-records"),
        Shot("keys", "/", keys="?"),
        Shot("not-found", "/records/customer/KH-0000-000000"),
    ),
    "苏明远": (
        Shot("home-head", "/"),
        Shot("access-requests", "/records/access_request/"),
        move("access-approve", "access_request", "state=signed", "approve"),
        record("card-refused", "access_request", "state=refused"),
        record("card-revoked", "access_request", "state=revoked"),
        record("card-returned", "access_request", "state=ended"),
        record("certificate", "destruction", "state=destroyed", 'a[href$="/certificate"]'),
        move("secrecy-approve", "secrecy_change", "state=asked", "approve"),
        move("leak-conclude", "leak", "state=inquiry", "conclude"),
        record("leak", "leak", "state=judged"),
        record("customer-top-secret", "customer", "level=top_secret"),
        record("customer-readers", "customer", "level=confidential", 'a[href*="/history"]'),
        record("customer-print", "customer", "level=confidential", 'a[href*="/print"]'),
        Shot("contracts", "/records/contract/"),
    ),
    "沈墨言": (
        record("contract", "contract", "state=in_custody"),
        move("contract-hand-in", "contract", "state=signed", "hand_in"),
        Shot("import", "/records/customer/import"),
    ),
    "秦山海": (
        record("card-open", "access_request", "state=granted"),
        record("card-take", "access_request", "state=granted", 'a[href$="/take"]'),
        record("card-out", "access_request", "state=out"),
        record("borrowed", "customer", "level=confidential"),
    ),
    "宋清平": (
        Shot("home-finance", "/"),
        move("credit-rate", "credit_report", "state=submitted", "rate"),
    ),
    "何以衡": (
        record("credit-report", "credit_report", "state=rated"),
        move("credit-approve", "credit_report", "state=rated", "approve"),
    ),
    "高瞻远": (Shot("home-manager", "/"),),
    "严守真": (Shot("audit", "/audit/"),),
    "石安然": (
        Shot("people", "/people/"),
        Shot("people-new", "/people/new"),
        Shot("confirmations", "/people/confirmations"),
        Shot("jobs", "/jobs/"),
    ),
}
"""Who looks at what."""

README_IMAGES = {
    "my-work.png": ("林知夏", Shot("", "/"), "zh", "light"),
    "customers.png": ("林知夏", Shot("", "/records/customer/"), "en", "light"),
    "customer.png": ("林知夏", record("", "complaint", "owner=me", 'dd a[href^="/records/customer/"]'), "zh", "dark"),
}


@dataclass
class Studio:
    """A running demonstration and a browser, with what went wrong so far."""

    address: str
    browser: Browser
    findings: list[str] = field(default_factory=list)
    taken: int = 0

    def window(self, person: str = "") -> BrowserContext:
        """A window of its own, in which `person` has signed in by their button."""
        context = self.browser.new_context(base_url=self.address, viewport=WIDTHS["1440"], locale="zh-CN")
        context.set_default_timeout(15_000)
        if person:
            page = context.new_page()
            page.goto("/login")
            page.locator(".door-demo button", has_text=person).click()
            page.wait_for_url(lambda url: "/login" not in url)
            page.close()
        return context

    def dress(self, context: BrowserContext, language: str, theme: str) -> None:
        """Choose language and theme as the two switches of the page do."""
        context.add_cookies(
            [
                {"name": "lang", "value": language, "url": self.address},
                {"name": "look", "value": theme, "url": self.address},
            ]
        )

    def resolve(self, context: BrowserContext, person: str, shots: Iterable[Shot]) -> list[tuple[Shot, str]]:
        """The address of each picture, its links followed."""
        found = []
        page = context.new_page()
        for shot in shots:
            page.goto(shot.path)
            for link in shot.links:
                target = page.locator(link).first
                if target.count() == 0:
                    self.findings.append(f"{shot.name}: {person} finds no {link} on {page.url}")
                    break
                page.goto(target.get_attribute("href") or "/")
            else:
                found.append((shot, page.url))
        page.close()
        return found

    def take(
        self, context: BrowserContext, shot: Shot, url: str, path: Path, size: ViewportSize, *, whole: bool = True
    ) -> None:
        """One picture; what the browser says of the page is kept as a finding."""
        page = context.new_page()
        page.set_viewport_size(size)
        said: list[str] = []
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("console", lambda line: said.append(line.text) if line.type == "error" else None)
        answer = page.goto(url)
        for field_of, text in shot.typed:
            page.locator(field_of).first.fill(text)
        if shot.keys:
            page.keyboard.press(shot.keys)
        page.wait_for_timeout(200)  # fonts and the few movements of the page
        said += too_large_for_the_window(page)
        if whole:  # a window as high as the page, because what sticks to the window would stand in the middle of it
            height: int = page.evaluate("document.scrollingElement.scrollHeight")
            page.set_viewport_size({"width": size["width"], "height": max(height, size["height"])})
        path.parent.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=path, animations="disabled")
        status = answer.status if answer else 0
        expected = 404 if shot.name == "not-found" else 200
        if status != expected:
            said.append(f"answers {status}")
        elif status == expected == 404:
            said = [line for line in said if "404" not in line]
        self.findings += [f"{path.stem}: {line}" for line in said]
        self.taken += 1
        page.close()


def too_large_for_the_window(page: Page) -> list[str]:
    """What is wrong when the page scrolls sideways, or a list that scrolls in its frame scrolls as a page too."""
    wide, high, framed = page.evaluate(
        """() => [
          document.scrollingElement.scrollWidth - window.innerWidth,
          document.scrollingElement.scrollHeight - window.innerHeight,
          window.innerWidth >= 768 && !!document.querySelector(".table-frame"),
        ]"""
    )
    found = [f"is {wide} px wider than the window"] if wide > 0 else []
    return [*found, f"is a list {high} px higher than the window"] if framed and high > 0 else found


def everything(studio: Studio, only: set[str]) -> None:
    """Every page of the plan in every language, theme and width."""
    plan: dict[str, tuple[Shot, ...]] = {"": (Shot("sign-in", "/login"),), **PLAN}
    for person, shots in plan.items():
        wanted = [shot for shot in shots if not only or shot.name in only]
        if not wanted:
            continue
        context = studio.window(person)
        found = studio.resolve(context, person, wanted)
        for language in LANGUAGES:
            for theme in THEMES:
                studio.dress(context, language, theme)
                for width, size in WIDTHS.items():
                    for shot, url in found:
                        one = OUT / f"{shot.name}-{language}-{theme}-{width}.png"
                        studio.take(context, shot, url, one, size)
        context.close()
        click.echo(f"{person or 'sign-in'}: {', '.join(shot.name for shot, _ in found)}")


def readme(studio: Studio) -> None:
    """The pictures that the README shows."""
    for name, (person, shot, language, theme) in README_IMAGES.items():
        context = studio.window(person)
        studio.dress(context, language, theme)
        for found, url in studio.resolve(context, person, [shot]):
            studio.take(context, found, url, IMAGES / name, WIDTHS["1440"], whole=False)
            size = (IMAGES / name).stat().st_size
            if size > LARGEST_IMAGE:
                studio.findings.append(f"{name} has {size} bytes, more than {LARGEST_IMAGE}")
        context.close()


@contextmanager
def demonstration() -> Iterator[str]:
    """The address of a demonstration that runs for the block's time; the one in DEMONSTRATION if it is set."""
    given = os.environ.get("DEMONSTRATION", "")
    if given:
        yield given.rstrip("/")
        return
    folder = Path(tempfile.mkdtemp(prefix="backoffice-screenshots-"))
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "backoffice", "serve", "--demo", "--port", str(port), "--data", str(folder)]
    process = subprocess.Popen(command, cwd=ROOT)
    try:
        address = f"http://127.0.0.1:{port}"
        wait_for(address, process)
        yield address
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(60)
        shutil.rmtree(folder, ignore_errors=True)


def wait_for(address: str, process: subprocess.Popen[bytes]) -> None:
    """Return when the address answers. :raises SystemExit: it does not."""
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise SystemExit(f"the demonstration ended with code {process.returncode}")
        try:
            with urllib.request.urlopen(f"{address}/healthz", timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.5)
    raise SystemExit(f"the demonstration was not ready within {READY_SECONDS} seconds")


def main(only: set[str]) -> int:
    """Take them all, or those named (`readme` for the README's); returns the exit code."""
    with demonstration() as address, sync_playwright() as playwright:
        browser = launched(playwright)
        studio = Studio(address, browser)
        try:
            if only != {"readme"}:
                everything(studio, only - {"readme"})
            if not only or "readme" in only:
                readme(studio)
        except PageError as error:
            studio.findings.append(f"broken off: {error}")
        browser.close()
    click.echo(f"{studio.taken} pictures in {OUT}")
    for finding in dict.fromkeys(studio.findings):
        click.echo(f"  {finding}")
    return 1 if studio.findings else 0


if __name__ == "__main__":
    sys.exit(main(set(sys.argv[1:])))
