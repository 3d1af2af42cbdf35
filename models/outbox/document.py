"""Outgoing messages as they are stored until they are delivered, and for a while after.

The `_id` is the sender's key: the same matter is put in once, however often the job that does it runs.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pymongo import ASCENDING, DESCENDING, IndexModel

from models import schema
from models.outbox.rules import EMAIL, State

EMAILS = "outbox_email"  # the name is of the time when email was the only channel

INDEXES: dict[str, list[IndexModel]] = {
    EMAILS: [
        IndexModel([("state", ASCENDING), ("next_try", ASCENDING)], name="due"),
        IndexModel([("state", ASCENDING), ("created", DESCENDING), ("_id", DESCENDING)], name="newest"),
        IndexModel([("keep_until", ASCENDING)], name="keep_until", expireAfterSeconds=0),
    ],
}
schema.declare(INDEXES)


@dataclass(frozen=True)
class Message:
    """One message on one channel: by email `to` an address, else to the channel of that name. Times are aware, UTC.

    `attempts` counts deliveries begun; `forgiven` of them came before a person sent a given-up message again. By
    `about` its sender asks, when it is to go out, whether it still is for its reader.
    """

    key: str
    channel: str
    to: str
    subject: str
    text: str
    created: datetime
    state: State
    attempts: int
    next_try: datetime
    error: str = ""
    forgiven: int = 0
    about: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def read(cls, row: dict[str, Any]) -> Message:
        """The message in a stored document."""
        return cls(
            key=row["_id"],
            channel=row.get("channel", EMAIL),
            to=row["to"],
            subject=row["subject"],
            text=row["text"],
            created=row["created"],
            state=State(row["state"]),
            attempts=row["attempts"],
            next_try=row["next_try"],
            error=row.get("error", ""),
            forgiven=row.get("forgiven", 0),
            about=row.get("about", {}),
        )
