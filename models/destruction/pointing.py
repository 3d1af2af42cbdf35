"""Which records point to some that are to go, now or once: these bear copies of what rules took from them (D2, D3)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from bson import ObjectId

from config.database import database
from models import registry, store
from models.declarations import RecordType
from models.merge.moving import pointing_paths
from models.record import collection_name


def types(slug: str) -> Iterator[tuple[RecordType, list[str]]]:
    """The types in force whose records may point to those of a type, each with the stored paths of its pointers."""
    for rt in registry.all_types():
        paths = pointing_paths(rt, slug)
        if paths:
            yield rt, paths


def by_path(paths: Iterable[str], ids: Iterable[ObjectId]) -> list[dict[str, Any]]:
    """The conditions, of which one is enough, for a stored record that points to one of some others."""
    wanted = list(ids)
    return [{path: {"$in": wanted}} for path in paths]


def now(rt: RecordType, paths: Iterable[str], ids: Iterable[ObjectId]) -> set[ObjectId]:
    """The records of a type that point to one of some others."""
    rows = database()[collection_name(rt.slug)].find({"$or": by_path(paths, ids)}, {"_id": 1})
    return {row["_id"] for row in rows}


def once(
    rt: RecordType, paths: Iterable[str], ids: Iterable[ObjectId], among: Iterable[ObjectId] | None = None
) -> set[ObjectId]:
    """The records of a type, all or `among` some, whose history says that they pointed or point to one of some others.
    Without `among` the whole history of the type is read."""
    wanted = list(ids)
    sides = [side for path in paths for side in _sides(path, wanted)]
    where: Mapping[str, Any] = {} if among is None else {"record": {"$in": list(among)}}
    condition = {**where, "type": rt.slug, "changes": {"$elemMatch": {"$or": sides}}}
    return {row["record"] for row in database()[store.VERSIONS].find(condition, {"record": 1})}


def _sides(path: str, ids: list[ObjectId]) -> Iterator[dict[str, Any]]:
    """A pointer in a version: before a change, or after it; in a row of a list it stands below."""
    name, dot, inner = path.partition(".")
    for side in ("before", "after"):
        yield {"field": name, f"{side}{dot}{inner}": {"$in": ids}}
