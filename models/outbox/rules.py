"""Rules of outgoing email: values and `now` in, a decision out."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from enum import StrEnum

from models.errors import FieldProblem

BACKOFF = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 240, 720))
"""The pause after the first, second, ... refused attempt; after the last one the message is dead."""
KEPT = timedelta(days=30)
"""How long a message that was sent or given up stays."""
LONGEST_ADDRESS = 254
LONGEST_SUBJECT = 200


class State(StrEnum):
    """Where a message stands."""

    WAITING = "waiting"
    SENT = "sent"
    DEAD = "dead"


def message_id(key: str, sender: str) -> str:
    """The Message-ID that belongs to `key`, always the same: a repeated delivery shows as one message."""
    domain = sender.rpartition("@")[2].strip("> ") or "localhost"
    return f"<{hashlib.sha256(key.encode()).hexdigest()[:32]}@{domain}>"


def next_try(attempts: int, now: datetime) -> datetime | None:
    """When to try again after `attempts` refused ones, or None when the message is to be given up."""
    return now + BACKOFF[attempts - 1] if attempts <= len(BACKOFF) else None


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
