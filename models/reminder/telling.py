"""Telling people of reminders outside the product: one digest a day, what cannot wait at once, nothing in quiet hours.

Each reminder is told once. It goes to the person's email with numbers and addresses in the product, and to the group
robots that they chose as a count and nothing else: a group reads it (X6). A message that had to wait tells what still
stands when it goes out, and nothing once that is nothing or the account is disabled.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from config.database import database, transaction
from models.calendar import local
from models.channel_choice import service as choices
from models.channel_choice.rules import Choice, is_digest_due, is_quiet, is_urgent
from models.errors import FieldProblem, NotFound
from models.outbox import service as outbox
from models.outbox.document import Message
from models.outbox.rules import EMAIL, check_address
from models.person import deputies
from models.person import service as people
from models.person.roles import Person
from models.reminder import mailing
from models.reminder.document import REMINDERS, Reminder
from models.reminder.service import Told, standing

READ_AT_ONCE = 500
UNTOLD = {"mailed_at": None, "closed_at": None}
KIND = "reminders"


def tell(
    now: datetime,
    base_url: str,
    channels: Collection[str] = (),
    go_on: Callable[[], bool] = lambda: True,
    fence: Callable[[], None] = lambda: None,
) -> int:
    """Put messages in the outbox for everybody with reminders of which nothing has told them yet; returns how many.

    `channels` are the declared ones: a choice of one that is gone is passed over. `go_on` is asked before each person,
    and `fence` called in each person's transaction: what it raises ends it.
    """
    everybody = deputies.all_with_stand_ins(people.active_people(), now)
    chosen = choices.of_all(person.id for person in everybody if person.id is not None)
    known = frozenset(channels)
    made, untold = 0, set(database()[REMINDERS].distinct("person", UNTOLD))
    for person in (one for one in everybody if one.id in untold):
        if not go_on():
            break
        choice = chosen.get(person.id, Choice()) if person.id is not None else Choice()
        if not is_quiet(choice, now):
            made += transaction(partial(_fenced, fence, person, choice, now, base_url, known))
    return made


def _fenced(
    fence: Callable[[], None], person: Person, choice: Choice, now: datetime, base_url: str, known: frozenset[str]
) -> int:
    fence()
    return _tell(person, choice, now, base_url, known)


def _tell(person: Person, choice: Choice, now: datetime, base_url: str, known: frozenset[str]) -> int:
    digest = is_digest_due(choice, now)
    rows = (
        database()[REMINDERS].find({**UNTOLD, "person": person.id}).sort([("due", 1), ("_id", 1)]).limit(READ_AT_ONCE)
    )
    found = [one for one in map(Reminder.read, rows) if digest or is_urgent(one.step, one.due, now)]
    if not found:
        return 0
    told = list(standing(person, found, person.language))
    if not told:
        return 0
    ids = [one.reminder.id for one in told]
    database()[REMINDERS].update_many({"_id": {"$in": ids}}, {"$set": {"mailed_at": now}})
    if digest and person.id is not None:
        choices.note_digest(person.id, local(now).date())
    key = key_of_message(ids)
    about = {"kind": KIND, "person": person.id, "reminders": ids, "base_url": base_url}
    sent = choice.email and _email(person, key, told, now, about)
    return int(sent) + sum(_post_to(name, person, key, told, now, about) for name in choice.channels if name in known)


def key_of_message(reminders: Collection[str]) -> str:
    """What makes a message about some reminders the one that it is."""
    return "reminder:" + hashlib.sha256("\n".join(sorted(reminders)).encode()).hexdigest()[:40]


def _email(person: Person, key: str, told: Sequence[Told], now: datetime, about: dict[str, Any]) -> bool:
    subject, text = mailing.compose(person, told, about["base_url"], now)
    try:
        return outbox.post(key, to=person.email, subject=subject, text=text, now=now, about=about)
    except FieldProblem:  # an account without a usable address reads its reminders in the product
        return False


def _post_to(name: str, person: Person, key: str, told: Sequence[Told], now: datetime, about: dict[str, Any]) -> bool:
    subject, text = mailing.compose_for_group(person, told, about["base_url"], now)
    return outbox.post_to(name, f"{key}:{name}", subject=subject, text=text, now=now, about=about)


def as_it_stands(message: Message, now: datetime) -> Message | None:
    """A message about reminders as it is to go out: of those that still stand, to the address that the person has now;
    None once none does, and for an account that is disabled or without an address."""
    about = message.about
    try:
        account = people.get(about["person"])
    except NotFound:
        return None
    if not account.get("active"):
        return None
    person = deputies.with_stand_ins(people.person_of(account), account, now)
    stored = {"_id": {"$in": about["reminders"]}, "person": person.id, "closed_at": None}
    found = {row["_id"]: Reminder.read(row) for row in database()[REMINDERS].find(stored)}
    told = list(standing(person, [found[one] for one in about["reminders"] if one in found], person.language))
    if not told:
        return None
    changed = len(told) < len(about["reminders"])
    left = {**about, "reminders": [one.reminder.id for one in told]}
    if message.channel != EMAIL:
        words = mailing.compose_for_group(person, told, about["base_url"], now)
        return replace(message, subject=words[0], text=words[1], about=left) if changed else message
    try:
        to = check_address(person.email)
    except FieldProblem:
        return None
    if not changed:
        return replace(message, to=to)
    subject, text = mailing.compose(person, told, about["base_url"], now)
    return replace(message, to=to, subject=subject, text=text, about=left)


outbox.ask_before(KIND, as_it_stands)
