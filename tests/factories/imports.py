"""Imports for tests: a file given as text, taken as far as wanted."""

from __future__ import annotations

import io
from datetime import datetime
from typing import Any

from models.exchange import running, service
from models.exchange.document import AT_WORK, Batch, Options
from models.person.roles import Person

HOLDER = "test"


def uploaded(person: Person, text: str | bytes, now: datetime, *, slug: str = "customer", name: str = "a.csv") -> Batch:
    """A file that was read, its columns guessed."""
    data = text.encode() if isinstance(text, str) else text
    return service.start(person, slug, io.BytesIO(data), name, now=now)


def worked(batch: Batch, now: datetime) -> Batch:
    """The batch when its present step is done."""
    while batch.state in AT_WORK:
        running.advance(batch.id, holder=HOLDER, now=now)
        batch = service.get(batch.id)
    return batch


def checked(person: Person, text: str | bytes, now: datetime, *, mapping: Any = None, **options: Any) -> Batch:
    """A file whose rows are checked, with the guessed mapping unless one is given."""
    slug = options.pop("slug", "customer")
    batch = uploaded(person, text, now, slug=slug)
    batch = service.check(person, batch.id, mapping or batch.mapping, Options(**options), now)
    return worked(batch, now)


def imported(person: Person, text: str | bytes, now: datetime, **options: Any) -> Batch:
    """A file that was checked, confirmed and stored."""
    batch = checked(person, text, now, **options)
    return worked(service.confirm(person, batch.id, batch.stamp, now), now)


def reasons(batch: Batch, kind: str = "refused") -> dict[str, int]:
    """How many rows share each reason, in English, with its column in front."""
    return {f"{r.column}: {r.en}" if r.column else r.en: r.count for r in batch.reasons if r.kind == kind}
