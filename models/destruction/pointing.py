"""Which records point to some that are to go, now or once: these bear copies of what rules took from them (D2, D3)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from bson import ObjectId

from config.database import database
from models import registry, store
from models.declarations import RecordType
from models.errors import Refusal
from models.merge.moving import pointing_paths
from models.record import collection_name

_OUT = {"_id": "$_id.one", "number": "$number", "acl": "$acl"}


class DefinitionUnread(Refusal):
    """A stored type is out of force, and of its definition not everything can be read: its records may bear copies."""

    code, status = "definition_unread", 409
    zh = "记录类型 {slug} 的定义无法完全读取，其记录中可能留有副本。请系统管理员修正该定义后再销毁。"
    en = (
        "Not all of the definition of the record type {slug} can be read, and its records may hold copies. Once an "
        "administrator has put it right, the destruction goes on."
    )


def refuse_unread(slug: str) -> None:
    """Refuse to destroy records of a type while it is not known what bears copies of them, or what they are.

    :raises DefinitionUnread:
    """
    for unread, words in registry.not_wholly_read().items():
        if slug == unread or slug in words:
            raise DefinitionUnread(slug=unread)


def types(slug: str) -> Iterator[tuple[RecordType, list[str]]]:
    """The types whose records may point to those of a type, each with the stored paths of its pointers; those out of
    force are among them."""
    for rt in registry.kept_types():
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


def first(
    rt: RecordType,
    paths: Collection[str],
    goes_with: Mapping[Any, ObjectId],
    among: Mapping[str, Any],
    most: int,
    apart: Iterable[Collection[ObjectId]] = (),
) -> dict[ObjectId, list[dict[str, Any]]]:
    """Of the records of a type for which a condition holds the first that point to some others: `most` of each, with
    number and tokens (`acl`), by the record with which what they point to goes. None of those that belong together
    (`apart`) points to another of them. One question, whose answer is as long as what is asked for."""
    own = [{"_id": {"$in": list(ids)}, "to": {"$in": list(ids)}} for ids in apart]
    stages: list[dict[str, Any]] = [
        {"$match": among},
        {"$project": {"number": 1, "acl": 1, "to": [f"${path}" for path in paths]}},
        *[{"$unwind": "$to"}] * (1 + max(path.count(".") for path in paths)),
        {"$match": {"to": {"$in": list(goes_with)}} | ({"$nor": own} if own else {})},
        # Who points there twice counts once.
        {
            "$group": {"_id": {"one": "$_id", "to": "$to"}}
            | {name: {"$first": f"${name}"} for name in ("number", "acl")}
        },
        {"$group": {"_id": "$_id.to", "rows": {"$topN": {"n": most, "sortBy": {"_id.one": 1}, "output": _OUT}}}},
    ]
    found: dict[ObjectId, dict[ObjectId, dict[str, Any]]] = {}
    for row in database()[collection_name(rt.slug)].aggregate(stages):
        found.setdefault(goes_with[row["_id"]], {}).update((one["_id"], one) for one in row["rows"])
    return {record: [rows[one] for one in sorted(rows)][:most] for record, rows in found.items()}


def once(rt: RecordType, paths: Iterable[str], ids: Iterable[ObjectId]) -> set[ObjectId]:
    """The records of a type whose history says that they pointed or point to one of some others. The whole history of
    the type is read."""
    wanted = list(ids)
    sides = [side for path in paths for side in _sides(path, wanted)]
    condition = {"type": rt.slug, "changes": {"$elemMatch": {"$or": sides}}}
    return {row["record"] for row in database()[store.VERSIONS].find(condition, {"record": 1})}


def each(
    rt: RecordType, paths: Collection[str], ids: Iterable[ObjectId], among: Iterable[ObjectId]
) -> dict[ObjectId, set[ObjectId]]:
    """To which of some others each of some records of a type points, or did; those that never pointed are left out."""
    wanted, asked = set(ids), list(among)
    sides = [side for path in paths for side in _sides(path, list(wanted))]
    pointing = {"_id": {"$in": asked}, "$or": by_path(paths, wanted)}
    pointed = {"record": {"$in": asked}, "type": rt.slug, "changes": {"$elemMatch": {"$or": sides}}}
    names = {path.partition(".")[0] for path in paths}
    found: dict[ObjectId, set[ObjectId]] = {}
    for row in database()[collection_name(rt.slug)].find(pointing, dict.fromkeys(names, 1)):
        found.setdefault(row.pop("_id"), set()).update(wanted.intersection(ids_in(row)))
    for row in database()[store.VERSIONS].find(pointed, {"record": 1, "changes": 1}):
        told = [(one.get("before"), one.get("after")) for one in row["changes"] if one["field"] in names]
        found.setdefault(row["record"], set()).update(wanted.intersection(ids_in(told)))
    return found


def ids_in(value: Any) -> Iterator[ObjectId]:
    """Every id within a value."""
    if isinstance(value, ObjectId):
        yield value
    elif isinstance(value, Mapping):
        yield from ids_in(list(value.values()))
    elif isinstance(value, list | tuple):
        for one in value:
            yield from ids_in(one)


def _sides(path: str, ids: list[ObjectId]) -> Iterator[dict[str, Any]]:
    """A pointer in a version: before a change, or after it; in a row of a list it stands below."""
    name, dot, inner = path.partition(".")
    for side in ("before", "after"):
        yield {"field": name, f"{side}{dot}{inner}": {"$in": ids}}
