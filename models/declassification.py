"""The end of the period of secrecy (X2): a record is declassified by itself once its last day is over, if it had its
notice and nobody has asked for a longer period."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from bson import ObjectId

from config.database import database, transaction
from models import registry, secrecy_notice, store
from models.calendar import local
from models.declarations import Level, RecordType
from models.errors import Refusal
from models.key_vault.refusals import Unopened
from models.person.roles import SYSTEM
from models.record import collection_name
from models.secrecy_change import service as secrecy_change

log = logging.getLogger(__name__)

ACTION = "declassify"
AT_ONCE = 500
TOLD = {"number": 1, "secret_until": 1}


@dataclass
class Outcome:
    """How many records were declassified; how many keep their level because what they belong to has not ended, or
    because a longer period is asked for; how many because nobody had their notice yet; and how many because something
    of them cannot be opened. With `left` the work was broken off."""

    declassified: int = 0
    kept: int = 0
    unannounced: int = 0
    unreadable: int = 0
    left: bool = False

    def count(self, name: str) -> None:
        """Count one record more, by the name of a number; by none for one whose period is not over any more."""
        if name:
            setattr(self, name, getattr(self, name) + 1)


def declassify(
    now: datetime, go_on: Callable[[], bool] = lambda: True, turn: Callable[[], bool] = lambda: True
) -> Outcome:
    """Make every record internal whose period of secrecy ended before today; each with its version and audit entry.

    Running it again changes nothing, and completes what was broken off: `go_on` is asked between records. So is
    `turn`, once something was declassified: each turn brings the work on, however many records keep their level. A
    record about a customer never becomes less secret than the customer's file: it waits for the file. One that cannot
    be opened, or is refused, holds up none behind it.

    :raises Outage: nothing can be opened at the moment; what was done until then stands.
    """
    outcome = Outcome()
    for rt in registry.all_types():
        for rows in _ended(rt, now) if rt.classified else ():
            held_up = _held_up(rt, rows, now)
            for row in rows:
                if not go_on() or (outcome.declassified and not turn()):
                    outcome.left = True
                    return outcome
                outcome.count(held_up.get(row["_id"]) or _end(rt, row, now))
    return outcome


def _held_up(rt: RecordType, rows: Collection[Mapping[str, Any]], now: datetime) -> dict[ObjectId, str]:
    """Which of some records whose period is over are not to be declassified yet, each as it is counted."""
    told = secrecy_notice.told_in_time(rows, now)
    asked = secrecy_change.to_be_extended(rt.slug, [row["number"] for row in rows])
    waiting = {row["_id"]: "unannounced" for row in rows if row["_id"] not in told}
    return waiting | {row["_id"]: "kept" for row in rows if row["number"] in asked}


def _end(rt: RecordType, row: Mapping[str, Any], now: datetime) -> str:
    """Declassify a record, if it may be; as what it is counted."""
    try:
        return transaction(partial(_made_internal, rt, row["_id"], now))
    except Unopened as refusal:
        log.error("the record %s was passed over in declassifying: %s", row["number"], refusal.code)
        return "unreadable"
    except Refusal:
        return "kept"


def _made_internal(rt: RecordType, record: ObjectId, now: datetime) -> str:
    """Declassify a record that, in this transaction, is still to be: its level may have been raised, or a longer period
    set or asked for, since it was found. Whoever asks writes to the record, so that one of the two begins anew."""
    rows = list(database()[collection_name(rt.slug)].find({"_id": record, **_over(now)}, TOLD))
    held_up = _held_up(rt, rows, now)
    if not rows or held_up:
        return held_up.get(record, "")
    changed = {"level": Level.INTERNAL.value, "level_basis": None}
    store.change(rt.slug, record, changed, actor=SYSTEM, now=now, action=ACTION)
    return "declassified"


def _over(now: datetime) -> dict[str, Any]:
    """The condition for a classified record whose period is over; a part of another one follows that."""
    today = secrecy_notice.day_stored(local(now).date())
    ended = {"level": {"$in": secrecy_notice.CLASSIFIED}, "secret_until": {"$lt": today}}
    return {**ended, **secrecy_notice.NO_PART}


def _ended(rt: RecordType, now: datetime) -> Iterator[list[dict[str, Any]]]:
    """The records whose period is over, some hundred at a time."""
    collection, after = database()[collection_name(rt.slug)], dict[str, Any]()
    while rows := list(collection.find({**_over(now), **after}, TOLD).sort("_id", 1).limit(AT_ONCE)):
        yield rows
        after = {"_id": {"$gt": rows[-1]["_id"]}}
