"""The readings that one answer shows: it is made while the trail takes their entries, and leaves when it has them (X7).

Who answers opens an answer and settles it before it leaves. Where no answer is open, or it was settled, as on a command
line, in a job, or while a file streams, an entry is waited for where it is written.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field

from bson import ObjectId
from pymongo.errors import PyMongoError

from config.database import in_transaction
from models.audit import writing
from models.audit.writing import NotAudited, Row, Writing


@dataclass
class _Answer:
    writings: list[Writing] = field(default_factory=list)
    told: set[ObjectId | None] = field(default_factory=set)
    acted: bool = False


_open: ContextVar[_Answer | None] = ContextVar("open_answer", default=None)


def begin() -> None:
    """From now on readings of this context belong to an answer that is not to leave before `settle`."""
    _open.set(_Answer())


def settle() -> None:
    """Wait until the trail has every reading of the answer, which is then no longer open.

    :raises NotAudited: it does not take one: the answer must not leave.
    """
    found = _open.get()
    _open.set(None)
    for one in found.writings if found is not None else ():
        one.confirm()


def arrived() -> None:
    """Wait for the readings so far: an answer that shows the trail shows them too. :raises NotAudited:"""
    found = _open.get()
    for one in found.writings if found is not None else ():
        one.confirm()


def tells_of(record: ObjectId) -> bool:
    """Whether the open answer has an entry that its reader is shown this record."""
    found = _open.get()
    return found is not None and record in found.told


def has_acted() -> bool:
    """Whether the open answer has an entry of an act, which is stored unless its transaction was rolled back."""
    found = _open.get()
    return found is not None and found.acted


def take(entries: Sequence[Row], *, waits: bool) -> None:
    """Write entries; those that may wait for the end of an answer belong to the one that is open. An act waits for the
    readings before it, or it could be stored and yet be answered with their refusal.

    :raises NotAudited: the trail does not take them, or not the readings before an act.
    """
    found = _open.get()
    if not waits:
        _clear_the_way()
    if found is None or not waits:
        writing.write(entries)
        if found is not None:
            found.acted = True
        return
    found.writings.append(writing.begin(entries))
    if in_transaction():  # which may yet be rolled back, and the entry with it
        return
    for entry in entries:
        if entry["action"] != "refused":
            found.told.update(entry["record"] if isinstance(entry["record"], list) else [entry["record"]])


def _clear_the_way() -> None:
    try:
        arrived()
    except PyMongoError as error:  # as it is, it would have the act's transaction tried again, in vain
        raise NotAudited() from error
