"""What the frame of every page shows of the database: of which types there is anything, and what is unread."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from config.database import database
from models.access import Reach
from models.person.roles import Person
from models.record import collection_name
from models.reminder.document import REMINDERS
from models.reminder.service import MOST


@dataclass(frozen=True)
class Frame:
    """The slugs of the types that hold a record within a reach, and how many reminders are unread; 100 means that many
    or more."""

    held: frozenset[str]
    unread: int


def look(person: Person, asked: Mapping[str, Reach]) -> Frame:
    """Look up a person's unread reminders, and which of some types hold a record within reach, as a card or in full,
    archived or not. One question, of which each type costs one index key. Nothing is remembered: what one may no
    longer see is gone at once (X6)."""
    unread = {"person": person.id, "closed_at": None, "read_at": None}
    stages: list[dict[str, Any]] = [{"$match": unread}, {"$limit": MOST}, {"$count": "unread"}]
    for slug, reach in asked.items():
        within = reach.query(cards=True, archived=None)
        one = [{"$match": within}, {"$limit": 1}, {"$project": {"_id": 0, "held": {"$literal": slug}}}]
        stages.append({"$unionWith": {"coll": collection_name(slug), "pipeline": one}})
    rows = list(database()[REMINDERS].aggregate(stages))
    return Frame(
        frozenset(row["held"] for row in rows if "held" in row),
        next((row["unread"] for row in rows if "unread" in row), 0),
    )
