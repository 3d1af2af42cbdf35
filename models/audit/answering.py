"""The readings that one answer shows: it is made while the trail takes their entries, and leaves when it has them (X7).

Who answers opens an answer and settles it before it leaves. Where no answer is open, or it was settled, as on a command
line, in a job, or while a file streams, an entry is waited for where it is written.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextvars import ContextVar

from models.audit import writing
from models.audit.writing import Row, Writing

_open: ContextVar[list[Writing] | None] = ContextVar("open_answer", default=None)


def begin() -> None:
    """From now on readings of this context belong to an answer that is not to leave before `settle`."""
    _open.set([])


def settle() -> None:
    """Wait until the trail has every reading of the answer, which is then no longer open.

    :raises NotAudited: it does not take one: the answer must not leave.
    """
    begun = _open.get() or ()
    _open.set(None)
    for one in begun:
        one.confirm()


def arrived() -> None:
    """Wait for the readings so far: an answer that shows the trail shows them too. :raises NotAudited:"""
    for one in _open.get() or ():
        one.confirm()


def take(entries: Sequence[Row], *, waits: bool) -> None:
    """Write entries; those that may wait for the end of an answer belong to the one that is open.

    :raises NotAudited: the trail does not take them.
    """
    begun = _open.get()
    if begun is None or not waits:
        writing.write(entries)
    else:
        begun.append(writing.begin(entries))
