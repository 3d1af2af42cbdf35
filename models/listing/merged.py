"""The number and the name of a merged record as a search takes them: whoever may know them is led to the record that it
became (F7, X6).

They are no texts of the surviving record: they would be found by everybody who reads that one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from string import Formatter
from typing import Any

from bson import ObjectId

from config.database import database
from models import names
from models.access import Reach
from models.declarations import Field, RecordType
from models.kinds import kind_of, loaded
from models.merge.moving import MERGED, MERGES
from models.record import collection_name
from models.search import fold

MOST = 1000
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


def once_named(rt: RecordType, reach: Reach, text: str, fields: Iterable[Field]) -> list[ObjectId]:
    """The records that came of those of which the former name holds each word of `text`, a thousand of them at most:
    as far as the reader has the merged one in full, its name among their `fields`, and may know what it became. Those
    whose own texts hold the words are left out. The database is asked only where records of a type are merged."""
    title = rt.by_name[rt.title]
    if not rt.rights.merge or not title.searchable or title.encrypted or title not in fields:
        return []
    merges = database()[MERGES].find({"state": {"$in": MERGED}, "type": rt.slug}, {"_id": 0, "loser": 1})
    ids = [merge["loser"] for merge in merges]
    if not ids:
        return []
    words = fold(text).split()
    held: list[dict[str, Any]] = [{"haystack": {"$regex": re.escape(word)}} for word in words]
    query = {"$and": [{"_id": {"$in": ids}}, reach.query(archived=True), *held]}
    shown = {title.name: 1, "acl": 1, "merged_into": 1}
    sons = database()[collection_name(rt.slug)].find(query, shown).limit(MOST)
    named = [son for son in sons if not _kept_from(title, reach, son) and _named(title, son, words)]
    return list(_ends(rt, reach, named, words)) if named else []


def _kept_from(title: Field, reach: Reach, son: Mapping[str, Any]) -> bool:
    return title.withheld and reach.withholds(son["acl"])


def _named(title: Field, son: Mapping[str, Any], words: Iterable[str]) -> bool:
    """Whether the name of a stored record holds some folded words."""
    name = fold(kind_of(title).text(title, loaded(title, son.get(title.name)), "zh"))
    return all(word in name for word in words)


def _ends(rt: RecordType, reach: Reach, sons: Iterable[Mapping[str, Any]], words: Iterable[str]) -> set[ObjectId]:
    """Into which records some were merged, those in between included; each as long as the reader may know it, and
    without those whose own texts hold the words."""
    shown = {"acl": 1, "haystack": 1, "merged_into": 1}
    found: set[ObjectId] = set()
    seen: set[ObjectId] = set()
    while into := {son["merged_into"] for son in sons if son.get("merged_into")} - seen:
        seen |= into
        further = database()[collection_name(rt.slug)].find({"_id": {"$in": list(into)}}, shown)
        sons = [son for son in further if reach.sees(son["acl"])]
        found.update(son["_id"] for son in sons if not all(word in son.get("haystack", "") for word in words))
    return found


@lru_cache(maxsize=500)
def _shape(number: str) -> re.Pattern[str]:
    """What the numbers of a type look like, upper or lower case."""
    parts = (re.escape(text) + PIECES.get(name or "", "") for text, name, *_ in Formatter().parse(number))
    return re.compile("".join(parts), re.IGNORECASE)
