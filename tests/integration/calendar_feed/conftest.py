"""Tests of calendars have an application and people at desks."""

from __future__ import annotations

from tests.factories.web_fixtures import app, clock, demo_app, prepared, sit

__all__ = ["app", "clock", "demo_app", "prepared", "sit"]
