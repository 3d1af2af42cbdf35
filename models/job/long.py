"""Long work, a chunk at a time: it outlives the page, the web and the scheduler that began it.

A document stands for the work: its `state` says what is to be done, and each chunk notes, in the transaction that does
it, how far it is. Whoever goes on after a crash, a restart or a pause begins behind that. Who works on it holds it for
half a minute at a time; a second worker passes by, and what changed hands meanwhile is not stored.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from time import monotonic
from typing import Any

from bson import ObjectId
from pymongo import ReturnDocument

from config.database import database
from models.errors import Outage, Refusal

HELD_SECONDS = 30
MOST_ATTEMPTS = 5
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
FAILED = "failed"
Row = dict[str, Any]
GoOn = Callable[[], bool]


class Overtaken(Exception):
    """Somebody else works on it, or it moved to another step."""


class GaveUp(Refusal):
    """The work broke off again and again before anything of it was done."""

    code, status = "gave_up", 500
    zh = "多次尝试后仍未能完成，已停止。请联系系统管理员。"
    en = "The work broke off several times and was given up. Tell an administrator."


@dataclass(frozen=True)
class LongWork:
    """The documents of one collection on which there is work while they are in one of some states. `lasting` work is
    never given up: what refuses it is raised, and the next worker takes it up again."""

    collection: str
    at_work: tuple[str, ...]
    lasting: bool = False

    def claim(self, work_id: ObjectId, holder: str, *, begin: bool = False) -> Row | None:
        """Take or keep hold for half a minute; None when somebody else has it, or there is nothing to do. What begins
        and never gets a chunk done is counted as an attempt."""
        free = {"$or": [{"$eq": ["$holder", holder]}, {"$lt": [{"$ifNull": ["$held_until", LONG_AGO]}, "$$NOW"]}]}
        attempts = {"$add": [{"$ifNull": ["$attempts", 0]}, int(begin)]}
        until = {"$dateAdd": {"startDate": "$$NOW", "unit": "second", "amount": HELD_SECONDS}}
        return database()[self.collection].find_one_and_update(
            {"_id": work_id, "state": {"$in": list(self.at_work)}, "$expr": free},
            [{"$set": {"holder": holder, "held_until": until, "attempts": attempts}}],
            return_document=ReturnDocument.AFTER,
        )

    def advance(self, work_id: ObjectId, holder: str, now: datetime, carry: Callable[[Row], bool]) -> bool:
        """Go on with it by `carry`, which says whether work is left; True when work is left for later.

        A refusal ends it as failed; what was done until then stands. An outage is no attempt at it.

        :raises Refusal: of lasting work. :raises Outage: it is to be taken up again later.
        """
        row = self.claim(work_id, holder, begin=True)
        if row is None:
            return False
        try:
            if row["attempts"] > MOST_ATTEMPTS and not self.lasting:
                raise GaveUp
            left = carry(row)
        except Overtaken:
            return True
        except Outage:
            self._begin_anew(work_id)
            raise
        except Refusal as refusal:
            if self.lasting:
                raise
            self._fail(work_id, holder, refusal, now)
            return False
        finally:
            self._release(work_id, holder)
        self._begin_anew(work_id)
        return left

    def _begin_anew(self, work_id: ObjectId) -> None:
        database()[self.collection].update_one({"_id": work_id}, {"$set": {"attempts": 0}})

    def note(self, seen: Row, holder: str, change: Row) -> Row:
        """Store how far it is, in the transaction of a chunk, and return the document as it is then. `seen` holds
        what must not have changed since the chunk began, its `_id` and `state` among it.

        :raises Overtaken: it did; nothing of the chunk is stored.
        """
        row = database()[self.collection].find_one_and_update(
            {**seen, "holder": holder}, change, return_document=ReturnDocument.AFTER
        )
        if row is None:
            raise Overtaken
        return row

    def hold(self, work_id: ObjectId, holder: str) -> Hold:
        """What keeps hold of it from chunk to chunk."""
        return Hold(self, work_id, holder)

    def _release(self, work_id: ObjectId, holder: str) -> None:
        gone = {"$unset": {"holder": "", "held_until": ""}}
        database()[self.collection].update_one({"_id": work_id, "holder": holder}, gone)

    def _fail(self, work_id: ObjectId, holder: str, refusal: Refusal, now: datetime) -> None:
        failure = {"code": refusal.code, "zh": refusal.text("zh"), "en": refusal.text("en")}
        change = {"state": FAILED, "failure": failure, "finished": now}
        database()[self.collection].update_one({"_id": work_id, "holder": holder}, {"$set": change})


class Hold:
    """Keeps hold of long work. Each chunk notes in its own transaction that it still has it; asked more often than
    every ten seconds, the database is not asked."""

    def __init__(self, work: LongWork, work_id: ObjectId, holder: str) -> None:
        self.work, self.work_id, self.holder = work, work_id, holder
        self._until = 0.0

    def keep(self) -> None:
        """Keep hold for another chunk. :raises Overtaken:"""
        if monotonic() < self._until:
            return
        if self.work.claim(self.work_id, self.holder) is None:
            raise Overtaken
        self._until = monotonic() + HELD_SECONDS / 3
