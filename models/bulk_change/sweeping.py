"""Forgetting what bulk changes leave behind; the audit trail and the history of the records keep what was done."""

from __future__ import annotations

from datetime import datetime, timedelta

from config.database import database
from models.bulk_change import rules, service
from models.bulk_change.document import EMPTIED, PLANS, State

SWEPT_AT_ONCE = 200


def sweep(now: datetime) -> int:
    """Delete plans that nobody confirmed within a day; of those that are 30 days old keep the counts and who did it.
    Returns how many plans were swept."""
    db = database()
    open_states = [State.DRAFT.value, State.CHECKING.value, State.CHECKED.value]
    unconfirmed = {"state": {"$in": open_states}, "at": {"$lt": now - rules.UNCONFIRMED}}
    gone = [row["_id"] for row in db[PLANS].find(unconfirmed, {"_id": 1}).limit(SWEPT_AT_ONCE)]
    long_over = {"at": {"$lt": now - timedelta(days=rules.UNDO_DAYS)}, "swept": {"$ne": True}}
    old = [row["_id"] for row in db[PLANS].find(long_over, {"_id": 1}).limit(SWEPT_AT_ONCE) if row["_id"] not in gone]
    service.forget(gone + old)
    db[PLANS].delete_many({"_id": {"$in": gone}})
    db[PLANS].update_many({"_id": {"$in": old}}, {"$set": EMPTIED})
    return len(gone) + len(old)
