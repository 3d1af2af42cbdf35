"""Collections and indexes that the declarations in force need; `backoffice migrate` brings a database up to them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pymongo import IndexModel
from pymongo.errors import DuplicateKeyError, OperationFailure

from config.database import database
from models import audit, numbering, registry, store
from models.attachment import service as attachment
from models.record import collection_name, indexes

_declared: dict[str, list[IndexModel]] = {}
INDEX_CONFLICTS = (85, 86)


def declare(wanted: Mapping[str, Iterable[IndexModel]]) -> None:
    """A module states the collections that it uses beside records, with their indexes (an empty list is fine)."""
    for collection, models in wanted.items():
        _declared[collection] = list(models)


declare(audit.INDEXES)
declare(store.INDEXES)
declare(attachment.INDEXES)
declare({audit.QUEUE: [], numbering.COUNTERS: []})


def migrate() -> list[str]:
    """Create every collection and index that is missing, and rebuild indexes whose declaration changed.

    Returns a line for each collection made or index rebuilt; running it again returns nothing.

    :raises DuplicateKeyError: when stored records break a newly declared unique field.
    """
    wanted = {**_declared, **{collection_name(rt.slug): indexes(rt) for rt in registry.all_types()}}
    db = database()
    existing = set(db.list_collection_names())
    done: list[str] = []
    for name, models in sorted(wanted.items()):
        if name not in existing:
            db.create_collection(name)
            done.append(f"created {name}")
        for model in models:
            done.extend(_ensure(name, model))
    return done


def _ensure(collection: str, model: IndexModel) -> list[str]:
    target = database()[collection]
    try:
        target.create_indexes([model])
    except DuplicateKeyError:
        raise
    except OperationFailure as conflict:
        if conflict.code not in INDEX_CONFLICTS:
            raise
        target.drop_index(model.document["name"])
        target.create_indexes([model])
        return [f"rebuilt index {model.document['name']} of {collection}"]
    return []
