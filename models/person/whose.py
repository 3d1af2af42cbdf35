"""Whose a session or a token is, which never changes: found once and remembered by the hash of its secret.

Nothing else of it is remembered: whether it is in force is asked at each use."""

from __future__ import annotations

from typing import Any

from bson import ObjectId

from config.database import database

MOST_REMEMBERED = 10_000


class Whose:
    """The people behind the documents of a collection that hold their person as `user`, by the value of `key`."""

    def __init__(self, collection: str, key: str) -> None:
        self._collection, self._key = collection, key
        self._known: dict[str, ObjectId] = {}

    def find(self, value: str) -> ObjectId | None:
        """Whose document it is; None when there is none."""
        known = self._known.get(value)
        if known is not None:
            return known
        row: dict[str, Any] | None = database()[self._collection].find_one({self._key: value}, {"user": 1})
        if row is None:
            return None
        if len(self._known) >= MOST_REMEMBERED:
            self._known.clear()
        found: ObjectId = row["user"]
        self._known[value] = found
        return found
