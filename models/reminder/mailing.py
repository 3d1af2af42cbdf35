"""Reminders by email: one message to each person for what is new, with codes and addresses in the product only (X6)."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from functools import partial

from config.database import database, transaction
from models.calendar import local
from models.errors import FieldProblem
from models.outbox import service as outbox
from models.person import service as people
from models.person.roles import Person
from models.reminder.document import REMINDERS, Reminder
from models.reminder.rules import LABELS
from models.reminder.service import Told, standing

MOST_LINES = 50
READ_AT_ONCE = 500

WORDS = {
    "zh": {
        "one": "{step}：{what}",
        "many": "您有 {count} 项工作提醒",
        "hello": "{name}，您好：",
        "due": "期限 {due}",
        "more": "另有 {count} 项，请见“我的工作”：",
        "all": "全部提醒请见“我的工作”：",
        "end": "本邮件由系统自动发出，请勿回复。",
    },
    "en": {
        "one": "{step}: {what}",
        "many": "{count} reminders for you",
        "hello": "Dear {name},",
        "due": "due {due}",
        "more": "{count} more are in My work:",
        "all": "All reminders are in My work:",
        "end": "This message was sent by the system; please do not answer it.",
    },
}


def post_emails(now: datetime, base_url: str) -> int:
    """Put an email in the outbox for each person with reminders that none has told yet; returns how many.

    Each reminder is told once, in the person's language, if it still stands.
    """
    return sum(transaction(partial(_post, person, now, base_url)) for person in people.active_people())


def _post(person: Person, now: datetime, base_url: str) -> bool:
    reminders = database()[REMINDERS]
    untold = {"mailed_at": None, "closed_at": None, "person": person.id}
    rows = reminders.find(untold).sort([("due", 1), ("_id", 1)]).limit(READ_AT_ONCE)
    found = [Reminder.read(row) for row in rows]
    if not found:
        return False
    ids = [reminder.id for reminder in found]
    reminders.update_many({"_id": {"$in": ids}}, {"$set": {"mailed_at": now}})
    told = list(standing(person, found, person.language))
    if not told:
        return False
    key = "reminder:" + hashlib.sha256("\n".join(sorted(ids)).encode()).hexdigest()[:40]
    subject, text = compose(person, told, base_url)
    try:
        return outbox.post(key, to=person.email, subject=subject, text=text, now=now)
    except FieldProblem:  # an account without a usable address reads its reminders in the product
        return False


def compose(person: Person, told: Sequence[Told], base_url: str) -> tuple[str, str]:
    """Subject and text of a person's email: step, type, number, deadline and address of each record, no more."""
    language = "zh" if person.language.startswith("zh") else "en"
    words = WORDS[language]
    lines = [words["hello"].format(name=person.name), ""]
    for one in told[:MOST_LINES]:
        due = words["due"].format(due=f"{local(one.reminder.due):%Y-%m-%d %H:%M}")
        lines += [f"- {_what(one, language)} ({due})", f"  {base_url}/records/{one.rt.slug}/{one.number}"]
    left = len(told) - MOST_LINES
    lines += ["", words["more"].format(count=left) if left > 0 else words["all"], f"{base_url}/", "", words["end"]]
    if len(told) == 1:
        return _what(told[0], language), "\n".join(lines)
    return words["many"].format(count=len(told)), "\n".join(lines)


def _what(one: Told, language: str) -> str:
    step = LABELS[one.reminder.step].text(language)
    return WORDS[language]["one"].format(step=step, what=f"{one.rt.label.text(language)} {one.number}")
