"""Opening one record per record of another type, as set work in the database, a chunk at a time.

The database does what `store.create` does for one: system fields, defaults, rights tokens, whose turn, search terms,
first version. Each opened record has a number made from its period and its source, so that opening again adds
nothing, however often and by however many it is run. That both ways make the same record is held by
`tests/contract/test_openings.py`.
"""

from __future__ import annotations

import hashlib
import logging
from bisect import bisect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

from bson import ObjectId
from pymongo import ReturnDocument

from config.database import database, transaction
from models import audit, numbering, sealing, store, stored_form
from models.declarations import Field, Level, RecordType, Relation, State
from models.kinds import stored
from models.ownership import HANDED_DOWN
from models.person.roles import SYSTEM, Role
from models.record import collection_name
from models.search import MOST_DIGITS, PIECE
from models.turns import OF_DEPARTMENT, asked_of, is_role

log = logging.getLogger(__name__)

Expression = Any
Stage = Mapping[str, Any]
Row = dict[str, Any]
LEVEL: Expression = {"$ifNull": ["$level", Level.INTERNAL.value]}
FOLDED_TITLE: Expression = {"$arrayElemAt": [{"$split": ["$haystack", "\n"]}, 1]}
"""The source's title as search folds it, where the title is required and the first searchable field."""
WALKED_AT_ONCE = 1000
OPENED_AT_ONCE = 200
"""Records of one transaction: one that outgrows the database's cache is tried again until it is given up."""
NOT_OPENED = ("embedded", "embedded_list", "files")
CLOSING_UTC = 10
"""A day's deadline is the close of office, 18:00 in the department's zone; stored days begin at 00:00 UTC."""


@dataclass(frozen=True, kw_only=True)
class Opening:
    """What to open: for each record of `source` that matches, one of `target`.

    `key` names the occasion, such as a quarter; running an occasion again completes it, and with it those named in
    `earlier`. `number` and `values` are database expressions over the source record (`"$name"`), or constants; level,
    owner and department are the source's. `due` is a day, or an expression that gives one as it is stored. `writer`
    is an expression for the person who counts as the record's creator. `stages` narrow the matching sources further.
    `folded` gives, for each searchable field in `values`, its text as search folds it: the database cannot fold.
    """

    key: str

    source: RecordType
    target: RecordType
    match: Mapping[str, Any]
    number: Expression
    values: Mapping[str, Expression]
    due: date | Expression
    writer: Expression = None
    stages: tuple[Stage, ...] = ()
    folded: Mapping[str, Expression] = field(default_factory=dict)
    earlier: tuple[str, ...] = ()


@dataclass(frozen=True)
class Opened:
    """How many records an occasion has opened since it was last reported, and whether more are to be: then also how
    many of its sources were looked through, and how many there are in all."""

    opened: int
    left: bool
    through: int = 0
    total: int = 0


def concat(*parts: Expression) -> Expression:
    """The texts one after the other."""
    return {"$concat": list(parts)}


def days_before(day: date, count: int = 7) -> tuple[str, ...]:
    """The keys of the daily occasions of the week before, as `earlier` takes them."""
    return tuple((day - timedelta(days=back)).isoformat() for back in range(1, count + 1))


def without(target: RecordType, via: str, condition: Mapping[str, Any]) -> tuple[Stage, ...]:
    """Stages that leave out the sources to which a target record of this condition points through the field `via`."""
    pipeline = [{"$match": dict(condition)}, {"$limit": 1}, {"$project": {"_id": 1}}]
    found = {
        "from": collection_name(target.slug),
        "localField": "_id",
        "foreignField": via,
        "pipeline": pipeline,
        "as": "_pointing",
    }
    return {"$lookup": found}, {"$match": {"_pointing": []}}


def open_set(opening: Opening, now: datetime) -> int:
    """Open what is missing and return how many records this call was the first to report; see `open_some`."""
    return open_some(opening, now, lambda: True).opened


def open_some(
    opening: Opening,
    now: datetime,
    go_on: Callable[[], bool],
    told: Callable[[Opened], None] = lambda _opened: None,
    fence: Callable[[], None] = lambda: None,
) -> Opened:
    """Open what is missing, in the order of the sources' numbers, until `go_on` says no: after each chunk `told` hears
    how far it is, and `go_on` is asked.

    A chunk of records, their first versions and how far the occasion has come are one transaction of their own: whoever
    comes next goes on behind it. `fence` is called in each: what it raises ends it. Two who work at once open each
    record once. When all are there, one entry of the audit trail says how many were opened, and so it does for what a
    broken-off run of the occasions in `earlier` has left.
    """
    at = database()[numbering.COUNTERS].find_one(_progress(opening.target, opening.key)) or {}
    after = at.get("after", "")
    before, total = _counted(opening, after)
    while walked := _following(opening, after):
        missing = _missing(opening, walked)
        for first in range(0, len(missing), OPENED_AT_ONCE):
            chunk = missing[first : first + OPENED_AT_ONCE]
            opened = transaction(partial(_fenced, fence, opening, chunk, now))
            so_far = Opened(opened, left=True, through=before + bisect(walked, chunk[-1]), total=total)
            told(so_far)
            if not go_on():
                return so_far
        before += len(walked)
        after = walked[-1]
    for key in opening.earlier:
        _report(opening.target, key, now)
    return Opened(_report(opening.target, opening.key, now), left=False)


def batch_of(target: RecordType, key: str) -> ObjectId:
    """The id of one occasion, under which its progress and the audit trail know it."""
    return ObjectId(hashlib.sha256(f"{target.slug}:{key}".encode()).hexdigest()[:24])


def _progress(target: RecordType, key: str) -> Row:
    """Where it stands how many records an occasion has opened (`made`) and reported (`seq`), and behind which source a
    run that was broken off goes on (`after`)."""
    return {"_id": f"opening:{batch_of(target, key)}"}


def _counted(opening: Opening, after: str) -> tuple[int, int]:
    """How many of the sources a broken-off run has been through, and how many there are."""
    rows, match = database()[collection_name(opening.source.slug)], dict(opening.match)
    through = rows.count_documents({**match, "number": {"$lte": after}}) if after else 0
    return through, rows.count_documents(match)


def _following(opening: Opening, after: str) -> list[str]:
    """The numbers of the next matching sources."""
    behind = {**opening.match, "number": {"$gt": after}}
    rows = database()[collection_name(opening.source.slug)].find(behind, {"_id": 0, "number": 1})
    return [row["number"] for row in rows.sort("number", 1).limit(WALKED_AT_ONCE)]


def _missing(opening: Opening, walked: list[str]) -> list[str]:
    """Those of the sources, by number, whose record is to be opened and is not there yet."""
    within = {**opening.match, "number": {"$in": walked}}
    pipeline = [{"$match": within}, *opening.stages, {"$project": {"_id": 0, "number": 1, "opens": opening.number}}]
    found = {
        row["opens"]: row["number"] for row in database()[collection_name(opening.source.slug)].aggregate(pipeline)
    }
    return sorted(found[number] for number in found.keys() - _there(opening.target, found))


def _there(target: RecordType, numbers: Iterable[str]) -> set[str]:
    rows = database()[collection_name(target.slug)].find({"number": {"$in": list(numbers)}}, {"_id": 0, "number": 1})
    return {row["number"] for row in rows}


def _fenced(fence: Callable[[], None], opening: Opening, sources: list[str], now: datetime) -> int:
    fence()
    return _open(opening, sources, now)


def _open(opening: Opening, sources: list[str], now: datetime) -> int:
    """Open the records of some sources, in one transaction; how many the occasion has opened and not reported."""
    db, rt = database(), opening.target
    pipeline = [
        {"$match": {**opening.match, "number": {"$in": sources}}},
        *opening.stages,
        {"$project": _record(opening, now)},
    ]
    made = list(db[collection_name(opening.source.slug)].aggregate(pipeline))
    there = _there(rt, (record["number"] for record in made))
    new = [{"_id": ObjectId(), **record} for record in made if record["number"] not in there]
    if new:
        # A source that is raised, handed on or taken away in the same moment: the later of the two begins anew.
        store.one_at_a_time(opening.source.slug, sources, by="number")
        sealing.adopt(rt, new, _tell_lost)
        db[collection_name(rt.slug)].insert_many(new)
        fields = stored_form.fields_of(rt)
        db[store.VERSIONS].insert_many([_first_version(rt, fields, record) for record in new])
    come = {"$inc": {"made": len(new)}, "$set": {"after": sources[-1]}}
    row: Mapping[str, Any] = db[numbering.COUNTERS].find_one_and_update(
        _progress(rt, opening.key), come, upsert=True, return_document=ReturnDocument.AFTER
    )  # type: ignore[assignment]  # an upsert that returns the row after it always has one
    return int(row["made"]) - int(row.get("seq", 0))


def _tell_lost(record: Mapping[str, Any], name: str) -> None:
    log.error("the record %s was opened without %s, which cannot be read", record["number"], name)


def _report(target: RecordType, key: str, now: datetime) -> int:
    """Note that an occasion is through; how many records were not reported before."""
    at = _progress(target, key)
    whole: Row = {"$set": {"seq": {"$ifNull": ["$made", 0]}}}

    def report() -> int:
        before = database()[numbering.COUNTERS].find_one_and_update(at, [whole, {"$unset": "after"}]) or {}
        opened: int = before.get("made", 0) - before.get("seq", 0)
        if opened > 0:
            detail = {"opened": opened, "occasion": key}
            audit.append("open_set", SYSTEM, audit.Subject(target.slug, batch_of(target, key)), now=now, detail=detail)
        return opened

    return transaction(report)


def _record(opening: Opening, now: datetime) -> dict[str, Expression]:
    """The opened record as a projection of its source; the database gives it an id."""
    rt = opening.target
    values = {**{f.name: f.default for f in rt.fields if f.default is not None}, **opening.values}
    declared = {name: _expression(rt, name, value) for name, value in values.items()}
    if rt.due:
        declared[rt.due] = _expression(rt, rt.due, opening.due)
    first = rt.workflow.states[0] if rt.workflow else None
    texts = [{"$toLower": opening.number}, *(opening.folded[f.name] for f in rt.fields if _is_searched(f, values))]
    creator = _in_effect(opening.writer) if opening.writer == "$owner" else opening.writer
    people = {**declared, "owner": _in_effect("$owner"), "creator": creator}
    return {
        "_id": 0,
        **declared,
        "number": opening.number,
        "rev": _constant(1),
        "level": LEVEL,
        "level_set_by": "$level_set_by",
        "secret_until": "$secret_until",
        "department": "$department",
        **{name: f"${name}" for name in HANDED_DOWN},
        "state": _constant(first.value) if first else "$$REMOVE",
        "state_since": _constant(now),
        "created_at": _constant(now),
        "created_by": opening.writer or "$$REMOVE",
        "updated_at": _constant(now),
        "due_at": {"$dateAdd": {"startDate": declared[rt.due], "unit": "hour", "amount": CLOSING_UTC}}
        if rt.due
        else "$$REMOVE",
        "waiting": _waiting(rt, first, people),
        "acl": _acl(rt, first, people),
        "granted": _constant([]),
        "grams": _grams(texts),
        "haystack": {"$concat": [part for text in texts for part in ("\n", text)][1:]},
    }


def _in_effect(owner: Expression) -> Expression:
    """The owner of the source, or nobody where they left its department."""
    return {"$cond": [{"$gt": ["$owner_left", None]}, None, owner]}


def _is_searched(declared: Field, values: Mapping[str, Any]) -> bool:
    return declared.searchable and not declared.encrypted and values.get(declared.name) is not None


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


def _turns(
    rt: RecordType, first: State | None, people: Mapping[str, Expression]
) -> tuple[list[Expression], list[Expression]]:
    """Whose turn the first state is: expressions for roles (`turns.of_department`) and for the names of people
    (`turns.names`)."""
    turn = first.turn if first else ()
    roles = [_role(whose) for whose in turn if is_role(whose)]
    named = [(people[whose], asked_of(rt, whose)) for whose in turn if people.get(whose) is not None]
    return roles, [name for person, asked in named for name in _names(person, asked)]


def _role(whose: str) -> Expression:
    own = {"$concat": [f"{whose}@", {"$ifNull": ["$department", ""]}]}
    return own if whose in OF_DEPARTMENT else _constant(whose)


def _names(person: Expression, asked: Iterable[Role]) -> list[Expression]:
    text = {"$toString": person}
    return [{"$concat": [text, f"@{role.value}"]} for role in asked] or [text]


def _waiting(rt: RecordType, first: State | None, people: Mapping[str, Expression]) -> Expression:
    roles, turns = _turns(rt, first, people)
    return _sorted(
        [
            *({"$concat": ["role:", role]} for role in roles),
            *({"$concat": ["user:", name]} for name in turns),
        ]
    )


def _acl(rt: RecordType, first: State | None, people: Mapping[str, Expression]) -> Expression:
    """The tokens that `access.tokens_of` makes, as an expression."""
    roles, turns = _turns(rt, first, people)
    opened = [(people[f.name], f.roles) for f in rt.fields if f.opens and f.name in people]
    named = [name for person, asked in opened for name in _names(person, asked)]
    made = [people["creator"]] if people["creator"] is not None else []
    return _sorted(
        [
            _token(Relation.ANY, ""),
            _token(Relation.DEPARTMENT, "$department"),
            _token(Relation.OWNER, people["owner"]),
            *(_token(Relation.CREATOR, person) for person in made),
            *(_token(Relation.NAMED, person) for person in named),
            *(_token(Relation.TASK, role) for role in roles),
            *(_token(Relation.ASSIGNED, name) for name in turns),
        ]
    )


def _grams(texts: Iterable[Expression]) -> Expression:
    """The pieces that `search.grams` makes of folded texts, as an expression."""
    each = []
    for text in texts:
        starts = {"$range": [0, {"$strLenCP": text}]}
        found = {"$regexFind": {"input": {"$substrCP": [text, "$$this", MOST_DIGITS]}, "regex": f"^(?:{PIECE})"}}
        each.append({"$map": {"input": starts, "in": {"$getField": {"field": "match", "input": found}}}})
    present = {"$filter": {"input": {"$setUnion": each}, "cond": {"$ne": ["$$this", None]}}}
    return {"$sortArray": {"input": present, "sortBy": 1}}


def _first_version(rt: RecordType, fields: Iterable[Field], record: Mapping[str, Any]) -> Row:
    """The first version of an opened record, as the store writes it."""
    return {
        "type": rt.slug,
        "record": record["_id"],
        "rev": 1,
        "at": record["created_at"],
        "by": None,
        "by_name": SYSTEM.name,
        "action": "create",
        "note": "",
        "changes": [
            {"field": field.name, "before": None, "after": record[field.name]}
            for field in fields
            if field.name in record and field.kind not in NOT_OPENED
        ],
    }
