"""A sealed value that cannot be opened any more."""

from __future__ import annotations

from bson import Binary, ObjectId

from config.database import database


def damage(collection: str, record: ObjectId, field: str) -> None:
    """Turn one bit of what is sealed of a stored record."""
    son = database()[collection].find_one({"_id": record}) or {}
    sealed = son[field]
    assert isinstance(sealed, Binary)
    broken = Binary(bytes(sealed)[:-1] + bytes([sealed[-1] ^ 1]), sealed.subtype)
    database()[collection].update_one({"_id": record}, {"$set": {field: broken}})
