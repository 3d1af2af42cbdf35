"""Records of the time when what hangs on a record did not follow its level: once, they are made as secret as they are
to be, each with its version (X1). A type whose definition changes is looked at again: it may be classified since, or
point to more."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from bson import ObjectId
from pymongo import ASCENDING

from config.database import database, transaction
from models import belonging, registry, schema, sealing, stored_form
from models.declarations import Level, RecordType
from models.merge.document import MERGED, MERGES, Row
from models.person.roles import SYSTEM
from models.record import collection_name
from models.registry import Draft
from models.secrecy_notice import CLASSIFIED
from models.set_change import FOLLOWED, Cause, parts_follow, raise_about

NOTED = "levels_followed"
"""How far each type is, under which fields point to it: up to which id of its merges and of its records (`to`)."""
FORM = 2
"""Raised when more follows than before: what points to a record that was merged away and is not moved follows it."""
AT_ONCE = 300
MOST_RAISED = 300
"""So many records are raised in one transaction: one record may have any number of others that point to it."""

Looked = tuple[ObjectId | None, int, bool]
"""The last record or merge that was looked at, how many records followed, and whether there may be more."""
OF_A_PART = ("level", "secret_until")
"""What a part has in common with its whole. A merge leaves it its own basis; nothing of it is written that need not be,
or the merge could not be taken back."""

schema.declare({NOTED: []})


def bring_along(now: datetime, turn: Callable[[], bool]) -> tuple[int, bool]:
    """Let what hangs on records follow their level, some hundred records at a time, while `turn`; how many records did,
    and whether some are left. Broken off, it goes on behind the last piece; when all is done, it asks for little."""
    noted = {row["_id"]: row for row in database()[NOTED].find()}
    count, cause = 0, Cause(SYSTEM, now)
    for rt in [one for one in registry.all_types() if one.classified]:
        for name, piece, key in (("parts", _parts, ""), ("about", _about, _pointing(rt))):
            at = f"{rt.slug}.{name}"
            known = noted[at] if noted.get(at, {}).get("key") == key else {}
            behind, done = known.get("to"), bool(known.get("done"))
            while not done:
                behind, followed, more = transaction(partial(piece, rt, behind, cause))
                count, done = count + followed, not more
                note = {"key": key, "to": behind, "done": done}
                database()[NOTED].update_one({"_id": at}, {"$set": note}, upsert=True)
                if not (done or turn()):
                    return count, True
    return count, False


def _pointing(rt: RecordType) -> str:
    """Which fields of which types point to the records of a type."""
    return f"{FORM} " + " ".join(
        f"{one.slug}@{one.version}.{','.join(names)}" for one, names in belonging.belonging_to(rt.slug)
    )


def _parts(rt: RecordType, behind: ObjectId | None, cause: Cause) -> Looked:
    """Let what was merged into some records of a type have their level and period."""
    condition = {"type": rt.slug, "state": {"$in": MERGED}, **_behind(behind)}
    merges = list(database()[MERGES].find(condition).sort("_id", ASCENDING).limit(AT_ONCE))
    wholes = _records(rt, {row["survivor"] for row in merges})
    parts = _records(rt, {row["loser"] for row in merges})
    for part in parts.values():
        whole = wholes.get(part["merged_into"])
        if whole is not None and any(part[name] != whole[name] for name in OF_A_PART):
            parts_follow([Draft(rt, FOLLOWED, None, whole, cause.actor, cause.now)])
    after = _records(rt, parts)
    followed = sum(part["rev"] != after[one]["rev"] for one, part in parts.items())
    return _looked(merges, followed)


def _about(rt: RecordType, behind: ObjectId | None, cause: Cause) -> Looked:
    """Let what points to some classified records of a type be no less secret than they are. Where that was too much for
    one transaction, the same records are looked at again: what was raised is none of it any more."""
    shown, condition = {"level": 1}, {"level": {"$in": CLASSIFIED}, **_behind(behind)}
    rows = list(database()[collection_name(rt.slug)].find(condition, shown).sort("_id", ASCENDING).limit(AT_ONCE))
    followed = 0
    for level in Level:
        ids = [row["_id"] for row in rows if row["level"] == level.value]
        followed += raise_about(rt.slug, ids, level, cause, MOST_RAISED - followed) if ids else 0
        if followed >= MOST_RAISED:
            return behind, followed, True
    return _looked(rows, followed)


def _looked(rows: Sequence[Row], followed: int) -> Looked:
    return (rows[-1]["_id"] if rows else None), followed, len(rows) == AT_ONCE


def _behind(last: ObjectId | None) -> dict[str, Any]:
    return {"_id": {"$gt": last}} if last is not None else {}


def _records(rt: RecordType, ids: Iterable[ObjectId]) -> dict[ObjectId, Row]:
    """Some records of a type, without what of them is sealed."""
    sons = database()[collection_name(rt.slug)].find({"_id": {"$in": list(ids)}}, sealing.left_out(rt) or None)
    return {son["_id"]: stored_form.load(rt, son) for son in sons}
