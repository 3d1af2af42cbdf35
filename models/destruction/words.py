"""By what other places could betray a destroyed record: its names, then and now."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from config.database import database
from models import store
from models.declarations import RecordType
from models.kinds import kind_of, loaded

SHORTEST = 2
"""A name of one character is part of too much else."""


def names_of(rt: RecordType, son: Mapping[str, Any]) -> set[str]:
    """What a stored record is called or was called; without its number."""
    title = rt.by_name[rt.title]
    if title.kind in ("reference", "person"):
        return set()
    former = database()[store.VERSIONS].find({"record": son["_id"], "changes.field": title.name}, {"changes": 1})
    changes = (change for row in former for change in row["changes"] if change["field"] == title.name)
    held = [son.get(title.name), *(change.get(side) for change in changes for side in ("before", "after"))]
    texts = {kind_of(title).text(title, loaded(title, value), "zh") for value in held if value is not None}
    return {text for text in texts if len(text) >= SHORTEST}
