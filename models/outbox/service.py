"""Putting messages in, what the delivery jobs do with them, and what an administrator sees of them.

A message is stored in the caller's transaction: it goes out if the matter was stored, and only then. What waits is
asked about once more when it is to go out: what its reader is told then is what is theirs to know at that moment (X6).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from pymongo import ReturnDocument

from config.database import database, transaction
from models import audit
from models.errors import Forbidden, NotFound
from models.outbox.document import EMAILS, Message
from models.outbox.rules import EMAIL, KEPT, State, check_address, delivery_id, next_try, one_line
from models.person.roles import Permission, Person

# Longer than another side's longest silence: a message is in one delivery's hands for this time.
HOLD = timedelta(minutes=10)
LARGEST_PAGE = 100
MOST_TAKEN_OUT = 200
"""So many messages are taken out of the outbox in a row before the others wait for the next minute."""

About = dict[str, Any]
Ask = Callable[[Message, datetime], Message | None]
_asks: dict[str, Ask] = {}


def ask_before(kind: str, ask: Ask) -> None:
    """A sender states how messages `about` something of this `kind` go out: as they are, with other words or to another
    address, or (None) not at all."""
    _asks[kind] = ask


def post(
    key: str,
    *,
    to: str,
    subject: str,
    text: str,
    now: datetime,
    not_before: datetime | None = None,
    about: About | None = None,
) -> bool:
    """Put an email in the outbox, once per `key` (matter, step and person); it goes out at `not_before` or later.
    `about` says what is asked then: its `kind`, and what that kind needs.

    Email leaves the house unprotected: subject and text may carry a record's code and address in the
    product, never its name or content (X6).

    :return: whether it was new; False when the key has been used before, and nothing is stored.
    :raises FieldProblem: the address cannot be one.
    """
    return _put(key, EMAIL, check_address(to), subject, text, now, not_before, about)


def post_to(channel: str, key: str, *, subject: str, text: str, now: datetime, about: About | None = None) -> bool:
    """Put a message for a declared channel in the outbox, once per `key`. A group reads it: it may not even carry a
    record's code (X6).

    :return: whether it was new.
    """
    return _put(key, channel, "", subject, text, now, about=about)


def take_due(now: datetime, channel: str = EMAIL) -> Message | None:
    """Take the channel's message that has waited longest, for ten minutes, as it is to go out at this moment; what is
    not its reader's any more is taken out of the outbox. None when nothing is due."""
    for _ in range(MOST_TAKEN_OUT):
        message = _take(now, channel)
        if message is None:
            break
        ask = _asks.get(message.about.get("kind", ""))
        still = message if ask is None else ask(message, now)
        if still is not None:
            return still if still == message else _renewed(still)
        database()[EMAILS].delete_one(_mine(message))
    return None


def _renewed(message: Message) -> Message:
    """Note with what and to whom a message goes out, for the next attempt and whoever looks after messages."""
    change: dict[str, object] = {
        "to": message.to,
        "subject": one_line(message.subject),
        "text": message.text,
        "about": message.about,
    }
    _settle(message, change)
    return replace(message, subject=one_line(message.subject))


def _take(now: datetime, channel: str) -> Message | None:
    row = database()[EMAILS].find_one_and_update(
        {"state": State.WAITING, "next_try": {"$lte": now}, "channel": _of(channel)},
        {"$set": {"next_try": now + HOLD}, "$inc": {"attempts": 1}},
        sort=[("next_try", 1)],
        return_document=ReturnDocument.AFTER,
    )
    return Message.read(row) if row else None


def channels_due(now: datetime) -> list[str]:
    """The channels other than email for which something is due, by name."""
    wanted = {"state": State.WAITING, "next_try": {"$lte": now}, "channel": {"$nin": [None, EMAIL]}}
    return sorted(database()[EMAILS].distinct("channel", wanted))


def mark_sent(message: Message, now: datetime) -> None:
    """The other side has taken the message over."""
    _settle(message, {"state": State.SENT, "sent": now, "error": "", "keep_until": now + KEPT})


def mark_refused(message: Message, error: str, now: datetime, *, for_good: bool) -> State:
    """The delivery was refused: try again later, or give the message up. `error` holds no content.

    :return: the state that the message is in now.
    """
    later = None if for_good else next_try(message.attempts - message.forgiven, now, message.key)
    if later:
        _settle(message, {"next_try": later, "error": error})
        return State.WAITING
    _settle(message, {"state": State.DEAD, "error": error, "keep_until": now + KEPT})
    return State.DEAD


def put_back(message: Message, now: datetime) -> None:
    """Nobody could be asked to deliver: the message waits on and the attempt does not count."""
    _settle(message, {"next_try": now, "attempts": message.attempts - 1})


def in_state(reader: Person, state: State, *, before: tuple[datetime, str] | None = None, limit: int) -> list[Message]:
    """Messages in a state, newest first, behind the one with this time and key. Whoever sees them sees no content.

    :raises Forbidden: the person does not look after messages.
    """
    _require_right(reader)
    wanted: dict[str, Any] = {"state": state}
    if before:
        created, key = before
        wanted["$or"] = [{"created": {"$lt": created}}, {"created": created, "_id": {"$lt": key}}]
    rows = database()[EMAILS].find(wanted, {"subject": 0, "text": 0}).sort([("created", -1), ("_id", -1)])
    return [Message.read({**row, "subject": "", "text": ""}) for row in rows.limit(min(limit, LARGEST_PAGE))]


def send_again(actor: Person, key: str, now: datetime) -> None:
    """Have a message that was given up delivered after all, with its former id.

    :raises Forbidden: the person does not look after messages.
    :raises NotFound: there is no such message, or somebody else was faster.
    """
    _require_right(actor)

    def store() -> None:
        again: dict[str, Any] = {"state": State.WAITING, "next_try": now, "error": "", "forgiven": "$attempts"}
        changed = database()[EMAILS].update_one(
            {"_id": str(key), "state": State.DEAD}, [{"$set": again}, {"$unset": "keep_until"}]
        )
        if not changed.modified_count:
            raise NotFound()
        audit.append("message_sent_again", actor, audit.Subject("message", number=delivery_id(key)[:12]), now=now)

    transaction(store)


def _put(
    key: str,
    channel: str,
    to: str,
    subject: str,
    text: str,
    now: datetime,
    not_before: datetime | None = None,
    about: About | None = None,
) -> bool:
    first: dict[str, Any] = {
        "channel": channel,
        "to": to,
        "subject": one_line(subject),
        "text": text,
        "created": now,
        "state": State.WAITING,
        "attempts": 0,
        "next_try": not_before or now,
        "error": "",
    }
    if about:
        first["about"] = about
    # Not an insert: a duplicate key would end the caller's transaction.
    result = database()[EMAILS].update_one({"_id": key}, {"$setOnInsert": first}, upsert=True)
    return result.upserted_id is not None


def _of(channel: str) -> Any:
    """A condition on the channel; a message without one is an email of a former version."""
    return {"$in": [None, EMAIL]} if channel == EMAIL else channel


def _settle(message: Message, change: dict[str, object]) -> None:
    """Store a delivery's result unless a later attempt has the message by now."""
    database()[EMAILS].update_one(_mine(message), {"$set": change})


def _mine(message: Message) -> dict[str, Any]:
    return {"_id": message.key, "state": State.WAITING, "attempts": message.attempts}


def _require_right(person: Person) -> None:
    if not person.may(Permission.OUTBOX_MANAGE):
        raise Forbidden()
