"""Lists: filters, search, sort and keyset pages within a person's reach, without counting or skipping."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from bson import Decimal128, ObjectId, json_util
from bson.errors import BSONError
from pymongo import ASCENDING, DESCENDING

from config.database import database
from models import search
from models.access import Reach
from models.declarations import LEVEL_LABELS, Choice, Field, RecordType
from models.errors import Refusal
from models.kinds import Unreadable, kind_of
from models.record import SYSTEM_FIELDS, collection_name

LARGEST_PAGE = 200
COUNT_CEILING = 1000
DERIVED = {"grams": 0, "haystack": 0, "keys": 0}


class BadQuery(Refusal):
    """An address parameter that is not understood."""

    code, status = "bad_query", 400
    zh, en = "地址中的参数“{parameter}”无效。", "The address parameter “{parameter}” is not valid."


@dataclass(frozen=True)
class Filter:
    """One condition: a field, an operator of its kind, and the text as given (several for `any_of`)."""

    field: Field
    operator: str
    value: str


@dataclass(frozen=True)
class ListQuery:
    """What a list shows. `after`/`before` are page tokens; `sort` is a field name, '' for the newest first."""

    filters: tuple[Filter, ...] = ()
    q: str = ""
    sort: str = ""
    descending: bool = False
    after: str = ""
    before: str = ""
    limit: int = 20
    archived: bool = False


@dataclass(frozen=True)
class Page:
    """One page of stored records, with the tokens of its neighbours ('' where there is none)."""

    rows: list[dict[str, Any]]
    next: str
    previous: str


def queryable(rt: RecordType, fields: tuple[Field, ...]) -> dict[str, Field]:
    """The fields by which a person may filter or sort: the engine's own and, of `fields` (those that the person may
    read), the declared ones. State and level get their choices."""
    system = {f.name: f for f in SYSTEM_FIELDS}
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
    return {**system, **{f.name: f for f in fields if f.filterable or f.sortable}}


def sortable(field: Field) -> bool:
    """Whether lists may be sorted by a field."""
    return field.sortable and kind_of(field).sortable


def page(rt: RecordType, reach: Reach, query: ListQuery, fields: tuple[Field, ...]) -> Page:
    """One page of records within `reach`.

    Cards of locked records take part only while nothing but card fields filters or sorts, so that a locked record's
    content influences nothing (X6).

    :raises BadQuery: for a field, operator, value, sort or token that is not allowed here.
    """
    condition, sort_field, direction = compile_query(rt, reach, query, fields)
    backwards = bool(query.before)
    token = query.before or query.after
    if token:
        condition = {"$and": [condition, _beyond(sort_field, direction * (-1 if backwards else 1), token)]}
    order = direction * (-1 if backwards else 1)
    limit = min(max(query.limit, 1), LARGEST_PAGE)
    cursor = database()[collection_name(rt.slug)].find(condition, _projection(rt))
    rows = list(cursor.sort([(sort_field, order), ("_id", order)]).limit(limit + 1))
    more = len(rows) > limit
    rows = rows[:limit]
    if backwards:
        rows.reverse()
    has_next = more if not backwards else True
    has_previous = more if backwards else bool(token)
    return Page(
        rows,
        next=token_of(rows[-1], sort_field) if rows and has_next else "",
        previous=token_of(rows[0], sort_field) if rows and has_previous else "",
    )


def following(
    rt: RecordType, reach: Reach, query: ListQuery, fields: tuple[Field, ...], record: ObjectId, limit: int
) -> list[dict[str, Any]]:
    """The records that follow one record in a list. :raises BadQuery: as `page`."""
    _, sort_field, _ = compile_query(rt, reach, query, fields)
    son = database()[collection_name(rt.slug)].find_one({"_id": record}, {sort_field: 1})
    if son is None:
        return []
    behind = replace(query, after=token_of(son, sort_field), before="", limit=limit)
    return page(rt, reach, behind, fields).rows


def scan(rt: RecordType, reach: Reach, query: ListQuery, fields: tuple[Field, ...]) -> Iterator[dict[str, Any]]:
    """Every record of a list, whole, in its order, streamed; for exports."""
    condition, sort_field, direction = compile_query(rt, reach, query, fields)
    cursor = database()[collection_name(rt.slug)].find(condition, DERIVED, batch_size=500)
    yield from cursor.sort([(sort_field, direction), ("_id", direction)]).allow_disk_use(True)


def count(rt: RecordType, reach: Reach, query: ListQuery, fields: tuple[Field, ...]) -> tuple[int, bool]:
    """How many records a list has, up to 1,000, and whether there are more."""
    condition, _, _ = compile_query(rt, reach, query, fields)
    found = database()[collection_name(rt.slug)].count_documents(condition, limit=COUNT_CEILING + 1)
    return min(found, COUNT_CEILING), found > COUNT_CEILING


def holds_any(rt: RecordType, reach: Reach) -> bool:
    """Whether there is a record within `reach`, as a card or in full, archived or not; asks for one index key."""
    condition = reach.query(cards=True, archived=None)
    return database()[collection_name(rt.slug)].find_one(condition, {"_id": 1}) is not None


def compile_query(
    rt: RecordType, reach: Reach, query: ListQuery, fields: tuple[Field, ...]
) -> tuple[dict[str, Any], str, int]:
    """The database condition, sort field and direction of a list. :raises BadQuery:"""
    known = queryable(rt, fields)
    sort_field, direction = "number", DESCENDING
    if query.sort:
        declared = known.get(query.sort)
        if declared is None or not sortable(declared):
            raise BadQuery(parameter=f"sort={query.sort[:40]}")
        sort_field, direction = query.sort, DESCENDING if query.descending else ASCENDING
    touched = {f.field.name for f in query.filters} | ({sort_field} if query.sort else set())
    plain_card = {f.name for f in (*SYSTEM_FIELDS, *rt.fields) if f.card == "plain"}
    cards = not query.q and touched <= plain_card
    parts: list[dict[str, Any]] = [reach.query(cards=cards, archived=query.archived)]
    for wanted in query.filters:
        if wanted.field.name not in known or not known[wanted.field.name].filterable:
            raise BadQuery(parameter=wanted.field.name[:40])
        parts.append(condition_of(wanted))
    if query.q:
        parts.append(search.condition(query.q))
    return {"$and": parts}, sort_field, direction


def condition_of(wanted: Filter) -> dict[str, Any]:
    """The database condition of one filter. :raises BadQuery: for an operator or value that does not fit the kind."""
    field, kind = wanted.field, kind_of(wanted.field)
    name = field.name
    if wanted.operator not in kind.operators:
        raise BadQuery(parameter=f"{name}:{wanted.operator}"[:60])
    if wanted.operator == "empty":
        return {name: None}
    if wanted.operator == "filled":
        return {name: {"$ne": None}}
    if wanted.operator in ("contains", "starts"):
        if not 1 <= len(wanted.value.strip()) <= search.LONGEST_QUERY:
            raise BadQuery(parameter=name)
        pattern = re.escape(wanted.value.strip())
        return {name: {"$regex": "^" + pattern if wanted.operator == "starts" else pattern}}
    try:
        if wanted.operator == "any_of":
            found = [kind.read(field, part) for part in wanted.value.split("|")[:50]]
            flat = [v for value in found for v in (value if isinstance(value, list) else [value])]
            return {name: {"$in": [kind.store(v) for v in flat if v is not None]}}
        value = kind.store(kind.read(field, wanted.value))
    except Unreadable:
        raise BadQuery(parameter=name) from None
    if value is None:
        raise BadQuery(parameter=name)
    comparison = {
        "is": "$eq",
        "is_not": "$ne",
        "at_least": "$gte",
        "from": "$gte",
        "at_most": "$lte",
        "until": "$lte",
    }
    return {name: {comparison[wanted.operator]: value}}


def _projection(rt: RecordType) -> dict[str, int]:
    """Everything but what no page shows."""
    heavy = {f.name: 0 for f in rt.fields if f.kind in ("long_text", "embedded_list") and not f.listed}
    return {**DERIVED, **heavy}


def token_of(row: Mapping[str, Any], sort_field: str) -> str:
    """The page token of a stored record in a list sorted by a field."""
    text = json_util.dumps([row.get(sort_field), row["_id"]], json_options=json_util.CANONICAL_JSON_OPTIONS)
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _beyond(sort_field: str, direction: int, token: str) -> dict[str, Any]:
    """The condition for rows beyond a token in a direction; empty values sort first. :raises BadQuery:"""
    try:
        raw = base64.urlsafe_b64decode(token.encode() + b"=" * (-len(token) % 4))
        value, record_id = json_util.loads(raw.decode(), json_options=json_util.CANONICAL_JSON_OPTIONS)
        str(value).encode()  # half of a character cannot be asked for
    except (ValueError, TypeError, KeyError, AttributeError, ArithmeticError, RecursionError, BSONError):
        raise BadQuery(parameter="page") from None
    stored = value is None or isinstance(value, str | int | float | Decimal128 | datetime | ObjectId)
    if not isinstance(record_id, ObjectId) or not stored or (isinstance(value, int) and abs(value) >= 2**63):
        raise BadQuery(parameter="page")
    compare = "$gt" if direction > 0 else "$lt"
    if sort_field == "number":
        return {"number": {compare: value}}
    # The bound keeps the index walk short; `$not $gt` reaches the empty values too, which sort first.
    bound = {"$gte": value} if direction > 0 else {"$not": {"$gt": value}}
    tie = {"$or": [{sort_field: {"$ne": value}}, {"_id": {compare: record_id}}]}
    if value is None:
        return tie if direction > 0 else {sort_field: None, "_id": {compare: record_id}}
    return {"$and": [{sort_field: bound}, tie]}
