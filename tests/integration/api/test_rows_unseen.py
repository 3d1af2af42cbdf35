"""Rows that a program sends back: a null for what it does not see takes nothing away."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from config.database import database
from models import store
from models.declarations import Field
from models.person.roles import Role
from tests.factories.registering import registered
from tests.factories.types import SAMPLE, label
from tests.integration.api.conftest import Program, Start

MOMENT = datetime(2026, 11, 22, 19, 4, 5, 678000, tzinfo=UTC)
COLUMNS = (
    Field(name="what", kind="text", label=label("What")),
    Field(name="of", kind="reference", label=label("Of"), to="sample"),
    Field(name="who", kind="person", label=label("Who")),
    Field(name="at", kind="datetime", label=label("At")),
    Field(name="cost", kind="money", label=label("Cost")),
)
STEPS = Field(name="steps", kind="embedded_list", label=label("Steps"), fields=COLUMNS)
LAST = Field(name="last", kind="embedded", label=label("Last"), fields=COLUMNS)
Row = dict[str, Any]


@pytest.fixture
def owner(start: Start) -> Iterator[Program]:
    """A specialist's program; the sample type has rows that point somewhere."""
    made = start(Role.SPECIALIST)
    with registered(replace(SAMPLE, fields=(*SAMPLE.fields, STEPS, LAST))):
        yield made


@pytest.fixture
def number(owner: Program) -> str:
    return owner.make()


@pytest.fixture
def hidden(owner: Program, start: Start, now: datetime) -> Row:
    """A row that points to what the owner of the record does not see."""
    head = start(Role.HEAD)
    values = {"name": "Unheard of", "level": "top_secret", "level_basis": "x"}
    secret = store.create("sample", values, actor=head.person, now=now)
    return {"what": "First", "of": secret["_id"], "who": head.person.id, "at": MOMENT, "cost": None}


def row(**values: Any) -> Row:
    return {column.name: values.get(column.name) for column in COLUMNS}


def stored(owner: Program, number: str) -> dict[str, Any]:
    """The record as it is stored."""
    found = database()["record_sample"].find_one({"number": number}) or {}
    return store.fetch("sample", found["_id"])


def hold(owner: Program, number: str, now: datetime, **values: Any) -> None:
    """Store what the owner could not have sent."""
    store.change("sample", stored(owner, number)["_id"], values, actor=owner.person, now=now)


def answered(owner: Program, number: str) -> tuple[int, dict[str, Any]]:
    """The version and the values of a record, with pointers as they are sent."""
    read = owner.get(f"/sample/{number}")
    values = {**read["values"]}
    values["steps"] = [_sendable(one) for one in values["steps"] or ()]
    values["last"] = values["last"] and _sendable(values["last"])
    return read["rev"], values


def _sendable(one: Row) -> Row:
    return {**one, "of": one["of"] and one["of"]["number"], "who": one["who"] and one["who"]["id"]}


def send(owner: Program, number: str, rev: int, status: int = 200, **values: Any) -> dict[str, Any]:
    """Change a record."""
    answer = owner.ask("PATCH", f"/sample/{number}", json={"rev": rev, "values": values})
    assert answer.status_code == status, answer.get_data(as_text=True)[:2000]
    return dict(answer.get_json())


def test_a_row_that_is_sent_as_it_was_answered_keeps_what_is_not_seen_of_it(
    owner: Program, number: str, hidden: Row, now: datetime
) -> None:
    hold(owner, number, now, steps=[hidden, row(what="Second")])
    rev, values = answered(owner, number)
    first, second = values["steps"]
    assert first["of"] is None
    send(owner, number, rev, steps=[{**second, "what": "Changed"}, {"what": "New"}, first])
    assert stored(owner, number)["steps"] == [row(what="Changed"), row(what="New"), hidden]


def test_a_null_in_a_row_that_was_changed_is_refused_by_its_path(
    owner: Program, number: str, hidden: Row, now: datetime
) -> None:
    hold(owner, number, now, steps=[row(what="Second"), hidden])
    rev, values = answered(owner, number)
    second, first = values["steps"]
    for rows, path in (
        ([second, {**first, "what": "Changed"}], "steps.1.of"),
        ([{**first, "what": "Changed"}], "steps.0.of"),
        ([second, {"what": "First"}], "steps.1.of"),
    ):
        refused = send(owner, number, rev, 422, steps=rows)
        assert [one["field"] for one in refused["errors"]] == [path]
    assert stored(owner, number)["steps"] == [row(what="Second"), hidden]


def test_a_row_is_taken_off_by_not_sending_it_and_pointed_elsewhere_by_a_number(
    owner: Program, number: str, hidden: Row, now: datetime
) -> None:
    hold(owner, number, now, steps=[hidden, row(what="Second")])
    rev, values = answered(owner, number)
    changed = send(owner, number, rev, steps=[{**values["steps"][0], "of": number}, values["steps"][1]])
    own = stored(owner, number)
    assert own["steps"] == [{**hidden, "of": own["_id"]}, row(what="Second")]
    hold(owner, number, now, steps=[hidden, row(what="Second")])
    send(owner, number, changed["rev"] + 1, steps=[values["steps"][1]])
    assert stored(owner, number)["steps"] == [row(what="Second")]


def test_an_embedded_record_keeps_it_or_is_refused_too(owner: Program, number: str, hidden: Row, now: datetime) -> None:
    hold(owner, number, now, last=hidden)
    rev, values = answered(owner, number)
    refused = send(owner, number, rev, 422, last={**values["last"], "what": "Changed"})
    assert [one["field"] for one in refused["errors"]] == ["last.of"]
    send(owner, number, rev, last=values["last"])
    assert stored(owner, number)["last"] == hidden


def test_of_another_version_the_conflict_is_told(owner: Program, number: str, hidden: Row, now: datetime) -> None:
    hold(owner, number, now, steps=[hidden])
    rev, values = answered(owner, number)
    hold(owner, number, now, steps=[hidden, row(what="Theirs")])
    assert send(owner, number, rev, 409, steps=[{**values["steps"][0], "what": "Mine"}])["code"] == "stale"
    assert [one["of"] for one in stored(owner, number)["steps"]] == [hidden["of"], None]
