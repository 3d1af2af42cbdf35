"""Opening one record per record of another type, as set work in the database.

The database does what `store.create` does for one: system fields, rights tokens, whose turn, search terms, first
version. Each opened record has a number made from its period and its source, so that opening again adds nothing,
however often and by however many it is run.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from bson import ObjectId

from config.database import database
from models import audit, store
from models.declarations import Level, RecordType, Relation, State
from models.kinds import stored
from models.person.roles import SYSTEM, Role
from models.record import collection_name

Expression = Any
LEVEL: Expression = {"$ifNull": ["$level", Level.INTERNAL.value]}
CLOSING_UTC = 10
"""A day's deadline is the close of office, 18:00 in the department's zone; stored days begin at 00:00 UTC."""


@dataclass(frozen=True, kw_only=True)
class Opening:
    """What to open: for each record of `source` that matches, one of `target`.

    `key` names the occasion, such as a quarter; running an occasion again completes it. `number` and `values` are
    database expressions over the source record (`"$name"`), or constants; level, owner and department are the
    source's. `due` is a day, or an expression that gives one as it is stored. `writer` is an expression for the person
    who counts as the record's creator.
    """

    key: str

    source: RecordType
    target: RecordType
    match: Mapping[str, Any]
    number: Expression
    values: Mapping[str, Expression]
    due: date | Expression
    writer: Expression = None


def concat(*parts: Expression) -> Expression:
    """The texts one after the other."""
    return {"$concat": list(parts)}


def open_set(opening: Opening, now: datetime) -> int:
    """Open what is missing and return how many records this call opened.

    Not for use inside a transaction: the database merges outside of one. Broken off at any point and run again it
    ends in the same state; the first version of a record is added by whoever comes next.
    """
    target = collection_name(opening.target.slug)
    batch = batch_of(opening)
    merge = {"into": target, "on": "number", "whenMatched": "keepExisting", "whenNotMatched": "insert"}
    db = database()
    before = db[target].count_documents({"batch": batch})
    db[collection_name(opening.source.slug)].aggregate(
        [{"$match": dict(opening.match)}, {"$project": _record(opening, now, batch)}, {"$merge": merge}]
    )
    _first_versions(opening.target, batch)
    opened = db[target].count_documents({"batch": batch}) - before
    if opened:
        subject = audit.Subject(opening.target.slug)
        audit.append("open_set", SYSTEM, subject, now=now, detail={"opened": opened, "occasion": opening.key})
    return opened


def batch_of(opening: Opening) -> ObjectId:
    """The id under which the records of one occasion are found."""
    return ObjectId(hashlib.sha256(f"{opening.target.slug}:{opening.key}".encode()).hexdigest()[:24])


def _record(opening: Opening, now: datetime, batch: ObjectId) -> dict[str, Expression]:
    """The opened record as a projection of its source; the database gives it an id."""
    rt = opening.target
    declared = {name: _expression(rt, name, value) for name, value in opening.values.items()}
    if rt.due:
        declared[rt.due] = _expression(rt, rt.due, opening.due)
    first = rt.workflow.states[0] if rt.workflow else None
    number = opening.number
    people = {**declared, "owner": "$owner", "creator": opening.writer}
    return {
        "_id": 0,
        **declared,
        "number": number,
        "rev": _constant(1),
        "level": LEVEL,
        "level_set_by": "$level_set_by",
        "secret_until": "$secret_until",
        "department": "$department",
        "owner": "$owner",
        "state": _constant(first.value) if first else "$$REMOVE",
        "state_since": _constant(now),
        "created_at": _constant(now),
        "created_by": opening.writer or "$$REMOVE",
        "updated_at": _constant(now),
        "due_at": {"$dateAdd": {"startDate": declared[rt.due], "unit": "hour", "amount": CLOSING_UTC}}
        if rt.due
        else "$$REMOVE",
        "waiting": _waiting(first, people),
        "acl": _acl(rt, first, people),
        "granted": _constant([]),
        "grams": _grams(number),
        "haystack": {"$toLower": number},
        "batch": _constant(batch),
    }


def _constant(value: Any) -> Expression:
    return {"$literal": value}


def _expression(rt: RecordType, name: str, value: Any) -> Expression:
    """A database expression as it is, anything else as the stored form of the field's value."""
    if isinstance(value, dict) or (isinstance(value, str) and value.startswith("$")):
        return value
    return _constant(stored(rt.by_name[name], value))


def _sorted(parts: list[Expression]) -> Expression:
    """The parts that are there, each once, sorted: what `sorted(set(...))` is in Python."""
    present = {"$filter": {"input": parts, "cond": {"$ne": ["$$this", None]}}}
    return {"$sortArray": {"input": {"$setUnion": [present, []]}, "sortBy": 1}}


def _token(relation: Relation, whom: Expression) -> Expression:
    """A rights token; nothing when there is nobody behind it."""
    return {"$concat": [LEVEL, f"|{relation.value}|", {"$toString": whom}]}


def _turns(first: State | None, people: Mapping[str, Expression]) -> tuple[list[str], list[Expression]]:
    """Whose turn the first state is: role names, and expressions for people."""
    turn = first.turn if first else ()
    roles = [whose for whose in turn if whose in Role._value2member_map_]
    return roles, [people[whose] for whose in turn if people.get(whose) is not None]


def _waiting(first: State | None, people: Mapping[str, Expression]) -> Expression:
    roles, turns = _turns(first, people)
    return _sorted(
        [
            *(_constant(f"role:{role}") for role in roles),
            *({"$concat": ["user:", {"$toString": person}]} for person in turns),
        ]
    )


def _acl(rt: RecordType, first: State | None, people: Mapping[str, Expression]) -> Expression:
    """The tokens that `access.tokens_of` makes, as an expression."""
    roles, turns = _turns(first, people)
    named = [people[f.name] for f in rt.fields if f.opens and f.name in people]
    made = [people["creator"]] if people["creator"] is not None else []
    return _sorted(
        [
            _token(Relation.ANY, ""),
            _token(Relation.DEPARTMENT, "$department"),
            _token(Relation.OWNER, "$owner"),
            *(_token(Relation.CREATOR, person) for person in made),
            *(_token(Relation.NAMED, person) for person in named),
            *(_token(Relation.TASK, role) for role in roles),
            *(_token(Relation.ASSIGNED, person) for person in turns),
        ]
    )


def _grams(text: Expression) -> Expression:
    """The search terms of an ASCII text: its pieces of two and of three characters."""
    folded = {"$toLower": text}

    def pieces(size: int) -> Expression:
        starts = {"$range": [0, {"$max": [0, {"$subtract": [{"$strLenCP": folded}, size - 1]}]}]}
        return {"$map": {"input": starts, "in": {"$substrCP": [folded, "$$this", size]}}}

    return {"$sortArray": {"input": {"$setUnion": [pieces(2), pieces(3)]}, "sortBy": 1}}


def _first_versions(rt: RecordType, batch: ObjectId) -> None:
    """Give each opened record that has no version yet its first one."""
    changes = [
        {"field": field.name, "before": None, "after": f"${field.name}"}
        for field in store.fields_of(rt)
        if field.kind not in ("embedded", "embedded_list", "files")
    ]
    database()[collection_name(rt.slug)].aggregate(
        [
            {"$match": {"batch": batch, "rev": 1}},
            {"$lookup": {"from": store.VERSIONS, "localField": "_id", "foreignField": "record", "as": "versions"}},
            {"$match": {"versions": []}},
            {
                "$project": {
                    "_id": 0,
                    "type": _constant(rt.slug),
                    "record": "$_id",
                    "rev": _constant(1),
                    "at": "$created_at",
                    "by": _constant(None),
                    "by_name": _constant(SYSTEM.name),
                    "action": _constant("create"),
                    "note": _constant(""),
                    "changes": {"$filter": {"input": changes, "cond": {"$ne": [{"$type": "$$this.after"}, "missing"]}}},
                }
            },
            {
                "$merge": {
                    "into": store.VERSIONS,
                    "on": ["record", "rev"],
                    "whenMatched": "keepExisting",
                    "whenNotMatched": "insert",
                }
            },
        ]
    )
