"""What follows one record: a file to which ten thousand complaints point is raised, and given to another owner."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter
from typing import Any

from bson import ObjectId

from bench.house import HEAD
from bench.measured import Measured, alone
from bench.progress import tell
from bench.world import World
from config.database import database
from models import store, writing_up
from models.customer import passing_on

FOLLOW = 10_000
CUSTOMERS, COMPLAINTS = "record_customer", "record_complaint"
Row = dict[str, Any]


def follow(world: World, told: Callable[[str], None]) -> list[Measured]:
    """A file with thousands of complaints, which are closed with it and written up behind it, and then follow it to
    another owner. What was made for it is removed after."""
    told("what follows a file")
    found = alone(_raise_and_give, world).result
    rows = found["rows"]
    return [
        Measured(
            f"a file with {rows:,} complaints raised",
            f"{found['raised']:.1f} s, written up {rows / found['written_up']:,.0f} /s",
            figures=found,
        ),
        Measured(
            f"a file with {rows:,} complaints given away",
            f"{found['given']:.1f} s, handed on {rows / found['handed_on']:,.0f} /s",
            figures=found,
        ),
    ]


def _raise_and_give(world: World) -> Row:
    file = store.create("customer", {"name": "Bench", "owner": HEAD.id}, actor=HEAD, now=world.now)
    made = _complaints(world, file["_id"])
    try:
        other = _another_owner()
        return {
            "rows": len(made),
            "raised": _timed("raised", lambda: _change(file, {"level": "secret", "level_basis": "Bench"}, world)),
            "written_up": _timed("written up", lambda: writing_up.carry_on(lambda: True)),
            "given": _timed("given away", lambda: _change(file, {"owner": other}, world)),
            "handed_on": _timed("handed on", lambda: passing_on.carry_on(world.now, lambda: True)),
        }
    finally:
        database()[COMPLAINTS].delete_many({"_id": {"$in": made}})
        database()[CUSTOMERS].delete_one({"_id": file["_id"]})
        database()[store.VERSIONS].delete_many({"record": {"$in": [*made, file["_id"]]}})


def _complaints(world: World, file: ObjectId) -> list[ObjectId]:
    """As many complaints of one file, each as the first one is stored."""
    told = {"customer": file, "facts": "Bench " * 50, "complainant": "Bench", "contact_phone": "13900000000"}
    first = store.create("complaint", told, actor=HEAD, now=world.now)
    son = database()[COMPLAINTS].find_one({"_id": first["_id"]}) or {}
    copies = [{**son, "_id": ObjectId(), "number": f"BENCH-{one:06}"} for one in range(1, FOLLOW)]
    database()[COMPLAINTS].insert_many(copies)
    return [first["_id"], *(copy["_id"] for copy in copies)]


def _another_owner() -> ObjectId:
    """Somebody who has files of their own."""
    row = database()[CUSTOMERS].find_one({"owner": {"$nin": [HEAD.id, None]}}, {"owner": 1}) or {}
    owner: ObjectId = row["owner"]
    return owner


def _change(file: Row, values: Row, world: World) -> Row:
    return store.change("customer", file["_id"], values, actor=HEAD, now=world.now)


def _timed(what: str, work: Callable[[], object]) -> float:
    began = perf_counter()
    work()
    seconds = perf_counter() - began
    tell(f"what follows a file: {what}, {seconds:.1f} s")
    return seconds
