"""A stored record as it is handed about: its values in Python, with the document that they were read from."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

UNKNOWN: Mapping[str, Any] = MappingProxyType({})


class Loaded(dict[str, Any]):
    """The values of a stored record. `son` is what the database gave: a write leaves alone what it holds already, and
    what was sealed once is not sealed anew."""

    __slots__ = ("son",)

    def __init__(self, values: Mapping[str, Any], son: Mapping[str, Any]) -> None:
        super().__init__(values)
        self.son = son


def son_of(record: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """The document that a record was read from; nothing where that is not known any more, as of a copy."""
    return record.son if isinstance(record, Loaded) else UNKNOWN
