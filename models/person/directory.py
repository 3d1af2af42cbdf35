"""The people of the house as records need them: names by id, who may be chosen, find by name."""

from __future__ import annotations

import re
from collections.abc import Iterable
from time import monotonic
from typing import Any

from bson import ObjectId

from config.database import database
from models.person.roles import Role

PEOPLE = "user"
USUAL_CAPACITY = 100
NAME_SECONDS, MOST_REMEMBERED = 2.0, 10_000
NOBODY = ("", "", True, 0.0)

Known = tuple[str, str, bool, float]

_names: dict[ObjectId, Known] = {}
"""Names, email addresses, whether the account is in use, as they were looked up, and until when they are believed."""


def names(ids: Iterable[ObjectId | None]) -> dict[ObjectId, str]:
    """Names by id, in one query; unknown ids are left out. A name may be two seconds old: every page asks for the
    same few. No right hangs on it."""
    return {i: name for i, (name, *_) in _known(ids).items()}


def _known(ids: Iterable[ObjectId | None]) -> dict[ObjectId, Known]:
    now = monotonic()
    wanted = {i for i in ids if i is not None}
    # Taken at once: another thread may forget them meanwhile.
    found = {i: known for i in wanted if (known := _names.get(i, NOBODY))[-1] >= now}
    missing = [i for i in wanted if i not in found]
    if missing:
        if len(_names) > MOST_REMEMBERED:
            _names.clear()
        for row in database()[PEOPLE].find({"_id": {"$in": missing}}, {"name": 1, "email": 1, "active": 1}):
            known = row["name"], row.get("email", ""), bool(row.get("active", True)), now + NAME_SECONDS
            found[row["_id"]] = _names[row["_id"]] = known
    return found


def forget_names() -> None:
    """Look names up anew: one has changed."""
    _names.clear()


def eligible(person_id: ObjectId, roles: Iterable[Role] = ()) -> bool:
    """Whether a person is active and, when roles are given, holds one of them."""
    return database()[PEOPLE].find_one({"_id": person_id, **_condition(roles)}, {"_id": 1}) is not None


def known_as(text: str, roles: Iterable[Role] = ()) -> ObjectId | None:
    """The active person whose email is `text`, or the only one of this name; None for none or several."""
    condition = {**_condition(roles), "$or": [{"email": text.lower()}, {"name": text}]}
    found = list(database()[PEOPLE].find(condition, {"_id": 1}).limit(2))
    return found[0]["_id"] if len(found) == 1 else None


def emails(ids: Iterable[ObjectId | None]) -> dict[ObjectId, str]:
    """Email addresses by id, looked up with the names and as old."""
    return {i: email for i, (_, email, *_) in _known(ids).items() if email}


def out_of_use(ids: Iterable[ObjectId | None]) -> set[ObjectId]:
    """Those of some people whose account is disabled, looked up with the names and as old."""
    return {i for i, (_, _, active, _) in _known(ids).items() if not active}


def disabled() -> list[ObjectId]:
    """Ids of the people whose account is disabled."""
    return [row["_id"] for row in database()[PEOPLE].find({"active": False}, {"_id": 1})]


def find(text: str, roles: Iterable[Role] = (), limit: int = 20) -> list[dict[str, Any]]:
    """Active people whose name holds `text`, by name; each with `_id`, `name`, `email`, `department`."""
    condition: dict[str, Any] = _condition(roles)
    if text:
        condition["name"] = {"$regex": re.escape(text[:50])}
    shown = {"name": 1, "email": 1, "department": 1}
    return list(database()[PEOPLE].find(condition, shown).sort("name", 1).limit(limit))


def named(pattern: str) -> tuple[ObjectId, ...]:
    """Ids of the people, active or not, whose name matches a pattern, in whatever case."""
    rows = database()[PEOPLE].find({"name": {"$regex": pattern, "$options": "i"}}, {"_id": 1})
    return tuple(row["_id"] for row in rows)


def holders(roles: Iterable[Role], department: str = "") -> list[ObjectId]:
    """Ids of the active people who hold one of the roles, within a department when one is named."""
    condition = _condition(roles)
    if department:
        condition["department"] = department
    return [row["_id"] for row in database()[PEOPLE].find(condition, {"_id": 1}).sort("_id", 1)]


def held(roles: Iterable[Role]) -> set[tuple[Role, str]]:
    """Which of some roles active people hold, each with the department of who holds it ('' for none)."""
    return {(role, department) for role, department, _ in holdings(roles)}


def holdings(roles: Iterable[Role]) -> set[tuple[Role, str, ObjectId]]:
    """The same, with who holds it."""
    wanted = frozenset(roles)
    rows = database()[PEOPLE].find(_condition(wanted), {"roles": 1, "department": 1}) if wanted else ()
    return {
        (role, row.get("department") or "", row["_id"]) for row in rows for role in wanted if role.value in row["roles"]
    }


def _condition(roles: Iterable[Role]) -> dict[str, Any]:
    wanted = [role.value for role in roles]
    return {"active": True, **({"roles": {"$in": wanted}} if wanted else {})}


def capacities(role: Role, department: str) -> dict[ObjectId, int]:
    """How much work each active holder of a role in a department takes, as a weight (F6); 100 unless set. Who has not
    signed in yet, with a first password that one administrator gave (`acting.unclaimed`), takes none."""
    claimed = [{"must_change": {"$ne": True}}, {"vouched": True}]
    condition = {**_condition([role]), "department": department, "$or": claimed}
    rows = database()[PEOPLE].find(condition, {"capacity": 1}).sort("_id", 1)
    return {row["_id"]: row.get("capacity", USUAL_CAPACITY) for row in rows}
