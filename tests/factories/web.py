"""A browser for tests without a browser: keeps cookies, sends the form's token, comes from an address."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from bson import ObjectId
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from backoffice import auth
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
    """A client that fills in the token of the page which it stands on."""

    client: FlaskClient
    address: str = "192.0.2.10"
    headers: dict[str, str] = field(default_factory=dict)
    page: str = "/login"

    def get(self, path: str, **kwargs: Any) -> TestResponse:
        """Open an address."""
        return self._send("GET", path, kwargs)

    def post(self, path: str, data: dict[str, Any] | None = None, **kwargs: Any) -> TestResponse:
        """Send a form, with its token."""
        return self._send("POST", path, {"data": {"csrf_token": self.token(), **(data or {})}, **kwargs})

    def token(self) -> str:
        """The token of the page to which the last answer led."""
        page = self.get(self.page, follow_redirects=True).get_data(as_text=True)
        found = TOKEN.search(page)
        assert found is not None, page[:500]
        return found.group(1) or found.group(2)

    def sign_in(self, email: str, password: str = PASSWORD, *, path: str = "/login", **kwargs: Any) -> TestResponse:
        """Send the sign-in form."""
        return self.post(path, {"email": email, "password": password}, **kwargs)

    def inside(self) -> bool:
        """Whether somebody is signed in."""
        page = self.page
        answer = self.get("/")
        self.page = page
        return answer.status_code == 200

    def _send(self, method: str, path: str, kwargs: dict[str, Any]) -> TestResponse:
        kwargs.setdefault("environ_base", {"REMOTE_ADDR": self.address})
        kwargs["headers"] = {**self.headers, **kwargs.get("headers", {})}
        answer = self.client.open(path, method=method, buffered=True, **kwargs)
        if answer.location:
            self.page = answer.location
        return answer


def said(answer: TestResponse) -> dict[str, Any]:
    """The JSON object of an answer."""
    body = answer.get_json()
    assert isinstance(body, dict)
    return body


def account(app: Flask, *roles: Role, email: str, now: datetime, name: str = "测试员", **more: Any) -> ObjectId:
    """An account with the tests' password, without a second factor; returns its id."""
    with app.app_context():
        hashed = auth.hash_password(PASSWORD)
    more.setdefault("must_change", False)
    return service.add(SYSTEM, name=name, email=email, now=now, roles=roles, password=hashed, **more)
