"""Whatever is sent, the answer is an answer: a refusal with its status, never a failure, and nothing stored."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from flask import Flask

from config.database import database
from models import registry, schema
from models.declarations import Field, RecordType
from models.kinds import parts_of
from models.person.roles import Role
from models.record import collection_name
from models.records import form_fields
from tests.factories.definitions import in_force, visit
from tests.factories.desks import Desk, seat
from tests.factories.types import SAMPLE

NASTY = (
    "",
    " ",
    "\x00",
    "$ne",
    '{"$gt": ""}',
    "-1",
    "1e400",
    "NaN",
    "99999999999999999999999",
    "²",
    "٣",
    "0000-00-00",
    "2026-02-30",
    "9999-12-31T23:59:60+99:99",
    "<script>alert(1)</script>",
    "'\"`--;/*",
    "%s%n{0}{x}",
    "../../etc/passwd",
    "\u202e\ufeff\ufffd",
    "长" * 10_000,
    "x" * 10_000,
    "5f0000000000000000000001",
    "yes|no|",
    ":::",
    "is:",
    "any_of:|||",
)


@pytest.fixture
def desk(app: Flask, now: datetime) -> Iterator[Desk]:
    registry.register(SAMPLE)
    schema.migrate()
    app.config["WTF_CSRF_ENABLED"] = False
    app.config["PROPAGATE_EXCEPTIONS"] = False
    app.testing = False
    with in_force(visit(), now):
        yield seat(app, Role.HEAD, Role.SPECIALIST, Role.CUSTODIAN, now=now)
    registry.unregister(SAMPLE.slug)


def names(fields: tuple[Field, ...], prefix: str = "") -> Iterator[str]:
    """The names of the inputs of some fields."""
    for field in fields:
        if field.kind == "embedded":
            yield from names(field.fields, f"{prefix}{field.name}-")
        elif field.kind == "embedded_list":
            yield from names(field.fields, f"{prefix}{field.name}-0-")
        elif parts_of(field):
            yield from names(parts_of(field), f"{prefix}{field.name}-")
        else:
            yield f"{prefix}{field.name}-kept" if field.kind == "files" else prefix + field.name


def stored(rt: RecordType) -> int:
    return database()[collection_name(rt.slug)].count_documents({})


def test_no_value_in_any_form_is_a_failure(desk: Desk) -> None:
    for rt in registry.all_types():
        inputs = list(names(form_fields(desk.person, rt)))
        for value in NASTY:
            data = dict.fromkeys(inputs, value)
            answer = desk.client.post(f"/records/{rt.slug}/new", data=data)
            assert answer.status_code in (303, 400, 403, 409, 422), (rt.slug, value[:30], answer.status_code)
        for name in inputs[::3]:  # one at a time, so that nothing else refuses the form first
            value = random.Random(name).choice(NASTY)
            answer = desk.client.post(f"/records/{rt.slug}/new", data={name: [value, value]})
            assert answer.status_code in (303, 400, 403, 409, 422), (rt.slug, name, value[:30], answer.status_code)


def test_no_parameter_of_any_list_is_a_failure(desk: Desk) -> None:
    for rt in registry.all_types():
        fields = [f.name for f in rt.fields if f.filterable or f.sortable]
        for name in [*fields, "q", "sort", "after", "before", "show", "archived", "owner", "state", "due_at", "f"]:
            for value in random.Random(rt.slug + name).sample(NASTY, 3):
                answer = desk.client.get(f"/records/{rt.slug}/", query_string={name: value})
                assert answer.status_code in (200, 302, 400, 404), (rt.slug, name, value[:30], answer.status_code)
        for name in ("$where", "name[$ne]", "a.b", "", "__class__"):
            assert desk.client.get(f"/records/{rt.slug}/", query_string={name: "x"}).status_code in (400, 404)


def test_no_address_is_a_failure(desk: Desk) -> None:
    for value in ("%00", "%2e%2e", "$ne", "-1", "%ff%fe", "x" * 2000, "%E9%95%BF" * 500, "__class__"):
        for path in (
            f"/records/{value}/",
            f"/records/{value}/new",
            f"/records/sample/{value}",
            f"/records/sample/{value}/edit",
            f"/records/sample/YP-2026-000001/do/{value}",
            f"/records/sample/YP-2026-000001/files/{value}",
            f"/records/sample/lookup?field={value}",
            f"/records/find?q={value}",
        ):
            answer = desk.client.get(path)
            assert answer.status_code in (200, 302, 308, 400, 404), (path[:60], answer.status_code)


def test_a_body_of_another_kind_is_refused(desk: Desk) -> None:
    bodies: tuple[dict[str, Any], ...] = (
        {"data": b"\xff\xfe\x00", "content_type": "application/octet-stream"},
        {"data": b'{"name": {"$gt": ""}}', "content_type": "application/json"},
        {"data": b"--x\r\nbroken", "content_type": "multipart/form-data; boundary=x"},
    )
    for body in bodies:
        for path in ("/records/sample/new", "/records/sample/YP-2026-000001/edit"):
            answer = desk.client.post(path, **body)
            assert answer.status_code in (400, 404, 413, 415, 422), (body, answer.status_code)
    assert stored(SAMPLE) == 0


def test_a_form_with_very_many_fields_is_refused(desk: Desk) -> None:
    data = {f"people-{i}-name": "x" for i in range(9_999)}
    answer = desk.client.post("/records/sample/new", data={"name": "Lamp", **data})
    assert answer.status_code in (400, 413, 422)
    assert stored(SAMPLE) == 0


def test_a_large_form_within_its_limits_is_taken(desk: Desk) -> None:
    """A hundred rows of people are more parts than Flask takes by itself."""
    data = {"name": "Lamp", "colours": ["red"] * 1500}
    answer = desk.client.post("/records/sample/new", data=data, content_type="multipart/form-data")
    assert answer.status_code == 303, answer.get_data(as_text=True)[:2000]
