"""What a list shows of classified records, and the entry without which it shows none (X3, X4, X7).

A list is a sight of many records at once. Of one above internal that its reader has in full it shows the fields of the
card, the title and what is declared as listed; the rest is empty there, and is read in the record.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

from models import audit
from models.declarations import Level, RecordType
from models.person.roles import Person
from models.reading import service as reading
from models.sealing import sealed_fields
from models.sights import Sight

ACTION = "listed"


@lru_cache(maxsize=1000)
def shown(rt: RecordType) -> frozenset[str]:
    """The names of the fields that lists show of a classified record, of the declared ones; nothing encrypted."""
    held = sealed_fields(rt)
    return frozenset(f.name for f in rt.fields if (f.listed or f.card or f.name == rt.title) and f.name not in held)


def is_classified(rt: RecordType, level: str | None) -> bool:
    """Whether a record of a type with this level is above internal (X1)."""
    return rt.classified and (level or Level.INTERNAL.value) != Level.INTERNAL.value


def classified(sights: Iterable[Sight]) -> list[audit.Subject]:
    """Those of some records that are above internal and seen in full."""
    return [
        audit.Subject(one.rt.slug, one.id, one.number, one.level)
        for one in sights
        if one.full and is_classified(one.rt, one.level)
    ]


def note(
    person: Person,
    found: Iterable[audit.Subject],
    now: datetime,
    *,
    via: str,
    leaves: bool = False,
    lately: Mapping[str, Any] | None = None,
) -> None:
    """Write who is about to be shown these classified records in a list: one entry for each type, in one write; none
    where there are none. With `leaves` they go to a program, and count as read; `lately` is what the request knows of
    the person's count (`reading.count`).

    :raises NotAudited: when the entry cannot be written: without it nobody reads what is classified.
    :raises TooMuchReading: when the person has read so many records lately that they are to wait.
    """
    by_type: dict[str, list[audit.Subject]] = {}
    for one in found:
        by_type.setdefault(one.type, []).append(one)
    if not by_type:
        return
    many = sum(map(len, by_type.values()))
    far = reading.is_far(lately, now, records=many)
    if leaves and not far:
        reading.count(person, now, records=many)
    several = [(audit.Several.of(subjects), ()) for subjects in by_type.values()]
    audit.append_many(ACTION, person, several, now=now, detail={"via": via})
    if leaves and far:
        reading.count(person, now, lately, records=many)  # while the trail takes the entry
