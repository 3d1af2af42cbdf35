"""Sessions of signed-in people. The browser holds a random id; everything else is a row here.

A session ends at once: by signing out, by a new password, by disabling the account, by 30 minutes without a
request or after 12 hours. The row keeps a hash of the id, so reading the database opens no session.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bson import ObjectId

from config.database import database
from models.person import rules
from models.person.document import SESSIONS, USERS

TOUCH = timedelta(seconds=30)
"""How stale `last_seen` may be: not every request needs a write."""


@dataclass(frozen=True)
class Session:
    """A session in force."""

    key: str
    user: ObjectId
    created: datetime
    last_seen: datetime
    fresh_at: datetime | None


def start(user: ObjectId, uniquifier: str, address: str, now: datetime) -> str:
    """Begin a session and return its id, which is kept nowhere."""
    sid = secrets.token_urlsafe(32)
    database()[SESSIONS].insert_one(
        {
            "_id": _hash(sid),
            "user": user,
            "uniquifier": uniquifier,
            "created": now,
            "last_seen": now,
            "fresh_at": now,
            "address": _hash(address),
            "ends": now + rules.ABSOLUTE,
        }
    )
    return sid


def find(sid: str, now: datetime) -> tuple[Session, dict[str, Any]] | None:
    """The session of an id with its person's stored account, or None when it is over.

    A disabled account or a changed password ends it here and now.
    """
    db = database()
    row = db[SESSIONS].find_one({"_id": _hash(sid)})
    if row is None:
        return None
    user = db[USERS].find_one({"_id": row["user"], "active": True, "fs_uniquifier": row["uniquifier"]})
    if user is None or rules.session_ended(row["created"], row["last_seen"], now):
        db[SESSIONS].delete_one({"_id": row["_id"]})
        return None
    if now - row["last_seen"] >= TOUCH:
        db[SESSIONS].update_one({"_id": row["_id"]}, {"$max": {"last_seen": now}})
    return Session(row["_id"], row["user"], row["created"], row["last_seen"], row["fresh_at"]), user


def refresh(session: Session, now: datetime) -> None:
    """Note that the person gave the password again."""
    database()[SESSIONS].update_one({"_id": session.key}, {"$max": {"fresh_at": now}})


def end(sid: str) -> None:
    """End one session."""
    database()[SESSIONS].delete_one({"_id": _hash(sid)})


def end_all(user: ObjectId) -> None:
    """End every session of a person."""
    database()[SESSIONS].delete_many({"user": user})


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
