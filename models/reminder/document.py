"""What is stored of a reminder: to whom, of which record, which matter and step. Never a title or any content (X6).

The `_id` is made of all that, so that the database refuses a second one, however often and by however many jobs it
is asked for. `seen` is when it was made or opened again; what a later run of the job finds no longer is closed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bson import ObjectId
from pymongo import ASCENDING, IndexModel

from models import schema
from models.reminder.rules import FOREMOST, Matter, Step

REMINDERS = "reminder"
KEPT = timedelta(days=90)
"""How long a closed reminder stays."""

INDEXES: dict[str, list[IndexModel]] = {
    REMINDERS: [
        IndexModel(
            [("person", ASCENDING), ("closed_at", ASCENDING), ("read_at", ASCENDING), ("due", ASCENDING)],
            name="inbox",
        ),
        IndexModel(
            [("person", ASCENDING), ("due", ASCENDING)],
            name="deciding",
            partialFilterExpression={"step": {"$in": sorted(step.value for step in FOREMOST)}},
        ),
        IndexModel([("mailed_at", ASCENDING), ("closed_at", ASCENDING), ("person", ASCENDING)], name="unmailed"),
        IndexModel(
            [("record", ASCENDING)],
            name="secrecy",
            partialFilterExpression={"matter": Matter.SECRECY.value},
        ),
        # What stands has no key in it: thousands are stored at once.
        IndexModel(
            [("closed_at", ASCENDING)],
            name="kept",
            expireAfterSeconds=int(KEPT.total_seconds()),
            partialFilterExpression={"closed_at": {"$exists": True}},
        ),
    ]
}
schema.declare(INDEXES)


@dataclass(frozen=True)
class Reminder:
    """One reminder. `due` is the deadline that it is about; times are aware, UTC. `left_with` names the former owners
    with whom something of the record stayed."""

    id: str
    person: ObjectId
    type: str
    record: ObjectId
    matter: Matter
    step: Step
    due: datetime
    created: datetime
    left_with: tuple[ObjectId | None, ...] = ()

    @classmethod
    def read(cls, row: dict[str, Any]) -> Reminder:
        """The reminder in a stored document."""
        return cls(
            id=row["_id"],
            person=row["person"],
            type=row["type"],
            record=row["record"],
            matter=Matter(row["matter"]),
            step=Step(row["step"]),
            due=row["due"],
            created=row["created"],
            left_with=tuple(row.get("left_with", ())),
        )
