"""Sessions of signed-in people. The browser holds a random id; everything else is a row here.

A session ends at once: by signing out, by a new password, by disabling the account, by 30 minutes without a
request or after 12 hours. The row keeps a hash of the id, so reading the database opens no session.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bson import ObjectId

from config.database import database
from models.person import rules
from models.person.document import SESSIONS, USERS
from models.person.whose import Whose

TOUCH = timedelta(seconds=30)
"""How stale `last_seen` may be: not every request needs a write."""

Beside = Callable[[ObjectId, datetime], list[dict[str, Any]]]

_whose = Whose(SESSIONS, "_id")


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


@dataclass(frozen=True)
class Found:
    """A session in force, its person's stored account, and the whole answer, with what was asked for beside them."""

    session: Session
    account: dict[str, Any]
    answer: list[dict[str, Any]]


def find(sid: str, now: datetime, beside: Beside | None = None, *, used: bool = True) -> Found | None:
    """The session of an id with its person's stored account, or None when it is over; one question to the database.
    `beside` gives for a person stages that add documents to the answer. It lasts longer where it is `used`: by the
    person, and not by a page that asks by itself.

    A disabled account or a changed password ends it here and now.
    """
    key, sessions = _hash(sid), database()[SESSIONS]
    person = _whose.find(key)
    if person is None:
        return None
    stages = [
        *_told("session", {"_id": key}),
        {"$unionWith": {"coll": USERS, "pipeline": _told("account", {"_id": person, "active": True})}},
    ]
    rows = list(sessions.aggregate([*stages, *beside(person, now)] if beside else stages))
    row, user = (next((one[name] for one in rows if name in one), None) for name in ("session", "account"))
    if row is None:
        return None
    if user is None or user["fs_uniquifier"] != row["uniquifier"] or _ended(row, now):
        sessions.delete_one({"_id": key})
        return None
    if used and now - row["last_seen"] >= TOUCH:
        sessions.update_one({"_id": key}, {"$max": {"last_seen": now}})
    return Found(Session(key, person, row["created"], row["last_seen"], row["fresh_at"]), user, rows)


def _told(name: str, wanted: dict[str, Any]) -> list[dict[str, Any]]:
    """The stages that find a document and give it under a name."""
    return [{"$match": wanted}, {"$project": {"_id": 0, name: "$$ROOT"}}]


def _ended(row: dict[str, Any], now: datetime) -> bool:
    return rules.session_ended(row["created"], row["last_seen"], now)


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
