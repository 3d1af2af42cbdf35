"""Seals: each holds the hashes of a batch of entries and the hash of the seal before it.

A seal, and the end of its entries' waiting, are one transaction. Sealers that work at the same time collide on the
waiting lines and on the seal's number, so that each entry is sealed exactly once in one chain whatever dies when.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bson import ObjectId, json_util
from pymongo import ASCENDING, DESCENDING, IndexModel

from config.database import audit_database, transaction
from models.audit.trail import Subject, made, milliseconds
from models.audit.writing import ALONE, ENTRIES, QUEUE, SEALS, UNWRITTEN
from models.person.roles import SYSTEM

FIRST = "0" * 64
FORM = 2
BOUND = ("form", "seq", "at", "previous", "total", "entries", "hashes")
"""What the hash of a seal covers. Seals without a form are of the time before checkpoints and cover less."""

STANDSTILL = timedelta(minutes=1)
"""An entry that waits longer than this for its seal shows that nobody seals."""

PATIENCE = timedelta(seconds=30)
"""So long a line may lack its entry."""

MOST_COUNTED = 1_000
Row = dict[str, Any]

INDEXES: dict[str, list[IndexModel]] = {
    SEALS: [
        IndexModel([("seq", ASCENDING)], unique=True, name="seq"),
        IndexModel([("entries", ASCENDING)], name="entries"),
    ],
}


def hash_of(entry: Mapping[str, Any]) -> str:
    """The SHA-256 of an entry's canonical form."""
    return hashlib.sha256(json_util.dumps(entry, sort_keys=True).encode()).hexdigest()


def seal_hash(seal: Mapping[str, Any]) -> str:
    """The SHA-256 that binds a seal's entries to the seal before it."""
    if "form" not in seal:
        bound = json.dumps([seal["seq"], seal["previous"], seal["hashes"]])
    else:
        bound = json_util.dumps({name: seal.get(name) for name in BOUND}, sort_keys=True)
    return hashlib.sha256(bound.encode()).hexdigest()


class Lacking:
    """Lines in the queue whose entry was not there when a sealer met them first, and when that was.

    An entry that stands alone comes a moment after its line. Where none has come for half a minute, a program died
    between the two, or somebody took the entry out: an `UNWRITTEN` entry takes its place.
    """

    def __init__(self) -> None:
        self._since: dict[ObjectId, datetime] = {}

    def given_up(self, lines: Iterable[ObjectId], now: datetime) -> set[ObjectId]:
        """Of the lines that lack their entry at this moment, which are all of them, those that wait no longer."""
        self._since = {one: self._since.get(one, now) for one in lines}
        return {one for one, since in self._since.items() if now - since >= PATIENCE}


def seal(
    now: datetime, limit: int = 1000, *, fence: Callable[[], None] | None = None, lacking: Lacking | None = None
) -> int:
    """Seal up to `limit` waiting entries, oldest first; returns how many.

    `fence` is called inside the transaction and raises when somebody else has become the sealer. `lacking` is what the
    sealer remembers from round to round; without it, lines that lack their entry go on waiting.
    """

    def work() -> int:
        if fence is not None:
            fence()
        trail = audit_database()
        lines = list(trail[QUEUE].find().sort("_id", ASCENDING).limit(limit))
        found = {entry["_id"]: entry for entry in trail[ENTRIES].find({"_id": {"$in": [row["_id"] for row in lines]}})}
        coming = {row["_id"] for row in lines if ALONE in row and row["_id"] not in found}
        given_up = lacking.given_up(coming, now) if lacking is not None else set()
        ids = [row["_id"] for row in lines if row["_id"] not in coming or row["_id"] in given_up]
        if not ids:
            return 0
        found |= _fill(given_up, now)
        last = head()
        bound: Row = {
            "form": FORM,
            "seq": last["seq"] + 1,
            "at": milliseconds(now),
            "previous": last["hash"],
            "total": last["total"] + len(ids),
            "entries": ids,
            "hashes": [hash_of(found[one]) if one in found else "missing" for one in ids],
        }
        trail[SEALS].insert_one(bound | {"hash": seal_hash(bound)})
        trail[QUEUE].delete_many({"_id": {"$in": ids}})
        return len(ids)

    return transaction(work)


def _fill(places: Iterable[ObjectId], now: datetime) -> dict[ObjectId, Row]:
    """Take the places of entries that did not come, so that none comes later: whoever wants to write one at this moment
    collides with this transaction, and who comes after it finds the place taken."""
    entries = {one: made(UNWRITTEN, SYSTEM, Subject("audit"), now=now) | {"_id": one} for one in places}
    if entries:
        audit_database()[ENTRIES].insert_many(list(entries.values()))
    return entries


def head() -> Row:
    """The chain's last link: `seq`, `hash`, `at` and `total`, the number of entries sealed so far."""
    wanted = {"seq": 1, "hash": 1, "at": 1, "total": 1}
    last = audit_database()[SEALS].find_one({}, wanted, sort=[("seq", DESCENDING)])
    if last is None:
        return {"seq": 0, "hash": FIRST, "at": None, "total": 0}
    return {**last, "total": last["total"] if "total" in last else _counted()}


def _counted() -> int:
    sizes: list[Row] = [{"$group": {"_id": None, "total": {"$sum": {"$size": "$entries"}}}}]
    return int(next(iter(audit_database()[SEALS].aggregate(sizes)))["total"])


@dataclass(frozen=True)
class SealingState:
    """How the sealing stands. `waiting` is 1,000 when that many entries wait, or more; `since` is when the one that
    waits longest was written."""

    seq: int
    total: int
    sealed_at: datetime | None
    waiting: int
    since: datetime | None

    def stands_still(self, now: datetime) -> bool:
        """Whether an entry has waited for over a minute: then no sealer works."""
        return stands_still(self.since, now)


def sealing_state() -> SealingState:
    """How the sealing stands at this moment; asks the database for three small things."""
    waiting = audit_database()[QUEUE].count_documents({}, limit=MOST_COUNTED)
    last = head()
    return SealingState(last["seq"], last["total"], last["at"], waiting, waiting_since())


def waiting_since() -> datetime | None:
    """When the entry that waits longest for its seal was written; None when none waits. One small question.

    It is the moment of writing and not the entry's own: a job that is caught up works as of its planned time.
    """
    oldest = audit_database()[QUEUE].find_one({}, {"_id": 1}, sort=[("_id", ASCENDING)])
    written: datetime | None = oldest["_id"].generation_time if oldest else None
    return written


def stands_still(since: datetime | None, now: datetime) -> bool:
    """Whether what waits since then waits for over a minute."""
    return since is not None and now - since > STANDSTILL
