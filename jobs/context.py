"""What a job is given and what it hands back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic
from typing import Any

from pymongo.database import Database

from config.settings import Settings
from models.calendar import WorkingCalendar

Counts = Mapping[str, int]

TURN_SECONDS = 10.0
"""Other jobs get their turn after so long; what is left of long work is asked for again."""


@dataclass(frozen=True)
class JobContext:
    """The world as a job sees it.

    `now` is the planned time of the occurrence (or the time given with `--at`), aware, UTC: a job never
    reads the clock, so that a late or repeated run decides the same. `db` joins the occurrence's
    transaction when the job has one. Work of minutes asks `go_on` between its steps and raises `Stopped` when the
    process is to end; with `note` it tells the run's history how far it is. Work of several transactions calls `fence`
    in each: it raises `LeaseLost`, and nothing of the transaction is stored, once another scheduler has taken over.
    """

    now: datetime
    db: Database[dict[str, Any]]
    settings: Settings
    calendar: WorkingCalendar
    go_on: Callable[[], bool] = lambda: True
    turn_seconds: float = TURN_SECONDS
    note: Callable[[Counts], None] = lambda _counts: None
    fence: Callable[[], None] = lambda: None

    def turn(self) -> Callable[[], bool]:
        """What says, when asked between chunks, whether this turn goes on: until its time is up, or the process is to
        end."""
        until = monotonic() + self.turn_seconds
        return lambda: monotonic() < until and self.go_on()


@dataclass(frozen=True)
class Report:
    """What a run did: counts by name, e.g. `{"opened": 312}`."""

    counts: dict[str, int] = field(default_factory=dict)


class Stopped(Exception):
    """The process is to end and the work was left where it stood: the next scheduler takes the run up."""


class JobError(Exception):
    """The job could not do its work.

    The text is one line for the run history, which people without access to records read: no record's
    content in it (X6).
    """
