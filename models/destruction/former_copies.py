"""Destructions of former versions: they left in other records what rules had copied of a record that is gone."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import partial
from typing import Any

from bson import ObjectId

from config.database import database
from models import registry
from models.copied import copies_of
from models.destruction import gone, pointing
from models.destruction.former import DONE
from models.destruction.gone import ASIDE, GONE
from models.destruction.traces import Place, strip
from models.errors import NotFound
from models.key_vault import service as vault

COPIES = "copied_values"


def take_copies_out() -> list[str]:
    """Take from what points to records that are gone every value that is declared as a copy, once, in history too, and
    so that backups of before cannot be read of these records: what the records had said nobody knows any more, so that
    all of it goes. Of those that pointed to one once, it goes from their history. It makes no version, and broken off
    it begins anew.

    :return: a line where there were any. :raises KeysUnusable: and it is done another time.
    """
    if database()[DONE].find_one({"_id": COPIES}) is not None:
        return []
    bearing = list(_bearing())
    for of, places in bearing:
        strip(of, lambda: None, places)
    of_all = [of for of, _ in bearing]
    held = gone.count_unfinished([one.id for _, places in bearing for one in places], of_all)
    if held:
        vault.destroy(())  # writes the keys' own backup, which still has those of these records
        gone.parts_done(of_all)
    database()[DONE].update_one({"_id": COPIES}, {"$set": {"done": True}}, upsert=True)
    return [f"took what rules had copied of records that are gone out of {held} others"] if held else []


def _bearing() -> Iterator[tuple[ObjectId, list[Place]]]:
    """What may bear copies of records of a type that are gone, with one of those. What is set aside whole is not gone
    yet."""
    whole = set(database()[ASIDE].distinct("_id", {"emptied": None}))
    by_type: dict[str, list[ObjectId]] = {}
    for row in database()[GONE].find({}, {"type": 1}):
        if row["_id"] not in whole:
            by_type.setdefault(row["type"], []).append(row["_id"])
    for slug, ids in by_type.items():
        places = list(_places(slug, ids))
        if places:
            yield ids[0], places


def _places(slug: str, ids: Collection[ObjectId]) -> Iterator[Place]:
    try:
        title = registry.kept(slug).rt.title
    except NotFound:  # a type that came with a former version of the product
        return
    if slug in registry.not_wholly_read():
        return
    for rt, paths in pointing.types(slug):
        names = [name for name, origins in copies_of(rt, slug).items() if origins != {title}]
        if names:
            now = pointing.now(rt, paths, ids)
            change = partial(_without, names)
            yield from (Place(rt, one, change) for one in now)
            yield from (Place(rt, one, change, _as_it_is) for one in pointing.once(rt, paths, ids) - now)


def _without(names: Collection[str], value: Any, name: str) -> Any:
    return None if name in names else value


def _as_it_is(value: Any, _name: str) -> Any:
    return value
