"""People at their browsers, and the sample type with a few records."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest
from flask import Flask

from models import records, registry, schema
from models.person import service
from models.person.roles import Person, Role
from tests.factories.types import SAMPLE
from tests.factories.web import Browser, account

Sit = Callable[..., "Desk"]


@dataclass
class Desk:
    """A person and the browser in which they are signed in."""

    person: Person
    browser: Browser

    def text(self, path: str, status: int = 200) -> str:
        """The page at an address."""
        answer = self.browser.get(path)
        assert answer.status_code == status, answer.get_data(as_text=True)[:3000]
        return answer.get_data(as_text=True)

    def send(self, path: str, status: int = 303, **data: Any) -> Any:
        """A form sent to an address."""
        answer = self.browser.post(path, data)
        assert answer.status_code == status, answer.get_data(as_text=True)[:6000]
        return answer


@pytest.fixture
def sample(app: Flask) -> Iterator[None]:
    registry.register(SAMPLE)
    schema.migrate()
    yield
    registry.unregister("sample")


@pytest.fixture
def sit(demo_app: Flask, sample: None, now: datetime) -> Sit:
    """Seat somebody: `sit(Role.HEAD)`; English unless said otherwise."""
    count = iter(range(100))

    def seat(*roles: Role, name: str = "", language: str = "en", **more: Any) -> Desk:
        email = f"desk{next(count)}@example.com"
        more.setdefault("department", "service")
        made = account(demo_app, *roles, email=email, now=now, name=name or email, **more)
        service.set_language(made, language)
        browser = Browser(demo_app.test_client())
        assert browser.sign_in(email).status_code in (302, 303)
        return Desk(service.person_of(service.get(made), language), browser)

    return seat


@pytest.fixture
def make(now: datetime) -> Callable[..., dict[str, Any]]:
    """Make a sample record: `make(person, name=..., level=...)`."""

    def made(who: Person, **values: Any) -> dict[str, Any]:
        return records.create(who, "sample", {"name": "Lamp", **values}, now=now)

    return made
