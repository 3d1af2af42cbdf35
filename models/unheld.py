"""Roles that records wait for and that nobody holds: in a department that keeps records, or in the whole house.

It follows from accounts and declarations alone, and tells nothing of which records there are (X6).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from models import registry, turns
from models.person import directory
from models.person.roles import HOUSE_WIDE, Person, Role


@dataclass(frozen=True)
class Unheld:
    """Roles that nobody holds, in a department ('': in the whole house)."""

    department: str
    roles: tuple[Role, ...]


def unheld() -> list[Unheld]:
    """The roles that records of any type wait for, or go on to, and that nobody holds: first those of the whole house,
    then those of each department in which people serve it. None in a house in which no department keeps records yet."""
    wanted = {turns.role_of(one) for rt in registry.all_types() for one in turns.roles_awaited(rt)}
    held = directory.held(wanted)
    keeping = sorted({department for role, department in held if department and role not in HOUSE_WIDE})
    if not keeping:
        return []
    house = wanted & HOUSE_WIDE - {role for role, _ in held}
    found = [("", house)]
    found += [(one, {role for role in wanted - HOUSE_WIDE if (role, one) not in held}) for one in keeping]
    return [Unheld(one, tuple(role for role in Role if role in roles)) for one, roles in found if roles]


def of_department(found: Iterable[Unheld], person: Person) -> list[Unheld]:
    """Those that concern the person's department, and the whole house."""
    return [one for one in found if one.department in ("", person.department)]


@dataclass(frozen=True)
class Missing:
    """Of the roles among whom a record waits for: those that nobody holds, and those that nobody holds but people who
    may not sign it."""

    held_by_nobody: frozenset[Role]
    barred: frozenset[Role]


def missing(whom: Iterable[str], department: str | None, barred: Collection[object] = ()) -> Missing:
    """What is missing of the roles among whom a record of a department waits for; `barred` are the ids of people who
    may not sign it, for they asked for it or it is for them."""
    roles = {turns.role_of(one) for one in whom if turns.is_role(one)}
    held = [one for one in directory.holdings(roles) if one[0] in HOUSE_WIDE or one[1] == department]
    anybody = {role for role, _, _ in held}
    left = {role for role, _, who in held if who not in barred}
    return Missing(frozenset(roles - anybody), frozenset(anybody - left))
