"""What is stored of work put aside: whose, which record as it stood then, and until when. Never any content (X6).

It stands only while the record is as it was: a moved deadline, another state, or somebody's decision brings it back at
once. The database forgets it when its time is over.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bson import ObjectId
from pymongo import ASCENDING, IndexModel

from config.database import database
from models import schema

ASIDE = "put_aside"
Condition = dict[str, Any]

schema.declare(
    {
        ASIDE: [
            IndexModel([("person", ASCENDING), ("until", ASCENDING)], name="person"),
            IndexModel([("until", ASCENDING)], name="over", expireAfterSeconds=0),
        ]
    }
)


@dataclass(frozen=True)
class Aside:
    """One record that a person has put aside; `due` and `since` (of its state) are as they were then."""

    person: ObjectId
    type: str
    record: ObjectId
    until: datetime
    due: datetime | None
    since: datetime | None

    def condition(self) -> Condition:
        """Holds for the record while it is as it was."""
        return {"_id": self.record, "due_at": self.due, "state_since": self.since}


def of_people(people: Iterable[ObjectId | None], now: datetime) -> list[Aside]:
    """What some people have put aside at this moment, in one question."""
    wanted = {"person": {"$in": list(people)}, "until": {"$gt": now}}
    rows = database()[ASIDE].find(wanted)
    return [Aside(row["person"], row["type"], row["record"], row["until"], row["due"], row["since"]) for row in rows]


def without(asides: Iterable[Aside], person: ObjectId | None, slug: str) -> list[Condition]:
    """The conditions that leave out what a person has put aside of a type; none where that is nothing."""
    found = [one.condition() for one in asides if one.person == person and one.type == slug]
    return [{"$nor": found}] if found else []
