"""Readers who left: with their account end the cards that they asked for or hold (X4, X5).

What waits for a signature lapses with that reason; what is in force ends at once, and what was taken out under it is to
be returned.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import partial

from bson import ObjectId

from config.database import database, transaction
from models import store
from models.access_request.document import ACCESS_REQUEST
from models.errors import StaleRecord
from models.person import changes, directory
from models.person.roles import SYSTEM, Person
from models.record import collection_name

SLUG = ACCESS_REQUEST.slug
ENDED = "reader_gone"
OPEN = ("asked", "signed", "approved", "granted")


def end_cards(_before: Person, person: Person, now: datetime) -> None:
    """End the cards of a person whose account is disabled, in the transaction in which it is."""
    if person.id is not None and not directory.eligible(person.id):
        for request in _open([person.id]):
            store.change(SLUG, request, {"state": "ended"}, actor=SYSTEM, now=now, action=ENDED)


def end_left(now: datetime) -> int:
    """End such cards as are still open, as a net under `end_cards`; returns how many."""
    return sum(transaction(partial(_end, request, now)) for request in _open(directory.disabled()))


def _end(request: ObjectId, now: datetime) -> bool:
    card = store.fetch(SLUG, request)
    if card["state"] not in OPEN:
        return False
    try:
        store.change(SLUG, request, {"state": "ended"}, actor=SYSTEM, now=now, rev=card["rev"], action=ENDED)
    except StaleRecord:  # decided, revoked or given back at this moment
        return False
    return True


def _open(readers: Iterable[ObjectId]) -> list[ObjectId]:
    condition = {"owner": {"$in": list(readers)}, "state": {"$in": list(OPEN)}}
    return sorted(row["_id"] for row in database()[collection_name(SLUG)].find(condition, {"_id": 1}))


changes.when_person_changes(end_cards)
