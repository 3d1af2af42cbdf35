"""Walks over the whole application have one to walk over."""

from __future__ import annotations

from tests.factories.web_fixtures import Add, add, app, browser, clock, demo_app, demo_browser, prepared

__all__ = ["Add", "add", "app", "browser", "clock", "demo_app", "demo_browser", "prepared"]
