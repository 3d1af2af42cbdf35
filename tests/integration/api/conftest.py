"""The sample type in force, and programs that act for people."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from models import registry, schema
from models.person import service as people
from models.person.roles import Person, Role
from models.token import service as tokens
from tests.factories.desks import Desk, seat
from tests.factories.types import SAMPLE
from tests.factories.web_fixtures import Add, add, app, browser, clock, prepared

__all__ = ["Add", "Program", "Start", "add", "app", "browser", "clock", "prepared"]

API = "/api/v1"


@dataclass
class Program:
    """A program that sends a token with everything."""

    desk: Desk
    client: FlaskClient
    secret: str

    @property
    def person(self) -> Person:
        return self.desk.person

    def ask(self, method: str, path: str, **more: Any) -> TestResponse:
        """Send a request; the path begins below the API."""
        headers = {"Authorization": f"Bearer {self.secret}", "Accept-Language": "en", **more.pop("headers", {})}
        return self.client.open(API + path, method=method, headers=headers, **more)

    def get(self, path: str, **more: Any) -> dict[str, Any]:
        """The JSON of an answer that has to be good."""
        answer = self.ask("GET", path, **more)
        assert answer.status_code == 200, answer.get_data(as_text=True)[:2000]
        return dict(answer.get_json())

    def make(self, **values: Any) -> str:
        """Make a sample record and return its number."""
        answer = self.ask("POST", "/sample", json={"values": {"name": "Lamp", **values}})
        assert answer.status_code == 201, answer.get_data(as_text=True)[:2000]
        return str(answer.get_json()["number"])


Start = Callable[..., Program]


@pytest.fixture
def start(app: Flask, now: datetime) -> Iterator[Start]:
    """Start a program: `start(Role.HEAD, read_only=True)`."""
    registry.register(SAMPLE)
    schema.migrate()

    def made(*roles: Role, **scope: Any) -> Program:
        desk = seat(app, *roles, now=now)
        assert desk.person.id is not None
        _token, secret = tokens.create(desk.person, people.get(desk.person.id), name="test", now=now, **scope)
        return Program(desk, app.test_client(), secret)

    yield made
    registry.unregister(SAMPLE.slug)


@pytest.fixture
def head(start: Start) -> Program:
    return start(Role.HEAD, Role.SPECIALIST, Role.CUSTODIAN)
