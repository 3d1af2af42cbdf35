"""What people chose, stored and read. The document's `_id` is the person's."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from bson import ObjectId
from pymongo import IndexModel

from config.database import database
from models import schema
from models.channel_choice.rules import Choice
from models.errors import Forbidden
from models.person.roles import Person

CHOICES = "channel_choice"
INDEXES: dict[str, list[IndexModel]] = {CHOICES: []}
schema.declare(INDEXES)


def of(person_id: ObjectId) -> Choice:
    """A person's choice; the usual one until they made theirs."""
    return Choice.read(database()[CHOICES].find_one({"_id": person_id}) or {})


def of_all(people: Iterable[ObjectId]) -> dict[ObjectId, Choice]:
    """The choices of these people, in one query; those who made none are left out."""
    return {row["_id"]: Choice.read(row) for row in database()[CHOICES].find({"_id": {"$in": list(people)}})}


def store(person: Person, choice: Choice, now: datetime) -> None:
    """Keep what the person chose for themselves. :raises Forbidden: for whoever has no account."""
    if person.id is None:
        raise Forbidden()
    values = {
        "email": choice.email,
        "channels": list(choice.channels),
        "quiet_from": _text(choice.quiet_from),
        "quiet_to": _text(choice.quiet_to),
        "digest_at": _text(choice.digest_at),
        "updated": now,
    }
    database()[CHOICES].update_one({"_id": person.id}, {"$set": values}, upsert=True)


def note_digest(person_id: ObjectId, day: date) -> None:
    """Note that the person's digest of a day has gone out."""
    database()[CHOICES].update_one({"_id": person_id}, {"$set": {"digest_on": day.isoformat()}}, upsert=True)


def _text(moment: object) -> str:
    return f"{moment:%H:%M}" if moment else ""
