"""People at their desks: an account, and a client in which it is signed in without the password being asked."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bson import ObjectId
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from models.person import service
from models.person import session as sessions
from models.person.roles import SYSTEM, Person, Role

TOKEN = re.compile(r'name="csrf-token" content="([^"]+)"')


@dataclass
class Desk:
    """A person and the browser in which they are signed in."""

    person: Person
    client: FlaskClient
    token: str = ""

    def get(self, path: str, **kwargs: Any) -> TestResponse:
        """Open an address."""
        return self.client.get(path, **kwargs)

    def text(self, path: str, status: int = 200) -> str:
        """The page at an address, which has to answer with `status`."""
        answer = self.client.get(path)
        page = answer.get_data(as_text=True)
        assert answer.status_code == status, f"{path}: {answer.status_code}\n{page[:3000]}"
        return page

    def post(self, path: str, data: dict[str, Any] | None = None) -> TestResponse:
        """Send a form, with its token."""
        if not self.token:
            found = TOKEN.search(self.text("/"))
            assert found is not None
            self.token = found.group(1)
        return self.client.post(path, data={"csrf_token": self.token, **(data or {})})

    def send(self, path: str, status: int = 303, **data: Any) -> TestResponse:
        """Send a form, which has to be answered with `status`."""
        answer = self.post(path, data)
        page = answer.get_data(as_text=True)
        assert answer.status_code == status, f"{path}: {answer.status_code}\n{page[:6000]}"
        return answer


def seat(
    app: Flask,
    *roles: Role,
    now: datetime,
    name: str = "",
    department: str = "service",
    language: str = "en",
    manager: ObjectId | None = None,
) -> Desk:
    """Seat somebody with these roles, freshly signed in."""
    email = f"{ObjectId()}@example.com"
    made = service.add(
        SYSTEM,
        name=name or "+".join(role.value for role in roles) or "nobody",
        email=email,
        now=now,
        roles=roles,
        department=department,
        manager=manager,
        must_change=False,
    )
    service.set_language(made, language)
    row = service.get(made)
    client = app.test_client()
    with client.session_transaction() as session:
        session["_user_id"] = row["fs_uniquifier"]
        session["_fresh"] = True
        session["sid"] = sessions.start(made, row["fs_uniquifier"], "192.0.2.10", now)
    return Desk(service.person_of(row, language), client)
