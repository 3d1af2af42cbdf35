"""Who of a department is behind with what, and how far each is with the quarter's reviews: for its head, of what the
head reads (F5, X6)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any

from bson import ObjectId

from config.database import database
from models import access, registry, turns
from models.access import Purpose
from models.calendar import SHANGHAI, local, quarter_of
from models.declarations import Level
from models.person import directory
from models.person.roles import Person, Role
from models.record import collection_name
from models.review.document import REVIEW
from models.review.sheet import DONE


@dataclass
class Late:
    """Late records of one type: how many, in which states, and whether each is owned by whom it waits for. `secret`:
    among them are such as wait for a role in other states, and are left to their owner for being top secret."""

    count: int
    states: tuple[str, ...]
    owned: bool
    secret: bool


@dataclass
class Load:
    """What a person, or whoever holds a role, has: how much is late, how much more is due until Sunday, the oldest
    deadline that is past, and late records by type."""

    person: ObjectId | None = None
    role: Role | None = None
    late: int = 0
    this_week: int = 0
    oldest: datetime | None = None
    by_type: dict[str, Late] = field(default_factory=dict)


@dataclass(frozen=True)
class Reviewed:
    """How far an owner is with the reviews of a quarter."""

    owner: ObjectId
    done: int
    total: int


def behind(head: Person, now: datetime) -> list[Load]:
    """Who has something of the head's department late or due this week, who is late with most first: whoever it waits
    for by name and who has the role that was asked of them, else the role for which it waits, else its owner, as `work`
    says. One question to the database for each record type, and one about who has those roles."""
    week_ends = _week_ends(now)
    loads: dict[str, Load] = {}
    held = _held()
    for rt in registry.all_types():
        reach = access.reach(head, rt, Purpose.VIEW)
        if not rt.due or reach.nothing:
            continue
        due = {"due_at": {"$lt": week_ends}, "department": head.department}
        rows = database()[collection_name(rt.slug)].aggregate(
            [{"$match": {"$and": [due, reach.query()]}}, *_by_whom(now, held)]
        )
        for row in rows:
            token = row["_id"].partition("@")[0]  # a role of the department is the role here
            _add(loads.setdefault(token, _load_of(token)), rt.slug, row)
    return sorted(loads.values(), key=lambda one: (-one.late, one.oldest or now, str(one.person or one.role)))


def _held() -> list[str]:
    """The names under which a record may wait for somebody of whom it asks for a role (`user:<id>@<role>`), of everyone
    in use who has such a role."""
    asked = frozenset[str]().union(*(turns.named_roles(rt) for rt in registry.all_types()))
    return [f"user:{one}@{role}" for role in sorted(asked) for one in directory.holders([Role(role)])]


def _by_whom(now: datetime, held: list[str]) -> list[dict[str, Any]]:
    """The stages that count records by whose work they are; `held` is `_held`."""
    owner = {"$concat": ["user:", {"$toString": "$owner"}]}
    parts = {"$split": ["$$this", "@"]}
    theirs = {"$or": [{"$eq": [{"$size": parts}, 1]}, {"$in": ["$$this", held]}]}
    by_name = {"$filter": {"input": "$waiting", "cond": {"$eq": [{"$substrBytes": ["$$this", 0, 5]}, "user:"]}}}
    still = {"$filter": {"input": "$asked", "cond": theirs}}
    named = {"$setUnion": [{"$map": {"input": still, "as": "this", "in": {"$arrayElemAt": [parts, 0]}}}, []]}
    roles = {"$setDifference": ["$waiting", "$asked"]}
    top_secret = {"$eq": ["$level", Level.TOP_SECRET.value]}
    unnamed = {"$eq": ["$asked", []]}
    secret = {"$and": [unnamed, {"$ne": ["$waiting", []]}, top_secret]}
    whose: dict[str, Any] = {
        "$switch": {
            "branches": [
                {"case": {"$ne": ["$named", []]}, "then": "$named"},
                {"case": {"$or": [{"$eq": ["$waiting", []]}, "$secret"]}, "then": ["$owner"]},
                {"case": top_secret, "then": []},
            ],
            "default": roles,
        }
    }
    late = {"$lt": ["$due_at", now]}
    return [
        {"$project": {"due_at": 1, "state": 1, "level": 1, "owner": owner, "waiting": 1, "asked": by_name}},
        {"$set": {"named": named, "secret": secret}},
        {"$set": {"who": whose}},
        {"$unwind": "$who"},
        {"$match": {"who": {"$ne": None}}},
        {
            "$group": {
                "_id": "$who",
                "late": {"$sum": {"$cond": [late, 1, 0]}},
                "all": {"$sum": 1},
                "oldest": {"$min": {"$cond": [late, "$due_at", None]}},
                "states": {"$addToSet": {"$cond": [{"$and": [late, {"$not": "$secret"}]}, "$state", None]}},
                "secret": {"$max": {"$and": [late, "$secret"]}},
                "owned": {"$min": {"$or": [{"$not": late}, {"$eq": ["$owner", "$who"]}]}},
            }
        },
    ]


def _load_of(token: str) -> Load:
    kind, _, whose = token.partition(":")
    return Load(role=Role(whose)) if kind == "role" else Load(person=ObjectId(whose))


def _add(load: Load, slug: str, row: dict[str, Any]) -> None:
    load.late += row["late"]
    load.this_week += row["all"] - row["late"]
    if row["late"]:
        states = tuple(sorted(state for state in row["states"] if state))
        load.by_type[slug] = Late(row["late"], states, row["owned"], row["secret"])
    if row["oldest"] is not None and (load.oldest is None or row["oldest"] < load.oldest):
        load.oldest = row["oldest"]


def _week_ends(now: datetime) -> datetime:
    """The end of Sunday."""
    today = local(now).date()
    return datetime.combine(today + timedelta(days=7 - today.weekday()), time(), SHANGHAI)


def reviews(head: Person, now: datetime) -> list[Reviewed]:
    """How far the owners of the head's department are with this quarter's reviews, who has most left first (F5)."""
    reach = access.reach(head, REVIEW, Purpose.VIEW)
    quarter = {"quarter": str(quarter_of(local(now).date())), "department": head.department, "owner": {"$ne": None}}
    done = {"$sum": {"$cond": [{"$eq": ["$state", DONE]}, 1, 0]}}
    counted = {"_id": "$owner", "done": done, "total": {"$sum": 1}}
    rows = database()[collection_name(REVIEW.slug)].aggregate(
        [{"$match": {"$and": [quarter, reach.query()]}}, {"$group": counted}]
    )
    found = [Reviewed(row["_id"], row["done"], row["total"]) for row in rows]
    return sorted(found, key=lambda one: (one.done - one.total, str(one.owner)))
