"""The same cause so often within so many days: a batch warning for the head, of what the head reads (T6, X6)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any

from config.database import database
from config.policy import policy
from models import access
from models.access import Purpose
from models.calendar import SHANGHAI, local
from models.complaint.document import COMPLAINT
from models.complaint.rules import batch_since
from models.person import directory
from models.person import service as people
from models.person.roles import Person, Role
from models.record import collection_name
from models.reminder import service as reminders

WINDOWS_BACK = 12
"""How many windows a batch is followed back to the day on which it began."""


@dataclass(frozen=True)
class Batch:
    """A cause that was met `count` times since the day `first`, and often enough since the day `since`."""

    cause: str
    count: int
    first: date
    since: date


def batches(head: Person, now: datetime) -> list[Batch]:
    """The causes that are met often enough now, the most frequent first. Today is the last day of the window."""
    terms, today = policy().complaint, local(now).date()
    first = today - timedelta(days=terms.batch_days - 1)
    met = _counted(head, _since(first), now, terms.batch_count)
    back = today - timedelta(days=terms.batch_days * WINDOWS_BACK)
    days = _days(head, met, _since(back), now)
    found = []
    for cause, count in met.items():
        since = batch_since(days[cause], today, count=terms.batch_count, days=terms.batch_days)
        found.append(Batch(cause, count, first, since or today))
    return sorted(found, key=lambda one: (-one.count, one.cause))


def tell(now: datetime) -> int:
    """Remind each head of batches, once for each day on which one began; returns how many are reminded now. It is
    closed where there are none any more."""
    told = 0
    for one in directory.holders((Role.HEAD,)):
        head = replace(people.person_of(people.get(one)), grants={})
        found = batches(head, now)
        latest = max((batch.since for batch in found), default=None)
        due = datetime.combine(latest, time(), SHANGHAI) if latest else None
        if head.id is not None:
            told += reminders.tell_of(head.id, reminders.BATCHES, due, now)
    return told


def _since(day: date) -> datetime:
    return datetime.combine(day, time(), SHANGHAI)


def _within(head: Person, since: datetime, now: datetime) -> dict[str, Any]:
    """The complaints of the head's department that were received in a time and whose cause is known."""
    reach = access.reach(head, COMPLAINT, Purpose.VIEW)
    known = {"received_at": {"$gte": since, "$lte": now}, "cause": {"$gt": ""}, "department": head.department}
    return {"$and": [known, reach.query()]}


def _counted(head: Person, since: datetime, now: datetime, count: int) -> dict[str, int]:
    stages: list[dict[str, Any]] = [
        {"$match": _within(head, since, now)},
        {"$group": {"_id": "$cause", "count": {"$sum": 1}}},
        {"$match": {"count": {"$gte": count}}},
    ]
    return {row["_id"]: row["count"] for row in database()[collection_name(COMPLAINT.slug)].aggregate(stages)}


def _days(head: Person, causes: Iterable[str], since: datetime, now: datetime) -> dict[str, list[date]]:
    """On which days the cases of some causes were received, a case each."""
    found: dict[str, list[date]] = defaultdict(list)
    wanted = sorted(causes)
    condition = {"$and": [{"cause": {"$in": wanted}}, _within(head, since, now)]}
    rows = database()[collection_name(COMPLAINT.slug)].find(condition, {"cause": 1, "received_at": 1})
    for row in rows if wanted else ():
        found[row["cause"]].append(local(row["received_at"]).date())
    return found
