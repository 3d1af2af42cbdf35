"""Stored accounts as the people who act: what rules about records ask of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from bson import ObjectId

from config.database import database
from models.person import changes
from models.person.directory import PEOPLE
from models.person.roles import Person, Role


def accounts_of(ids: Iterable[ObjectId]) -> dict[ObjectId, dict[str, Any]]:
    """The stored accounts of some ids; who is gone is left out."""
    return {row["_id"]: row for row in database()[PEOPLE].find({"_id": {"$in": list(set(ids))}})}


def unclaimed(row: Mapping[str, Any]) -> bool:
    """Whether the first password that one administrator gave stands: nobody has signed in with it and chosen another,
    and no second person has vouched for it. So it is of a new account, for later ones need two people."""
    return bool(row.get("must_change")) and not row.get("vouched")


def person_of(row: Mapping[str, Any], language: str = "") -> Person:
    """The acting person of a stored account, without grants. Unknown roles give nothing."""
    return Person(
        id=row["_id"],
        name=row["name"],
        roles=frozenset(Role(value) for value in row.get("roles") or () if value in Role._value2member_map_),
        department=row.get("department") or "",
        manager=row.get("manager"),
        language=row.get("language") or language or "zh",
        email=row["email"],
        settling=changes.settles(row),
        unclaimed=unclaimed(row),
    )
