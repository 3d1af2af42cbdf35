"""Files with a virus, and files that nobody could look into, are taken by no door."""

from __future__ import annotations

import io
import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from flask import Flask

from backoffice.app import create_app
from config.database import database
from config.settings import Settings
from models import schema
from models.person import service as people
from models.person.roles import Role
from models.token import service as tokens
from tests.factories.clamd import EICAR, clamd
from tests.factories.desks import Desk, seat
from tests.integration.web.records.test_files import PDF, sent, with_file

pytestmark = pytest.mark.usefixtures("sample")
App = Callable[[str], Flask]
INFECTED = b"%PDF-1.7 " + EICAR
STORES = ("attachment.files", "attachment.chunks", "import_file.files", "import_file.chunks")


@pytest.fixture
def app(prepared: Settings, db: Any, now: datetime) -> App:
    schema.migrate()
    return lambda url: create_app(replace(prepared, demo=True, clamd_url=url), clock=lambda: now, connect=False)


def stored() -> int:
    return sum(database()[name].count_documents({}) for name in STORES)


def imported(desk: Desk, content: bytes) -> Any:
    desk.post("/records/customer/lookup")  # fetches the token
    form = {"csrf_token": desk.token, "file": (io.BytesIO(content), "rows.csv")}
    return desk.client.post("/records/customer/import", data=form, content_type="multipart/form-data")


def over_the_api(desk: Desk, content: bytes, now: datetime) -> Any:
    assert desk.person.id is not None
    _token, secret = tokens.create(desk.person, people.get(desk.person.id), name="till", now=now)
    headers = {"Authorization": f"Bearer {secret}", "Content-Type": "application/octet-stream"}
    return desk.client.post("/api/v1/files?name=a.pdf", data=content, headers=headers)


def test_a_clean_file_is_taken(app: App, now: datetime) -> None:
    with clamd() as scanner:
        desk = seat(app(scanner.url), Role.SPECIALIST, now=now)
        assert with_file(desk)["scans"][0]["size"] == len(PDF)
        assert over_the_api(desk, PDF, now).status_code == 201
        assert scanner.received == [PDF, PDF]


def test_a_file_with_a_virus_is_refused_by_every_door_and_audited(app: App, now: datetime) -> None:
    with clamd() as scanner:
        running = app(scanner.url)
        desk, custodian = seat(running, Role.SPECIALIST, now=now), seat(running, Role.CUSTODIAN, now=now)
        page = sent(desk, "/records/sample/new", 422, (INFECTED, "scan.pdf"), name="Lamp")
        assert "A virus was found" in page
        assert "Eicar-Test-Signature" in page
        answer = over_the_api(desk, INFECTED, now)
        assert (answer.status_code, answer.json["code"]) == (422, "infected_file")
        answer = imported(custodian, b"name\n" + EICAR)
        assert answer.status_code == 422
        assert "A virus was found" in answer.get_data(as_text=True)
    assert stored() == 0
    found = list(database()["audit"].find({"action": "infected"}).sort("_id", 1))
    assert [row["actor"] for row in found] == [desk.person.id, desk.person.id, custodian.person.id]
    assert {row["detail"]["finding"] for row in found} == {"Eicar-Test-Signature"}


@pytest.mark.parametrize("url", ["", "unix:///nowhere/clamd.ctl"])
def test_nothing_is_taken_while_the_scanner_gives_no_answer(
    app: App, now: datetime, url: str, caplog: pytest.LogCaptureFixture
) -> None:
    with clamd("garbage") as scanner, caplog.at_level(logging.ERROR):
        running = app(url or scanner.url)
        desk, custodian = seat(running, Role.SPECIALIST, now=now), seat(running, Role.CUSTODIAN, now=now)
        page = sent(desk, "/records/sample/new", 422, (PDF, "scan.pdf"), name="Lamp")
        assert "The virus scanner is not available" in page
        answer = over_the_api(desk, PDF, now)
        assert (answer.status_code, answer.json["code"]) == (503, "not_scanned")
        assert imported(custodian, b"name\nLamp\n").status_code == 503
    assert stored() == 0
    assert len([one for one in caplog.records if "not taken" in one.message]) == 3


def test_readyz_says_that_the_scanner_does_not_answer_and_not_where_it_is(app: App) -> None:
    with clamd() as scanner:
        assert "warnings" not in app(scanner.url).test_client().get("/readyz").get_json()
    answer = app("unix:///nowhere/clamd.ctl").test_client().get("/readyz")
    assert answer.status_code == 200, "uploads alone are refused"
    assert answer.get_json() == {"status": "ready", "warnings": ["the virus scanner does not answer"]}
