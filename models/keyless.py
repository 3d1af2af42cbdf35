"""Records that hold something sealed under a key which the vault does not have: that cannot be read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any
from uuid import UUID

from config.database import database
from models import registry, sealing
from models.declarations import RecordType
from models.key_vault import service as keys
from models.record import collection_name

AT_ONCE = 1_000


@dataclass
class Counted:
    """How many records hold something sealed, and of these how many lack a key, by type; types without are left out."""

    sealed: int = 0
    lacking: dict[str, int] = field(default_factory=dict)

    @property
    def lack(self) -> int:
        """How many lack a key."""
        return sum(self.lacking.values())


def count() -> Counted:
    """Look through the records of every type in force, as they are now; their history and files are not looked at."""
    found = Counted()
    for rt in registry.all_types():
        for held in _keys_held(rt):
            missing = keys.missing(frozenset[UUID]().union(*held))
            lack = sum(not missing.isdisjoint(one) for one in held)
            found.sealed += len(held)
            if lack:
                found.lacking[rt.slug] = found.lacking.get(rt.slug, 0) + lack
    return found


def _keys_held(rt: RecordType) -> Iterator[list[set[UUID]]]:
    """The keys of each record of a type that holds something sealed, some hundred records at a time."""
    names = sealing.sealed_fields(rt)
    if not names:
        return
    rows = iter(database()[collection_name(rt.slug)].find({}, dict.fromkeys(names, 1)))
    while some := list(islice(rows, AT_ONCE)):
        yield [held for row in some if (held := set(_keys_in(row)))]


def _keys_in(value: Any) -> Iterable[UUID]:
    if keys.is_sealed(value):
        yield keys.key_under(value)
    elif isinstance(value, Mapping | list):
        for inner in value.values() if isinstance(value, Mapping) else value:
            yield from _keys_in(inner)
