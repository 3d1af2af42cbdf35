"""Putting email in, and what the delivery job does with it.

A message is stored in the caller's transaction: it goes out if the matter was stored, and only then.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from pymongo import ReturnDocument

from config.database import database
from models.outbox.document import EMAILS, Email
from models.outbox.rules import KEPT, State, check_address, next_try, one_line

# Longer than a mail server's longest silence: a message is in one delivery's hands for this time.
HOLD = timedelta(minutes=10)


def post(key: str, *, to: str, subject: str, text: str, now: datetime) -> bool:
    """Put a message in the outbox, once per `key` (matter, step and person).

    Email leaves the house unprotected: subject and text may carry a record's code and address in the
    product, never its name or content (X6).

    :return: whether it was new; False when the key has been used before, and nothing is stored.
    :raises FieldProblem: the address cannot be one.
    """
    first = {
        "to": check_address(to),
        "subject": one_line(subject),
        "text": text,
        "created": now,
        "state": State.WAITING,
        "attempts": 0,
        "next_try": now,
        "error": "",
    }
    # Not an insert: a duplicate key would end the caller's transaction.
    result = database()[EMAILS].update_one({"_id": key}, {"$setOnInsert": first}, upsert=True)
    return result.upserted_id is not None


def take_due(now: datetime) -> Email | None:
    """Take the message that has waited longest, for ten minutes; None when nothing is due."""
    row = database()[EMAILS].find_one_and_update(
        {"state": State.WAITING, "next_try": {"$lte": now}},
        {"$set": {"next_try": now + HOLD}, "$inc": {"attempts": 1}},
        sort=[("next_try", 1)],
        return_document=ReturnDocument.AFTER,
    )
    return Email.read(row) if row else None


def mark_sent(email: Email, now: datetime) -> None:
    """The mail server has taken the message over."""
    _settle(email, {"state": State.SENT, "sent": now, "error": "", "keep_until": now + KEPT})


def mark_refused(email: Email, error: str, now: datetime, *, for_good: bool) -> State:
    """The delivery was refused: try again later, or give the message up.

    :return: the state that the message is in now.
    """
    later = None if for_good else next_try(email.attempts, now)
    if later:
        _settle(email, {"next_try": later, "error": error})
        return State.WAITING
    _settle(email, {"state": State.DEAD, "error": error, "keep_until": now + KEPT})
    return State.DEAD


def put_back(email: Email, now: datetime) -> None:
    """Nobody could be asked to deliver: the message waits on and the attempt does not count."""
    _settle(email, {"next_try": now, "attempts": email.attempts - 1})


def dead(limit: int = 50) -> list[Email]:
    """Messages that were given up, newest first."""
    rows = database()[EMAILS].find({"state": State.DEAD}).sort("created", -1).limit(limit)
    return [Email.read(row) for row in rows]


def _settle(email: Email, change: dict[str, object]) -> None:
    """Store a delivery's result unless a later attempt has the message by now."""
    mine = {"_id": email.key, "state": State.WAITING, "attempts": email.attempts}
    database()[EMAILS].update_one(mine, {"$set": change})
