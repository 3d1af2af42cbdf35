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
from models.closing import Cause
from models.declarations import Level, RecordType
from models.job import service as jobs
from models.merge.document import MERGED, MERGES, Row
from models.person.roles import SYSTEM
from models.record import collection_name
from models.registry import Draft
from models.secrecy_notice import CLASSIFIED
from models.set_change import FOLLOWED, parts_follow, raise_about

NOTED = "levels_followed"
"""How far each type is, under which fields point to it: up to which id of its merges and of its records (`to`)."""
FORM = 2
"""Raised when more follows than before: what points to a record that was merged away and is not moved follows it."""
AT_ONCE = 300
MOST_RAISED = 300
"""So many records are raised in one transaction: one record may have any number of others that point to it."""

JOB = "secrecy_end"
"""The job that does what is left."""

Looked = tuple[ObjectId | None, int, bool]
"""The last record or merge that was looked at, how many records followed, and whether there may be more."""
Piece = Callable[[RecordType, ObjectId | None, Cause], Looked]
OF_A_PART = ("level", "secret_until")
"""What a part has in common with its whole. A merge leaves it its own basis; nothing of it is written that need not be,
or the merge could not be taken back."""

schema.declare({NOTED: []})


def bring_along(now: datetime, turn: Callable[[], bool]) -> tuple[int, bool]:
    """Let what hangs on records follow their level, some hundred records at a time, while `turn`; how many records did,
    and whether some are left. Broken off, it goes on behind the last piece; when all is done, it asks for little."""
    noted = {row["_id"]: row for row in database()[NOTED].find()}
    count, cause = 0, Cause(SYSTEM, now)
    for rt in [one for one in registry.kept_types() if one.classified]:
        for name, piece, key in (("parts", _parts, ""), ("about", _about, _pointing(rt))):
            at = f"{rt.slug}.{name}"
            followed, left = _bring(rt, at, piece, key, noted.get(at, {}), cause, turn)
            count += followed
            if left:
                return count, True
    return count, False


def hangs_anew(rt: RecordType, former: RecordType | None) -> bool:
    """Whether records of a type that is to be put are to follow the level of what its former version let them point to
    without following it."""
    with registry.as_if(rt):
        now = set(belonging.leads(rt))
        return not now <= (set(belonging.leads(former)) if former is not None else set())


def bring_before(rt: RecordType, now: datetime) -> int:
    """Let the records of a type that is to be put follow the level of what they point to, before it is in force: of a
    plain type nothing above internal is open, so none of them is open in between. Broken off, it goes on behind the
    last piece once the type is put again. Returns how many followed."""
    count, cause = 0, Cause(SYSTEM, now)
    with registry.as_if(rt):
        for to in sorted({to for _, to in belonging.leads(rt)}):
            target, at = registry.kept(to).rt, f"{to}.about"
            known = database()[NOTED].find_one({"_id": at}) or {}
            count += _bring(target, at, _about, _pointing(target), known, cause, lambda: True)[0]
    return count


def look_again(rt: RecordType, now: datetime) -> None:
    """Have looked at once more what the records of a type in force point to: a process of its former version may have
    written some behind `bring_before`."""
    targets = {to for _, to in belonging.leads(rt)}
    if targets:
        database()[NOTED].delete_many({"_id": {"$in": [f"{to}.about" for to in targets]}})
        jobs.ask(JOB, "", now)


def _bring(
    rt: RecordType, at: str, piece: Piece, key: str, known: Row, cause: Cause, turn: Callable[[], bool]
) -> tuple[int, bool]:
    """Do the pieces of one kind for a type that are left, while `turn`; how many records followed, and whether some are
    left."""
    known = known if known.get("key") == key else {}
    count, behind, done = 0, known.get("to"), bool(known.get("done"))
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
