"""Outgoing email as it is stored until it is delivered, and for a while after.

The `_id` is the sender's key: the same matter is put in once, however often the job that does it runs.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pymongo import ASCENDING, IndexModel

from models import schema
from models.outbox.rules import State

EMAILS = "outbox_email"

INDEXES: dict[str, list[IndexModel]] = {
    EMAILS: [
        IndexModel([("state", ASCENDING), ("next_try", ASCENDING)], name="due"),
        IndexModel([("keep_until", ASCENDING)], name="keep_until", expireAfterSeconds=0),
    ],
}
schema.declare(INDEXES)


@dataclass(frozen=True)
class Email:
    """One message to one address. `attempts` counts deliveries begun; times are aware, UTC."""

    key: str
    to: str
    subject: str
    text: str
    created: datetime
    state: State
    attempts: int
    next_try: datetime
    error: str = ""

    @classmethod
    def read(cls, row: dict[str, Any]) -> Email:
        """The message in a stored document."""
        return cls(
            key=row["_id"],
            to=row["to"],
            subject=row["subject"],
            text=row["text"],
            created=row["created"],
            state=State(row["state"]),
            attempts=row["attempts"],
            next_try=row["next_try"],
            error=row.get("error", ""),
        )
