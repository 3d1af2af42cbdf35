"""Keys of records that never came to be: a key is made before the write that needs it, and outlives its failure.

Who is about to make keys for new records notes their ids first, beside any transaction. A day later nobody makes those
records any more: those of which the trail knows nothing were never made, and their keys go. Other keys are not looked
at, for they seal what may lie in backups alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from bson import ObjectId
from pymongo import IndexModel
from pymongo.errors import BulkWriteError

from config.database import database, key_settings, server_time
from models import audit
from models.key_vault import service as keys
from models.key_vault.keyring import TAKEN, apart

NOTED = "record_to_be"
SURELY_OVER = timedelta(hours=24)
AT_ONCE = 500
INDEXES: dict[str, list[IndexModel]] = {NOTED: []}


def expect(record_ids: Iterable[ObjectId]) -> None:
    """Note that keys are made for these new records; when it was, their ids say."""
    notes = [{"_id": one} for one in record_ids]
    if notes:
        try:
            apart(lambda: database()[NOTED].insert_many(notes, ordered=False))
        except BulkWriteError as error:
            if any(one["code"] != TAKEN for one in error.details["writeErrors"]):
                raise


def forget(record_id: ObjectId) -> None:
    """Drop the note about a record that was destroyed, and its key with it (D2)."""
    database()[NOTED].delete_one({"_id": record_id})


def sweep(now: datetime, go_on: Callable[[], bool] = lambda: True) -> int:
    """Destroy the keys of records that were to be made more than a day ago and never were; returns how many there were.
    A day has to be over by `now` and by the server's clock: one that is ahead takes nobody's key. Broken off, it goes
    on where it stood; `go_on` is asked before each few hundred. A copy of a database leaves the keys alone: they are
    the original's."""
    gone, moment = 0, min(now, server_time())
    while not key_settings().borrowed and go_on() and (ids := _over(moment)):
        made = audit.known_of(ids)
        never = [one for one in ids if one not in made]
        gone += keys.destroy(never) if never else 0
        database()[NOTED].delete_many({"_id": {"$in": ids}})
    return gone


def _over(now: datetime) -> list[ObjectId]:
    condition = {"_id": {"$lt": ObjectId.from_datetime(now - SURELY_OVER)}}
    return [row["_id"] for row in database()[NOTED].find(condition).sort("_id", 1).limit(AT_ONCE)]
