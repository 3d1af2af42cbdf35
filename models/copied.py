"""Values that rules take over from another record: what a type declares of them (`Field.copied_from`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from models.declarations import RecordType


def taken(rt: RecordType, via: str, source: Mapping[str, Any]) -> dict[str, Any]:
    """What a record of a type takes over from the loaded record to which its reference `via` points, by field."""
    found = ((field.name, path.partition(".")) for field in rt.fields for path in field.copied_from)
    return {name: source[origin] for name, (reference, _, origin) in found if reference == via}


def copies_of(rt: RecordType, slug: str) -> dict[str, frozenset[str]]:
    """The fields of a type that are copied from records of another one, each with the fields that they are copied
    from."""
    targets = {field.name: field.to for field in rt.fields if field.kind == "reference"}
    found: dict[str, frozenset[str]] = {}
    for field in rt.fields:
        paths = (path.partition(".") for path in field.copied_from)
        origins = frozenset(origin for via, _, origin in paths if targets.get(via) == slug)
        if origins:
            found[field.name] = origins
    return found
