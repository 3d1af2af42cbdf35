"""What the first question of a request finds beside who asks: the record that its address names, what its page shows
round it, and how much its reader has read lately. All is of this very moment; whether the reader may know the record is
decided when it is seen (`sights`), and what is at hand says nothing of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bson import ObjectId

from config.database import database
from models import registry
from models.declarations import RecordType
from models.errors import NotFound
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


def beside(slug: str, number: str, person: ObjectId, around: Round = alone) -> Stages:
    """The stages that add a record with what stands round it, and its reader's count, to another question; none for a
    type that is not in force."""
    try:
        rt = registry.get(slug).rt
    except NotFound:
        return []
    told = _told(rt, number, around)
    return [{"$unionWith": {"coll": collection_name(slug), "pipeline": told}}, reading.beside(person)]


def look(slug: str, number: str, person: ObjectId, around: Round) -> AtHand:
    """The same by a question of its own, for a type in force."""
    stages = [*_told(registry.get(slug).rt, number, around), reading.beside(person)]
    return found(slug, number, database()[collection_name(slug)].aggregate(stages))


def _told(rt: RecordType, number: str, around: Round) -> Stages:
    number = number[:LONGEST_NUMBER]
    return [{"$match": {"number": number}}, {"$project": {"_id": 0, "record": "$$ROOT"}}, *around(rt, number)]


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
