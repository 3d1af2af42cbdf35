"""What a bulk change is bound by, and what a person is offered."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from bson import ObjectId

from models.bulk_change import rules
from models.bulk_change.document import Kind, Plan, State
from models.bulk_change.offers import Offer, offer, offers
from models.bulk_change.refusals import NoSuchAct
from models.declarations import Field
from models.person.roles import Person, Role
from tests.factories.types import SAMPLE, label


def person(*roles: Role, department: str = "service") -> Person:
    return Person(id=ObjectId(), name="x", roles=frozenset(roles), department=department)


def named(found: list[Offer]) -> list[str]:
    return [one.name for one in found]


@pytest.mark.parametrize(("previewed", "most"), [(0, 10), (999, 10), (1100, 11), (100_000, 1000)])
def test_the_tolerance_is_one_in_a_hundred_ten_at_least(previewed: int, most: int) -> None:
    assert rules.tolerance(previewed) == most


def test_a_preview_counts_for_two_hours(now: datetime) -> None:
    assert not rules.expired(now - timedelta(hours=2), now)
    assert rules.expired(now - timedelta(hours=2, seconds=1), now)
    assert rules.expired(None, now)


def test_it_can_be_undone_for_thirty_days(now: datetime) -> None:
    assert not rules.too_late_to_undo(now - timedelta(days=30), now)
    assert rules.too_late_to_undo(now - timedelta(days=30, seconds=1), now)


@pytest.mark.parametrize("kind", ["files", "embedded", "embedded_list"])
def test_what_is_nested_or_attached_is_not_set_alike(kind: str) -> None:
    assert not rules.safe(Field(name="x", kind=kind, label=label("x")))


def test_what_is_unique_is_not_set_alike() -> None:
    assert not rules.safe(Field(name="x", kind="text", label=label("x"), unique=True))
    assert rules.safe(Field(name="x", kind="text", label=label("x")))


def test_the_title_and_the_owner_are_not_among_the_fields() -> None:
    (change,) = [one for one in offers(person(Role.HEAD), SAMPLE) if one.kind is Kind.CHANGE]
    names = {field.name for field in change.fields}
    assert {"colour", "level", "salary"} <= names
    assert names.isdisjoint({"name", "owner", "scans", "box", "people", "verdict"})


def test_fields_of_others_are_not_offered() -> None:
    (change,) = [one for one in offers(person(Role.SPECIALIST), SAMPLE) if one.kind is Kind.CHANGE]
    assert "salary" not in {field.name for field in change.fields}


def test_who_does_what() -> None:
    assert named(offers(person(Role.HEAD), SAMPLE)) == [
        "change",
        "hand_over",
        "archive",
        "move-submit",
        "move-send_back",
    ]
    assert named(offers(person(Role.HEAD), SAMPLE, archived=True)) == ["restore"]
    assert named(offers(person(Role.SPECIALIST), SAMPLE)) == ["change", "move-submit", "move-send_back"]
    assert offers(person(Role.SPECIALIST), replace(SAMPLE, classified=False)) == []


def test_a_signature_is_never_given_to_many() -> None:
    everybody = person(*Role)
    assert "move-approve" not in named(offers(everybody, SAMPLE))
    with pytest.raises(NoSuchAct):
        offer(everybody, SAMPLE, "move-approve")
    assert offer(everybody, SAMPLE, "move-send_back").reason


def test_a_move_that_asks_something_of_its_own_for_each_is_not_offered() -> None:
    assert SAMPLE.workflow is not None
    submit, *others = SAMPLE.workflow.transitions
    asking = replace(submit, asks=("people",))
    changed = replace(SAMPLE, workflow=replace(SAMPLE.workflow, transitions=(asking, *others)))
    assert "move-submit" not in named(offers(person(Role.HEAD), changed))


def test_how_far_it_is(now: datetime) -> None:
    row = {"_id": ObjectId(), "type": "sample", "owner": ObjectId(), "owner_name": "x", "department": "service"}
    row |= {"kind": "change", "state": "running", "at": now, "total": 200, "at_row": 50}
    assert Plan.read(row).percent == 25
    assert Plan.read({**row, "at_row": 200}).percent == 99
    assert Plan.read({**row, "state": "undoing", "counts": {"undone": 90, "kept": 10}}).percent == 50
    assert Plan.read({**row, "state": "done"}).percent == 100
    assert Plan.read({**row, "total": 0}).percent == 0
    assert Plan.read(row).state is State.RUNNING
    assert not Plan.read({**row, "state": "failed", "checked_at": now}).carried_out
    assert Plan.read({**row, "state": "failed", "checked_at": now, "found": {"changeable": 1}}).carried_out
