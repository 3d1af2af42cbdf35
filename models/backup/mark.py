"""The mark of a restore: in the database while one is going on, and after one whose process died."""

from __future__ import annotations

import os
import socket
from datetime import datetime
from typing import Any

from pymongo.errors import DuplicateKeyError

from config.database import UnfitDatabase, database
from models.backup.rules import RESTORING

ONLY = "restore"


class HalfRestored(UnfitDatabase):
    """What is stored is a part of a backup: nobody may work with it."""


def is_there() -> bool:
    """Whether a restore is going on here, or one died."""
    return bool(database().list_collection_names(filter={"name": RESTORING}))


def set_at(now: datetime) -> bool:
    """Mark that this process restores; False when another has done so."""
    try:
        database()[RESTORING].insert_one({"_id": ONLY, "host": socket.gethostname(), "pid": os.getpid(), "at": now})
    except DuplicateKeyError:
        return False
    return True


def remove() -> None:
    """Whole or empty again: it is served from here on."""
    database()[RESTORING].drop()


def in_words() -> str:
    """Which restore it was that set the mark."""
    row: dict[str, Any] = database()[RESTORING].find_one({"_id": ONLY}) or {}
    if not row:
        return "a restore"
    return f"a restore of {row['at']:%Y-%m-%d %H:%M:%S} UTC (process {row['pid']} on {row['host']})"


def require_none() -> None:
    """:raises HalfRestored: a restore is going on here, or one died."""
    if is_there():
        raise HalfRestored(
            f"{in_words()} has not ended here: wait for its end or, when its process is gone, restore again "
            "with --clear or drop this database"
        )
