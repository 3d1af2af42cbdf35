"""Rules of scheduled work (J): values and `now` in, a decision out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from enum import StrEnum

from models.errors import Refusal

# A run that starts later than this after its time is marked late.
GRACE = timedelta(minutes=5)
# A run whose process died is taken up again this often before it is given up.
MAX_ATTEMPTS = 5
# A direct run (command line) that still counts as running after this time has lost its process.
DIRECT_RUN_LIMIT = timedelta(hours=6)


# What was broken off because it took too long is tried again after this time.
RETRY_AFTER = timedelta(minutes=5)


class State(StrEnum):
    """What became of a run."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class Kind(StrEnum):
    """Why a run happened: its time came, a person asked on the Jobs screen, the command line, or one that took too long
    is tried again."""

    SCHEDULED = "scheduled"
    REQUESTED = "requested"
    DIRECT = "direct"
    AGAIN = "again"


class UnknownJob(Refusal):
    """No job of that name."""

    code, status = "unknown_job", 404
    zh, en = "没有名为“{name}”的定时任务。", "There is no job named '{name}'."


class AlreadyRun(Refusal):
    """This occurrence has been taken before; nothing was done again."""

    code, status = "already_run", 409
    zh, en = "{name} 的这一次运行已经执行过。", "This occurrence of {name} has run already."


class SchedulerError(Exception):
    """The scheduler cannot go on with what it was doing."""


class LeaseLost(SchedulerError):
    """Another scheduler has taken over, or took over this run: what was begun here is not stored."""


def occurrence_key(name: str, planned: datetime, serial: str = "") -> str:
    """The key that makes an occurrence unique: job and planned time (UTC).

    A run outside the schedule carries a `serial`, so that it never takes the place of a planned one.
    """
    moment = f"{name}@{planned.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    return f"{moment}#{serial}" if serial else moment


def is_late(due_since: datetime, started: datetime) -> bool:
    """Whether a run that was due at `due_since` starts too late to pass as punctual."""
    return started - due_since > GRACE


def is_given_up(attempts: int) -> bool:
    """Whether a run that died `attempts` times must not be tried again: it may be what kills the process."""
    return attempts >= MAX_ATTEMPTS


def retry_at(attempts: int, now: datetime, next_planned: datetime | None) -> datetime | None:
    """When a run that took too long is tried again; None when it is given up, or the job's next time, where that does
    the same work, comes first."""
    again = now + RETRY_AFTER
    overtaken = next_planned is not None and next_planned <= again
    return None if is_given_up(attempts) or overtaken else again
