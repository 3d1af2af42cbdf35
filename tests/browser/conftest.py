"""One browser for all browser tests, and for each file of journeys an office of its own: people, server, records.

Whatever the browser or the server complains about fails the test during which it happened.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from config.settings import Settings
from tests.browser.chromium import launched
from tests.browser.office import WAIT, Office


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """The machine's own chromium. A busy machine gets the time it takes; only what fails is waited for to the end."""
    expect.set_options(timeout=WAIT)
    with sync_playwright() as playwright:
        browser = launched(playwright)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def office(chromium: Browser, connected: Settings) -> Iterator[Office]:
    """The product as it is served, with its people, on an otherwise empty database."""
    opened = Office(chromium, connected)
    yield opened
    opened.close()


@pytest.fixture(autouse=True)
def quiet(request: pytest.FixtureRequest) -> Iterator[None]:
    """No test of the office may leave a complaint of browser or server behind, nor a window open."""
    yield
    if "office" in request.fixturenames:
        request.getfixturevalue("office").end_of_test()
