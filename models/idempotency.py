"""Writes that may be sent twice: the key that the sender gives, and the answer to the first of them.

An answer is kept in the transaction of the write it answers, so that neither is there without the other. Only answers
to writes that were carried out are kept, and they hold no content of a record: a number and a version.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pymongo import ASCENDING, IndexModel
from pymongo.errors import DuplicateKeyError

from config.database import database
from models import schema
from models.errors import Refusal

KEYS = "idempotency_key"
KEPT = timedelta(hours=24)
GIVEN_UP = timedelta(seconds=60)
"""Longer than any write takes; after it the writer is taken for dead."""

schema.declare({KEYS: [IndexModel([("ends", ASCENDING)], name="ends", expireAfterSeconds=0)]})


class KeyReused(Refusal):
    """The same key came with another request."""

    code, status = "idempotency_key_reused", 422
    zh = "此 Idempotency-Key 已用于另一个请求，请换一个。"
    en = "This Idempotency-Key was sent with another request. Use a new one."


class StillRunning(Refusal):
    """The first request with this key has no answer yet."""

    code, status = "still_running", 409
    zh, en = "同一请求正在处理，请稍后再试。", "The same request is being carried out. Try again in a moment."


@dataclass(frozen=True)
class Claim:
    """The right to carry out the request of a key."""

    id: str
    by: str


@dataclass(frozen=True)
class Answer:
    """What the first request was answered: status, headers, body."""

    status: int
    headers: dict[str, str]
    body: str


def digest(*parts: bytes) -> str:
    """The SHA-256 of some parts, none of which can be mistaken for another's end."""
    made = hashlib.sha256()
    for part in parts:
        made.update(len(part).to_bytes(8, "big") + part)
    return made.hexdigest()


def claim(key: str, request: str, now: datetime) -> Claim | Answer:
    """Begin the request `request` (a digest) of `key` (a digest): the right to carry it out, or its answer.

    :raises KeyReused: another request came with this key.
    :raises StillRunning: the same request is being carried out.
    """
    mine = Claim(key, secrets.token_hex(8))
    row: dict[str, Any] = {"request": request, "by": mine.by, "gives_up": now + GIVEN_UP, "ends": now + KEPT}
    keys = database()[KEYS]
    # The database removes ended rows only once a minute: an ended one is removed here.
    keys.delete_one({"_id": key, "ends": {"$lte": now}})
    try:
        keys.insert_one({"_id": key, **row, "answer": None})
    except DuplicateKeyError:
        return _again(mine, row, now)
    return mine


def _again(mine: Claim, row: dict[str, Any], now: datetime) -> Claim | Answer:
    keys = database()[KEYS]
    found = keys.find_one({"_id": mine.id})
    if found is None:  # given back at this moment
        raise StillRunning()
    if found["request"] != row["request"]:
        raise KeyReused()
    if found["answer"] is not None:
        return Answer(**found["answer"])
    abandoned = {"_id": mine.id, "answer": None, "by": found["by"], "gives_up": {"$lte": now}}
    if keys.update_one(abandoned, {"$set": row}).matched_count == 0:
        raise StillRunning()
    return mine


def keep(mine: Claim, answer: Answer) -> None:
    """Keep the answer; to be called in the transaction of the write. :raises StillRunning: another took over."""
    kept = {"status": answer.status, "headers": answer.headers, "body": answer.body}
    held = {"_id": mine.id, "by": mine.by}
    if database()[KEYS].update_one(held, {"$set": {"answer": kept}}).matched_count == 0:
        raise StillRunning()


def give_back(mine: Claim) -> None:
    """The request was refused: it may be sent again with this key."""
    database()[KEYS].delete_one({"_id": mine.id, "by": mine.by, "answer": None})
