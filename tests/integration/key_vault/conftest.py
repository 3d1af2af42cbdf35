"""The application, and programs that act for people."""

from __future__ import annotations

import pytest

from models.person.roles import Person, Role
from tests.factories.people import person
from tests.factories.web_fixtures import add, app, browser, clock, demo_app, prepared, sit
from tests.integration.api.conftest import start

__all__ = ["add", "app", "browser", "clock", "demo_app", "prepared", "sit", "start"]


@pytest.fixture
def head(db: object) -> Person:
    """Who owns, heads and keeps."""
    return person(Role.SPECIALIST, Role.HEAD, Role.CUSTODIAN)
