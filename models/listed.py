"""What an answer shows of classified records that it does not open, and the entry without which it shows none of them
(X3, X4, X7).

A list is a sight of many records at once. Of one above internal that its reader has in full it shows the fields of the
card, the title and what is declared as listed; the rest is empty there, and is read in the record. Whatever else names
such a record in full, such as a related list, a pointer, My work or what is offered while one types, is a sight of its
title. All that one answer shows this way is one entry for each type.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from functools import lru_cache
from typing import Any

from bson import ObjectId

from models import audit
from models.declarations import Level, RecordType
from models.person.roles import Person
from models.reading import service as reading
from models.sealing import sealed_fields
from models.sights import Sight

ACTION = "listed"

_glimpsed: ContextVar[dict[ObjectId | None, audit.Subject] | None] = ContextVar("glimpsed", default=None)
"""What the open answer shows and no entry tells of yet."""


@lru_cache(maxsize=1000)
def shown(rt: RecordType) -> frozenset[str]:
    """The names of the fields that lists show of a classified record, of the declared ones; nothing encrypted."""
    held = sealed_fields(rt)
    return frozenset(f.name for f in rt.fields if (f.listed or f.card or f.name == rt.title) and f.name not in held)


@lru_cache(maxsize=1000)
def is_classified(rt: RecordType, level: str | None) -> bool:
    """Whether a record of a type with this level is above internal (X1)."""
    return rt.classified and Level.of(level) is not Level.INTERNAL


def classified(sights: Iterable[Sight]) -> list[audit.Subject]:
    """Those of some records that are above internal and seen in full."""
    return [
        audit.Subject(one.rt.slug, one.id, one.number, one.level)
        for one in sights
        if one.full and is_classified(one.rt, one.level)
    ]


def begin() -> None:
    """From now on what this context shows belongs to an answer, until `settle`. `audit.begin` comes first."""
    _glimpsed.set({})


def glimpse(rt: RecordType, record: ObjectId, number: str, level: str | None) -> None:
    """Note that the open answer shows the title of a record that its reader has in full; nothing where none is open,
    where the record is not classified, or where an entry tells of it already."""
    found = _glimpsed.get()
    if found is not None and record not in found and is_classified(rt, level) and not audit.tells_of(record):
        found[record] = audit.Subject(rt.slug, record, number, level or "")


@contextmanager
def gathered() -> Iterator[dict[ObjectId | None, audit.Subject]]:
    """What is shown within the block, for whoever writes its entry at once (`tell`), whether an answer is open or not:
    a file goes on while its answer is over."""
    found: dict[ObjectId | None, audit.Subject] = {}
    outer = _glimpsed.set(found)
    try:
        yield found
    finally:
        _glimpsed.reset(outer)


def tell(person: Person, found: Iterable[audit.Subject], now: datetime, *, via: str) -> None:
    """Write that a person is shown these classified records, here and now. :raises NotAudited:"""
    _write(person, found, now, via)


def note(
    person: Person,
    found: Iterable[audit.Subject],
    now: datetime,
    *,
    via: str,
    leaves: bool = False,
    lately: Mapping[str, Any] | None = None,
) -> None:
    """Note that a person is about to be shown these classified records in a list. Where an answer is open, they are
    among what it shows; else their entry is written here and now. With `leaves` they go to a program, and count as
    read; `lately` is what the request knows of the person's count (`reading.count`).

    :raises NotAudited: when the entry cannot be written: without it nobody reads what is classified.
    :raises TooMuchReading: when the person has read so many records lately that they are to wait.
    """
    subjects = {one.id: one for one in found}
    if leaves and subjects:
        reading.count(person, now, lately, records=len(subjects))
    held = _glimpsed.get()
    if held is None:
        _write(person, subjects.values(), now, via)
    else:
        held.update(subjects)


def ahead(person: Person, now: datetime, *, via: str) -> None:
    """Have the trail take what the answer shows so far while the rest of it is made. :raises NotAudited:"""
    found = _glimpsed.get()
    if found:
        subjects = [one for record, one in found.items() if record is None or not audit.tells_of(record)]
        found.clear()
        _write(person, subjects, now, via)


def settle(person: Person, now: datetime, *, via: str) -> None:
    """`ahead`, for the last time: what is shown from now on belongs to no answer. `audit.settle` comes next."""
    try:
        ahead(person, now, via=via)
    finally:
        _glimpsed.set(None)


def _write(person: Person, found: Iterable[audit.Subject], now: datetime, via: str) -> None:
    """One entry for each type, in one write; none where there is nothing."""
    by_type: dict[str, list[audit.Subject]] = {}
    for one in found:
        by_type.setdefault(one.type, []).append(one)
    several = [(audit.Several.of(subjects), ()) for subjects in by_type.values()]
    audit.append_many(ACTION, person, several, now=now, detail={"via": via})
