"""The end of the period of secrecy (X2): a record is declassified by itself once its last day is over."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from bson import ObjectId

from config.database import database
from models import registry, store, stored_form
from models.calendar import local
from models.declarations import Level, RecordType
from models.errors import Invalid, NotFound
from models.kinds import stored
from models.person.roles import SYSTEM
from models.record import collection_name

ACTION = "declassify"
CLASSIFIED = [level.value for level in Level if level is not Level.INTERNAL]
UNTIL = next(f for f in stored_form.OPEN_SYSTEM if f.name == "secret_until")


@dataclass(frozen=True)
class Outcome:
    """How many records were declassified, and how many keep their level because what they belong to has not ended."""

    declassified: int
    kept: int


def declassify(now: datetime) -> Outcome:
    """Make every record internal whose period of secrecy ended before today; each with its version and audit entry.

    Running it again changes nothing. A record about a customer never becomes less secret than the customer's file: it
    waits for the file, which comes first.
    """
    declassified = kept = 0
    for rt in registry.all_types():
        for record in _ended(rt, local(now).date()) if rt.classified else ():
            try:
                changed = {"level": Level.INTERNAL.value, "level_basis": None}
                store.change(rt.slug, record, changed, actor=SYSTEM, now=now, action=ACTION)
            except (Invalid, NotFound):
                kept += 1
            else:
                declassified += 1
    return Outcome(declassified, kept)


def _ended(rt: RecordType, today: date) -> list[ObjectId]:
    ended = {"level": {"$in": CLASSIFIED}, "secret_until": {"$lt": stored(UNTIL, today)}}
    return [row["_id"] for row in database()[collection_name(rt.slug)].find(ended, {"_id": 1}).sort("_id", 1)]
