"""What is kept of a merge beside its two records: which they are, who merged them, how far the references have come."""

from __future__ import annotations

from typing import Any

from pymongo import ASCENDING, IndexModel

from models import schema

MERGES = "merge"
MOVING, DONE, UNDOING, UNDONE = "moving", "done", "undoing", "undone"
MERGED = (MOVING, DONE)
"""The states of a merge in which its two records are one."""

Row = dict[str, Any]

schema.declare(
    {
        MERGES: [
            IndexModel([("survivor", ASCENDING), ("at", ASCENDING)], name="survivor"),
            IndexModel([("loser", ASCENDING), ("at", ASCENDING)], name="loser"),
            IndexModel([("state", ASCENDING), ("at", ASCENDING)], name="state"),
        ]
    }
)
