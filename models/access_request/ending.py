"""Cards whose period is over, decided or not, and those that something else ended without their being told (X4, X5)."""

from __future__ import annotations

from datetime import datetime

from bson import ObjectId

from config.database import database
from models import store
from models.access_request import borrowing, gone, open_cards, raising
from models.access_request.document import ACCESS_REQUEST
from models.access_request.grants import GRANTS
from models.errors import StaleRecord
from models.kinds import ZONE, stored
from models.person.roles import SYSTEM
from models.record import collection_name

SLUG = ACCESS_REQUEST.slug


def expire(now: datetime) -> int:
    """End the cards whose period is over, decided or not; returns how many. A right ended by itself already; what was
    taken out is to be returned."""
    ended = {"valid_until": {"$lte": now}, "ended_at": None}
    over = {row["request"]: None for row in database()[GRANTS].find(ended, {"request": 1}).limit(500)}
    lasting = database()[GRANTS].distinct("request", {"valid_until": {"$gt": now}, "ended_at": None})
    left = gone.end_left(now) + raising.end_left(lasting, now) + borrowing.end_left(now)
    return sum(_end_over(request, now) for request in over) + left + _expire_undecided(now)


def _end_over(request: ObjectId, now: datetime) -> bool:
    """End a card whose period is over; one that was revoked or given back at this moment stays so."""
    card = store.fetch(SLUG, request)
    if card["state"] != "granted":
        return False
    try:
        store.change(SLUG, request, {"state": "ended"}, actor=SYSTEM, now=now, rev=card["rev"], action="expire")
    except StaleRecord:
        return False
    return True


def _expire_undecided(now: datetime) -> int:
    """Close the requests that waited until the last day that they asked for was over (X4)."""
    today = stored(ACCESS_REQUEST.by_name["valid_until"], now.astimezone(ZONE).date())
    undecided = [state for state in open_cards.open_states() if state not in ("granted", "out")]
    condition = {"state": {"$in": undecided}, "valid_until": {"$lt": today}, "archived_at": None}
    count = 0
    for row in list(database()[collection_name(SLUG)].find(condition, {"rev": 1}).limit(500)):
        try:
            store.change(SLUG, row["_id"], {"state": "expired"}, actor=SYSTEM, now=now, rev=row["rev"], action="lapse")
        except StaleRecord:  # decided at this moment
            continue
        count += 1
    return count
