"""Bulk changes of a type that is changed meanwhile: what nobody could fill in any more is not written, and an undo
counts what came back."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from pymongo.database import Database

from models import registry
from models.bulk_change import running, service
from models.bulk_change.document import State
from models.bulk_change.refusals import WrongStep
from models.declarations import Field
from models.person.roles import Person
from tests.factories.bulk_changes import carried_out, previewed, reasons, worked
from tests.factories.types import SAMPLE
from tests.integration.bulk_change.conftest import Make

Base = Database[dict[str, Any]]


def declare(without: str = "", **changed: dict[str, Any]) -> None:
    """Put the sample type into force without a field, and with changes of others; it goes with the test."""
    fields = (replace(one, **changed.get(one.name, {})) for one in SAMPLE.fields if one.name != without)
    registry.register(replace(SAMPLE, fields=tuple(fields)))


def held(db: Base, name: str) -> list[Any]:
    return [son.get(name) for son in db["record_sample"].find().sort("number", 1)]


def colour() -> Field:
    return SAMPLE.by_name["colour"]


def test_an_undo_counts_what_came_back_and_says_why_the_rest_did_not(
    ann: Person, made: Make, now: datetime, db: Base
) -> None:
    numbers = made(ann, 12, colour="blue")
    plan = carried_out(ann, "change", {"colour": "red"}, now=now, slug="sample", numbers=numbers)
    declare(without="colour")
    plan = worked(service.undo(ann, plan.id, now), now)
    assert (plan.state, plan.count("undone"), plan.count("kept")) == (State.UNDONE, 0, 12)
    assert reasons(plan, "kept") == {"“colour” is no field any more: its former value did not come back.": 12}
    assert held(db, "colour") == ["red"] * 12
    assert set(held(db, "rev")) == {2}


def test_what_is_still_a_field_comes_back_and_a_record_that_lost_nothing_counts(
    ann: Person, made: Make, now: datetime, db: Base
) -> None:
    numbers = made(ann, 2, colour="blue", pieces=1) + made(ann, 3, colour="red", pieces=1)
    raw = {"colour": "red", "pieces": "5"}
    plan = carried_out(ann, "change", raw, now=now, slug="sample", numbers=numbers)
    declare(without="colour")
    plan = worked(service.undo(ann, plan.id, now), now)
    assert (plan.count("undone"), plan.count("kept"), plan.percent) == (3, 2, 100)
    assert reasons(plan, "kept") == {"“colour” is no field any more: its former value did not come back.": 2}
    assert held(db, "pieces") == [1] * 5


@pytest.mark.parametrize(
    ("raw", "without", "changed", "why"),
    [
        ({"colour": "red"}, "", {"colour": {"choices": colour().choices[:0]}}, "“Colour”"),
        ({"colour": "red", "pieces": "5"}, "colour", {}, "“colour”"),
        ({"pieces": "5"}, "", {"pieces": {"maximum": 4}}, "“Pieces”"),
        ({"packing": "x" * 40}, "", {"packing": {"max_length": 10}}, "“Packing”"),
    ],
)
def test_a_confirmed_change_writes_nothing_that_nobody_could_fill_in_any_more(
    ann: Person, made: Make, now: datetime, db: Base, raw: dict[str, Any], without: str, changed: Any, why: str
) -> None:
    numbers = made(ann, 12, colour="blue", pieces=1)
    plan = previewed(ann, "change", raw, now=now, slug="sample", numbers=numbers)
    assert plan.count("changeable") == 12
    declare(without=without, **changed)
    plan = worked(service.confirm(ann, plan.id, plan.stamp, now), now)
    assert (plan.state, plan.counts) == (State.FAILED, {})
    assert why in plan.failure["en"]
    assert set(held(db, "rev")) == {1}
    with pytest.raises(WrongStep):
        service.undo(ann, plan.id, now)


def test_what_was_done_before_the_type_was_changed_stands_and_can_be_undone(
    ann: Person, made: Make, now: datetime, db: Base
) -> None:
    numbers = made(ann, 25, pieces=1)
    plan = previewed(ann, "change", {"pieces": "5"}, now=now, slug="sample", numbers=numbers)
    service.confirm(ann, plan.id, plan.stamp, now)
    turns = iter([True])
    running.advance(plan.id, holder="one", now=now, go_on=lambda: next(turns, False))
    declare(pieces={"maximum": 4})
    plan = worked(service.get(plan.id), now)
    assert (plan.state, plan.count("changed")) == (State.FAILED, 10)
    plan = worked(service.undo(ann, plan.id, now), now)
    assert (plan.count("undone"), plan.count("kept")) == (10, 0)
    assert held(db, "pieces") == [1] * 25


def test_values_that_are_filled_in_still_are_written_as_they_were_previewed(
    ann: Person, ben: Person, head: Person, made: Make, now: datetime, db: Base
) -> None:
    raw = {
        "colour": "red",
        "colours": ["red"],
        "amount": "12.50",
        "pieces": "5",
        "made_on": "2026-01-02",
        "seen_at": "2026-01-02 10:00",
        "fragile": "no",
        "opens_at": "09:30",
        "region": "nj",
        "price": {"amount": "1.50", "currency": "USD"},
        "lent": {"from": "2026-01-02", "until": ""},
        "seller": str(ben.id),
    }
    given = {name: value for name, value in raw.items() if name in SAMPLE.by_name}
    assert len(given) > 8
    plan = carried_out(ann, "change", given, now=now, slug="sample", numbers=made(ann, 2))
    assert (plan.state, plan.count("changed")) == (State.DONE, 2)
    [first, second] = (dict(son) for son in db["record_sample"].find().sort("number", 1))
    assert {name: first[name] for name in given} == {name: second[name] for name in given}
