"""The least level that records may have which were closed for nothing (`closing`): that of what they point to, or were
merged into, as it is when that is put back as well. What was closed by an act that is not stored says nothing."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from bson import ObjectId

from config.database import database
from models import belonging, registry, store
from models.closing import MARK, PIECES, is_stored
from models.declarations import Level, RecordType
from models.record import collection_name
from models.registry import Draft

Row = Mapping[str, Any]
Key = tuple[str, ObjectId]
"""A record: its type, and which of them it is."""


class Undecided(Exception):
    """The act that closed one of the records that are pointed to may still be stored."""


def least_levels(drafts: Sequence[Draft], over: datetime) -> dict[ObjectId, Level]:
    """The least level that each of some records of a type may have. What says so is held: who raises it in the same
    moment is waited for, and then seen.

    :raises Undecided:
    """
    near = {(draft.rt.slug, draft.values["_id"]): _near(draft.rt, draft.values) for draft in drafts}
    seeds, levels, asked = list(near), dict[Key, Level](), set[Key]()
    while wanted := {key for keys in near.values() for key in keys} - asked:
        asked |= wanted
        for slug in sorted({slug for slug, _ in wanted}):
            rt = registry.kept(slug).rt
            for row, level, goes_back in _rows(rt, [one for of, one in wanted if of == slug], over):
                levels[slug, row["_id"]] = level
                if goes_back:
                    near[slug, row["_id"]] = _near(rt, row)
    return {seed[1]: _highest(seed, near, levels) for seed in seeds}


def _near(rt: RecordType, values: Row) -> list[Key]:
    """What a record may not be less secret than."""
    leads = [*belonging.leads(rt), ("merged_into", rt.slug)]
    return [(slug, values[name]) for name, slug in leads if values.get(name) is not None]


def _highest(seed: Key, near: Mapping[Key, list[Key]], levels: Mapping[Key, Level]) -> Level:
    """The highest level among all that a record points to, and what these do that are put back themselves."""
    found, left = Level.INTERNAL, list(near[seed])
    met = set(left)
    while left:
        key = left.pop()
        found = max(found, levels.get(key, found), key=lambda level: level.rank)
        more = set(near.get(key, ())) - met
        met |= more
        left += more
    return found


def _rows(rt: RecordType, ids: Sequence[ObjectId], over: datetime) -> list[tuple[Row, Level, bool]]:
    """Some records, each with the level that it has when what closed it for nothing is taken back, and whether it is
    one of those."""
    store.one_at_a_time(rt.slug, ids)
    names = ["level", "rev", MARK, "merged_into", *(name for name, _ in belonging.leads(rt))]
    rows = list(database()[collection_name(rt.slug)].find({"_id": {"$in": list(ids)}}, dict.fromkeys(names, 1)))
    failed = _failed({mark["piece"] for row in rows for mark in row.get(MARK, ())}, over)
    found = list[tuple[Row, Level, bool]]()
    for row in rows:
        level, marks = row.get("level"), row.get(MARK, ())
        for behind, mark in enumerate(reversed(marks)):
            if mark["piece"] not in failed or row["rev"] != mark["rev"] + behind:
                break
            level = mark["level"]
        found.append((row, Level.of(level), level != row.get("level")))
    return found


def _failed(pieces: Collection[ObjectId], over: datetime) -> set[ObjectId]:
    """Those of some pieces whose act is not stored, and will not be."""
    failed = set[ObjectId]()
    acts = dict[tuple[Any, ...], bool]()
    for piece in database()[PIECES].find({"_id": {"$in": list(pieces)}}, {"ids": 0}) if pieces else ():
        act = (piece["of"], *piece["root"], piece["level"])
        if act not in acts:
            store.one_at_a_time(piece["of"], piece["root"])
            acts[act] = is_stored(piece)
        if acts[act]:
            continue
        if piece["noted"] > over:
            raise Undecided
        failed.add(piece["_id"])
    return failed
