"""Whatever a program sends, the answer is an answer: 4xx with the field named, never a failure, nothing stored."""

from __future__ import annotations

import io
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from config.database import database
from models import registry, schema
from models.person import service as people
from models.person.roles import Role
from models.record import collection_name
from models.records import form_fields
from models.token import service as tokens
from tests.contract.test_bad_input import NASTY
from tests.factories.desks import Desk, seat
from tests.factories.types import SAMPLE

JSON_VALUES: tuple[Any, ...] = (
    *NASTY, None, True, 0, -1, 10**18, 1e308, [], {}, [None], [[]], {"$gt": ""}, {"$where": "1"}, [{"$ne": None}],
    {"a.b": 1}, "\ud800",
)  # fmt: skip
OPERATORS = ({"$gt": ""}, {"$ne": None}, ["x", {"$ne": 1}], {"name": {"$gt": ""}})


@dataclass
class Program:
    desk: Desk
    client: FlaskClient
    secret: str

    def ask(self, method: str, path: str, **more: Any) -> TestResponse:
        headers = {"Authorization": f"Bearer {self.secret}", "Accept-Language": "en", **more.pop("headers", {})}
        return self.client.open(f"/api/v1{path}", method=method, headers=headers, **more)


@pytest.fixture
def program(app: Flask, now: datetime) -> Iterator[Program]:
    registry.register(SAMPLE)
    schema.migrate()
    app.config["PROPAGATE_EXCEPTIONS"] = False
    app.testing = False
    app.extensions["api_allowance"].limit = 10**9
    desk = seat(app, Role.HEAD, Role.SPECIALIST, Role.CUSTODIAN, now=now)
    _token, secret = tokens.create(desk.person, people.get(desk.person.id), name="bad", now=now)  # type: ignore[arg-type]
    yield Program(desk, app.test_client(), secret)
    registry.unregister(SAMPLE.slug)


def stored(slug: str = "sample") -> int:
    return database()[collection_name(slug)].count_documents({})


def refused(answer: TestResponse, *statuses: int) -> dict[str, Any]:
    """The problem that an answer has to be."""
    text = answer.get_data(as_text=True)[:500]
    assert answer.status_code in (statuses or (400, 422)), (answer.status_code, text)
    assert answer.content_type == "application/problem+json", text
    return dict(answer.get_json())


def fields_named(answer: TestResponse) -> list[str]:
    return [one["field"] for one in answer.get_json().get("errors", ())]


def made(program: Program) -> str:
    answer = program.ask("POST", "/sample", json={"values": {"name": "Lamp"}})
    return str(answer.get_json()["number"])


def test_no_value_of_any_field_is_a_failure_and_what_is_wrong_is_named(program: Program) -> None:
    for rt in registry.all_types():
        before = stored(rt.slug)
        for field in form_fields(program.desk.person, rt):
            for value in random.Random(rt.slug + field.name).sample(JSON_VALUES, 3):
                answer = program.ask("POST", f"/{rt.slug}", json={"values": {field.name: value}})
                assert answer.status_code in (201, 400, 403, 409, 422), (rt.slug, field.name, value)
                if isinstance(value, dict) and field.kind not in ("embedded", "period", "address", "money"):
                    assert field.name in fields_named(answer), (rt.slug, field.name, value)
                if answer.status_code == 201:
                    before += 1
        assert stored(rt.slug) == before, rt.slug


def test_no_value_of_any_move_is_a_failure(program: Program) -> None:
    number = made(program)
    for rt in registry.all_types():
        for move in rt.workflow.transitions if rt.workflow else ():
            for name in (*move.asks, "nothing"):
                for value in random.Random(move.name + name).sample(JSON_VALUES, 3):
                    sent = {"rev": 1, "values": {name: value}}
                    answer = program.ask("POST", f"/{rt.slug}/{number}/actions/{move.name}", json=sent)
                    assert answer.status_code in (400, 403, 404, 409, 422), (rt.slug, move.name, name, value)
    assert program.ask("GET", f"/sample/{number}").get_json()["rev"] == 1


def test_no_parameter_of_any_list_is_a_failure(program: Program) -> None:
    controls = ["q", "sort", "after", "before", "show", "archived", "columns", "where", "owner", "state", "due_at"]
    for rt in registry.all_types():
        fields = [f.name for f in rt.fields if f.filterable or f.sortable]
        for name in [*fields, *controls]:
            for value in random.Random(rt.slug + name).sample(NASTY, 3):
                answer = program.ask("GET", f"/{rt.slug}", query_string={name: value})
                assert answer.status_code in (200, 400), (rt.slug, name, value[:30], answer.status_code)
                if answer.status_code == 400 and name != "q":
                    assert name in fields_named(answer)[0], (rt.slug, name, value[:30], answer.get_json())
        for name in ("$where", "name[$ne]", "a.b", "__class__", "limit"):
            answer = program.ask("GET", f"/{rt.slug}", query_string={name: "x"})
            assert fields_named(answer) == [name], (rt.slug, name)


@pytest.mark.parametrize("value", NASTY)
def test_no_header_and_no_address_is_a_failure(program: Program, value: str) -> None:
    number = made(program)
    header = value[:500].encode("utf-8").decode("latin-1").replace("\x00", "")
    for name in ("If-None-Match", "Accept", "Accept-Language", "X-Request-Id", "Range"):
        answer = program.ask("GET", f"/sample/{number}", headers={name: header})
        assert answer.status_code in (200, 304, 406), (name, answer.status_code)
    for name in ("If-Match", "Idempotency-Key", "Content-Type"):
        sent = {"rev": 1, "values": {"name": "Torch"}}
        answer = program.ask("PATCH", f"/sample/{number}", data=json.dumps(sent), headers={name: header})
        assert answer.status_code in (200, 400, 409, 412, 415, 422), (name, answer.status_code)
    for path in ("/sample/{}", "/sample/{}/history", "/sample/{}/files/x", f"/sample/{number}/actions/{{}}", "/{}"):
        answer = program.ask("GET", path.format(value.replace("/", "%2F").replace("?", "%3F").replace("#", "")))
        assert answer.status_code in (200, 308, 400, 404, 405), (path, answer.status_code)


def deep(levels: int) -> bytes:
    return b"[" * levels + b"]" * levels


BODIES: tuple[tuple[str, bytes, str], ...] = (
    ("no JSON", b"name=Lamp", "application/json"),
    ("nothing", b"", "application/json"),
    ("a list", b"[]", "application/json"),
    ("a text", b'"x"', "application/json"),
    ("null", b"null", "application/json"),
    ("not a number", b'{"values": {"name": NaN}}', "application/json"),
    ("infinite", b'{"values": {"name": "x", "pieces": 1e999}}', "application/json"),
    ("very long number", b'{"values": {"name": "x", "pieces": ' + b"9" * 5000 + b"}}", "application/json"),
    ("a name twice", b'{"values": {"name": "a", "name": "b"}}', "application/json"),
    ("deep", b'{"values": {"name": ' + deep(100_000) + b"}}", "application/json"),
    ("half a character", b'{"values": {"name": "\\ud800"}}', "application/json"),
    ("half a character as name", b'{"values": {"\\udfff": "x"}}', "application/json"),
    ("half a character as name, twice", b'{"values": {"\\udfff": "x", "\\udfff": "y"}}', "application/json"),
    ("UTF-16", '{"values": {"name": "x"}}'.encode("utf-16"), "application/json"),
    ("GB18030", '{"values": {"name": "灯"}}'.encode("gb18030"), "application/json"),
    ("broken UTF-8", b'{"values": {"name": "\xff"}}', "application/json"),
    ("a mark first", b'\xef\xbb\xbf{"values": {"name": "x"}}', "application/json"),
    ("another charset", b'{"values": {"name": "x"}}', "application/json; charset=utf-16"),
    ("a form", b"values=x", "application/x-www-form-urlencoded"),
    ("plain text", b'{"values": {"name": "x"}}', "text/plain"),
    ("no kind", b'{"values": {"name": "x"}}', ""),
)


@pytest.mark.parametrize(("data", "kind"), [one[1:] for one in BODIES], ids=[one[0] for one in BODIES])
def test_a_body_that_is_no_body_is_refused(program: Program, data: bytes, kind: str) -> None:
    for path, method in (("/sample", "POST"), ("/sample/YP-2026-000001", "PATCH")):
        refused(program.ask(method, path, data=data, content_type=kind), 400, 415)
    assert stored() == 0


def test_a_repeated_name_is_named(program: Program) -> None:
    data = b'{"values": {"name": "a", "name": "b"}}'
    assert fields_named(program.ask("POST", "/sample", data=data, content_type="application/json")) == ["name"]


def test_a_body_that_is_too_large_is_refused(program: Program) -> None:
    big = json.dumps({"values": {"name": "x", "notes": "x" * 2_000_000}})
    refused(program.ask("POST", "/sample", data=big, content_type="application/json"), 413)
    chunked = {"input_stream": io.BytesIO(big.encode()), "environ_overrides": {"wsgi.input_terminated": True}}
    refused(program.ask("POST", "/sample", content_type="application/json", **chunked), 413)
    assert stored() == 0


def test_a_character_that_cannot_be_stored_is_refused_by_field(program: Program) -> None:
    for name in ("name", "notes"):
        values = {"name": "x", name: "a\0b"}
        assert fields_named(program.ask("POST", "/sample", json={"values": values})) == [name]
    assert stored() == 0


@pytest.mark.parametrize("value", OPERATORS)
def test_an_operator_is_never_a_value(program: Program, value: Any) -> None:
    number = made(program)
    for name in ("name", "amount", "made_on", "colour", "seller", "parent", "fragile"):
        answer = program.ask("PATCH", f"/sample/{number}", json={"rev": 1, "values": {name: value}})
        refused(answer, 400)
        assert fields_named(answer) == [name]
    for sent in ({"rev": value, "values": {}}, {"rev": 1, "values": {}, "note": value}, {"rev": 1, "values": [value]}):
        refused(program.ask("PATCH", f"/sample/{number}", json=sent), 400)
    assert program.ask("GET", f"/sample/{number}").get_json()["rev"] == 1


@pytest.mark.parametrize("name", ["nix", "acl", "_id", "rev", "granted", "state", "created_by", "verdict", "$set"])
def test_an_unknown_field_is_refused_by_name(program: Program, name: str) -> None:
    answer = program.ask("POST", "/sample", json={"values": {"name": "x", name: "x"}})
    refused(answer, 400)
    assert fields_named(answer) == [name]
    answer = program.ask("POST", "/sample", json={"values": {"name": "x"}, name: "x"})
    refused(answer, 400)
    assert fields_named(answer) == [name]
    assert stored() == 0


@pytest.mark.parametrize("where", ["any(" * 500 + "name:is:x" + ")" * 500, "any(" + "name:is:x," * 500 + "name:is:x)"])
def test_five_hundred_groups_are_refused(program: Program, where: str) -> None:
    answer = program.ask("GET", "/sample", query_string={"where": where})
    refused(answer, 400)
    assert fields_named(answer) == ["where"]


def test_an_answer_in_another_form_is_not_given(program: Program) -> None:
    for kind in ("text/html", "application/xml", "text/html;q=0.9, application/json;q=0"):
        refused(program.ask("GET", "/sample", headers={"Accept": kind}), 406)
    for kind in ("*/*", "application/*", "text/html, application/json", ""):
        assert program.ask("GET", "/sample", headers={"Accept": kind}).status_code == 200


def test_a_method_that_is_not_there_names_those_that_are(program: Program) -> None:
    for method, path, allowed in (("DELETE", "/sample", "GET"), ("PUT", "/sample/x", "PATCH"), ("POST", "/me", "GET")):
        answer = program.ask(method, path)
        refused(answer, 405)
        assert allowed in answer.headers["Allow"]


def test_parameters_that_no_operation_has_are_refused(program: Program) -> None:
    number = made(program)
    for path in ("/me", "/openapi.json", f"/sample/{number}", f"/sample/{number}/history", f"/sample/{number}/actions"):
        assert fields_named(program.ask("GET", f"{path}?x=1")) == ["x"], path
    assert fields_named(program.ask("GET", "/search?q=la&q=mp")) == ["q"]
    assert fields_named(program.ask("GET", "/sample?sort=name&sort=amount")) == ["sort"]


@pytest.mark.parametrize("rev", [0, -1, 2, "1", 1.5, None, True, 10**12])
def test_a_version_that_is_not_the_stored_one_changes_nothing(program: Program, rev: Any) -> None:
    number = made(program)
    for path, sent in (("", {"values": {"name": "Torch"}}), ("/archive", {"note": "Old"}), ("/actions/submit", {})):
        method = "PATCH" if not path else "POST"
        refused(program.ask(method, f"/sample/{number}{path}", json={"rev": rev, **sent}), 400, 409, 412, 422, 428)
    assert program.ask("GET", f"/sample/{number}").get_json()["rev"] == 1


def test_ids_of_strangers_open_nothing(program: Program, app: Flask, now: datetime) -> None:
    number = made(program)
    foreign = "5f0000000000000000000001"
    for name in ("seller", "parent", "scans"):
        value: Any = [foreign] if name == "scans" else foreign
        answer = program.ask("PATCH", f"/sample/{number}", json={"rev": 1, "values": {name: value}})
        refused(answer, 422)
        assert fields_named(answer) == [name]
    refused(program.ask("GET", f"/sample/{number}/files/{foreign}"), 404)
