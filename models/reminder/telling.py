"""Telling people of reminders outside the product: one digest a day, what cannot wait at once, nothing in quiet hours.

Each reminder is told once. It goes to the person's email with numbers and addresses in the product, and to the group
robots that they chose as a count and nothing else: a group reads it (X6).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from functools import partial

from config.database import database, transaction
from models.calendar import local
from models.channel_choice import service as choices
from models.channel_choice.rules import Choice, is_digest_due, is_quiet, is_urgent
from models.errors import FieldProblem
from models.outbox import service as outbox
from models.person import deputies
from models.person import service as people
from models.person.roles import Person
from models.reminder import mailing
from models.reminder.document import REMINDERS, Reminder
from models.reminder.service import Told, standing

READ_AT_ONCE = 500
UNTOLD = {"mailed_at": None, "closed_at": None}


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
    key = "reminder:" + hashlib.sha256("\n".join(sorted(ids)).encode()).hexdigest()[:40]
    sent = choice.email and _email(person, key, told, now, base_url)
    return int(sent) + sum(
        _post_to(name, person, key, told, now, base_url) for name in choice.channels if name in known
    )


def _email(person: Person, key: str, told: Sequence[Told], now: datetime, base_url: str) -> bool:
    subject, text = mailing.compose(person, told, base_url, now)
    try:
        return outbox.post(key, to=person.email, subject=subject, text=text, now=now)
    except FieldProblem:  # an account without a usable address reads its reminders in the product
        return False


def _post_to(name: str, person: Person, key: str, told: Sequence[Told], now: datetime, base_url: str) -> bool:
    subject, text = mailing.compose_for_group(person, told, base_url, now)
    return outbox.post_to(name, f"{key}:{name}", subject=subject, text=text, now=now)
