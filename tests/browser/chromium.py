"""Debian's chromium. Its headless shell draws the same pages in half the time of the whole browser without a window."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser, Playwright

PLACES = ("/usr/bin/chromium-headless-shell", "/usr/bin/chromium")


def launched(playwright: Playwright) -> Browser:
    """The headless shell, or the whole browser where that is all there is; without either, FileNotFoundError."""
    found = [place for place in PLACES if Path(place).exists()]
    if not found:
        raise FileNotFoundError(f"no browser: neither of {', '.join(PLACES)}")
    return playwright.chromium.launch(executable_path=found[0], args=["--no-sandbox"])
