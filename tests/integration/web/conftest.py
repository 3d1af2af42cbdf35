"""Tests of the web have an application and browsers."""

from __future__ import annotations

from tests.factories.web_fixtures import Add, add, app, browser, clock, demo_app, demo_browser, prepared, sit

__all__ = ["Add", "add", "app", "browser", "clock", "demo_app", "demo_browser", "prepared", "sit"]
