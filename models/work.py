"""Whose work a record is: the one answer that My work and reminders share.

A record is the work of whoever its state waits for, by name or by role, and of its owner where it waits for nobody. A
top-secret record never opens to a role (X3): where it waits for roles alone, its owner answers for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from models import access
from models.declarations import Level
from models.person.roles import Person

Condition = dict[str, Any]


def waits_for(person: Person) -> Condition:
    """The database condition for records that are the person's work. To be joined with the person's reach."""
    return {"$or": [turn_of(person), *owned_by(person)]}


def turn_of(person: Person) -> Condition:
    """The condition for records that wait for the person, by name or by role."""
    return {"waiting": {"$in": access.turn_tokens(person)}}


def owned_by(person: Person) -> list[Condition]:
    """The conditions for records that are left to the person as their owner."""
    no_name = {"$not": {"$regex": "^user:"}}
    return [
        {"owner": person.id, "waiting": []},
        {"owner": person.id, "level": Level.TOP_SECRET.value, "waiting": no_name},
    ]


def is_work_of(person: Person, son: Mapping[str, Any]) -> bool:
    """Whether a stored record is the person's work: what `waits_for` asks the database."""
    waiting = son.get("waiting") or []
    if not set(waiting).isdisjoint(access.turn_tokens(person)):
        return True
    unnamed = not any(token.startswith("user:") for token in waiting)
    left_to_owner = not waiting or (unnamed and son.get("level") == Level.TOP_SECRET.value)
    return left_to_owner and person.id is not None and son.get("owner") == person.id
