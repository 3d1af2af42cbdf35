"""The application, and programs that act for people."""

from __future__ import annotations

from tests.factories.web_fixtures import add, app, browser, clock, demo_app, prepared, sit
from tests.integration.api.conftest import start

__all__ = ["add", "app", "browser", "clock", "demo_app", "prepared", "sit", "start"]
