"""The notice before secrecy ends (X2): to whom it goes, and whether somebody had it before the record is declassified.

The owner is told, and the custodians of the department, who may ask for a longer period, of what they read. Of a record
whose owner is gone the head is told too, and of top secret the general manager.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from bson import ObjectId

from config.database import database
from config.policy import policy
from models import access, stored_form
from models.access import Purpose
from models.calendar import local
from models.declarations import Level, RecordType
from models.kinds import stored
from models.opening import CLOSING_UTC
from models.person.roles import Person, Role
from models.reminder.document import REMINDERS
from models.reminder.rules import Matter
from models.turns import left_by

Condition = dict[str, Any]

CLASSIFIED = [level.value for level in Level if level is not Level.INTERNAL]
NO_PART: Condition = {"merged_into": None}
"""The condition for a record whose secrecy ends by itself: what was merged into another one follows that."""
UNTIL = next(f for f in stored_form.OPEN_SYSTEM if f.name == "secret_until")


def day_stored(day: date) -> datetime:
    """A day as `secret_until` is stored."""
    moment: datetime = stored(UNTIL, day)
    return moment


def due_of(until: datetime) -> datetime:
    """The moment that a notice is about: the close of the last day, from the day as it is stored."""
    return until + timedelta(hours=CLOSING_UTC)


def sources(person: Person, rt: RecordType, present: Collection[ObjectId | None], now: datetime) -> list[Condition]:
    """The conditions, which do not overlap, for the records of a type of whose end the person is told: it comes within
    the notice, or has come and the record is still classified. `present` are the people with an account in use who
    serve in a department."""
    last = local(now).date() + timedelta(days=policy().secrecy.notice_days)
    ending = {"level": {"$in": CLASSIFIED}, "secret_until": {"$lte": day_stored(last)}, **NO_PART}
    found: list[Condition] = [{**ending, "owner": person.id, "owner_left": None}] if person.serves else []
    answers = _answers_for(person, present)
    reach = access.reach(person, rt, Purpose.VIEW)
    if answers and not reach.nothing:
        others = [{"$or": answers}, {"owner": {"$ne": person.id}}, reach.query(archived=None)]
        found.append({**ending, "$and": others})
    return found


def _answers_for(person: Person, present: Collection[ObjectId | None]) -> list[Condition]:
    """The conditions for records of others, by the person's roles."""
    left = {"$or": [{"owner": {"$nin": list(present)}}, {"owner_left": {"$exists": True}}]}
    found: list[Condition] = []
    if person.has(Role.CUSTODIAN):
        found.append({"department": person.department})
    if person.has(Role.HEAD):
        found.append({"department": person.department, **left})
    if person.has(Role.GENERAL_MANAGER):
        found.append({"level": Level.TOP_SECRET.value, **left})
    return found


def concerns(person: Person, son: Mapping[str, Any]) -> bool:
    """Whether a notice about a stored record that the person reads is still theirs."""
    if (person.serves and person.id == son.get("owner") != left_by(son)) or person.has(Role.GENERAL_MANAGER):
        return True
    return person.has(Role.CUSTODIAN, Role.HEAD) and son.get("department") == person.department


def told_in_time(ended: Iterable[Mapping[str, Any]], now: datetime) -> set[ObjectId]:
    """Which of some stored records had their notice: somebody was told of this end before it came or, should the jobs
    have stood still then, as many days ago as the last notice comes before an end."""
    dues = {son["_id"]: due_of(son["secret_until"]) for son in ended}
    long_ago = now - timedelta(days=policy().reminder.secrecy_last_days)
    told = {"record": {"$in": list(dues)}, "matter": Matter.SECRECY.value}
    rows = database()[REMINDERS].find(told, {"record": 1, "due": 1, "created": 1})
    return {
        row["record"]
        for row in rows
        if row["due"] == dues[row["record"]] and (row["created"] <= row["due"] or row["created"] <= long_ago)
    }
