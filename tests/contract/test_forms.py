"""Every form of the product, signed in: without the token of its own session, or with a field that is not in it,
nothing is done."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

import pytest
from flask import Flask
from pymongo.database import Database

from backoffice import auth, sign_in
from backoffice.posted_fields import taken
from models import records, registry, schema, store
from models.person.roles import Role
from tests.factories.customers import customer
from tests.factories.desks import Desk, seat
from tests.factories.types import SAMPLE
from tests.factories.web import said

Base = Database[dict[str, Any]]

ID = "5f0000000000000000000001"
PARAMETERS = re.compile(r"<(?:[^:<>]+:)?([^<>]+)>")
JSON = {"Accept": "application/json"}
UNKNOWN = "no_such_field"
VERSIONED = ("records.edit", "records.act")
"""Forms whose version is asked for before anything else."""


@pytest.fixture
def desk(demo_app: Flask, now: datetime) -> Iterator[Desk]:
    registry.register(SAMPLE)
    schema.migrate()
    everything = [role for role in Role if role is not Role.AUDITOR]
    yield seat(demo_app, *everything, now=now, name="everything")
    registry.unregister(SAMPLE.slug)


def forms(app: Flask) -> Iterator[tuple[str, str]]:
    """Endpoint and rule of everything that takes a form."""
    for rule in app.url_map.iter_rules():
        changing = (rule.methods or set()) - {"GET", "HEAD", "OPTIONS"}
        if changing and not rule.endpoint.startswith(f"{auth.API}.") and rule.endpoint not in sign_in.CLOSED:
            assert changing == {"POST"}, rule.endpoint
            yield rule.endpoint, rule.rule


def address(rule: str, **known: str) -> str:
    return PARAMETERS.sub(lambda found: known.get(found[1], ID), rule)


def whole(db: Base) -> dict[str, list[dict[str, Any]]]:
    """All that is stored, except how much was read, which counts whatever is sent."""
    names = set(db.list_collection_names()) - {"reading_rate"}
    return {name: list(db[name].find().sort("_id")) for name in names}


def token(desk: Desk) -> str:
    desk.post("/language")
    return desk.token


def test_no_form_is_taken_without_the_token_of_its_own_session(
    demo_app: Flask, desk: Desk, db: Base, now: datetime
) -> None:
    made = records.create(desk.person, "sample", {"name": "Lamp"}, now=now)
    foreign = token(seat(demo_app, Role.HEAD, now=now))
    token(desk)
    before = whole(db)
    tried = 0
    for endpoint, rule in forms(demo_app):
        path = address(rule, slug="sample", number=made["number"], person=str(desk.person.id), move="submit")
        for data in ({}, {"csrf_token": ""}, {"csrf_token": foreign}, {"csrf_token": foreign, "rev": "1"}):
            answer = desk.client.post(path, data=data, headers=JSON)
            if endpoint == sign_in.CODE:
                assert answer.location == "/", "nobody waits for a code"
            else:
                assert (answer.status_code, said(answer)["error"]) == (400, "stale_form"), (endpoint, data)
            assert desk.get("/language").status_code == 405, f"{endpoint} ends the session"
            tried += 1
    assert tried > 200
    assert whole(db) == before
    desk.text("/")


def checking_themselves(desk: Desk, now: datetime) -> dict[str, str]:
    """An address of each form whose fields its route knows only once it runs."""
    made = records.create(desk.person, "sample", {"name": "Lamp"}, now=now)
    file = customer(desk.person, now)
    values = {"customer": file["_id"], "quarter": "2026Q4", "due_on": date(2026, 11, 30), "level": file["level"]}
    review = store.create("review", values, actor=desk.person, now=now)
    at = f"/records/sample/{made['number']}"
    bulk = desk.send("/records/sample/bulk", what="change", number=made["number"]).location
    table = (io.BytesIO("公司名称\n近水电子有限公司\n".encode()), "a.csv")
    batch = desk.send("/records/customer/import", file=table).location
    return {
        "records.new": "/records/sample/new",
        "records.edit": f"{at}/edit",
        "records.act": f"{at}/do/submit",
        "records.merge": f"{at}/merge",
        "records.sections": f"/records/review/{review['number']}/sections",
        "records.bulk_check": f"{bulk}/check",
        "records.import_check": f"{batch}/check",
    }


@pytest.mark.parametrize("content", ["text", "file"])
def test_no_form_takes_a_field_that_is_not_in_it(
    demo_app: Flask, desk: Desk, db: Base, now: datetime, content: str
) -> None:
    own = checking_themselves(desk, now)
    own_token = token(desk)
    before = whole(db)
    tried = set()
    for endpoint, rule in forms(demo_app):
        if endpoint == sign_in.CODE:
            continue  # closed to whoever is signed in
        more = taken(demo_app, endpoint).more
        path = own[endpoint] if more else address(rule)
        sent = "x" if content == "text" else (io.BytesIO(b"x"), "x.txt")
        version = {"rev": "1"} if endpoint in VERSIONED else {}
        data = {"csrf_token": own_token, UNKNOWN: sent, **version}
        answer = desk.client.post(path, data=data, headers=JSON)
        told = said(answer)
        assert (answer.status_code, told["error"]) == (400, "unknown_field"), (endpoint, told)
        assert f"“{UNKNOWN}”" in told["message"], endpoint
        tried.add(endpoint)
    assert tried > set(own)
    assert whole(db) == before


def test_a_form_that_names_no_field_takes_none(demo_app: Flask, desk: Desk) -> None:
    own_token = token(desk)
    demo_app._got_first_request = False
    demo_app.add_url_rule("/later", "health.later", lambda: "done", methods=["POST"])
    assert desk.client.post("/later", data={"csrf_token": own_token}).text == "done"
    answer = desk.client.post("/later", data={"csrf_token": own_token, "name": "x"}, headers=JSON)
    assert said(answer)["error"] == "unknown_field"
