"""Many records that become more secret by one act are closed at once, and written up behind it.

A write of thousands in one transaction takes longer than a transaction may. So where more than some hundred records
follow a level, each gets it, with the tokens of it, beside the transaction that causes it and before that is stored:
whatever happens between, nothing is more open than before. What is owed to each (its version, its entry in the trail,
the terms of its level, its own key) is noted first, in pieces, and a job gives it, a piece in a transaction
(`closed`). Where the act was not stored in the end, the job puts the records back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import islice
from typing import Any

import pymongo
from bson import ObjectId
from pymongo import UpdateMany

from config.database import database, server_time
from models import belonging, registry, schema
from models.access import ARCHIVED
from models.declarations import Level, RecordType, Relation
from models.job import service as jobs
from models.key_vault.keyring import apart
from models.merge.document import MERGED, MERGES
from models.person.roles import Person
from models.record import collection_name
from models.store.holding import COUNTED_ON

JOB = "level_pieces"
PIECES = "level_piece"
"""What is owed: some records of a type, the level that they were given, by whom and when, and the records that they
follow (`root`, of the type `of`)."""
MARK = "_level_owed"
"""What of a record says what is owed to it: for each piece its level before and the version that it is. No declared
field is called so."""
PIECE = 200
TOGETHER = 5
"""So many pieces are closed by one command."""
LONGEST_SECONDS = 10.0
"""So long the server may take over closing a piece: what the causing transaction itself has written cannot be."""
OWN = ("rev", "acl", COUNTED_ON)
"""What of a record changes whoever writes it."""
PASSING = [relation.value for relation in (Relation.GRANT, Relation.SIGNING, Relation.SIGNED)]
"""What a level decides about beyond its name: such tokens are made anew when the record is written up."""

schema.declare({PIECES: []})

Row = dict[str, Any]


@dataclass(frozen=True)
class Cause:
    """Who changed the level that others follow, when, and for whom as a deputy."""

    actor: Person
    now: datetime
    behalf: Person | None = None


@dataclass(frozen=True)
class Root:
    """The records of a type whose level others follow, that level, and the merge by which they have it."""

    slug: str
    ids: Sequence[ObjectId]
    level: Level
    merge: ObjectId | None = None


def below(level: Level) -> Row:
    """The condition for records that are less secret."""
    return {"level": {"$in": [*(one.value for one in Level if one.rank < level.rank), None]}}


def close(rt: RecordType, ids: Sequence[ObjectId], root: Root, cause: Cause) -> list[ObjectId]:
    """Close records of a type that follow others, and what hangs on them, and have them written up once that is stored;
    inside the transaction that causes it. Returns those that it has written itself: they are its own to raise."""
    own = _written_here(rt, ids)
    jobs.ask(JOB, cause.actor.name, cause.now)
    if closed := [one for one in ids if one not in own]:
        _close(rt, closed, root, cause)
        _close_hanging(rt, closed, root, cause, {rt.slug: set(ids)})
    return [one for one in ids if one in own]


def _close_hanging(
    rt: RecordType, ids: Sequence[ObjectId], root: Root, cause: Cause, met: dict[str, set[ObjectId]]
) -> None:
    """Close what was merged into some closed records, and what points to them, all the way down. It is looked for when
    they are closed: who makes a record point to one of them from now on sees its level."""
    merged: Row = {"type": rt.slug, "survivor": {"$in": list(ids)}, "state": {"$in": MERGED}}
    losers = apart(lambda: [row["loser"] for row in database()[MERGES].find(merged, {"loser": 1})])
    conditions: list[tuple[RecordType, Row]] = [(rt, {"_id": {"$in": losers}})] if losers else []
    for one, names in belonging.belonging_to(rt.slug):
        conditions.append((one, {"$or": [{name: {"$in": list(ids)}} for name in names]}))
    for one, condition in conditions:
        known = met.setdefault(one.slug, set())
        found = [record for record in _below(one, condition, root.level) if record not in known]
        known.update(found)
        own = _written_here(one, found)
        if closed := [record for record in found if record not in own]:
            _close(one, closed, root, cause)
            _close_hanging(one, closed, root, cause, met)


def _below(rt: RecordType, condition: Row, level: Level) -> list[ObjectId]:
    rows = database()[collection_name(rt.slug)]
    return apart(lambda: [row["_id"] for row in rows.find({**condition, **below(level)}, {"_id": 1})])


def _written_here(rt: RecordType, ids: Sequence[ObjectId]) -> set[ObjectId]:
    """Those of some records that the running transaction has written itself; nobody else can write them before it is
    stored. Those that others wrote meanwhile are among them: to raise them then begins it anew."""
    rows, wanted = database()[collection_name(rt.slug)], {"_id": {"$in": list(ids)}}

    def look() -> dict[ObjectId, Any]:
        return {row["_id"]: row for row in rows.find(wanted, dict.fromkeys(OWN, 1))}

    here, there = look(), apart(look)
    return {one for one in ids if here.get(one) != there.get(one)}


def _close(rt: RecordType, ids: Sequence[ObjectId], root: Root, cause: Cause) -> None:
    pieces = [_piece(rt, some, root, cause) for some in _in_pieces(ids)]
    for start in range(0, len(pieces), TOGETHER):
        apart(_closing(rt, pieces[start : start + TOGETHER]))


def _in_pieces(ids: Sequence[ObjectId]) -> Iterable[list[ObjectId]]:
    left = iter(ids)
    while some := list(islice(left, PIECE)):
        yield some


def _piece(rt: RecordType, ids: Sequence[ObjectId], root: Root, cause: Cause) -> Row:
    """A piece as it is noted. When it was made, the server says: in one and the same clock it is asked for its age."""
    actor, behalf = cause.actor, cause.behalf
    return {
        "_id": ObjectId(),
        "type": rt.slug,
        "ids": list(ids),
        "of": root.slug,
        "root": list(root.ids),
        "level": root.level.value,
        "merge": root.merge,
        "by": actor.id,
        "by_name": actor.name,
        "language": actor.language,
        "token": asdict(actor.through) if actor.through else None,
        "behalf": {"id": behalf.id, "name": behalf.name} if behalf else None,
        "at": cause.now,
    }


def _closing(rt: RecordType, pieces: Sequence[Row]) -> Callable[[], None]:
    def work() -> None:
        noted = server_time()
        database()[PIECES].insert_many([{**piece, "noted": noted} for piece in pieces])
        updates = [
            UpdateMany({"_id": {"$in": one["ids"]}, **below(Level(one["level"]))}, _closed(one)) for one in pieces
        ]
        with pymongo.timeout(LONGEST_SECONDS):
            database()[collection_name(rt.slug)].bulk_write(updates)

    return work


def _closed(piece: Mapping[str, Any]) -> list[Row]:
    """The update of a record that gets a level beside its version: with the tokens of that level, none of which opens
    it to anybody who did not hold the same at its own."""
    owed = {"piece": piece["_id"], "rev": {"$add": ["$rev", 1]}, "level": {"$ifNull": ["$level", None]}}
    plain = {"$filter": {"input": "$acl", "as": "one", "cond": {"$not": [{"$in": [_part(1), PASSING]}]}}}
    prefix = {"$cond": [{"$eq": [{"$substrCP": ["$$one", 0, 1]}, ARCHIVED]}, ARCHIVED, ""]}
    rest = {"$substrCP": ["$$one", {"$indexOfCP": ["$$one", "|"]}, {"$strLenCP": "$$one"}]}
    raised = {"$concat": [prefix, piece["level"], rest]}
    return [
        {
            "$set": {
                MARK: {"$concatArrays": [{"$ifNull": [f"${MARK}", []]}, [owed]]},
                "level": piece["level"],
                "rev": {"$add": ["$rev", 1]},
                "acl": {"$map": {"input": plain, "as": "one", "in": raised}},
            }
        }
    ]


def _part(which: int) -> Row:
    """A part of a token, which stands between bars."""
    return {"$arrayElemAt": [{"$split": ["$$one", "|"]}, which]}


def is_stored(piece: Mapping[str, Any]) -> bool:
    """Whether what a piece follows has its level, or a higher one."""
    level = Level(piece["level"])
    high = {"_id": {"$in": piece["root"]}, "level": {"$in": [one.value for one in Level if one.rank >= level.rank]}}
    return database()[collection_name(piece["of"])].find_one(high, {"_id": 1}) is not None


def type_of(piece: Mapping[str, Any]) -> RecordType:
    """The type of a piece's records."""
    return registry.kept(piece["type"]).rt
