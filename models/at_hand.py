"""What the first question of a request finds beside who asks: the record that its address names, what its page shows
round it, and how much its reader has read lately. All is of this very moment; whether the reader may know the record is
decided when it is seen (`sights`), and what is at hand says nothing of it. What stands round a record is looked up for
those alone who have it in full: else a hidden record would answer the slower, the more there is to it (X6).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bson import ObjectId

from config.database import database
from models import access, registry
from models.access import Purpose
from models.declarations import RecordType
from models.errors import NotFound
from models.person.roles import Person
from models.reading import service as reading
from models.record import collection_name

LONGEST_NUMBER = 60

Stages = list[dict[str, Any]]
Round = Callable[[RecordType, str], Stages]
"""For a type and a number: the stages that add what stands round a record to a document `{record: ...}`."""


def alone(_rt: RecordType, _number: str) -> Stages:
    """Nothing round a record."""
    return []


@dataclass(frozen=True)
class AtHand:
    """A stored record found by type and number (`son`; None: there is none), its reader's count of readings, and what
    was asked for round it, by name."""

    slug: str
    number: str
    son: Mapping[str, Any] | None
    lately: Mapping[str, Any]
    round: Mapping[str, Any] = field(default_factory=dict)

    def of(self, slug: str, number: str) -> bool:
        """Whether it is about this record."""
        return self.slug == slug and self.number == number


def beside(slug: str, number: str, person: ObjectId, around: Round = alone, within: Person | None = None) -> Stages:
    """The stages that add a record with what stands round it, and its reader's count, to another question; none for a
    type that is not in force. The record is found only where `within`, the reader with their rights, has it in full;
    without them it is found whoever asks, and nothing is to stand round it."""
    try:
        rt = registry.get(slug).rt
    except NotFound:
        return []
    told = _told(rt, number, around, within)
    return [{"$unionWith": {"coll": collection_name(slug), "pipeline": told}}, reading.beside(person)]


def look(rt: RecordType, number: str, around: Round) -> AtHand:
    """A record that its reader was found to have in full, with what stands round it. :raises NotFound: it is gone."""
    told = _told(rt, number, around, None)
    at_hand = found(rt.slug, number, database()[collection_name(rt.slug)].aggregate(told))
    if at_hand.son is None:
        raise NotFound()
    return at_hand


def _told(rt: RecordType, number: str, around: Round, within: Person | None) -> Stages:
    number = number[:LONGEST_NUMBER]
    # The limit keeps the filters apart: the record is looked for by its number, never by rights tokens.
    reach = access.reach(within, rt, Purpose.VIEW).query(archived=None) if within is not None else {}
    one: Stages = [{"$match": {"number": number}}, {"$limit": 1}, {"$match": reach}]
    return [*one, {"$project": {"_id": 0, "record": "$$ROOT"}}, *around(rt, number)]


def found(slug: str, number: str, answer: Iterable[Mapping[str, Any]]) -> AtHand:
    """What the answer to a question with these stages holds."""
    kept: dict[str, Any] = {}
    lately: Mapping[str, Any] = {}
    for row in answer:
        if "record" in row:
            kept = dict(row)
        elif "lately" in row:
            lately = row["lately"]
    return AtHand(slug, number, kept.pop("record", None), lately, kept)
