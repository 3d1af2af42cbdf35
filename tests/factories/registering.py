"""Types that are in force for a while."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from models import registry, schema
from models.declarations import RecordType


@contextmanager
def registered(rt: RecordType) -> Iterator[None]:
    """The type is in force, with its indexes, as long as the block runs."""
    registry.register(rt)
    schema.migrate()
    try:
        yield
    finally:
        registry.unregister(rt.slug)
