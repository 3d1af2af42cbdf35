"""What a job is, and a table of jobs: what happens by itself is declared in these words (J)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from jobs.cadence import Cadence
from jobs.context import JobContext, Report
from models.declarations import Label
from models.job.rules import UnknownJob

DEFAULT_KEPT = timedelta(days=400)
DEFAULT_LIMIT = timedelta(minutes=10)
NAME = re.compile(r"[a-z][a-z0-9_]{0,40}")


class CatchUp(StrEnum):
    """What happens to occurrences that were missed while nothing ran."""

    ONCE = "once"
    """The latest of them runs, once, and is marked late."""
    EACH = "each"
    """Each of them runs, in order, and is marked late: each has a period of its own."""
    SKIP = "skip"
    """They are left out; the next one comes at its time."""


class Lane(StrEnum):
    """Jobs of a lane run one after the other, the lanes beside each other: what takes long holds up its own lane."""

    OUTSIDE = "outside"
    """Waits for other people's servers."""
    PROMPT = "prompt"
    """Is done in seconds, and people notice when it is late."""
    LONG = "long"
    """May take minutes."""


@dataclass(frozen=True, kw_only=True)
class Job:
    """Work that happens by itself.

    With `transactional` the work, its run record and the schedule's advance are stored in one transaction or
    not at all; the work has to fit into a minute. Without, `work` may be broken off at any point and be run
    again, by two schedulers at the same time in the worst case, so unique keys must make it idempotent; only
    such work can use `$merge` or talk to other systems. `kept` is how long a run stays in the history. Work that
    reaches beyond the database is not `simulated`. Work `in_office` finds something to do in office hours only. What
    takes longer than its `limit` is broken off, fails, and is tried again.
    """

    name: str
    label: Label
    cadence: Cadence
    work: Callable[[JobContext], Report]
    transactional: bool = True
    catch_up: CatchUp = CatchUp.ONCE
    kept: timedelta = DEFAULT_KEPT
    simulated: bool = True
    in_office: bool = False
    lane: Lane = Lane.PROMPT
    limit: timedelta = DEFAULT_LIMIT

    def __post_init__(self) -> None:
        if not NAME.fullmatch(self.name):
            raise ValueError(f"{self.name!r} is not a job name: small letters, digits and underscores")


class Table:
    """Jobs by name, in order. :raises ValueError: two jobs share a name."""

    def __init__(self, jobs: Iterable[Job]) -> None:
        self.jobs = tuple(jobs)
        self._by_name = {job.name: job for job in self.jobs}
        if len(self._by_name) < len(self.jobs):
            raise ValueError("two jobs share a name")

    def __contains__(self, name: str) -> bool:
        return name in self._by_name

    def lane_of(self, name: str) -> Lane:
        """The lane of a job; what is not in the table is seen to in the prompt one."""
        return self._by_name[name].lane if name in self else Lane.PROMPT

    def get(self, name: str) -> Job:
        """The job of that name. :raises UnknownJob: there is none."""
        if name not in self._by_name:
            raise UnknownJob(name=name)
        return self._by_name[name]
