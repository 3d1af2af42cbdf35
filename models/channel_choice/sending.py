"""Telling one person of something that is no reminder, as they chose to hear of things."""

from __future__ import annotations

from datetime import datetime

from bson import ObjectId

from models.channel_choice import service as choices
from models.channel_choice.rules import quiet_until
from models.errors import FieldProblem
from models.outbox import service as outbox


def send(person: ObjectId, key: str, *, to: str, subject: str, text: str, now: datetime) -> bool:
    """Put an email to a person in the outbox, once per `key`: none for whoever wants no email, and to go out when their
    quiet hours are over. Subject and text bear no content of records (X6).

    :return: whether there is a new message; whoever gets none, or has no usable address, reads it in the product.
    """
    choice = choices.of(person)
    if not choice.email:
        return False
    try:
        return outbox.post(key, to=to, subject=subject, text=text, now=now, not_before=quiet_until(choice, now))
    except FieldProblem:
        return False
