"""A list's query as the database's condition."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from bson import Regex
from pymongo import ASCENDING, DESCENDING

from models import sealing, search, widths
from models.access import Reach
from models.declarations import Field, RecordType
from models.kinds import ZONE, Unreadable, kind_of
from models.listing import merged, whole
from models.listing.query import BadQuery, Compiled, Filter, Group, ListQuery, Part, leaves, queryable, sortable
from models.record import LEVEL_FIELD, SYSTEM_FIELDS

Condition = dict[str, Any]

COMPARISONS = {
    "is": "$eq",
    "is_not": "$ne",
    "at_least": "$gte",
    "from": "$gte",
    "at_most": "$lte",
    "until": "$lte",
    "older_than": "$lt",
}
MOST_CHOICES = 50


def compile_query(rt: RecordType, reach: Reach, query: ListQuery, fields: tuple[Field, ...]) -> Compiled:
    """The database condition, sort field and direction of a list.

    Cards of locked records take part only while nothing but card fields filters or sorts, so that a locked record's
    content influences nothing (X6).

    :raises BadQuery:
    """
    known = queryable(rt, fields)
    sort_field, direction = "number", DESCENDING
    if query.sort:
        declared = known.get(query.sort)
        if declared is None or not sortable(declared):
            raise BadQuery(parameter=f"sort={query.sort[:40]}")
        sort_field, direction = query.sort, DESCENDING if query.descending else ASCENDING
    asked = list(leaves(query.filters))
    for wanted in asked:
        if wanted.field.name not in known or not known[wanted.field.name].filterable:
            raise BadQuery(parameter=wanted.field.name[:40])
    touched = {f.field.name for f in asked} | ({sort_field} if query.sort else set())
    cards = not query.q and touched <= _plain_on_cards(rt)
    within = _within_levels(reach, query.filters).query(cards=cards, archived=query.archived)
    # The tokens say it too. Asked for as "null", what is not there would count as two values and be out of order.
    archived: Condition = {"archived": True if query.archived else {"$exists": False}}
    parts: list[Condition] = [within, archived, *(_part(part, rt) for part in query.filters)]
    if any(known[name].withheld for name in touched if name in known):
        parts.append(reach.not_about())
    if query.q:
        parts.append(_found(rt, reach, query.q, fields))
    return {"$and": parts}, sort_field, direction


def tokens_in(condition: Condition) -> list[str]:
    """The rights tokens of a compiled list."""
    within = condition["$and"][0]
    found: list[str] = within.get("$and", [within])[0]["acl"]["$in"]
    return found


def countable(condition: Condition) -> Condition:
    """A compiled list as it is counted: without what only its order needs and its tokens say already."""
    within, _archived, *rest = condition["$and"]
    return {"$and": [within, *rest]}


def _within_levels(reach: Reach, parts: Iterable[Part]) -> Reach:
    """The reach without the tokens of levels that are not asked for: no record under them could be in the list."""
    for part in parts:
        if isinstance(part, Filter) and part.field.name == LEVEL_FIELD and part.operator == "is":
            try:
                level = f"{_value(part.field, part.value)}|"
            except ValueError:
                continue  # refused with the filter itself
            reach = replace(
                reach,
                full=frozenset(one for one in reach.full if one.startswith(level)),
                card=frozenset(one for one in reach.card if one.startswith(level)),
            )
    return reach


def _found(rt: RecordType, reach: Reach, text: str, fields: tuple[Field, ...]) -> Condition:
    """What a search finds: texts, encrypted values that are the whole text, and by the number or name of a merged
    record the one that it became."""
    condition = search.condition(text)
    led = [*merged.survivors(rt, reach, text), *merged.once_named(rt, reach, text, fields)]
    named = [*dict.fromkeys(led), *whole.holders(rt, reach, text)]
    return {"$or": [condition, {"_id": {"$in": named}}]} if named else condition


def _plain_on_cards(rt: RecordType) -> set[str]:
    return {f.name for f in (*SYSTEM_FIELDS, *rt.fields) if f.card == "plain"}


def _part(part: Part, rt: RecordType) -> Condition:
    if isinstance(part, Group):
        return {"$or" if part.any else "$and": [_part(one, rt) for one in part.parts]}
    if part.field.encrypted and part.operator == "is":
        return _sealed(part, rt)
    return condition_of(part)


def _sealed(wanted: Filter, rt: RecordType) -> Condition:
    """The records whose encrypted field holds the filter's value. :raises BadQuery:"""
    try:
        value = kind_of(wanted.field).read(wanted.field, wanted.value)
    except Unreadable:
        value = None
    if value is None:
        raise BadQuery(parameter=wanted.field.name)
    return {"blind": sealing.token(rt, wanted.field.name, wanted.field, value)}


def condition_of(wanted: Filter) -> Condition:
    """The database condition of one filter. :raises BadQuery: for an operator or value that does not fit the kind."""
    field, operator, name = wanted.field, wanted.operator, wanted.field.name
    if operator not in kind_of(field).operators:
        raise BadQuery(parameter=f"{name}:{operator}"[:60])
    if operator == "any_of" and (not wanted.value.strip("| ") or wanted.value.count("|") >= MOST_CHOICES):
        raise BadQuery(parameter=name)
    if operator == "empty":
        return {name: None}
    if operator == "filled":
        return {name: {"$ne": None}}
    if operator in ("contains", "starts") and not 1 <= len(wanted.value.strip()) <= search.LONGEST_QUERY:
        raise BadQuery(parameter=name)
    if wanted.ids is not None:
        return _one_of(name, list(wanted.ids), operator)
    try:
        own = kind_of(field).condition(field, operator, wanted.value)
        return _compared(wanted) if own is None else own
    except (Unreadable, ValueError, OverflowError):  # the latter: a day for which no calendar has a next one
        raise BadQuery(parameter=name) from None


def _compared(wanted: Filter) -> Condition:
    """Stored values compared with the filter's. :raises ValueError: for a value that does not fit."""
    field, operator, name = wanted.field, wanted.operator, wanted.field.name
    if operator in ("contains", "starts"):
        return _text(field, operator, wanted.value.strip())
    if operator == "any_of":
        return _one_of(name, _values(field, wanted.value.split("|")), operator)
    if operator == "between":
        low, high = (_value(field, part) for part in _two(wanted.value))
        return {name: {"$gte": low, "$lte": high}}
    if operator == "in":
        first, last = (date.fromisoformat(part) for part in _two(wanted.value))
        return _days(field, first, last)
    if operator == "overdue":
        return {name: {"$lt": _moment(field, datetime.fromisoformat(wanted.value))}}
    if operator == "until" and field.kind == "datetime" and _names_a_day(wanted.value):
        return {name: {"$lt": _midnight(_value(field, wanted.value).astimezone(ZONE).date() + timedelta(days=1))}}
    return {name: {COMPARISONS[operator]: _value(field, wanted.value)}}


def _one_of(name: str, values: list[Any], operator: str) -> Condition:
    if len(values) == 1:
        return {name: {"$ne": values[0]}} if operator == "is_not" else {name: values[0]}
    return {name: {"$nin" if operator == "is_not" else "$in": values}}


def _text(field: Field, operator: str, text: str) -> Condition:
    """Texts that begin with or hold some text, in capitals or not, full-width or not. What one begins with is found
    in an index: at all the places where its first characters stand. Numbers are in capitals. What is searchable is
    found through its pieces."""
    if field.name == "number" and operator == "starts":
        condition: Condition = {"number": {"$regex": "^" + re.escape(search.fold(text).upper())}}
    elif operator == "starts":
        places = [Regex("^" + re.escape(begun)) for begun in widths.beginnings(text)]
        condition = {field.name: {"$in": places, "$regex": "^" + widths.pattern(text), "$options": "i"}}
    else:
        condition = {field.name: {"$regex": widths.pattern(text), "$options": "i"}}
    pieces = search.holding(text) if field.searchable else []
    return {"$and": [*pieces, condition]} if pieces else condition


def _values(field: Field, texts: Iterable[str]) -> list[Any]:
    kind = kind_of(field)
    found = [kind.read(field, text) for text in texts]
    flat = [v for value in found for v in (value if isinstance(value, list) else [value])]
    return [kind.store(v) for v in flat if v is not None]


def _value(field: Field, text: str) -> Any:
    """:raises ValueError: for an empty text and one that is not of the field's kind."""
    found = _values(field, [text])
    if len(found) != 1:
        raise ValueError(text)
    return found[0]


def _two(text: str) -> tuple[str, str]:
    first, dots, last = text.partition("..")
    if not dots:
        raise ValueError(text)
    return first, last


def _days(field: Field, first: date, last: date) -> Condition:
    """From the beginning of the first day to the end of the last, on Shanghai clocks where the field has a time."""
    if field.kind != "datetime":
        kind = kind_of(field)
        return {field.name: {"$gte": kind.store(first), "$lte": kind.store(last)}}
    return {field.name: {"$gte": _midnight(first), "$lt": _midnight(last + timedelta(days=1))}}


def _names_a_day(text: str) -> bool:
    """Whether what is read as a moment is written as a day, without a time."""
    try:
        date.fromisoformat(re.sub("[/.]", "-", unicodedata.normalize("NFKC", text).strip()))
    except ValueError:
        return False
    return True


def _moment(field: Field, now: datetime) -> Any:
    """What is earlier than this is past: the moment, or the day it lies in."""
    return now if field.kind == "datetime" else kind_of(field).store(now.astimezone(ZONE).date())


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), ZONE).astimezone(UTC)
