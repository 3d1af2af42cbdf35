"""What a bulk change is bound by: how many records, how long a preview counts, which fields may be set alike."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from models.declarations import Field, RecordType

MOST_PICKED = 1_000
MOST_RECORDS = 100_000
PREVIEW_COUNTS = timedelta(hours=2)
UNDO_DAYS = 30
UNCONFIRMED = timedelta(days=1)
NESTED = ("embedded", "embedded_list", "files")
OWNER = "owner"


def tolerance(previewed: int) -> int:
    """How many records that were added after a preview of so many are taken along: one in a hundred, ten at least."""
    return max(10, previewed // 100)


def expired(checked_at: datetime | None, now: datetime) -> bool:
    """Whether a preview is too old to be confirmed: after two hours people have worked on the records."""
    return checked_at is None or now - checked_at > PREVIEW_COUNTS


def too_late_to_undo(at: datetime, now: datetime) -> bool:
    """Whether the 30 days are over in which a bulk change may be taken back."""
    return now - at > timedelta(days=UNDO_DAYS)


def safe(field: Field) -> bool:
    """Whether many records may sensibly hold the same in this field: nothing unique, nothing nested, no file, nothing
    that follows by itself."""
    return not field.unique and field.kind not in NESTED and field.computed is None


def settable(rt: RecordType, fields: Iterable[Field]) -> tuple[Field, ...]:
    """Of a person's form fields, those that a bulk change sets. What names a record, here or in another system, differs
    from record to record; the owner changes by handing over."""
    apart = (rt.title, rt.foreign, OWNER)
    return tuple(field for field in fields if safe(field) and field.name not in apart)
