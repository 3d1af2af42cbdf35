"""By which index a page of a list is read, so that it looks at few records whoever asks."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import Any, TypeVar

from pymongo.errors import OperationFailure

from config.database import database
from models.declarations import RecordType
from models.listing.query import ListQuery
from models.record import REACH_INDEX, collection_name

T = TypeVar("T")

NO_SUCH_INDEX = 2  # BadValue: "hint provided does not correspond to an existing index"
FEW = 5_000
"""So many records are read and sorted for one page rather than looked for along an index."""
BELIEVED_SECONDS = 60.0
MOST_REMEMBERED = 2000

_few: dict[tuple[str, tuple[str, ...]], tuple[bool, float]] = {}
"""Whether some rights tokens open few records of a collection, and until when that is believed. It decides by which
way a page is read, never what is on it."""


def index_of(rt: RecordType, tokens: list[str], query: ListQuery, sort_field: str) -> str:
    """The index for a page of what some rights tokens open; '' leaves it to the database.

    Who may read few records gets them all looked at, by the tokens. For others the usual order, asked for by itself, is
    a merge of the tokens' ranges. Every other question goes to the database's planner, which lets the ways that there
    are run side by side for a while: along the order, dropping what may not be read or is not wanted; along a
    filter's value; or everything that the tokens open. It takes the one that is done first.
    """
    if opens_few(rt, tokens):
        return REACH_INDEX
    plain = sort_field == "number" and not query.filters and not query.q
    return REACH_INDEX if plain else ""


def opens_few(rt: RecordType, tokens: list[str]) -> bool:
    """Whether some rights tokens open no more than `FEW` records; asks for so many index keys once a minute."""
    key = collection_name(rt.slug), tuple(tokens)
    known, until = _few.get(key, (False, 0.0))
    if until > monotonic():
        return known
    condition: dict[str, Any] = {"acl": {"$in": tokens}}
    found = database()[key[0]].count_documents(condition, limit=FEW + 1) <= FEW
    if len(_few) >= MOST_REMEMBERED:
        _few.clear()
    _few[key] = found, monotonic() + BELIEVED_SECONDS
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
    _few.clear()
