"""Messages about reminders that a former version put into the outbox: `migrate` notes what they are about."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from config.database import database
from models.outbox.document import EMAILS
from models.outbox.rules import State
from models.reminder.document import REMINDERS
from models.reminder.telling import KIND, key_of_message


def note_reminders() -> list[str]:
    """Note on what still waits, or was given up, of whom and of which reminders it tells: those that were noted as told
    in its moment, and whose key it has."""
    unsent = {"state": {"$in": [State.WAITING.value, State.DEAD.value]}, "about": None, "_id": {"$regex": "^reminder:"}}
    noted = 0
    for row in list(database()[EMAILS].find(unsent, {"text": 1, "created": 1})):
        told: dict[Any, list[dict[str, Any]]] = defaultdict(list)
        for one in database()[REMINDERS].find({"mailed_at": row["created"]}, {"person": 1, "due": 1}):
            told[one["person"]].append(one)
        for person, reminders in told.items():
            ids = [one["_id"] for one in sorted(reminders, key=lambda one: (one["due"], one["_id"]))]
            if key_of_message(ids) == ":".join(row["_id"].split(":")[:2]):
                about = {"kind": KIND, "person": person, "reminders": ids, "base_url": _base_url(row["text"])}
                noted += database()[EMAILS].update_one({"_id": row["_id"]}, {"$set": {"about": about}}).modified_count
    return [f"noted what {noted} messages that wait are about"] if noted else []


def _base_url(text: str) -> str:
    """The address of the product: every such message leads to its first page."""
    lines = [line for line in text.splitlines() if line.startswith("http") and line.endswith("/")]
    return lines[-1].rstrip("/") if lines else ""
