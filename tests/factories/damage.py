"""A sealed value that cannot be opened any more."""

from __future__ import annotations

from typing import Any

from bson import Binary, ObjectId

from config.database import database


def damage(collection: str, record: ObjectId, path: str) -> None:
    """Turn one bit of what is sealed at a path of a stored document."""
    sealed: Any = database()[collection].find_one({"_id": record})
    for part in path.split("."):
        sealed = sealed[int(part) if isinstance(sealed, list) else part]
    assert isinstance(sealed, Binary)
    broken = Binary(bytes(sealed)[:-1] + bytes([sealed[-1] ^ 1]), sealed.subtype)
    database()[collection].update_one({"_id": record}, {"$set": {path: broken}})
