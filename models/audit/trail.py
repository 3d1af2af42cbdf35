"""Entries: written once, read by auditors, never changed.

How they are stored, so that no entry stays outside the chain whatever process dies when, says `writing`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bson import ObjectId
from pymongo import ASCENDING, DESCENDING, IndexModel

from config.database import audit_database
from models.audit import answering
from models.audit.writing import ENTRIES, QUEUE
from models.person.roles import Person

READINGS = ("view", "listed", "print", "export", "refused")
"""The acts that tell who has read a record, or tried to."""

NEWEST = [("at", DESCENDING), ("_id", DESCENDING)]
INDEXES: dict[str, list[IndexModel]] = {
    ENTRIES: [
        IndexModel([("record", ASCENDING), *NEWEST], name="record"),
        IndexModel([("actor", ASCENDING), *NEWEST], name="actor"),
        IndexModel([("number", ASCENDING), *NEWEST], name="number"),
        IndexModel([("action", ASCENDING), *NEWEST], name="action"),
        IndexModel([("type", ASCENDING), *NEWEST], name="type"),
        IndexModel([("level", ASCENDING), *NEWEST], name="level"),
        IndexModel(NEWEST, name="at"),
    ],
    QUEUE: [],
}


@dataclass(frozen=True)
class Subject:
    """What an entry is about; a record, or a thing of another kind such as `person` or `job`."""

    type: str
    id: ObjectId | None = None
    number: str = ""
    level: str = ""


@dataclass(frozen=True)
class Several:
    """Records of one type that one entry is about: whoever asks for one of them, or for a level, finds the entry."""

    type: str
    id: list[ObjectId | None]
    number: list[str]
    level: list[str]

    @classmethod
    def of(cls, subjects: Sequence[Subject]) -> Several:
        """The entry's side of some records of one type, of which there is at least one."""
        levels = dict.fromkeys(one.level for one in subjects)
        return cls(subjects[0].type, [one.id for one in subjects], [one.number for one in subjects], list(levels))


def append(
    action: str,
    actor: Person,
    subject: Subject,
    *,
    now: datetime,
    fields: Iterable[str] = (),
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Write one entry; inside a transaction it stands or falls with it, and a reading stands before the answer under
    way leaves (`answering`). `detail` holds no record content. Who acts through an access token is named with it.

    :raises NotAudited: the trail does not take it; what it would report must not take place.
    """
    append_many(action, actor, [(subject, fields)], now=now, detail=detail)


def append_many(
    action: str,
    actor: Person,
    subjects: Iterable[tuple[Subject | Several, Iterable[str]]],
    *,
    now: datetime,
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Write one entry for each of a set of subjects, each with its fields, in their order. :raises NotAudited:"""
    entries = [made(action, actor, subject, fields, now=now, detail=detail) for subject, fields in subjects]
    answering.take(entries, waits=action in READINGS)


def made(
    action: str,
    actor: Person,
    subject: Subject | Several,
    fields: Iterable[str] = (),
    *,
    now: datetime,
    detail: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """An entry as it is stored."""
    through = {"token": {"id": actor.through.id, "name": actor.through.name}} if actor.through else {}
    return {
        "_id": ObjectId(),
        "at": milliseconds(now),
        "actor": actor.id,
        "actor_name": actor.name,
        "action": action,
        "type": subject.type,
        "record": subject.id,
        "number": subject.number,
        "level": subject.level,
        "fields": sorted(fields),
        "detail": dict(detail or {}),
        **through,
    }


def milliseconds(moment: datetime) -> datetime:
    """A moment as the database keeps it, so that what is hashed before storing fits what is read again."""
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def readings(record: ObjectId, limit: int = 50, before: ObjectId | None = None) -> list[dict[str, Any]]:
    """The latest readings of one record, newest first, behind the entry `before`: who has read, printed or exported
    it, or was refused."""
    return entries({"record": record, "action": {"$in": list(READINGS)}}, before, limit)


def known_of(records: Sequence[ObjectId]) -> set[ObjectId]:
    """Those of some records that the trail tells of."""
    answering.arrived()
    told = audit_database()[ENTRIES].distinct("record", {"record": {"$in": list(records)}})
    return set(records).intersection(told)


def readers(record: ObjectId, limit: int = 50) -> list[dict[str, Any]]:
    """Who has read, printed or exported a record, or was shown it in a list, the latest first: each with `name`,
    `count` and `last`."""
    answering.arrived()
    read = [one for one in READINGS if one != "refused"]
    by_person = {"_id": "$actor", "name": {"$first": "$actor_name"}, "count": {"$sum": 1}, "last": {"$first": "$at"}}
    stages: list[dict[str, Any]] = [
        {"$match": {"record": record, "action": {"$in": read}}},
        {"$sort": dict(NEWEST)},  # the order of an index; a person is named as at their last reading
        {"$group": by_person},
        {"$sort": {"last": DESCENDING, "_id": ASCENDING}},
        {"$limit": limit},
    ]
    return list(audit_database()[ENTRIES].aggregate(stages))


def entries(condition: Mapping[str, Any], before: ObjectId | None = None, limit: int = 50) -> list[dict[str, Any]]:
    """A page of the trail, newest first, behind the entry `before`; empty when there is no such entry."""
    answering.arrived()
    found = audit_database()[ENTRIES]
    parts = [dict(condition)]
    if before is not None:
        last = found.find_one({"_id": before}, {"at": 1})
        if last is None:
            return []
        parts.append({"at": {"$lte": last["at"]}})
        parts.append({"$or": [{"at": {"$lt": last["at"]}}, {"at": last["at"], "_id": {"$lt": before}}]})
    return list(found.find({"$and": parts}).sort(NEWEST).limit(limit))
