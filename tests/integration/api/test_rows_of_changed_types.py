"""Rows of a type that was changed since: what they hold stays, whoever sends them back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from config.database import database
from models import past, records, registry, store
from models.access import Purpose
from models.declarations import Choice, Field
from models.errors import Invalid
from models.person.roles import Role
from tests.factories.filled import filled
from tests.factories.registering import registered
from tests.factories.types import SAMPLE, label
from tests.integration.api.conftest import Program, Start

CHOICES = tuple(Choice(value, label(value.upper() * 2)) for value in "ab")
TEXT = Field(name="text", kind="text", label=label("Text"))
CHOICE = Field(name="pick", kind="choice", label=label("Pick"), choices=CHOICES)
SECRET = Field(name="secret", kind="text", label=label("Secret"), encrypted=True)
GROUP = Field(name="group", kind="embedded", label=label("Group"), fields=(TEXT, CHOICE))
LIST = Field(name="rows", kind="embedded_list", label=label("Rows"), fields=(TEXT, CHOICE))
Row = dict[str, Any]


@contextmanager
def declared(*inner: Field, **more: Field) -> Iterator[None]:
    """The sample type with rows and a group of these fields, and with other fields beside."""
    both = tuple(replace(one, fields=inner) for one in (GROUP, LIST))
    with registered(replace(SAMPLE, fields=(*SAMPLE.fields, *both, *more.values()))):
        yield


@pytest.fixture
def owner(start: Start) -> Program:
    return start(Role.SPECIALIST)


def kept(number: str) -> Row:
    """The record as the database has it."""
    return database()["record_sample"].find_one({"number": number}) or {}


def send(owner: Program, number: str, status: int = 200, **values: Any) -> dict[str, Any]:
    sent = {"rev": kept(number)["rev"], "values": values}
    answer = owner.ask("PATCH", f"/sample/{number}", json=sent)
    assert answer.status_code == status, answer.get_data(as_text=True)[:2000]
    return dict(answer.get_json())


def values(owner: Program, number: str) -> Row:
    return dict(owner.get(f"/sample/{number}")["values"])


def test_what_a_row_held_of_a_field_that_was_taken_out_comes_back_with_it(owner: Program) -> None:
    first, second = {"text": "x", "pick": "b"}, {"text": "y", "pick": "a"}
    with declared(TEXT, CHOICE):
        number = owner.make(rows=[first, second], group=first)
    with declared(TEXT):
        assert values(owner, number)["rows"] == [{"text": "x"}, {"text": "y"}]
        send(owner, number, rows=[{"text": "x"}, {"text": "changed"}], group={"text": "changed"})
        send(owner, number, rows=[{"text": "changed"}, {"text": "new"}, {"text": "x"}])
        told = owner.get(f"/sample/{number}/history")["items"][0]["changes"]
        assert [one["after"] for one in told if one["field"] == "rows"] == [
            [{"text": "changed"}, {"text": "new"}, {"text": "x"}]
        ]
    with declared(TEXT, CHOICE):
        assert values(owner, number)["rows"] == [{**second, "text": "changed"}, {"text": "new", "pick": None}, first]
        assert values(owner, number)["group"] == {**first, "text": "changed"}
        _last, before, _first = owner.get(f"/sample/{number}/history")["items"]
        sides = {one["field"]: (one["before"], one["after"]) for one in before["changes"]}
        assert sides["rows"] == ([first, second], [first, {**second, "text": "changed"}])
        assert sides["group"] == (first, {**first, "text": "changed"})


def test_it_stays_on_the_form_in_a_use_case_and_in_what_is_restored(owner: Program, now: datetime) -> None:
    first, second = {"text": "x", "pick": "b"}, {"text": "y", "pick": "a"}
    with declared(TEXT, CHOICE):
        number = owner.make(rows=[first, second], group=first)
    with declared(TEXT):
        at = f"/records/sample/{number}/edit"
        sent = filled(owner.desk.text(at), at)
        swapped = {name.replace("rows-0-", "rows-9-"): value for name, value in sent.items()}
        owner.desk.send(at, **swapped | {"rows-1-text": "changed", "rows-11-text": "new", "group-text": "changed"})
        held = [{**second, "text": "changed"}, first, {"text": "new"}]
        assert (kept(number)["rows"], kept(number)["group"]) == (held, {**first, "text": "changed"})
        raw = {"rows": [{"text": "changed"}, {"text": "again"}, {"text": "new"}]}
        records.change(owner.person, "sample", number, raw, rev=2, now=now)
        assert kept(number)["rows"] == [held[0], {**first, "text": "again"}, held[2]]
        past.restore(owner.person, records.again(owner.person, "sample", number), 1, seen=3, now=now)
        assert (kept(number)["rows"], kept(number)["group"]) == ([first, second], first)
        assert kept(number)["rev"] == 4
        send(owner, number, rows=[{"text": "x"}])
        past.restore(owner.person, records.again(owner.person, "sample", number), 1, seen=5, now=now)
        assert kept(number)["rows"] == [first, second]


def test_rows_that_are_taken_off_go_with_all_that_they_hold(owner: Program) -> None:
    with declared(TEXT, CHOICE):
        number = owner.make(rows=[{"text": "x", "pick": "b"}, {"text": "y", "pick": "a"}], group={"pick": "b"})
    with declared(TEXT):
        send(owner, number, rows=[{"text": "y"}], group=None)
        assert kept(number)["rows"] == [{"text": "y", "pick": "a"}]
        assert "group" not in kept(number)
        send(owner, number, rows=[])
        assert "rows" not in kept(number)


def test_rows_of_which_nothing_is_declared_any_more_are_blank_and_stay(owner: Program) -> None:
    with declared(CHOICE):
        number = owner.make(rows=[{"pick": "b"}, {"pick": "a"}])
    with declared(TEXT):
        rows = values(owner, number)["rows"]
        assert rows == [{"text": None}, {"text": None}]
        send(owner, number, rows=[{"text": "x"}, rows[1]])
        assert kept(number)["rows"] == [{"text": "x", "pick": "b"}, {"pick": "a"}]


def test_what_is_sealed_in_it_stays_sealed(owner: Program) -> None:
    other = replace(SECRET, name="other")
    with declared(TEXT, SECRET, other):
        number = owner.make(rows=[{"text": "x", "secret": "told nobody", "other": "o"}])
        sealed = kept(number)["rows"][0]["secret"]
    with declared(TEXT, other):
        send(owner, number, rows=[{"text": "changed", "other": "new"}])
        assert kept(number)["rows"][0]["secret"] == sealed
        assert "told nobody" not in str(list(database()[store.VERSIONS].find()))
    with declared(TEXT, SECRET, other):
        assert values(owner, number)["rows"] == [{"text": "changed", "secret": "told nobody", "other": "new"}]
        history = owner.get(f"/sample/{number}/history")["items"][0]["changes"]
        assert [one["before"][0]["secret"] for one in history if one["field"] == "rows"] == ["told nobody"]


def test_it_is_told_to_nobody_while_it_is_not_declared(owner: Program) -> None:
    with declared(TEXT, replace(TEXT, name="pick")):
        number = owner.make(rows=[{"text": "x", "pick": "unheard of"}], group={"text": "x", "pick": "unheard of"})
    with declared(TEXT):
        send(owner, number, rows=[{"text": "changed"}], group={"text": "changed"})
        for at in ("", "/edit", "/history", "/history/1"):
            assert "unheard of" not in owner.desk.text(f"/records/sample/{number}{at}")
        for at in (f"/sample/{number}", f"/sample/{number}/history", "/sample?columns=rows,group"):
            assert "unheard of" not in owner.ask("GET", at).get_data(as_text=True)
        assert owner.get("/search?q=unheard of")["groups"] == []


NARROWED: dict[str, tuple[Field, Any, dict[str, Any], Any]] = {
    "a choice that is withdrawn": (CHOICE, "b", {"choices": CHOICES[:1]}, "a"),
    "a branch that is withdrawn": (replace(CHOICE, kind="tree"), "b", {"choices": CHOICES[:1]}, "a"),
    "choices that are withdrawn": (replace(CHOICE, kind="choices"), ["a", "b"], {"choices": CHOICES[:1]}, ["a"]),
    "a text that is too long": (replace(TEXT, name="pick"), "x" * 40, {"max_length": 10}, "y"),
    "a text that is no phone": (replace(TEXT, name="pick"), "call me", {"kind": "phone"}, "021-5555 0101"),
    "a text that is no link": (replace(TEXT, name="pick"), "nowhere", {"kind": "link"}, "https://example.com/a"),
    "a number that is too large": (Field(name="pick", kind="integer", label=label("Pick")), 40, {"maximum": 10}, 9),
}


@pytest.mark.parametrize("case", NARROWED)
def test_a_row_keeps_what_nobody_could_fill_in_any_more(owner: Program, case: str) -> None:
    field, held, change, fit = NARROWED[case]
    top = replace(field, name="top")
    with declared(TEXT, field, top=top):
        row, other = {"text": "x", "pick": held}, {"text": "y", "pick": fit}
        number = owner.make(rows=[row, other], group=row, top=held)
    with declared(TEXT, replace(field, **change), top=replace(top, **change)):
        given = values(owner, number)
        assert (given["rows"], given["group"], given["top"]) == ([row, other], row, held)
        moved = [{**other, "text": "changed"}, row]
        send(owner, number, rows=moved, group={**row, "text": "changed"}, top=held)
        assert values(owner, number)["rows"] == moved
        assert values(owner, number)["group"] == {**row, "text": "changed"}
        send(owner, number, rows=[moved[0], {**row, "text": "changed, too"}])
        assert values(owner, number)["rows"][1] == {**row, "text": "changed, too"}
        for sent, path in (
            ({"rows": [{**other, "pick": held}, row]}, "rows.0.pick"),
            ({"rows": [*moved, {"text": "z", "pick": held}]}, "rows.2.pick"),
        ):
            refused = send(owner, number, 400 if case != "a text that is no phone" else 422, **sent)
            assert [one["field"].removesuffix(".1") for one in refused["errors"]] == [path]
        send(owner, number, group={**row, "pick": fit}, top=fit)
        refused = send(owner, number, 400 if case != "a text that is no phone" else 422, group=row, top=held)
        assert {one["field"].removesuffix(".1") for one in refused["errors"]} == {"group.pick", "top"}


def test_of_an_older_version_the_conflict_is_told_and_of_no_record_that_there_is_none(owner: Program) -> None:
    with declared(TEXT, CHOICE):
        number = owner.make(rows=[{"text": "x", "pick": "b"}])
    with declared(TEXT, replace(CHOICE, choices=CHOICES[:1])):
        send(owner, number, name="Torch")
        sent = {"rev": 1, "values": {"rows": [{"text": "mine", "pick": "b"}]}}
        stale = owner.ask("PATCH", f"/sample/{number}", json=sent)
        assert (stale.status_code, stale.get_json()["code"]) == (409, "stale")
        assert owner.ask("PATCH", "/sample/YP-2026-999999", json=sent).status_code == 404
        wrong = {"rev": 2, "values": {"rows": [{"text": 5, "pick": "b"}]}}
        refused = owner.ask("PATCH", f"/sample/{number}", json=wrong)
        assert refused.status_code == 400
        assert [one["field"] for one in refused.get_json()["errors"]] == ["rows.0.text", "rows.0.pick"]


def test_a_former_version_comes_back_with_what_its_rows_hold_still(owner: Program, now: datetime) -> None:
    with declared(TEXT, CHOICE):
        number = owner.make(rows=[{"text": "x", "pick": "b"}, {"text": "y", "pick": "a"}])
    with declared(TEXT, replace(CHOICE, choices=CHOICES[:1])):
        send(owner, number, rows=[{"text": "changed", "pick": "b"}, {"text": "y", "pick": "a"}])
        past.restore(owner.person, records.again(owner.person, "sample", number), 1, seen=2, now=now)
        assert kept(number)["rows"] == [{"text": "x", "pick": "b"}, {"text": "y", "pick": "a"}]
        send(owner, number, rows=[{"text": "y", "pick": "a"}])
        found = records.again(owner.person, "sample", number)
        assert [one.field.name for one in past.preview(owner.person, found, 1).stays] == ["rows"]


def test_a_use_case_keeps_it_too_and_lets_nothing_else_in(owner: Program, now: datetime) -> None:
    with declared(TEXT, CHOICE):
        number = owner.make(rows=[{"text": "x", "pick": "b"}])
    with declared(TEXT, replace(CHOICE, choices=CHOICES[:1])):
        raw = {"rows": [{"text": "changed", "pick": "b"}]}
        records.change(owner.person, "sample", number, raw, rev=1, now=now)
        assert kept(number)["rows"] == raw["rows"]
        wrong = {"rows": [{"text": "changed", "pick": "b"}, {"text": "new", "pick": "b"}]}
        with pytest.raises(Invalid) as refused:
            records.change(owner.person, "sample", number, wrong, rev=2, now=now)
        assert set(refused.value.problems) == {"rows.1.pick"}
        forged = {"rows": [{"text": "x", "_undeclared": {"text": "y"}}]}
        with pytest.raises(Invalid):
            records.change(owner.person, "sample", number, forged, rev=2, now=now)
        seen = records.see(owner.person, "sample", number, Purpose.VIEW, now)
        assert seen.values["rows"] == raw["rows"]
        assert registry.get("sample").rt.by_name["rows"].fields[1].choices == CHOICES[:1]
