"""What a merge did not reach: records that point to one of the two and could not be opened when they were to follow."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from bson import ObjectId

from config.database import database
from models.merge.document import MERGES, MOVING, UNDOING, UNDONE, Row
from models.merge.moving import known_pointing
from models.person.roles import Person
from models.record import collection_name
from models.sights import Sight

MOST = 20
"""So many are named; the others are counted."""
COUNTED = 1_000
"""Of each type no more are counted."""


@dataclass(frozen=True)
class Unmoved:
    """A record that a merge did not reach, of which the person may know that it points to one of the two (X6)."""

    slug: str
    number: str


@dataclass(frozen=True)
class Unreached:
    """What merges did not reach, as far as the person may know it: the first by name, and how many more. While a merge
    is `moving` what points to its records, it is not known yet what it will not reach."""

    named: tuple[Unmoved, ...] = ()
    more: int = 0
    moving: bool = False

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.named) + self.more


def passed_over(person: Person, merge: Row) -> Unreached:
    """Records that point to the merged one still, and should not."""
    if merge["state"] == UNDOING:
        return Unreached()
    known = _known(person, merge["type"], [merge["loser"]], merge.get("passed_over", ()))
    return _bounded(known, moving=merge["state"] == MOVING)


def left_behind(person: Person, found: Sight) -> Unreached:
    """Records that were left with something of a merge when it was taken back, of the merges of a record that the
    person reads in full, as long as they point to one of the two."""
    pair: list[Row] = [{"survivor": found.id}, {"loser": found.id}]
    taken_back = [{"state": UNDONE, "left_behind": {"$exists": True}}, {"state": UNDOING}]
    merges = list(database()[MERGES].find({"$and": [{"$or": pair}, {"$or": taken_back}]}).sort("at", -1))
    left: dict[Unmoved, None] = {}
    for merge in merges:
        both = [merge["survivor"], merge["loser"]]
        left |= dict.fromkeys(_known(person, merge["type"], both, merge.get("left_behind", ())))
    return _bounded(left, moving=any(merge["state"] == UNDOING for merge in merges))


def _bounded(known: Collection[Unmoved], *, moving: bool) -> Unreached:
    return Unreached(tuple(islice(known, MOST)), max(0, len(known) - MOST), moving)


def _known(person: Person, slug: str, pointed: Sequence[ObjectId], ids: Iterable[Any]) -> list[Unmoved]:
    wanted, found = list(ids), list[Unmoved]()
    for rt, condition in known_pointing(person, slug, pointed, ()) if wanted else ():
        among: Row = {"$and": [{"_id": {"$in": wanted}}, condition]}
        rows = database()[collection_name(rt.slug)].find(among, {"number": 1}).sort("_id", 1).limit(COUNTED)
        found += [Unmoved(rt.slug, row["number"]) for row in rows]
    return found
