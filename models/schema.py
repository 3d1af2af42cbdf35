"""Collections and indexes that the declarations in force need; `backoffice migrate` brings a database up to them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from pymongo import IndexModel
from pymongo.collection import Collection
from pymongo.database import Database

from config.database import Row, audit_database, database
from models import audit, numbering, one_time, registry, unborn
from models.access import ARCHIVED
from models.attachment import service as attachment
from models.declarations import RecordType
from models.record import FORMER_INDEXES, FORMER_PREFIX, LIST_PREFIX, REACH_INDEX, collection_name, indexes

Step = Callable[[], list[str]]

MOST_INDEXES = 64
"""So many indexes a collection takes, that of `_id` among them."""

_declared: dict[str, list[IndexModel]] = {}
_steps: list[Step] = []


def declare(wanted: Mapping[str, Iterable[IndexModel]]) -> None:
    """A module states the collections that it uses beside records, with their indexes (an empty list is fine)."""
    for collection, models in wanted.items():
        _declared[collection] = list(models)


def bring_up(step: Step) -> None:
    """A module states what `migrate` does to documents of former versions: it returns a line for what it did, none when
    it is done again, and asks no large collection without an index."""
    if step not in _steps:
        _steps.append(step)


def declared() -> frozenset[str]:
    """The collections that modules use beside records."""
    return frozenset(_declared)


declare(audit.INDEXES)
declare(one_time.INDEXES)
declare(attachment.INDEXES)
declare(unborn.INDEXES)
declare({numbering.COUNTERS: []})


def _wanted() -> dict[str, list[IndexModel]]:
    return {**_declared, **{collection_name(rt.slug): indexes(rt) for rt in registry.all_types()}}


def _home(collection: str) -> Database[Row]:
    """The database that a collection lies in: the audit trail may have one of its own."""
    return audit_database() if collection in audit.COLLECTIONS else database()


def _existing() -> set[str]:
    apart = set(audit_database().list_collection_names()) & audit.COLLECTIONS
    return apart | (set(database().list_collection_names()) - audit.COLLECTIONS)


def migrate() -> list[str]:
    """Create every collection and index that is missing, rebuild indexes whose declaration changed, and drop those of
    ours that no declaration wants any more; somebody else's are left alone. A collection's missing indexes are made in
    one reading of it. Documents of former versions are brought up to this one.

    Returns a line for each collection made, index rebuilt or dropped, and step done; running it again returns nothing.

    :raises DuplicateKeyError: when stored records break a newly declared unique field.
    """
    existing = _existing()
    done: list[str] = []
    for name, models in sorted(_wanted().items()):
        if name not in existing:
            _home(name).create_collection(name)
            done.append(f"created {name}")
        done.extend(_bring_up(name, models))
    return [*done, *(line for step in _steps for line in step())]


def _bring_up(collection: str, models: list[IndexModel]) -> list[str]:
    """Give a collection the indexes that it should have. What is idle goes last, so that whoever works meanwhile has
    one or the other; first where there is no room for both, or where both have the same keys."""
    target = _home(collection)[collection]
    stored = {index["name"]: _shape(index) for index in target.list_indexes()}
    wanted = {model.document["name"]: _shape(model.document) for model in models}
    if any(name.startswith(FORMER_PREFIX) and name != REACH_INDEX for name in stored):
        _mark_archived(target)
    changed = [name for name, shape in wanted.items() if name in stored and stored[name] != shape]
    idle = sorted(name for name in stored.keys() - wanted if _ours(name))
    missing = [model for model in models if stored.get(model.document["name"]) != wanted[model.document["name"]]]
    keys = [wanted[model.document["name"]][0] for model in missing]
    crowded = len(stored.keys() | wanted) > MOST_INDEXES
    first = [name for name in idle if crowded or stored[name][0] in keys]
    for name in (*changed, *first):
        target.drop_index(name)
    if missing:
        target.create_indexes(missing)
    for name in idle:
        if name not in first:
            target.drop_index(name)
    return [
        *(f"dropped index {name} of {collection}" for name in idle),
        *(f"rebuilt index {name} of {collection}" for name in changed),
    ]


def prepare(rt: RecordType) -> list[str]:
    """Make the collection and indexes of one declaration, and drop those that only its former version wanted.

    :raises DuplicateKeyError: when stored records break a newly declared unique field.
    """
    db, name, wanted = database(), collection_name(rt.slug), indexes(rt)
    done = [] if name in db.list_collection_names() else [db.create_collection(name).name]
    done.extend(_bring_up(name, wanted))
    former = next((one for one in registry.all_types() if one.slug == rt.slug), None)
    if former is not None:
        idle = {model.document["name"] for model in indexes(former)} - {model.document["name"] for model in wanted}
        for index in [one["name"] for one in db[name].list_indexes() if one["name"] in idle]:
            db[name].drop_index(index)
    return done


def missing() -> list[str]:
    """A line for each collection or index that `migrate` would make or rebuild."""
    existing = _existing()
    lines: list[str] = []
    for name, models in sorted(_wanted().items()):
        if name not in existing:
            lines.append(f"collection {name} is missing")
            continue
        stored = {index["name"]: _shape(index) for index in _home(name)[name].list_indexes()}
        for model in models:
            index = model.document["name"]
            if stored.get(index) != _shape(model.document):
                lines.append(f"index {index} of {name} is {'different' if index in stored else 'missing'}")
    return lines


def _ours(index: str) -> bool:
    """Whether an index was made by a version of ours for lists or records, by its name."""
    return index.startswith((FORMER_PREFIX, LIST_PREFIX)) or index in FORMER_INDEXES


def _shape(index: Mapping[str, Any]) -> tuple[Any, ...]:
    """What makes two indexes the same."""
    kinds = bool(index.get("unique")), bool(index.get("sparse")), index.get("expireAfterSeconds")
    return list(index["key"].items()), kinds, index.get("partialFilterExpression"), index.get("wildcardProjection")


def _mark_archived(records: Collection[Row]) -> None:
    """Give archived records of the time when every list index stood over the rights tokens the mark that list indexes
    hold now."""
    archived = {"acl": {"$gte": ARCHIVED}, "archived": {"$exists": False}}
    records.update_many(archived, {"$set": {"archived": True}})
