"""The end of the period of secrecy (X2): a record is declassified by itself once its last day is over, if it had its
notice and nobody has asked for a longer period."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from bson import ObjectId

from config.database import database
from models import registry, secrecy_notice, store
from models.calendar import local
from models.declarations import Level, RecordType
from models.errors import Invalid, NotFound
from models.person.roles import SYSTEM
from models.record import collection_name
from models.secrecy_change import service as secrecy_change

ACTION = "declassify"
AT_ONCE = 500


@dataclass
class Outcome:
    """How many records were declassified; how many keep their level because what they belong to has not ended, or
    because a longer period is asked for; and how many because nobody had their notice yet. With `left` the work was
    broken off."""

    declassified: int = 0
    kept: int = 0
    unannounced: int = 0
    left: bool = False


def declassify(
    now: datetime, go_on: Callable[[], bool] = lambda: True, turn: Callable[[], bool] = lambda: True
) -> Outcome:
    """Make every record internal whose period of secrecy ended before today; each with its version and audit entry.

    Running it again changes nothing, and completes what was broken off: `go_on` is asked between records. So is
    `turn`, once something was declassified: each turn brings the work on, however many records keep their level. A
    record about a customer never becomes less secret than the customer's file: it waits for the file.
    """
    outcome = Outcome()
    for rt in registry.all_types():
        for rows in _ended(rt, local(now).date()) if rt.classified else ():
            asked, told = secrecy_change.to_be_extended(rt.slug), secrecy_notice.told_in_time(rows, now)
            for row in rows:
                if not go_on() or (outcome.declassified and not turn()):
                    outcome.left = True
                    return outcome
                if row["number"] in asked:
                    outcome.kept += 1
                elif row["_id"] not in told:
                    outcome.unannounced += 1
                elif _made_internal(rt, row["_id"], now):
                    outcome.declassified += 1
                else:
                    outcome.kept += 1
    return outcome


def _made_internal(rt: RecordType, record: ObjectId, now: datetime) -> bool:
    changed = {"level": Level.INTERNAL.value, "level_basis": None}
    try:
        store.change(rt.slug, record, changed, actor=SYSTEM, now=now, action=ACTION)
    except (Invalid, NotFound):
        return False
    return True


def _ended(rt: RecordType, today: date) -> Iterator[list[dict[str, Any]]]:
    """The records whose period is over, some hundred at a time."""
    over = {"level": {"$in": secrecy_notice.CLASSIFIED}, "secret_until": {"$lt": secrecy_notice.day_stored(today)}}
    collection, after = database()[collection_name(rt.slug)], dict[str, Any]()
    while rows := list(
        collection.find({**over, **after}, {"number": 1, "secret_until": 1}).sort("_id", 1).limit(AT_ONCE)
    ):
        yield rows
        after = {"_id": {"$gt": rows[-1]["_id"]}}
