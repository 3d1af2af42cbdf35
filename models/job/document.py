"""What is stored about scheduled work: plain documents in four collections.

`job_schedule` holds one document per job; `job_run` one per occurrence, whose `_id` is the occurrence key,
so that the database itself refuses a second one; `job_request` what people asked for with "run now";
`lease` which scheduler is the active one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pymongo import ASCENDING, DESCENDING, IndexModel

from models import schema
from models.declarations import Label
from models.job.rules import Kind, State

SCHEDULES = "job_schedule"
RUNS = "job_run"
REQUESTS = "job_request"
LEASES = "lease"

INDEXES: dict[str, list[IndexModel]] = {
    RUNS: [
        IndexModel([("job", ASCENDING), ("started", DESCENDING), ("_id", DESCENDING)], name="history_of_job"),
        IndexModel([("started", DESCENDING), ("_id", DESCENDING)], name="history"),
        IndexModel([("state", ASCENDING), ("started", ASCENDING)], name="state"),
        IndexModel([("keep_until", ASCENDING)], name="keep_until", expireAfterSeconds=0),
    ],
    # Made beforehand: making a collection inside a transaction conflicts with its other users.
    SCHEDULES: [],
    REQUESTS: [],
    LEASES: [],
}
schema.declare(INDEXES)


@dataclass(frozen=True)
class Run:
    """One occurrence of a job and what became of it. Times are aware, UTC.

    `late` marks a run that was caught up after its time. `by` names the person who asked for it, if one did.
    `token` is the fencing token of the lease that it runs under (0 outside the schedule).
    """

    key: str
    job: str
    kind: Kind
    planned: datetime
    state: State
    started: datetime
    finished: datetime | None = None
    late: bool = False
    counts: dict[str, int] = field(default_factory=dict)
    error: str = ""
    by: str = ""
    worker: str = ""
    token: int = 0
    attempts: int = 1

    @classmethod
    def read(cls, row: dict[str, Any]) -> Run:
        """The run in a stored document."""
        return cls(
            key=row["_id"],
            job=row["job"],
            kind=Kind(row["kind"]),
            planned=row["planned"],
            state=State(row["state"]),
            started=row["started"],
            finished=row.get("finished"),
            late=row.get("late", False),
            counts=dict(row.get("counts") or {}),
            error=row.get("error", ""),
            by=row.get("by", ""),
            worker=row.get("worker", ""),
            token=row.get("token", 0),
            attempts=row.get("attempts", 1),
        )

    def row(self) -> dict[str, Any]:
        """The document to store."""
        return {
            "_id": self.key,
            "job": self.job,
            "kind": self.kind.value,
            "planned": self.planned,
            "state": self.state.value,
            "started": self.started,
            "finished": self.finished,
            "late": self.late,
            "counts": self.counts,
            "error": self.error,
            "by": self.by,
            "worker": self.worker,
            "token": self.token,
            "attempts": self.attempts,
        }


@dataclass(frozen=True)
class Schedule:
    """A job as the scheduler and the Jobs screen know it. `waiting` says that someone asked to run it now, `missing`
    that the running version has no job of this name: it was renamed or taken out, and nothing runs."""

    name: str
    label: Label
    cadence: Label
    next_planned: datetime
    enabled: bool = True
    last: Run | None = None
    waiting: bool = False
    missing: bool = False

    @classmethod
    def read(cls, row: dict[str, Any], *, waiting: bool = False) -> Schedule:
        """The schedule in a stored document."""
        return cls(
            name=row["_id"],
            label=Label(**row["label"]),
            cadence=Label(**row["cadence"]),
            next_planned=row["next_planned"],
            enabled=row["enabled"],
            last=Run.read(row["last"]) if row.get("last") else None,
            waiting=waiting,
            missing=row.get("retired", False),
        )


@dataclass(frozen=True)
class Request:
    """Someone asked to run `job`, at the moment `asked`. With `attempts` it is what was planned for `planned` and broke
    off so many times. Its key is the name of the job, so that asked twice is asked once; what must not fall together
    with that has a key of its own."""

    key: str
    job: str
    by: str
    asked: datetime
    serial: str
    planned: datetime
    attempts: int = 0

    @classmethod
    def read(cls, row: dict[str, Any]) -> Request:
        """The request in a stored document."""
        return cls(
            key=row["_id"],
            job=row.get("job", row["_id"]),
            by=row["by"],
            asked=row["asked"],
            serial=row["serial"],
            planned=row.get("planned") or row["asked"],
            attempts=row.get("attempts", 0),
        )


@dataclass(frozen=True)
class Lease:
    """The right to be the active scheduler. The token grows with each change of holder."""

    worker: str
    token: int
    until: datetime
