"""What the sheet of a move asks of a person, and what of that has to be given on this record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from models import registry
from models.declarations import Field, RecordType, Transition
from models.moves import deputed, why_not
from models.person.roles import Person
from models.record_input import asked_fields
from models.registry import MoveSheet, Needs


def sheet_fields(
    person: Person, rt: RecordType, transition: Transition, current: Mapping[str, Any]
) -> tuple[Field, ...]:
    """The fields of a transition's sheet as it is shown to a person: those that the move needs are required, and so are
    those that the type's rules need of this record (`Hooks.needs`), always or while their condition holds."""
    fields, needs = asked_fields(rt, transition), registry.get(rt.slug).hooks.needs
    if needs is None:
        return fields
    own = why_not(person, rt, transition, current) is None
    behalf = None if own else deputed(person, rt, transition, current)
    found = needs(MoveSheet(current, transition.name, person, behalf))
    return tuple(_needed(field, found) for field in fields)


def _needed(field: Field, found: Needs) -> Field:
    if field.name not in found or field.required:
        return field
    when = found[field.name]
    return replace(field, required=when is None, required_when=when)
