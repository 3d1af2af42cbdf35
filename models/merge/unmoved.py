"""What a merge did not reach: records that point to one of the two and could not be opened when they were to follow."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from bson import ObjectId

from config.database import database
from models.merge.moving import MERGES, UNDONE, Row, known_pointing
from models.person.roles import Person
from models.record import collection_name
from models.sights import Sight

MOST = 20


@dataclass(frozen=True)
class Unmoved:
    """A record that a merge did not reach, of which the person may know that it points to one of the two (X6)."""

    slug: str
    number: str


def passed_over(person: Person, merge: Row) -> tuple[Unmoved, ...]:
    """Records that point to the merged one still, up to 20 of those that the person may know."""
    return _known(person, merge["type"], [merge["loser"]], merge.get("passed_over", ()))


def left_behind(person: Person, found: Sight) -> tuple[Unmoved, ...]:
    """Records that were left with something of a merge when it was taken back, of the merges of a record that the
    person reads in full: up to 20 of those that they may know, as long as they point to one of the two."""
    pair: list[Row] = [{"survivor": found.id}, {"loser": found.id}]
    condition: Row = {"$or": pair, "state": UNDONE, "left_behind": {"$exists": True}}
    left: dict[Unmoved, None] = {}
    for merge in database()[MERGES].find(condition).sort("at", -1):
        both = [merge["survivor"], merge["loser"]]
        left |= dict.fromkeys(_known(person, merge["type"], both, merge["left_behind"]))
    return tuple(left)[:MOST]


def _known(person: Person, slug: str, pointed: Sequence[ObjectId], ids: Iterable[Any]) -> tuple[Unmoved, ...]:
    wanted, found = list(ids), list[Unmoved]()
    for rt, condition in known_pointing(person, slug, pointed, ()) if wanted else ():
        among: Row = {"$and": [{"_id": {"$in": wanted}}, condition]}
        rows = database()[collection_name(rt.slug)].find(among, {"number": 1}).sort("_id", 1).limit(MOST)
        found += [Unmoved(rt.slug, row["number"]) for row in rows]
    return tuple(found[:MOST])
