"""What follows when a person changes: who asks for it is told in the same transaction."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from models.person.roles import Person

Follow = Callable[[Person, Person, datetime], None]

_followed: list[Follow] = []


def when_person_changes(follow: Follow) -> None:
    """A module states what follows for a person, given as they were and as they are from then on, once their roles or
    their department have changed, or their account was disabled or enabled again; who is disabled has neither."""
    if follow not in _followed:
        _followed.append(follow)


def tell(before: Person, after: Person, now: datetime) -> None:
    """Have done what follows, inside the transaction of the change."""
    if (before.roles, before.department) != (after.roles, after.department):
        for follow in _followed:
            follow(before, after, now)


def disabled(person: Person) -> Person:
    """The person while the account is disabled."""
    return replace(person, roles=frozenset(), department="")
