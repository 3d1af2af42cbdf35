"""Readers who may borrow no longer: a card to print or export ends when its reader is no manager any more (X4).

It opens nothing to them from that moment on (`grants`), for looking neither; here it is ended, so that what was taken
out is to be returned.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from functools import partial

from bson import ObjectId

from config.database import database, transaction
from models import store
from models.access_request import rules
from models.access_request.document import ACCESS_REQUEST
from models.access_request.grants import GRANTS
from models.errors import StaleRecord
from models.person import changes, directory
from models.person import service as people
from models.person.roles import MANAGING, SYSTEM, Person

SLUG = ACCESS_REQUEST.slug
ENDED = "may_not_borrow"


def end_cards(_before: Person, person: Person, now: datetime) -> None:
    """End the cards under which a person, as they are from now on, may not borrow any more, in the transaction in which
    their roles change; those that still wait are not approved. Where their account is disabled all end (`gone`)."""
    if person.id is not None and directory.eligible(person.id) and not person.has(*MANAGING):
        for request in _lasting([person.id], now):
            store.change(SLUG, request, {"state": "ended"}, actor=SYSTEM, now=now, action=ENDED)


def end_left(now: datetime) -> int:
    """End such cards as are still open, as a net under `end_cards`; returns how many."""
    borrowing = database()[GRANTS].distinct("person", _to_borrow(now))
    lost = [one.id for one in people.those(borrowing).values() if one.id is not None and not one.has(*MANAGING)]
    return sum(transaction(partial(_end, request, now)) for request in _lasting(lost, now))


def _end(request: ObjectId, now: datetime) -> bool:
    card = store.fetch(SLUG, request)
    if card["state"] != "granted":
        return False
    try:
        store.change(SLUG, request, {"state": "ended"}, actor=SYSTEM, now=now, rev=card["rev"], action=ENDED)
    except StaleRecord:  # revoked or given back at this moment
        return False
    return True


def _lasting(readers: Collection[ObjectId], now: datetime) -> list[ObjectId]:
    """The cards to borrow that these people have in force, or will have."""
    found = database()[GRANTS].distinct("request", {"person": {"$in": list(readers)}, **_to_borrow(now)})
    return sorted(found)


def _to_borrow(now: datetime) -> dict[str, object]:
    return {"valid_until": {"$gt": now}, "ended_at": None, "uses": {"$in": list(rules.BORROWING)}}


changes.when_person_changes(end_cards)
