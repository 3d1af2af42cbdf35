"""What was worked out of a person's rights holds for as long as nothing about the person changes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bson import ObjectId

from models.person.known import as_before
from models.person.roles import Person, Role


def test_an_unchanged_person_is_the_one_of_before_and_a_changed_one_is_not() -> None:
    person = Person(ObjectId(), "Li Na", frozenset({Role.SPECIALIST}), "service", grants={"view": frozenset({"1"})})
    assert as_before(person) is person
    assert as_before(replace(person)) is person
    changes: tuple[dict[str, Any], ...] = (
        {"grants": {}},
        {"grants": {"view": frozenset({"1", "2"})}},
        {"roles": frozenset({Role.HEAD})},
        {"department": "sales"},
        {"only": frozenset({"customer"})},
        {"read_only": True},
    )
    for change in changes:
        other = replace(person, **change)
        assert as_before(other) is other
        assert as_before(replace(person)) == person
