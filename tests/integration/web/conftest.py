"""An application on the session's database, whose clock the test holds, and a browser-like client."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from bson import ObjectId
from flask import Flask
from flask.testing import FlaskClient
from pymongo.database import Database
from werkzeug.test import TestResponse

from backoffice import auth
from backoffice.app import create_app
from config.settings import Settings
from models import schema
from models.person import service
from models.person.roles import SYSTEM, Role

PASSWORD = "seven green umbrellas"
TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"|name="csrf-token" content="([^"]+)"')


@dataclass
class Clock:
    """A clock that stands still until it is moved."""

    now: datetime

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **by: float) -> None:
        """Move on by so many minutes, hours ..."""
        self.now += timedelta(**by)


@dataclass
class Browser:
    """A client that fills in the token of the form which it last saw."""

    client: FlaskClient
    address: str = "192.0.2.10"
    headers: dict[str, str] = field(default_factory=dict)

    def get(self, path: str, **kwargs: Any) -> TestResponse:
        return self._send("GET", path, kwargs)

    def post(self, path: str, data: dict[str, Any] | None = None, **kwargs: Any) -> TestResponse:
        """Send a form with the token of the sign-in page or of the person's own pages."""
        token = self.token()
        return self._send("POST", path, {"data": {"csrf_token": token, **(data or {})}, **kwargs})

    def token(self) -> str:
        page = self.get("/login", follow_redirects=True).get_data(as_text=True)
        found = TOKEN.search(page)
        assert found is not None, page[:500]
        return found.group(1) or found.group(2)

    def sign_in(self, email: str, password: str = PASSWORD, **kwargs: Any) -> TestResponse:
        path = kwargs.pop("path", "/login")
        return self.post(path, {"email": email, "password": password}, **kwargs)

    def inside(self) -> bool:
        """Whether the browser is signed in."""
        return self.get("/").status_code == 200

    def _send(self, method: str, path: str, kwargs: dict[str, Any]) -> TestResponse:
        kwargs.setdefault("environ_base", {"REMOTE_ADDR": self.address})
        kwargs["headers"] = {**self.headers, **kwargs.get("headers", {})}
        return self.client.open(path, method=method, **kwargs)


@pytest.fixture(scope="session")
def prepared(connected: Settings) -> Settings:
    """The settings of a database with its collections and indexes."""
    schema.migrate()
    return connected


@pytest.fixture
def clock(now: datetime) -> Clock:
    return Clock(now)


@pytest.fixture
def app(prepared: Settings, db: Database[dict[str, Any]], clock: Clock) -> Iterator[Flask]:
    """The application as in production, second factor included."""
    made = create_app(prepared, clock=clock, connect=False)
    made.testing = True
    return made


@pytest.fixture
def demo_app(prepared: Settings, db: Database[dict[str, Any]], clock: Clock) -> Flask:
    """The application in demonstration mode."""
    made = create_app(replace(prepared, demo=True), clock=clock, connect=False)
    made.testing = True
    return made


@pytest.fixture
def browser(app: Flask) -> Browser:
    return Browser(app.test_client())


@pytest.fixture
def add(app: Flask, now: datetime) -> Any:
    """Make an account with the tests' password; `add(Role.SALES, email=...)` returns its id."""

    def make(*roles: Role, email: str = "sales@example.com", name: str = "测试员", **more: Any) -> ObjectId:
        with app.app_context():
            hashed = auth.hash_password(PASSWORD)
        more.setdefault("must_change", False)
        service.ensure_departments()
        return service.add(SYSTEM, name=name, email=email, now=now, roles=roles, password=hashed, **more)

    return make
