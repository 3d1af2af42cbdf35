"""Counting what a person reads, by one small document a person; nothing is searched in the trail.

Far from the measure readings are told to the database a few at a time (`tell`), when the answer that shows them is made
and without waiting for the database's: a later request reads the count, and near the measure each reading is counted
before it takes place.

Records read in full count, of every type and level and by whatever door: screens, print, API; of the API's lists and of
exported files those above internal, which leave. A page of a list on the screen counts nothing. Work within a
transaction is the product's own and does not count.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from threading import Lock
from typing import Any, NamedTuple

from bson import ObjectId
from pymongo import DESCENDING, IndexModel, ReturnDocument, WriteConcern
from pymongo.errors import DuplicateKeyError

from config.database import database, in_transaction, transaction
from config.policy import policy
from models import audit, schema
from models.channel_choice import sending
from models.person import directory
from models.person.roles import Permission, Person, Role
from models.reading import rules
from models.reading.rules import TooMuchReading

RATES, BURSTS = "reading_rate", "reading_burst"
KEPT = timedelta(days=90)
SHOWN = timedelta(days=3)
TOLD = (Role.HEAD, Role.ADMINISTRATOR)
# Losing a count when the server dies is harmless: no such write need reach the disk.
UNSYNCED, UNANSWERED = WriteConcern(w=1, j=False), WriteConcern(w=0)
NEAR = 300
"""So many readings before the measure is full each one is counted before it takes place: more than what 64 processes,
the most that a server starts, can keep to themselves."""
TOGETHER = 5
"""Fewer readings of a person in this process wait for later ones."""
SHARES = 128
"""Where very many readings are left, one in so many of them may wait too: in 64 processes half of what is left."""
MOST_REMEMBERED = 10_000
Row = dict[str, Any]

schema.declare(
    {
        RATES: [IndexModel([("at", 1)], name="at", expireAfterSeconds=24 * 3600)],
        BURSTS: [IndexModel([("at", DESCENDING)], name="at", expireAfterSeconds=int(KEPT.total_seconds()))],
    }
)


@dataclass(frozen=True)
class Burst:
    """One person's unusual reading, as it was reported."""

    name: str
    at: datetime
    count: int
    minutes: int


def beside(person: ObjectId) -> Row:
    """The stage of a question to the database that adds a person's count as a document `{lately: ...}`."""
    told = [{"$match": {"_id": person}}, {"$project": {"_id": 0, "lately": "$$ROOT"}}]
    return {"$unionWith": {"coll": RATES, "pipeline": told}}


def count(person: Person, now: datetime, lately: Mapping[str, Any] | None = None, *, records: int = 1) -> None:
    """Count a record that the person is about to read in full, or several that leave together. `lately` is the person's
    count as this request has read it (`beside`); empty where nothing was counted yet, None where it was not read.

    The reading that fills the measure still takes place and is reported; the next one waits.

    :raises TooMuchReading: the person is to wait, with the seconds.
    """
    if person.id is None or in_transaction():
        return
    limits = policy().reading
    left = _left(lately, now, records)
    if left > 0:
        _untold.add(person.id, records, now, max(TOGETHER, left // SHARES))
        return
    row = _counted(person.id, now, limits.minutes, _untold.take(person.id, now, limits.minutes) + records)
    held_until, number = row.get("held_until"), row.get("holds", 0)
    if held_until is not None and held_until > now:
        raise TooMuchReading(ceil((held_until - now).total_seconds()))
    read = rules.read_lately(row["recent"])
    if read < limits.records:
        return
    hold = rules.next_hold(
        held_until,
        number,
        now,
        minutes=limits.minutes,
        first_seconds=limits.first_pause_seconds,
        longest_seconds=limits.longest_pause_seconds,
    )
    transaction(lambda: _hold(person, held_until, hold, read, now))


def refuse_held(person: Person, now: datetime) -> None:
    """Let nothing begin to leave with a person who is to wait. Nothing is counted: what a file holds is, as it leaves
    (`count_leaving`).

    :raises TooMuchReading: with the seconds.
    """
    if person.id is None or in_transaction():
        return
    row = database()[RATES].find_one({"_id": person.id, "held_until": {"$gt": now}}, {"held_until": 1})
    if row is not None:
        raise TooMuchReading(ceil((row["held_until"] - now).total_seconds()))


def count_leaving(person: Person, now: datetime, records: int) -> None:
    """Count some records of a file that are about to leave. A file that was let begin goes on to its end; whoever fills
    the measure by it waits with everything else from then on, and is reported with how much it was."""
    if not records:
        return
    try:
        count(person, now, records=records)
    except TooMuchReading:
        database()[BURSTS].find_one_and_update(
            {"person": person.id}, {"$inc": {"count": records}}, sort=[("at", DESCENDING)]
        )


def is_far(lately: Mapping[str, Any] | None, now: datetime, *, records: int = 1) -> bool:
    """Whether a person's count, as this request has read it, says that they are not held and that many more than so
    many records are left before the measure is full: then nobody waits for the count."""
    return _left(lately, now, records) > 0


def _left(lately: Mapping[str, Any] | None, now: datetime, records: int) -> int:
    """How many readings beside these are left before each one is counted by itself; none where that is not known."""
    if lately is None:
        return 0
    held_until = lately.get("held_until")
    if held_until is not None and held_until > now:
        return 0
    limits = policy().reading
    since = _minute(now) - limits.minutes
    read = rules.read_lately([one for one in lately.get("recent", ()) if one["minute"] > since])
    return limits.records - (read + NEAR + records - 1)


class _Waiting(NamedTuple):
    """Since which minute how many readings wait, and how many are too many to wait."""

    since: int
    many: int
    most: int


class _Untold:
    """Readings that took place in this process and are not told to the database yet: since which minute, how many."""

    def __init__(self) -> None:
        self._counts: dict[ObjectId, _Waiting] = {}
        self._lock = Lock()

    def take(self, person: ObjectId, now: datetime, minutes: int, *, enough: bool = False) -> int:
        """How many those of a person are, with `enough` only if they are too many to wait; from now on they count as
        told. Those of long ago are none any more."""
        with self._lock:
            found = self._counts.get(person)
            if found is None or (enough and found.many < found.most):
                return 0
            del self._counts[person]
        return found.many if found.since > _minute(now) - minutes else 0

    def add(self, person: ObjectId, count: int, now: datetime, most: int) -> None:
        """Remember some of a person, of whom fewer than `most` may wait."""
        with self._lock:
            if len(self._counts) >= MOST_REMEMBERED:
                self._counts.clear()
            before = self._counts.get(person, _Waiting(_minute(now), 0, most))
            self._counts[person] = _Waiting(before.since, before.many + count, most)


_untold = _Untold()


def _minute(now: datetime) -> int:
    return int(now.timestamp()) // 60


def tell(person: Person, now: datetime) -> None:
    """Tell the database of the readings of a person that nobody waited for, if they are some by now: whether they were
    counted shows in a later request."""
    minutes = policy().reading.minutes
    count = _untold.take(person.id, now, minutes, enough=True) if person.id is not None else 0
    if count:
        database()[RATES].with_options(write_concern=UNANSWERED).update_one(
            {"_id": person.id}, _more(now, minutes, count), upsert=True
        )


def _counted(person: ObjectId, now: datetime, minutes: int, count: int) -> Row:
    """The person's document after some more readings; unchanged while their reading is held."""
    rates = database()[RATES].with_options(write_concern=UNSYNCED)
    change = _more(now, minutes, count)
    for _ in range(2):
        try:
            row = rates.find_one_and_update({"_id": person}, change, upsert=True, return_document=ReturnDocument.AFTER)
        except DuplicateKeyError:  # two first readings at the same moment: the second one finds the document
            continue
        return dict(row or {"recent": []})
    return {"recent": []}


def _more(now: datetime, minutes: int, count: int) -> list[Row]:
    """The change of a person's document by some readings; none while their reading is held."""
    minute = _minute(now)
    recent: Row = {"$ifNull": ["$recent", []]}
    held: Row = {"$gt": [{"$ifNull": ["$held_until", None]}, now]}
    earlier: Row = {
        "$and": [{"$gt": ["$$one.minute", minute - minutes]}, {"$ne": ["$$one.minute", minute]}],
    }
    same: Row = {"$filter": {"input": recent, "as": "one", "cond": {"$eq": ["$$one.minute", minute]}}}
    so_far: Row = {"$sum": {"$map": {"input": same, "as": "one", "in": "$$one.count"}}}
    following: Row = {
        "$concatArrays": [
            {"$filter": {"input": recent, "as": "one", "cond": earlier}},
            [{"minute": minute, "count": {"$add": [so_far, count]}}],
        ]
    }
    return [{"$set": {"recent": {"$cond": [held, recent, following]}, "at": now}}]


def _hold(person: Person, held_until: datetime | None, hold: rules.Hold, read: int, now: datetime) -> None:
    """Hold the person's reading, once for each time, and report the first of a burst."""
    unchanged = {"_id": person.id, "held_until": held_until}
    change = {"$set": {"held_until": hold.until, "holds": hold.number}}
    if not database()[RATES].update_one(unchanged, change).matched_count or not hold.is_first:
        return
    minutes = policy().reading.minutes
    detail = {"records": read, "minutes": minutes}
    audit.append("unusual_reading", person, audit.Subject("person", person.id), now=now, detail=detail)
    burst = ObjectId()
    database()[BURSTS].insert_one(
        {"_id": burst, "person": person.id, "name": person.name, "at": now, "count": read, "minutes": minutes}
    )
    told = [one for one in directory.holders(TOLD) if one != person.id]
    said = rules.message(person.name, read, minutes)
    for one, address in sorted(directory.emails(told).items()):
        key = f"unusual_reading:{burst}:{one}"
        sending.send(one, key, to=address, subject=said[0], text=said[1], now=now, roles=TOLD)


def bursts(person: Person, now: datetime) -> list[Burst]:
    """What was reported in the last three days, newest first, for whoever is told of it; nobody reads of themselves."""
    if not (person.may(Permission.READERS_READ) or person.may(Permission.PEOPLE_MANAGE)):
        return []
    wanted = {"at": {"$gt": now - SHOWN}, "person": {"$ne": person.id}}
    rows = database()[BURSTS].find(wanted).sort("at", DESCENDING).limit(5)
    return [Burst(row["name"], row["at"], row["count"], row["minutes"]) for row in rows]
