"""Which stored documents a backup seals, and under whose key: what goes with a destroyed record becomes unreadable in
older backups (D2).

Each owner (a record, an uploaded file, a saved view ...) has a key for backups alone, apart from the one that seals its
fields: losing it takes the owner out of the backups of before, and leaves what is stored as it is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

from bson import ObjectId

from models import registry, schema
from models.record import collection_name

Row = Mapping[str, Any]
Owner = Callable[[Row], Any]

RECORDS, VERSIONS = collection_name(""), "record_version"
OWN, FILE = "_id", "files_id"
TABLE: dict[str, str] = {
    "attachment.files": OWN,
    "attachment.chunks": FILE,
    "import_batch": OWN,
    "import_line": "batch",
    "import_file.files": OWN,
    "import_file.chunks": FILE,
    "saved_view": OWN,
    "bulk_change": OWN,
    "bulk_change_line": "plan",
    "destruction_aside": OWN,
    "legal_hold": "record",
}
"""Beside records and their versions: the collections that hold something of records, and where the owner stands."""


def sealing_id(owner: ObjectId) -> ObjectId:
    """Under which id the key vault has the key by which backups seal what belongs to an owner."""
    return ObjectId(hashlib.sha256(b"backup " + owner.binary).digest()[:12])


def owner_in(collection: str) -> Owner | None:
    """What finds the owner of a collection's documents (None: it stays as it is); None where nothing is sealed.

    Records of a classified type, and requests, which tell of such records. A type that is not in force is taken for
    classified.
    """
    if collection in TABLE:
        path = TABLE[collection]
        return lambda row: row[path]
    if collection == VERSIONS:
        plain = plain_types()
        return lambda row: None if row["type"] in plain else row["record"]
    holds_records = collection.startswith(RECORDS) and collection not in schema.declared()
    if holds_records and collection.removeprefix(RECORDS) not in plain_types():
        return lambda row: row[OWN]
    return None


def plain_types() -> frozenset[str]:
    """The slugs of the types in force whose records no backup seals."""
    return frozenset(rt.slug for rt in registry.all_types() if not rt.classified and "type_asked" not in rt.by_name) | {
        "destruction"
    }
