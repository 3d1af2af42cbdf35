"""A real browser on the sample pages; whatever the browser complains about fails the test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.browser.look import sample
from tests.browser.office import WAIT
from tests.browser.serving import served


@pytest.fixture(scope="package")
def sample_address() -> Iterator[str]:
    with served(sample.create()) as address:
        yield address


@pytest.fixture
def window(chromium: Browser, sample_address: str) -> Iterator[BrowserContext]:
    context = chromium.new_context(base_url=sample_address, viewport={"width": 1440, "height": 900})
    context.set_default_timeout(WAIT)
    yield context
    context.close()


@pytest.fixture
def page(window: BrowserContext) -> Iterator[Page]:
    """A page that must stay free of errors and of violations of the content security policy."""
    complaints: list[str] = []
    opened = window.new_page()
    opened.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    yield opened
    opened.wait_for_load_state()  # the browser may hang when a page is closed on its way to the next
    assert complaints == []
