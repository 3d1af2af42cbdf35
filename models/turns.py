"""Roles in the turns of records: to whom a record goes on, and who holds a role that a record waits for. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from models.declarations import RecordType, State
from models.person.roles import HOUSE_WIDE, Person, Role

OF_DEPARTMENT = frozenset(role.value for role in Role) - HOUSE_WIDE
"""The roles in which a person serves their own department only."""


def of_department(whose: str, department: str | None) -> str:
    """Of whom a move or a turn is, as it stands on the records of a department: a role in which people serve their own
    department becomes `role@department`, which nobody holds where there is none; any other stays as it is."""
    return f"{whose}@{department or ''}" if whose in OF_DEPARTMENT else whose


def awaited(state: State, record: Mapping[str, Any]) -> tuple[str, ...]:
    """Whose turn a record is in a state: as declared, and to whom it has gone on."""
    department = record.get("department")
    return (*(of_department(whose, department) for whose in state.turn), *climbed_to(state, record))


def climbed_to(state: State, record: Mapping[str, Any]) -> tuple[str, ...]:
    """To whom a record has gone on because nobody signed it in time, or for being late; not whom it passed over."""
    steps = slice(record.get("climbed_from") or 0, record.get("climbed") or 0)
    department = record.get("department")
    return tuple(of_department(whose, department) for climb in state.climbs[steps] for whose in climb.to)


def is_role(whose: str) -> bool:
    """Whether a turn names a role, or that of a department, and not a person."""
    return whose.partition("@")[0] in Role._value2member_map_


def role_of(whose: str) -> Role:
    """The role that a turn names. :raises ValueError: it names a person."""
    return Role(whose.partition("@")[0])


def holds(person: Person, whose: str) -> bool:
    """Whether the person has the role that a turn names; that of a department only who is in it."""
    _, of_one, department = whose.partition("@")
    return person.has(role_of(whose)) and (not of_one or (bool(department) and department == person.department))


def serves(person: Person, record: Mapping[str, Any], *roles: Role) -> bool:
    """Whether the person has one of these roles where a record is concerned: in its department, or for the house."""
    return any(holds(person, of_department(role.value, record.get("department"))) for role in roles)


def asked_of(rt: RecordType, whose: str) -> tuple[Role, ...]:
    """The roles of which one is asked of whoever the field names; none for any other turn."""
    field = rt.by_name.get(whose)
    return field.roles if field is not None else ()


def still(person: Person, rt: RecordType, whose: str) -> bool:
    """Whether a person whom a field names has a role that it asks of them, still."""
    roles = asked_of(rt, whose)
    return not roles or person.has(*roles)


def names(rt: RecordType, whose: str, whom: object) -> list[str]:
    """The names under which a record waits for whom a field names: their id, or, where the field asks for a role,
    `id@role`, which is theirs while they have that role."""
    return [f"{whom}@{role.value}" for role in asked_of(rt, whose)] or [str(whom)]


def named_by(rt: RecordType, whose: str, record: Mapping[str, Any]) -> list[str]:
    """The tokens of whom a turn names by a field, or as the creator; none for a former owner. What waits for a creator
    who left waits for the owner, or, where there is none in effect, for the department's head."""
    if whose == "creator" and record.get("creator_left"):
        return [
            f"role:{of_department(one, record.get('department'))}" if is_role(one) else f"user:{record['owner']}"
            for one in successors(record)
        ]
    whom = record.get("created_by" if whose == "creator" else whose)
    return [f"user:{name}" for name in names(rt, whose, whom)] if whom and whom != left_by(record) else []


def successors(record: Mapping[str, Any]) -> tuple[str, ...]:
    """Whose the turn of a creator is who left the department in which they wrote the record."""
    owned = record.get("owner") not in (None, left_by(record), record.get("created_by"))
    return ("owner",) if owned else (Role.HEAD.value,)


def left_by(record: Mapping[str, Any]) -> Any:
    """The owner of a record who left the department in which they were its owner (`owner_left`), and is it no more in
    effect; None while they have not."""
    return record.get("owner") if record.get("owner_left") else None


def owns(person: Person, rt: RecordType, record: Mapping[str, Any]) -> bool:
    """Whether the person is the owner of a stored record in effect: of what is classified not who left, nor whose
    records have not followed them to their department yet."""
    own = person.id is not None and record.get("owner") == person.id != left_by(record)
    return own and (person.serves or not rt.classified)


def own_names(person: Person, rt: RecordType) -> list[str]:
    """The names under which records of a type wait for the person or are open to them, with the roles that they have
    now."""
    return [str(person.id), *(f"{person.id}@{role}" for role in sorted(named_roles(rt).intersection(person.roles)))]


@lru_cache(maxsize=1000)
def named_roles(rt: RecordType) -> frozenset[str]:
    """The roles asked of people whom records of a type wait for by name, or to whom a field opens them."""
    states = rt.workflow.states if rt.workflow is not None else ()
    turns = {whose for state in states for whose in (*state.turn, *(to for climb in state.climbs for to in climb.to))}
    turns |= {field.name for field in rt.fields if field.opens}
    return frozenset(role.value for whose in turns for role in asked_of(rt, whose))


@lru_cache(maxsize=1000)
def named_for_none(rt: RecordType) -> frozenset[str]:
    """The person fields by which records of a type wait for whom they name, whatever their role."""
    states = rt.workflow.states if rt.workflow is not None else ()
    turns = {whose for state in states for whose in (*state.turn, *(to for climb in state.climbs for to in climb.to))}
    return frozenset(whose for whose in turns if whose in rt.by_name and not asked_of(rt, whose))


def user_tokens(person: Person) -> list[str]:
    """The tokens under which records wait for this person by name (`waiting` field)."""
    return sorted([f"user:{person.id}", *(f"user:{person.id}@{role.value}" for role in person.roles)])


def turn_tokens(person: Person) -> list[str]:
    """The tokens under which records wait for this person (`waiting` field)."""
    return sorted({*user_tokens(person), *(f"role:{role}" for role in roles_held(person))})


def roles_held(person: Person) -> list[str]:
    """The person's roles, as records wait for them."""
    roles = (role.value for role in person.roles)
    return [of_department(role, person.department) for role in roles if person.department or role not in OF_DEPARTMENT]


@lru_cache(maxsize=1000)
def roles_awaited(rt: RecordType) -> frozenset[str]:
    """The roles that records of a type wait for, or go up to."""
    states = rt.workflow.states if rt.workflow is not None else ()
    turns = {whose for state in states for whose in (*state.turn, *(to for climb in state.climbs for to in climb.to))}
    return frozenset(filter(is_role, turns))
