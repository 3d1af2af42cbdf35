"""How far the quarter's revisits are: for the head, of what the head reads (V5, X6)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from bson import ObjectId

from config.database import database
from models import access
from models.access import Purpose
from models.calendar import local, quarter_of
from models.customer.document import CUSTOMER
from models.kinds import stored
from models.person.roles import Person
from models.record import collection_name
from models.revisit import rules
from models.revisit.document import REVISIT

DONE = "reached"


@dataclass(frozen=True)
class Covered:
    """Of an owner: how many revisits were due so far this quarter, how many were made, and the
    share of the points of satisfaction that those answer, in per cent (None where none was made)."""

    owner: ObjectId
    due: int
    done: int
    answered: int | None

    @property
    def coverage(self) -> int:
        """Made of due, in per cent."""
        return rules.coverage(self.due, self.done)


@dataclass(frozen=True)
class KeyCustomers:
    """How many active key customers there are, and how many of them no revisit is overdue for (V1)."""

    count: int
    covered: int

    @property
    def coverage(self) -> int:
        """In per cent."""
        return rules.coverage(self.count, self.covered)


def period(now: datetime) -> tuple[date, date]:
    """The days in which what counts was due: from the quarter's first until today."""
    today = local(now).date()
    return quarter_of(today).first_day, today


def by_owner(head: Person, now: datetime) -> list[Covered]:
    """The owners of the head's department, the one with most left first."""
    first, last = (stored(REVISIT.by_name["due_on"], day) for day in period(now))
    due = {"due_on": {"$gte": first, "$lte": last}, "department": head.department, "owner": {"$ne": None}}
    reach = access.reach(head, REVISIT, Purpose.VIEW)
    made = {"$eq": ["$state", DONE]}
    points = [{"$cond": [{"$ne": [{"$ifNull": [f"${point}", None]}, None]}, 1, 0]} for point in rules.POINTS]
    counted: dict[str, Any] = {
        "_id": "$owner",
        "due": {"$sum": 1},
        "done": {"$sum": {"$cond": [made, 1, 0]}},
        "points": {"$sum": {"$cond": [made, {"$add": points}, 0]}},
    }
    rows = database()[collection_name(REVISIT.slug)].aggregate(
        [{"$match": {"$and": [due, reach.query()]}}, {"$group": counted}]
    )
    found = [Covered(row["_id"], row["due"], row["done"], _answered(row["points"], row["done"])) for row in rows]
    return sorted(found, key=lambda one: (one.done - one.due, str(one.owner)))


def of_key_customers(head: Person, now: datetime) -> KeyCustomers:
    """The active key customers of the head's department."""
    key = {"key_customer": True, "state": "active", "department": head.department}
    within = {"$and": [key, access.reach(head, CUSTOMER, Purpose.VIEW).query()]}
    late = {"next_revisit_due": {"$lt": stored(CUSTOMER.by_name["next_revisit_due"], local(now).date())}}
    files = database()[collection_name(CUSTOMER.slug)]
    count = files.count_documents(within)
    return KeyCustomers(count, count - (files.count_documents({"$and": [late, within]}) if count else 0))


def _answered(points: int, done: int) -> int | None:
    return 100 * points // (done * len(rules.POINTS)) if done else None
