"""Readings as people look at them: neighbours that say the same are one line. The trail itself stays entry by entry."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from models.audit.writing import Row
from models.calendar import local


@dataclass(frozen=True)
class Run:
    """Neighbouring readings of one record by one person, in one way, on one day: the latest of them, the moment of the
    first, how many there are, and the entry behind which the next begin."""

    latest: Row
    first_at: datetime
    count: int
    last: Row


def runs(readings: Iterable[Row]) -> list[Run]:
    """Readings of one record, newest first, with equal neighbours as one."""
    found = []
    for _, rows in groupby(readings, _alike):
        some = list(rows)
        found.append(Run(some[0], some[-1]["at"], len(some), some[-1]))
    return found


def _alike(row: Mapping[str, Any]) -> tuple[Any, ...]:
    """What two readings have in common that are told in one line: who, through what, which act, at which level, when.
    The levels of a list are those of the records beside this one, too, and told nowhere."""
    level = row["level"] if isinstance(row["level"], str) else None
    token = (row.get("token") or {}).get("id")
    return row["actor"], row["actor_name"], token, row["action"], level, local(row["at"]).date()
