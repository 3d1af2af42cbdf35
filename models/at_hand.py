"""What the first question of a request finds beside who asks: the record that its address names, and how much its
reader has read lately. Both are of this very moment; whether the reader may know the record is decided when it is seen
(`sights`), and what is at hand says nothing of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from bson import ObjectId

from models import registry
from models.errors import NotFound
from models.reading import service as reading
from models.record import collection_name

LONGEST_NUMBER = 60


@dataclass(frozen=True)
class AtHand:
    """A stored record found by type and number (`son`; None: there is none), and its reader's count of readings."""

    slug: str
    number: str
    son: Mapping[str, Any] | None
    lately: Mapping[str, Any]

    def of(self, slug: str, number: str) -> bool:
        """Whether it is about this record."""
        return self.slug == slug and self.number == number


def beside(slug: str, number: str, person: ObjectId) -> list[dict[str, Any]]:
    """The stages that add a record and its reader's count to another question; none for a type that is not in force."""
    try:
        registry.get(slug)
    except NotFound:
        return []
    told = [{"$match": {"number": number[:LONGEST_NUMBER]}}, {"$project": {"_id": 0, "record": "$$ROOT"}}]
    return [{"$unionWith": {"coll": collection_name(slug), "pipeline": told}}, reading.beside(person)]


def found(slug: str, number: str, answer: Iterable[Mapping[str, Any]]) -> AtHand:
    """What the answer to a question with these stages holds."""
    son: Mapping[str, Any] | None = None
    lately: Mapping[str, Any] = {}
    for row in answer:
        if "record" in row:
            son = row["record"]
        elif "lately" in row:
            lately = row["lately"]
    return AtHand(slug, number, son, lately)
