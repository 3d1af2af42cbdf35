"""Which vault belongs to the connected database: the database itself notes it, so that another one in its place, or an
empty one, is noticed before anything is sealed with it."""

from __future__ import annotations

from uuid import UUID

from config.database import database
from models.key_vault.keyring import apart

NOTE, ONLY = "key_vault", "proof"


def noted() -> UUID | None:
    """The id of the key that proves the vault of this database; None before its first key."""
    row = apart(lambda: database()[NOTE].find_one({"_id": ONLY}))
    return None if row is None else row["key"]


def note(key: UUID) -> UUID:
    """Note the vault's proof, once and for all, and return what stands noted: of two at once the first one's."""
    wanted = {"$setOnInsert": {"key": key}}
    apart(lambda: database()[NOTE].update_one({"_id": ONLY}, wanted, upsert=True))
    return noted() or key
