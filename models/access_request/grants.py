"""Rights that cards open: which of a person's are in force, and how they are looked up together with something else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from bson import ObjectId
from pymongo import ASCENDING, IndexModel

from config.database import database
from models import access, schema
from models.access_request import rules
from models.declarations import Level, Relation
from models.person.roles import MANAGING, Person

GRANTS = "grant"

schema.declare(
    {
        GRANTS: [
            IndexModel([("person", ASCENDING), ("valid_until", ASCENDING)], name="person"),
            IndexModel([("request", ASCENDING), ("record", ASCENDING)], unique=True, name="request"),
            IndexModel([("record", ASCENDING)], name="record"),
        ]
    }
)


def in_force(now: datetime) -> dict[str, Any]:
    """The condition under which a grant opens anything."""
    return {"valid_until": {"$gt": now}, "valid_from": {"$lte": now}, "ended_at": None}


def held(person: Person, use: str, now: datetime) -> dict[str, Any]:
    """The condition on the grants that open something to a person, as they are now, for a use: those to borrow open
    nothing to who is no manager any more (X4)."""
    barred = [] if person.has(*MANAGING) else list(rules.BORROWING)
    return {"person": person.id, "uses": {"$eq": use, "$nin": barred}, **in_force(now)}


def last_end(person: Person, record: ObjectId, purpose: access.Purpose, now: datetime) -> datetime | None:
    """When the longest of a person's grants ends that open a record to them now for a purpose; None without any."""
    condition = {"record": record, **held(person, purpose.value, now)}
    found = database()[GRANTS].find_one(condition, {"valid_until": 1}, sort=[("valid_until", -1)])
    return found["valid_until"] if found else None


def grants_in_force(person: Person, now: datetime) -> dict[str, frozenset[str]]:
    """The tokens of a person's grants that are in force, by purpose; taken anew for each request, so that an ended or
    revoked grant opens nothing from the next one on."""
    return by_use(database()[GRANTS].find({"person": person.id, **in_force(now)}, {"uses": 1, "level": 1}), person)


def by_use(grants: Iterable[Mapping[str, Any]], person: Person) -> dict[str, frozenset[str]]:
    """The tokens of a person's stored grants, by purpose, but for those that open nothing to them as they are now."""
    found: dict[str, set[str]] = {}
    managing = person.has(*MANAGING)
    for grant in (one for one in grants if rules.may_use(one["uses"], managing=managing)):
        for use in grant["uses"]:
            found.setdefault(use, set()).update(tokens(grant["_id"], grant.get("level")))
    return {use: frozenset(held) for use, held in found.items()}


def tokens(grant: object, signed: str | None) -> frozenset[str]:
    """What a grant opens: its record at the level that was signed for and below it, so that what the record held while
    it was more secret stays closed (X3, X4)."""
    highest = Level.of(signed)
    return frozenset(access.token(one.value, Relation.GRANT, grant) for one in Level if one.rank <= highest.rank)


def beside(person: ObjectId, now: datetime) -> dict[str, Any]:
    """The stage of a question to the database that adds a person's grants in force as documents `{grant: ...}`; to be
    read by `by_use`."""
    wanted = {"person": person, **in_force(now)}
    told = [{"$match": wanted}, {"$project": {"_id": 0, "grant": {"_id": "$_id", "uses": "$uses", "level": "$level"}}}]
    return {"$unionWith": {"coll": GRANTS, "pipeline": told}}
