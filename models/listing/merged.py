"""The number of a merged record as a search takes it: whoever may know that record is led to the one it became (X6).

The number is no text of the surviving record: it would be found by everybody who reads that one.
"""

from __future__ import annotations

import re
from functools import lru_cache
from string import Formatter

from bson import ObjectId

from config.database import database
from models import names
from models.access import Reach
from models.declarations import RecordType
from models.record import collection_name

PIECES = {"year": r"(?P<year>\d{4})", "seq": r"(?P<seq>\d{1,12})"}


def survivors(rt: RecordType, reach: Reach, text: str) -> list[ObjectId]:
    """The record that came of the one whose whole number was searched for, if it was merged and the reader may know
    both, if only by their cards; else none. The database is asked only for what looks like a number of the type."""
    found = _shape(rt.number).fullmatch(text.strip())
    if found is None:
        return []
    number = rt.number.format(**{name: int(digits) for name, digits in found.groupdict().items()})
    query = {"$and": [{"number": number, "merged_into": {"$ne": None}}, reach.query(cards=True, archived=True)]}
    son = database()[collection_name(rt.slug)].find_one(query, {"merged_into": 1})
    stands = names.standing(reach, rt.slug, son) if son else None
    return [stands["_id"]] if stands is not None and stands is not son else []


@lru_cache(maxsize=500)
def _shape(number: str) -> re.Pattern[str]:
    """What the numbers of a type look like, upper or lower case."""
    parts = (re.escape(text) + PIECES.get(name or "", "") for text, name, *_ in Formatter().parse(number))
    return re.compile("".join(parts), re.IGNORECASE)
