"""The audit trail (X7): who did what to which record, when. Entries are only ever inserted.

An entry is written in the transaction of what it reports, and a line in `audit_queue` with it. The sealer takes the
queue in order and adds a seal: a document with the hashes of its entries and the hash of the seal before it, so that
an edited, removed, reordered or inserted entry shows. Entries hold field names and never values.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bson import ObjectId, json_util
from pymongo import ASCENDING, DESCENDING, IndexModel

from config.database import database, transaction
from models.person.roles import Person

ENTRIES, QUEUE, SEALS = "audit", "audit_queue", "audit_seal"
FIRST = "0" * 64

INDEXES: dict[str, list[IndexModel]] = {
    ENTRIES: [
        IndexModel([("record", ASCENDING), ("at", DESCENDING)], name="record"),
        IndexModel([("at", DESCENDING), ("_id", DESCENDING)], name="at"),
        IndexModel([("actor", ASCENDING), ("at", DESCENDING)], name="actor"),
    ],
    SEALS: [
        IndexModel([("seq", ASCENDING)], unique=True, name="seq"),
        IndexModel([("entries", ASCENDING)], name="entries"),
    ],
}


@dataclass(frozen=True)
class Subject:
    """What an entry is about; a record, or a thing of another kind such as `person` or `job`."""

    type: str
    id: ObjectId | None = None
    number: str = ""
    level: str = ""


def append(
    action: str,
    actor: Person,
    subject: Subject,
    *,
    now: datetime,
    fields: Iterable[str] = (),
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Write one entry; inside a transaction it stands or falls with it. `detail` holds no record content."""
    append_many(action, actor, [(subject, fields)], now=now, detail=detail)


def append_many(
    action: str,
    actor: Person,
    subjects: Iterable[tuple[Subject, Iterable[str]]],
    *,
    now: datetime,
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Write one entry for each of a set of subjects, each with its fields, in their order."""
    entries = [
        {
            "_id": ObjectId(),
            "at": now.replace(microsecond=now.microsecond // 1000 * 1000),
            "actor": actor.id,
            "actor_name": actor.name,
            "action": action,
            "type": subject.type,
            "record": subject.id,
            "number": subject.number,
            "level": subject.level,
            "fields": sorted(fields),
            "detail": dict(detail or {}),
        }
        for subject, fields in subjects
    ]
    if entries:
        database()[ENTRIES].insert_many(entries)
        database()[QUEUE].insert_many([{"_id": entry["_id"]} for entry in entries])


def hash_of(entry: Mapping[str, Any]) -> str:
    """The SHA-256 of an entry's canonical form."""
    return hashlib.sha256(json_util.dumps(entry, sort_keys=True).encode()).hexdigest()


def seal_hash(seq: int, previous: str, hashes: list[str]) -> str:
    """The SHA-256 that binds a seal's entries to the seal before it."""
    return hashlib.sha256(json.dumps([seq, previous, hashes]).encode()).hexdigest()


def seal(now: datetime, limit: int = 1000) -> int:
    """Seal up to `limit` queued entries, oldest first; returns how many. Safe to run by several at once."""

    def work() -> int:
        db = database()
        ids = [row["_id"] for row in db[QUEUE].find().sort("_id", ASCENDING).limit(limit)]
        if not ids:
            return 0
        entries = {entry["_id"]: entry for entry in db[ENTRIES].find({"_id": {"$in": ids}})}
        last = db[SEALS].find_one(sort=[("seq", DESCENDING)])
        seq, previous = (last["seq"] + 1, last["hash"]) if last else (1, FIRST)
        hashes = [hash_of(entries[i]) if i in entries else "missing" for i in ids]
        db[SEALS].insert_one(
            {
                "seq": seq,
                "at": now,
                "previous": previous,
                "entries": ids,
                "hashes": hashes,
                "hash": seal_hash(seq, previous, hashes),
            }
        )
        db[QUEUE].delete_many({"_id": {"$in": ids}})
        return len(ids)

    return transaction(work)


@dataclass(frozen=True)
class Verdict:
    """The outcome of a verification: entries checked, entries waiting for their seal, findings in words."""

    checked: int
    waiting: int
    findings: tuple[str, ...]


def verify() -> Verdict:
    """Walk the whole trail and recompute every hash. A finding names the seal or entry that does not fit."""
    db = database()
    findings: list[str] = []
    checked, previous, expected = 0, FIRST, 1
    for sealed in db[SEALS].find().sort("seq", ASCENDING):
        if sealed["seq"] != expected:
            findings.append(f"seals {expected} to {sealed['seq'] - 1} are missing")
        if sealed["previous"] != previous and sealed["seq"] == expected:
            findings.append(f"seal {sealed['seq']} does not follow from the one before it")
        if seal_hash(sealed["seq"], sealed["previous"], sealed["hashes"]) != sealed["hash"]:
            findings.append(f"seal {sealed['seq']} was altered")
        entries = {entry["_id"]: entry for entry in db[ENTRIES].find({"_id": {"$in": sealed["entries"]}})}
        for entry_id, expected_hash in zip(sealed["entries"], sealed["hashes"], strict=False):
            checked += 1
            if entry_id not in entries:
                findings.append(f"entry {entry_id} of seal {sealed['seq']} was removed")
            elif hash_of(entries[entry_id]) != expected_hash:
                findings.append(f"entry {entry_id} of seal {sealed['seq']} was altered")
        previous, expected = sealed["hash"], sealed["seq"] + 1
    findings.extend(f"entry {entry} was inserted without a seal" for entry in _unaccounted())
    return Verdict(checked, db[QUEUE].estimated_document_count(), tuple(findings))


def _unaccounted() -> Iterator[ObjectId]:
    """Entries that are neither sealed nor queued."""
    stages: list[Mapping[str, Any]] = [
        {"$project": {"_id": 1}},
        {"$lookup": {"from": QUEUE, "localField": "_id", "foreignField": "_id", "as": "queued"}},
        {"$match": {"queued": []}},
        {"$lookup": {"from": SEALS, "localField": "_id", "foreignField": "entries", "as": "sealed"}},
        {"$match": {"sealed": []}},
        {"$project": {"_id": 1}},
    ]
    for row in database()[ENTRIES].aggregate(stages):
        yield row["_id"]


def readings(record: ObjectId, limit: int = 50) -> list[dict[str, Any]]:
    """The latest entries about one record, newest first: who has read, printed, exported or changed it."""
    return list(database()[ENTRIES].find({"record": record}).sort("at", DESCENDING).limit(limit))


def entries(condition: Mapping[str, Any], before: ObjectId | None = None, limit: int = 50) -> list[dict[str, Any]]:
    """A page of the trail, newest first, below the entry `before`."""
    query: dict[str, Any] = dict(condition)
    if before is not None:
        query["_id"] = {"$lt": before}
    return list(database()[ENTRIES].find(query).sort("_id", DESCENDING).limit(limit))
