"""By which index a page of a list is read, so that it looks at few records whoever asks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from typing import Any, TypeVar

from pymongo.errors import OperationFailure

from config.database import database
from models.declarations import RecordType
from models.listing import hits
from models.listing.hits import FEW_HITS, NO_SUCH_INDEX, PIECES, Condition, Single
from models.record import REACH_INDEX, collection_name

T = TypeVar("T")

FEW = 5_000
"""So many records are read and sorted for one page rather than looked for along an index."""
MOST_RACING = 3
"""Of the pieces of a text, so many are given to the database to choose among, the rarest; each costs a trial, and a
comparison for each record looked at."""
BELIEVED_SECONDS = 60.0
MOST_REMEMBERED = 2000

_opened: dict[tuple[str, tuple[str, ...]], tuple[int, float]] = {}
"""How many records of a collection some rights tokens open, up to `FEW` and one, and until when that is believed. It
decides by which way a page is read, never what is on it."""


@dataclass(frozen=True)
class Way:
    """How a compiled list is looked for: by which index ('' leaves it to the database), by which conditions beside
    rights and archive, and how many records that looks at, at most (None: nobody knows)."""

    index: str
    parts: tuple[Condition, ...]
    most: int | None = None

    @property
    def few(self) -> bool:
        """Whether that is no more than a page may cost."""
        return self.most is not None and self.most <= FEW_HITS


@dataclass(frozen=True)
class Question:
    """A question to a collection, as stages that go along an index."""

    collection: str
    stages: list[Condition]
    index: str


def way_of(rt: RecordType, condition: Condition, tokens: list[str], sort_field: str) -> Way:
    """The way to a page of what some rights tokens open.

    Where one condition holds for few records, or those that share an index do together, these are looked at, all of
    them. Who may read few records gets those
    looked at, by the tokens. For others the usual order, asked for by itself, is a merge of the tokens' ranges. Every
    other question goes to the database's planner, which lets the ways that there are run side by side for a while:
    along the order, dropping what may not be read or is not wanted; along a filter's value; or everything that the
    tokens open. It takes the one that is done first.
    """
    found = hits.singles(rt, condition["$and"][2:])
    leads = [one for one in found if one.index]
    counted = sorted(zip(hits.hits(rt, [one.condition for one in leads]), leads, strict=True), key=lambda pair: pair[0])
    most = opened(rt, tokens)
    if counted and counted[0][0].many <= min(FEW_HITS, most):
        few, lead = counted[0]
        return Way(lead.index, _led(found, lead), few.many)
    joint = hits.together(rt, found) if most > FEW_HITS else None
    if joint is not None:
        count = hits.joint_hits(rt, joint)
        if count <= FEW_HITS:
            return Way(joint.index, (joint.condition, *(one.condition for one in found if not one.spare)), count)
    if most <= FEW:
        return Way(REACH_INDEX, tuple(one.condition for one in found if not one.spare), most)
    if sort_field == "number" and not found:
        return Way(REACH_INDEX, ())
    racing = [one for _known, one in counted if one.spare][:MOST_RACING]
    return Way("", tuple(one.condition for one in found if not one.spare or one in racing))


def _led(found: list[Single], lead: Single) -> tuple[Condition, ...]:
    """The conditions when one of them leads to the records. Where it is a piece of text, no other piece may: over
    several values of a record the database would try each of them."""
    rest = [one for one in found if one is not lead and not one.spare]
    if PIECES not in lead.condition:
        return (lead.condition, *(one.condition for one in rest))
    return (lead.condition, *(_aside(one.condition) for one in rest))


def _aside(condition: Condition) -> Condition:
    """The same condition, so that no index is thought of."""
    return {"$or": [condition, {"_nothing": {"$exists": True}}]} if PIECES in condition else condition


def opened(rt: RecordType, tokens: list[str]) -> int:
    """How many records some rights tokens open, up to `FEW` and one; asks for so many index keys once a minute."""
    key = collection_name(rt.slug), tuple(tokens)
    known, until = _opened.get(key, (0, 0.0))
    if until > monotonic():
        return known
    condition: Condition = {"acl": {"$in": tokens}}
    found = database()[key[0]].count_documents(condition, limit=FEW + 1)
    if len(_opened) >= MOST_REMEMBERED:
        _opened.clear()
    _opened[key] = found, monotonic() + BELIEVED_SECONDS
    return found


def by(index: str, ask: Callable[[dict[str, Any]], T]) -> T:
    """Ask the database by an index, if one is named; without it where the type is new and it is still being made. `ask`
    gets the further arguments of its question."""
    if not index:
        return ask({})
    try:
        return ask({"hint": index})
    except OperationFailure as failure:
        if failure.code != NO_SUCH_INDEX:
            raise
        return ask({})


def forget() -> None:
    """Ask anew what was asked before."""
    _opened.clear()
    hits.forget()
