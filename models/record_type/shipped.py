"""Records following a new version of the product: what is stored beside their values (rights, search terms, whose turn
it is) was derived by the version before. Types of the product follow their own declarations too; those that the
database keeps do so when they are put (`service`)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime
from typing import Any

from bson import ObjectId

from config.database import database
from models import catalogue, registry, schema, turns
from models.declarations import RecordType
from models.record_type.deriving import basis, derive_again, named

BASES = "record_type_basis"
FORM = 3
"""Raised when the product derives something else from the same declaration."""

schema.declare({BASES: []})


def carry_on(now: datetime, go_on: Callable[[], bool]) -> int:
    """Derive anew what follows from the records of each type for which something else follows than when that was last
    done, while `go_on`; returns how many types are done.

    It begins when requests of the version before are over, and goes on behind the last piece.
    """
    known = {row["_id"]: row for row in database()[BASES].find()}
    shipped = {rt.slug for rt, _ in catalogue.SHIPPED}
    decides = {
        rt: (FORM, basis(rt), *_parts(rt)) if rt.slug in shipped else (FORM, *_names(rt), *_parts(rt))
        for rt in registry.all_types()
    }
    return sum(_follow(rt, decides[rt], known.get(rt.slug), now, go_on) for rt in decides)


def _names(rt: RecordType) -> list[str]:
    """What of a stored type decides under which names its records wait for people and roles."""
    return [*named(rt), *sorted(turns.roles_awaited(rt))]


def _parts(rt: RecordType) -> list[str]:
    """That what was merged into a record of a type has its rights, and what concerns somebody is no deputy's."""
    return (["parts"] if rt.rights.merge else []) + (["in person"] if rt.concerns else [])


def _follow(
    rt: RecordType, decides: tuple[Any, ...], row: dict[str, Any] | None, now: datetime, go_on: Callable[[], bool]
) -> bool:
    digest = hashlib.sha256(repr(decides).encode()).hexdigest()
    if row is None or row["digest"] != digest:
        seen = {"digest": digest, "since": now, "left": True, "derived_to": None}
        database()[BASES].update_one({"_id": rt.slug}, {"$set": seen}, upsert=True)
        return False
    if not row["left"] or now - row["since"] < registry.UNDER_WAY:
        return False
    if not all(_noted(rt, digest, last) and go_on() for last in derive_again(rt, row["derived_to"])):
        return False
    done = {"$set": {"left": False, "derived_to": None}}
    return database()[BASES].update_one({"_id": rt.slug, "digest": digest}, done).matched_count == 1


def _noted(rt: RecordType, digest: str, last: ObjectId) -> bool:
    """Note how far it is; False when another version of the product has begun anew."""
    same = {"_id": rt.slug, "digest": digest}
    return database()[BASES].update_one(same, {"$set": {"derived_to": last}}).matched_count == 1
