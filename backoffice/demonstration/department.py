"""Filling an empty database with the demonstration department: in order of time, once, going on where it broke off."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from backoffice.demonstration.days import Days
from backoffice.demonstration.people import add_people, cast
from backoffice.demonstration.plan import Kept, Step, World
from backoffice.demonstration.stories import steps_of
from config.database import database, transaction
from models import registry, schema
from models.errors import Refusal
from models.office import office_calendar
from models.person.document import USERS
from models.record import collection_name

KEPT = "demonstration"
PROGRESS = "progress"
AT_ONCE = 25
"""Steps to a transaction: a commit costs as much as several of them."""

schema.declare({KEPT: []})


class InUse(Refusal):
    """The database has people or records of its own: the demonstration does not mix with them."""

    code, status = "in_use", 409
    zh = "数据库中已有人员或记录，不能再填入演示数据。请使用另一个空的数据目录或数据库。"
    en = "The database has people or records of its own. Use an empty one (BACKOFFICE_DATA) for the demonstration."


class OtherVersion(Refusal):
    """The demonstration was begun by another version of the program."""

    code, status = "other_version", 409
    zh = "演示数据由另一版本开始填入而未完成。请删除该数据目录后重试。"
    en = "Another version began this demonstration and did not finish it. Remove the data folder and start again."


@dataclass(frozen=True)
class Filled:
    """The outcome: how many steps were taken now, since when the demonstration counts."""

    steps: int
    since: datetime


def is_empty() -> bool:
    """Whether the database has neither people nor records."""
    db = database()
    names = [USERS, *(collection_name(rt.slug) for rt in registry.all_types())]
    return all(db[name].find_one({}, {"_id": 1}) is None for name in names)


def is_begun() -> bool:
    """Whether the database holds this demonstration, whole or in part."""
    return database()[KEPT].find_one({"_id": PROGRESS}, {"_id": 1}) is not None


def fill(now: datetime) -> Filled:
    """Fill the database, or go on with a filling that broke off; a whole one stays as it is.

    :raises InUse: :raises OtherVersion:
    """
    row = database()[KEPT].find_one({"_id": PROGRESS}) or _begin(now)
    if row["done"] == row["steps"] > 0:  # whole, perhaps by another version of the plan
        return Filled(0, row["since"])
    steps = steps_of(Days(row["since"], office_calendar()))
    if row["steps"] not in (0, len(steps)):
        raise OtherVersion()
    world = World(cast(), _made())
    for first, batch in _batches(steps, row["done"]):
        _take(batch, world, first + len(batch), len(steps))
    return Filled(len(steps) - row["done"], row["since"])


def _begin(now: datetime) -> dict[str, Any]:
    if not is_empty():
        raise InUse()
    since = now.replace(microsecond=0)
    row: dict[str, Any] = {"_id": PROGRESS, "since": since, "done": 0, "steps": 0}

    def work() -> None:
        database()[KEPT].insert_one(row)
        add_people(Days(since, office_calendar()).back(520, "09:00"))

    transaction(work)
    return row


def _made() -> dict[str, Kept]:
    rows = database()[KEPT].find({"_id": {"$ne": PROGRESS}})
    return {row["_id"]: Kept(row["type"], row["record"], row["number"]) for row in rows}


def _batches(steps: Sequence[Step], done: int) -> Iterator[tuple[int, Sequence[Step]]]:
    """What is taken together, with the place of its first step."""
    first = done
    while first < len(steps):
        size = 1
        while not steps[first].alone and size < AT_ONCE and first + size < len(steps):
            if steps[first + size].alone:
                break
            size += 1
        yield first, steps[first : first + size]
        first += size


def _take(batch: Sequence[Step], world: World, done: int, total: int) -> None:
    """Take some steps and note how far it is, in one transaction; set work is noted after it."""
    known = dict(world.made)
    if batch[0].alone:
        batch[0].take(world)

    def work() -> None:
        world.made = dict(known)  # what a transaction that is tried again made before does not exist
        for step in batch:
            if not step.alone:
                step.take(world)
        _note(world, known.keys(), done, total)

    transaction(work)


def _note(world: World, known: Set[str], done: int, total: int) -> None:
    rows = [
        {"_id": key, "type": kept.slug, "record": kept.id, "number": kept.number}
        for key, kept in world.made.items()
        if key not in known
    ]
    if rows:
        database()[KEPT].insert_many(rows)
    database()[KEPT].update_one({"_id": PROGRESS}, {"$set": {"done": done, "steps": total}})
