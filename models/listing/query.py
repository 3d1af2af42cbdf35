"""What a list may be asked: conditions, groups of them, sort, page; and by which fields."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from bson import ObjectId

from models.declarations import LEVEL_LABELS, Choice, Field, RecordType
from models.errors import Refusal
from models.kinds import kind_of
from models.record import SYSTEM_FIELDS

BARE = ("empty", "filled", "overdue")
"""Operators that need no value."""


class BadQuery(Refusal):
    """An address parameter that is not understood."""

    code, status = "bad_query", 400
    zh, en = "地址中的参数“{parameter}”无效。", "The address parameter “{parameter}” is not valid."


class TooBroad(Refusal):
    """The database would take too long over a list."""

    code, status = "too_broad", 400
    zh, en = "范围太大，查询超时。请再加一个筛选条件。", "That takes too long. Narrow the list with one more filter."


@dataclass(frozen=True)
class Filter:
    """One condition: a field, an operator of its kind, and a value as text (several, joined by `|`, for `any_of`).

    `ids` are the people or records that a name in the value stands for; `said` is the condition as the address had
    it, with `me`, names and relative dates as they were written.
    """

    field: Field
    operator: str
    value: str = ""
    ids: tuple[ObjectId, ...] | None = None
    said: str = ""


@dataclass(frozen=True)
class Group:
    """Conditions of which one (`any`) or all must hold."""

    any: bool
    parts: tuple[Filter | Group, ...]


Part = Filter | Group
Compiled = tuple[dict[str, Any], str, int]
"""A list as the database is asked for it: the condition, the field that it is sorted by, and the direction."""


@dataclass(frozen=True)
class ListQuery:
    """What a list shows: all of `filters` must hold. `after`/`before` are page tokens; `sort` is a field name, '' for
    the newest number first; `columns` are names of the fields to show, none for the usual ones."""

    filters: tuple[Part, ...] = ()
    q: str = ""
    sort: str = ""
    descending: bool = False
    after: str = ""
    before: str = ""
    limit: int = 20
    archived: bool = False
    columns: tuple[str, ...] = ()


@dataclass(frozen=True)
class Page:
    """One page of stored records, with the tokens of its neighbours ('' where there is none), and the list `compiled`
    as it was asked for, so that counting it asks no question twice."""

    rows: list[dict[str, Any]]
    next: str
    previous: str
    compiled: Compiled | None = None


def leaves(parts: Iterable[Part]) -> Iterator[Filter]:
    """Every single condition in some parts, groups opened."""
    for part in parts:
        if isinstance(part, Group):
            yield from leaves(part.parts)
        else:
            yield part


def queryable(rt: RecordType, fields: tuple[Field, ...]) -> dict[str, Field]:
    """The fields by which a person may filter or sort: the engine's own and, of `fields` (those that the person may
    read), the declared ones. State and level get their choices."""
    return {**system_fields(rt), **{f.name: f for f in fields if f.filterable or f.sortable}}


def system_fields(rt: RecordType) -> dict[str, Field]:
    """The engine's own fields that make sense for a type."""
    key = (rt.slug, id(rt))
    found = _system.get(key)
    if found is None or found[0] is not rt:
        found = _system[key] = (rt, _system_fields(rt))
    return found[1]


_system: dict[tuple[str, int], tuple[RecordType, dict[str, Field]]] = {}


def _system_fields(rt: RecordType) -> dict[str, Field]:
    system = {f.name: f for f in rt.called(SYSTEM_FIELDS)}
    if rt.workflow is None:
        del system["state"]
    else:
        system["state"] = replace(system["state"], choices=tuple(rt.workflow.states))
    if rt.classified:
        levels = tuple(Choice(level.value, label) for level, label in LEVEL_LABELS.items())
        system["level"] = replace(system["level"], choices=levels)
    else:
        del system["level"]
    if not rt.due:
        del system["due_at"]
    return system


def version_bound(text: str) -> int | None:
    """The version before which an address asks for a record's versions; None for the newest. :raises BadQuery:"""
    if not text:
        return None
    if not re.fullmatch("[1-9][0-9]{0,8}", text):
        raise BadQuery(parameter="before")
    return int(text)


def sortable(field: Field) -> bool:
    """Whether lists may be sorted by a field."""
    return field.sortable and kind_of(field).sortable
