"""People at their desks: an account, and a client in which it is signed in without the password being asked."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
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
SHOWN = re.compile(r'name="_shown" value="([^"]+)"')


@dataclass
class Desk:
    """A person and the browser in which they are signed in. What the sheet of a move showed goes along when it is sent:
    the sheet as it was opened last, or is opened before where it was not."""

    person: Person
    client: FlaskClient
    token: str = ""
    sheets: dict[str, str] = field(default_factory=dict)

    def get(self, path: str, **kwargs: Any) -> TestResponse:
        """Open an address."""
        answer = self.client.get(path, **kwargs)
        if "/do/" in path:
            found = SHOWN.search(answer.get_data(as_text=True))
            self.sheets[path] = found.group(1) if found else ""
        return answer

    def text(self, path: str, status: int = 200) -> str:
        """The page at an address, which has to answer with `status`."""
        answer = self.get(path)
        page = answer.get_data(as_text=True)
        assert answer.status_code == status, f"{path}: {answer.status_code}\n{page[:3000]}"
        return page

    def post(self, path: str, data: dict[str, Any] | None = None) -> TestResponse:
        """Send a form, with its token."""
        if not self.token:
            found = TOKEN.search(self.text("/"))
            assert found is not None
            self.token = found.group(1)
        if "/do/" in path and path not in self.sheets:
            self.get(path)
        shown = self.sheets.pop(path, "")
        return self.client.post(
            path, data={"csrf_token": self.token, **({"_shown": shown} if shown else {}), **(data or {})}
        )

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
