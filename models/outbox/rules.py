"""Rules of outgoing messages: values and `now` in, a decision out."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from enum import StrEnum

from models.errors import FieldProblem

EMAIL = "email"
"""The channel that every installation has; the others are declared by name."""

BACKOFF = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 240, 720))
"""The longest pause after the first, second, ... refused attempt; after the last one the message is dead."""
JITTER = 0.25
"""By up to this part of itself a pause is shorter, so that messages refused together do not come back together."""
KEPT = timedelta(days=30)
"""How long a message that was sent or given up stays."""
LONGEST_ADDRESS = 254
LONGEST_SUBJECT = 200


class State(StrEnum):
    """Where a message stands."""

    WAITING = "waiting"
    SENT = "sent"
    DEAD = "dead"


def delivery_id(key: str) -> str:
    """The id that belongs to `key`, always the same: a repeated delivery shows as one message."""
    return hashlib.sha256(key.encode()).hexdigest()[:32]


def message_id(key: str, sender: str) -> str:
    """The Message-ID that belongs to `key`."""
    domain = sender.rpartition("@")[2].strip("> ") or "localhost"
    return f"<{delivery_id(key)}@{domain}>"


def next_try(attempts: int, now: datetime, key: str) -> datetime | None:
    """When to try the message of `key` again after `attempts` refused ones, or None when it is to be given up.

    The chance in the pause comes from key and attempt: whoever works it out again comes to the same time.
    """
    if attempts > len(BACKOFF):
        return None
    chance = int.from_bytes(hashlib.sha256(f"{key}#{attempts}".encode()).digest()[:4], "big") / 2**32
    return now + BACKOFF[attempts - 1] * (1 - JITTER * chance)


def check_address(address: str) -> str:
    """The address without surrounding blanks.

    :raises FieldProblem: it cannot be an email address.
    """
    text = address.strip()
    name, _, domain = text.rpartition("@")
    printable = text.isprintable() and not any(c in ' <>,;:"()[]\\' for c in text)
    if not (name and domain and printable and len(text) <= LONGEST_ADDRESS):
        raise FieldProblem("to", zh="不是有效的电子邮箱地址。", en="This is not an email address.")
    return text


def one_line(subject: str) -> str:
    """The subject on one line and of a bearable length: a header must not begin a second one."""
    return " ".join(subject.split())[:LONGEST_SUBJECT]
