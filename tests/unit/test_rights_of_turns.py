"""Who a record waits for, in what lists ask: only of types whose records wait for somebody."""

from __future__ import annotations

from dataclasses import replace

from bson import ObjectId

from models import access
from models.access import Purpose
from models.declarations import RecordType, Relation
from models.person.roles import Person, Role
from tests.factories.types import SAMPLE

HEAD = Person(id=ObjectId(), name="Head", roles=frozenset({Role.HEAD}), department="service")


def relations(rt: RecordType) -> set[str]:
    """The relations under which the head is shown records of a type."""
    return {one.split("|")[1] for one in access.reach(HEAD, rt, Purpose.VIEW).full}


def waiting(whom: tuple[str, ...]) -> RecordType:
    """The sample type, all of whose records wait for somebody, or for nobody."""
    assert SAMPLE.workflow is not None
    states = tuple(replace(state, turn=whom, climbs=()) for state in SAMPLE.workflow.states)
    return replace(SAMPLE, workflow=replace(SAMPLE.workflow, states=states))


def test_records_that_wait_for_somebody_are_looked_for_by_whose_turn_it_is() -> None:
    assert {Relation.TASK.value, Relation.ASSIGNED.value} <= relations(waiting(("head",)))


def test_where_records_wait_for_nobody_no_list_asks_whose_turn_it_is() -> None:
    found = relations(waiting(()))
    assert {Relation.TASK.value, Relation.ASSIGNED.value}.isdisjoint(found)
    assert Relation.DEPARTMENT.value in found
    assert relations(replace(SAMPLE, workflow=None)) == found
