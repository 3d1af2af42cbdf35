"""The number and the name of a merged record as a search takes them: whoever may know them is led to the record that it
became (F7, X6).

They are no texts of the surviving record: they would be found by everybody who reads that one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from time import monotonic
from typing import Any

from bson import ObjectId

from config.database import database, in_transaction
from models import history, names, numbering, store
from models.access import Reach
from models.declarations import Field, RecordType
from models.kinds import kind_of, loaded
from models.merge.document import MERGED, MERGES, Row
from models.record import collection_name
from models.search import fold
from models.sights import levels_read

MOST = 1000
NONE_SECONDS = 10.0

_none: dict[str, float] = {}
"""The types of which no record was merged, and until when that is believed; where one was, each search asks."""


def survivors(rt: RecordType, reach: Reach, text: str) -> list[ObjectId]:
    """The record that came of the one whose whole number was searched for, if it was merged and the reader may know
    both, if only by their cards; else none. The database is asked only for what looks like a number of the type."""
    numbers = list(numbering.meant(rt.number, text))
    if not numbers:
        return []
    merged = {"number": {"$in": numbers}, "merged_into": {"$ne": None}}
    query = {"$and": [merged, reach.query(cards=True, archived=True)]}
    son = database()[collection_name(rt.slug)].find_one(query, {"merged_into": 1})
    stands = names.standing(reach, rt.slug, son) if son else None
    return [stands["_id"]] if stands is not None and stands is not son else []


def once_named(rt: RecordType, reach: Reach, text: str, fields: Iterable[Field]) -> list[ObjectId]:
    """The records that came of those of which the former name holds each word of `text`, a thousand of them at most: of
    a merged one its name, of one that took another name in a merge the name that it had before; as far as the reader
    has that record in full, its name among their `fields`, and may know what it became. Those whose own texts hold the
    words are left out. The database is asked only where records of a type may be merged: the first that ever are, are
    found some seconds later by who asks another process than the one that merged them."""
    title = rt.by_name[rt.title]
    if not rt.rights.merge or not title.searchable or title.encrypted or title not in fields:
        return []
    merges = _merges(rt)
    if not merges:
        return []
    words = fold(text).split()
    sons = [*_merged(rt, reach, title, merges, words), *_renamed(rt, reach, title, merges, words)]
    return list(_ends(rt, reach, sons, words)) if sons else []


def forget() -> None:
    """Ask anew whether records of a type are merged."""
    _none.clear()


def _merges(rt: RecordType) -> list[Row]:
    if _none.get(rt.slug, 0.0) > monotonic():
        return []
    wanted = {"_id": 1, "loser": 1, "survivor": 1, "survivor_rev": 1}
    merges = list(database()[MERGES].find({"state": {"$in": MERGED}, "type": rt.slug}, wanted))
    if not merges and not in_transaction():
        _none[rt.slug] = monotonic() + NONE_SECONDS
    return merges


def _merged(
    rt: RecordType, reach: Reach, title: Field, merges: Iterable[Row], words: Iterable[str]
) -> Iterator[Mapping[str, Any]]:
    """The merged records that the reader has in full and of which the name holds some folded words."""
    held: list[dict[str, Any]] = [{"haystack": {"$regex": re.escape(word)}} for word in words]
    ids = [merge["loser"] for merge in merges]
    query = {"$and": [{"_id": {"$in": ids}}, reach.query(archived=True), *held]}
    shown = {title.name: 1, "acl": 1, "merged_into": 1}
    for son in database()[collection_name(rt.slug)].find(query, shown).limit(MOST):
        if not _kept_from(title, reach, son) and _named(title, son.get(title.name), words):
            yield son


def _renamed(
    rt: RecordType, reach: Reach, title: Field, merges: Iterable[Row], words: Iterable[str]
) -> Iterator[dict[str, Any]]:
    """The records that the reader has in full, of which the name until a merge holds some folded words: as far as they
    would have read them at the level of that time. They lead to themselves, or to what they were merged into since."""
    pairs = {(merge["survivor"], merge["survivor_rev"]) for merge in merges}
    condition: dict[str, Any] = {
        "record": {"$in": [one for one, _ in pairs]},
        "rev": {"$in": [rev for _, rev in pairs]},
    }
    condition |= {"action": "merge", "changes.field": title.name}
    revs: dict[ObjectId, list[int]] = {}
    for row in database()[store.VERSIONS].find(condition, {"record": 1, "rev": 1, "changes": 1}):
        befores = [one.get("before") for one in row["changes"] if one["field"] == title.name]
        if (row["record"], row["rev"]) in pairs and any(_named(title, one, words) for one in befores):
            revs.setdefault(row["record"], []).append(row["rev"])
    query = {"$and": [{"_id": {"$in": list(revs)}}, reach.query(archived=None)]}
    shown = {"acl": 1, "level": 1, "merged_into": 1}
    found = list(database()[collection_name(rt.slug)].find(query, shown).limit(MOST)) if revs else []
    sons = [son for son in found if not _kept_from(title, reach, son)]
    levels_now = {son["_id"]: son.get("level") for son in sons}
    of_then = history.levels_at({record: revs[record] for record in levels_now}, levels_now)
    for son in sons:
        read = levels_read(reach, son["acl"])
        if any(levels <= read for levels in of_then[son["_id"]].values()):
            yield {**son, "merged_into": son.get("merged_into") or son["_id"]}


def _kept_from(title: Field, reach: Reach, son: Mapping[str, Any]) -> bool:
    return title.withheld and reach.withholds(son["acl"])


def _named(title: Field, value: Any, words: Iterable[str]) -> bool:
    """Whether a name as it is stored holds some folded words."""
    if value is None or isinstance(value, bytes):  # of a time when names of the type were sealed
        return False
    name = fold(kind_of(title).text(title, loaded(title, value), "zh"))
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
