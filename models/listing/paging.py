"""Pages by key: each begins where its neighbour ends, whatever lies before it."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import chain, islice
from typing import Any

from bson import Decimal128, MinKey, ObjectId, encode, json_util
from bson.errors import BSONError
from pymongo.errors import ExecutionTimeout

from config.database import database, in_transaction
from models.access import Reach
from models.declarations import Field, RecordType
from models.listing.conditions import Condition, compile_query, countable, tokens_in
from models.listing.query import BadQuery, Compiled, ListQuery, Page, TooBroad
from models.listing.walking import Question, Way, by, way_of
from models.record import REACH_INDEX, collection_name
from models.search import LAST

LARGEST_PAGE = 200
CANONICAL = json_util.CANONICAL_JSON_OPTIONS
PAGE_MS = 10_000
DERIVED = {"grams": 0, "haystack": 0, "keys": 0, "blind": 0}
ALWAYS = ("number", "acl", "level", "rev", "state", "archived_at")
"""Read with every record, whatever is shown of it: who may see it and what may be done with it depend on these."""

END = "~"
"""The page token beyond a list's first or last row: its neighbour is the list's own first or last page."""

LONGEST_IN_TOKEN = 200
"""So many characters of a text are in a page token; of a longer one also the digest of the whole."""

Row = dict[str, Any]
Order = list[tuple[str, int]]


@dataclass(frozen=True)
class Place:
    """Where a page of a list ends: a record's value of the field that the list is sorted by, and its number. With a
    `digest`, the value is the beginning of the text that has this digest."""

    value: Any
    number: str
    digest: str = ""


@dataclass(frozen=True)
class Plan:
    """A page of a list as the database is to be asked for it: by which way, of each record which stored fields, at most
    how many rows, and from which places on, each in its order."""

    rt: RecordType
    compiled: Compiled
    way: Way
    shown: Row
    limit: int
    places: tuple[tuple[Condition, Order], ...]
    begun: bool
    backwards: bool

    def question(self) -> Question | None:
        """The one question that finds the page, to be asked with another one; None where one is not enough, or where it
        is left to the database how to find it, which may take long."""
        if len(self.places) > 1 or not self.way.index:
            return None
        beyond, order = self.places[0]
        wanted: list[Row] = [{"$match": _led(self.compiled[0], self.way, beyond)}, {"$sort": dict(order)}]
        stages = [*wanted, {"$limit": self.limit + 1}, {"$project": self.shown}]
        return Question(collection_name(self.rt.slug), stages, self.way.index)


def page(
    rt: RecordType,
    reach: Reach,
    query: ListQuery,
    fields: tuple[Field, ...],
    *,
    only: Iterable[str] | None = None,
) -> Page:
    """One page of records within `reach`; with `only`, of each record just these stored fields and what rights need.

    :raises BadQuery: for a field, operator, value, sort or token that is not allowed here.
    :raises TooBroad: when the database does not answer within ten seconds.
    """
    return read(plan(rt, reach, query, fields, only=only))


def plan(
    rt: RecordType,
    reach: Reach,
    query: ListQuery,
    fields: tuple[Field, ...],
    *,
    only: Iterable[str] | None = None,
) -> Plan:
    """How a `page` is to be asked for. :raises BadQuery: as `page`."""
    compiled = compile_query(rt, reach, query, fields)
    condition, sort_field, direction = compiled
    backwards = bool(query.before)
    token = query.before or query.after
    token = "" if token == END else token
    order = -direction if backwards else direction
    places = [(_anything(sort_field), order_by(sort_field, order))]
    if token:
        named = order_name(rt, sort_field, direction)
        place = place_of(token, named, "before" if backwards else "after")
        places = beyond(sort_field, order, _whole(rt, compiled, place, order) if place.digest else place)
    return Plan(
        rt,
        compiled,
        way_of(rt, condition, tokens_in(condition), sort_field),
        _projection(rt) if only is None else dict.fromkeys((*ALWAYS, sort_field, *only), 1),
        min(max(query.limit, 1), LARGEST_PAGE),
        tuple(places),
        begun=bool(token),
        backwards=backwards,
    )


def read(plan: Plan, first: list[Row] | None = None) -> Page:
    """The page of a plan. `first` is what its `question` found, if it was asked. One whose rows have gone since leads
    back to those that are left. :raises TooBroad: as `page`."""
    condition, sort_field, direction = plan.compiled
    rows: list[Row] = []
    more = False
    for beyond, sequence in plan.places:
        if first is None:
            wanted = _led(condition, plan.way, beyond)
            first = _find(plan.rt, wanted, plan.shown, sequence, plan.limit + 1 - len(rows), plan.way.index)
        more = len(rows) + len(first) > plan.limit
        if known := {row["_id"] for row in rows}:  # one may have moved on between the two questions
            first = [row for row in first if row["_id"] not in known]
        rows += first
        first = None
        if more:
            break
    rows = rows[: plan.limit]
    if plan.backwards:
        rows.reverse()
    behind, ahead = (plan.begun, more) if plan.backwards else (more, plan.begun)
    return Page(
        rows,
        next=(token_of(plan.rt, rows[-1], sort_field, direction) if rows else END) if behind else "",
        previous=(token_of(plan.rt, rows[0], sort_field, direction) if rows else END) if ahead else "",
        compiled=plan.compiled,
    )


def following(
    rt: RecordType, reach: Reach, query: ListQuery, fields: tuple[Field, ...], record: ObjectId, limit: int
) -> list[Row]:
    """The records that follow one record in a list. :raises BadQuery: as `page`."""
    _, sort_field, direction = compile_query(rt, reach, query, fields)
    son = database()[collection_name(rt.slug)].find_one({"_id": record}, {sort_field: 1, "number": 1})
    if son is None:
        return []
    behind = replace(query, after=token_of(rt, son, sort_field, direction), before="", limit=limit)
    return page(rt, reach, behind, fields).rows


def scan(rt: RecordType, reach: Reach, query: ListQuery, fields: tuple[Field, ...]) -> Iterator[Row]:
    """Every record of a list, whole, in its order, streamed; for exports."""
    condition, sort_field, direction = compile_query(rt, reach, query, fields)
    way = way_of(rt, condition, tokens_in(condition), sort_field)
    wanted = _led(condition, way, _anything(sort_field))

    def begun(by_index: dict[str, Any]) -> Iterator[Row]:
        cursor = database()[collection_name(rt.slug)].find(wanted, DERIVED, batch_size=500, **by_index)
        rows = cursor.sort(order_by(sort_field, direction)).allow_disk_use(True)
        return chain(list(islice(rows, 1)), rows)

    yield from by(way.index, begun)


def _led(condition: Condition, way: Way, beyond: Condition) -> Condition:
    """A compiled list as it is asked for along a way, from some place on. Along the tokens nobody has to look whether a
    record is archived: they say it themselves."""
    within, archived, *_parts = condition["$and"]
    told = () if way.index == REACH_INDEX else (archived,)
    return {"$and": [within, *told, *way.parts, beyond]}


def order_by(sort_field: str, direction: int) -> Order:
    """The order of a list. The number, which no two records share, decides between equals: so every order has an
    index that a filter's equality can stand before."""
    return [("number", direction)] if sort_field == "number" else [(sort_field, direction), ("number", direction)]


def order_name(rt: RecordType, sort_field: str, direction: int) -> str:
    """The order of a type's list as page tokens name it: `customer.-number`."""
    return f"{rt.slug}.{'-' if direction < 0 else ''}{sort_field}"


def token_of(rt: RecordType, row: Mapping[str, Any], sort_field: str, direction: int) -> str:
    """The page token of a stored record in a type's list in an order, which it names. Of a long text it holds the
    beginning: addresses have an end."""
    order, value, number = order_name(rt, sort_field, direction), row.get(sort_field), row["number"]
    if isinstance(value, str) and isinstance(number, str):  # the usual order: no need to look for BSON's own types
        digest = [_digest(value)] if len(value) > LONGEST_IN_TOKEN else []
        text = json.dumps([order, value[:LONGEST_IN_TOKEN], number, *digest], ensure_ascii=False)
    else:
        text = json_util.dumps([order, value, number], json_options=CANONICAL)
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _find(rt: RecordType, condition: Condition, shown: Row, order: Order, limit: int, index: str) -> list[Row]:
    def found(by_index: dict[str, Any]) -> list[Row]:
        cursor = database()[collection_name(rt.slug)].find(condition, shown, **by_index).sort(order).limit(limit)
        return list(cursor if in_transaction() else cursor.max_time_ms(PAGE_MS))

    try:
        return by(index, found)
    except ExecutionTimeout:
        raise TooBroad() from None


def _projection(rt: RecordType) -> dict[str, int]:
    """Everything but what no page shows."""
    heavy = {f.name: 0 for f in rt.fields if f.kind in ("long_text", "embedded_list") and not f.listed}
    return {**DERIVED, **heavy}


def beyond(sort_field: str, direction: int, place: Place) -> list[tuple[Condition, Order]]:
    """Where the rows beyond a place are, each part with its order: the rest of the place's own value, then the values
    after it. Two questions, because one that says "or" would walk every record of the first value. Empty values sort
    first."""
    value, number = place.value, place.number
    compare = "$gt" if direction > 0 else "$lt"
    whole = order_by(sort_field, direction)
    if sort_field == "number":
        return [({"number": {compare: number}}, whole)]
    # All of them have the same value; named in the order, "empty" would count as two and be sorted in memory.
    rest = {sort_field: {"$eq": value}, "number": {compare: number}}, order_by("number", direction)
    if value is None:
        return [rest, ({sort_field: {"$ne": None}}, whole)] if direction > 0 else [rest]
    # `$lt` would leave out the empty values, which sort before everything.
    return [rest, ({sort_field: {"$gt": value} if direction > 0 else {"$not": {"$gte": value}}}, whole)]


def _anything(sort_field: str) -> Condition:
    """What every record fulfils, naming the field of an order: else its index is not thought of. The usual order has
    one that is."""
    return {} if sort_field == "number" else {sort_field: {"$gte": MinKey()}}


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _whole(rt: RecordType, compiled: Compiled, place: Place, direction: int) -> Place:
    """The place of a token that holds a value's beginning. When its record is no longer in the list with this value,
    the next page begins with the first value that begins so: rather one row again than one never."""
    condition, sort_field, _ = compiled
    wanted = {"$and": [{"number": place.number}, countable(condition)]}
    son = database()[collection_name(rt.slug)].find_one(wanted, {sort_field: 1}) or {}
    value = son.get(sort_field)
    if isinstance(value, str) and _digest(value) == place.digest:
        return Place(value, place.number)
    return Place(place.value if direction > 0 else place.value + LAST, place.number)


def place_of(token: str, order: str, named: str = "after") -> Place:
    """The place that a page token names in an order. :raises BadQuery: naming the parameter in which it was given; for
    a token of another order too: its place would be anywhere in this one."""
    try:
        raw = base64.urlsafe_b64decode(token.encode() + b"=" * (-len(token) % 4))
        told, value, number, *more = json_util.loads(raw.decode(), json_options=CANONICAL)
        encode({"value": value, "number": number})  # else it could not be asked for
    except (ValueError, TypeError, KeyError, AttributeError, ArithmeticError, RecursionError, BSONError):
        raise BadQuery(parameter=named) from None
    parts = value.values() if isinstance(value, dict) and not any(str(k).startswith("$") for k in value) else [value]
    stored = all(v is None or isinstance(v, str | int | float | Decimal128 | datetime | ObjectId) for v in parts)
    known = not more or (len(more) == 1 and isinstance(value, str) and isinstance(more[0], str))
    if told != order or not isinstance(number, str) or not stored or not known:
        raise BadQuery(parameter=named)
    return Place(value, number, *more)
