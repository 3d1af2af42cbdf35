"""Records of a stored type that did not follow others for a time: their type was out of force and not wholly
understood, or not classified. Before it is in force, and once more when no process of the former version can be writing
any more, they are made as they would be. Levels are for `levels_before`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from bson import ObjectId
from pymongo import ASCENDING

from config.database import database
from models import leaving, registry
from models.declarations import Field, RecordType
from models.merge import moving
from models.merge.document import DONE, MERGES, MOVING
from models.record import collection_name


def catch_up(rt: RecordType) -> None:
    """Let the records of a type that is to be put, or in force, point to what others were merged into, and be nobody's
    who left since. Each piece is a transaction; broken off, it is done when the type is put again."""
    with registry.as_if(rt):
        _point_on(rt)
        leaving.note_behind(rt)


def _point_on(rt: RecordType) -> None:
    """Point the records that still point to merged ones to the surviving ones: these merges take another turn."""
    for slug in sorted({field.to for field in _all_fields(rt.fields) if field.kind == "reference"}):
        done = database()[MERGES].find({"type": slug, "state": {"$in": [DONE, MOVING]}}, {"loser": 1})
        merges = {row["loser"]: row["_id"] for row in done.sort("at", ASCENDING)}
        for loser in _pointed_to(rt, moving.pointing_paths(rt, slug), list(merges)):
            merge = merges[loser]
            database()[MERGES].update_one({"_id": merge, "state": DONE}, {"$set": {"state": MOVING}})
            while moving.goes_on(merge):
                pass


def _pointed_to(rt: RecordType, paths: Sequence[str], ids: Sequence[ObjectId]) -> Iterator[ObjectId]:
    """Those of some records to which records of a type point, each once."""
    records = database()[collection_name(rt.slug)]
    for start in range(0, len(ids), moving.CHUNK):
        some = ids[start : start + moving.CHUNK]
        yield from {one for path in paths for one in records.distinct(path, {path: {"$in": some}})}.intersection(some)


def _all_fields(fields: Iterable[Field]) -> Iterator[Field]:
    for field in fields:
        yield field
        yield from _all_fields(field.fields)
