"""Occurrences: taken once, carried out, settled.

A run is taken (stored as running, which the unique key allows once), carried out, and settled together with
its schedule's advance. Token and attempt number fence it: whoever was paused meanwhile finds them changed
and cannot settle, and where work and settling share a transaction, the work is not stored either.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from bson import ObjectId
from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError

from config.database import database, transaction
from models.job import lease as leases
from models.job import service
from models.job.document import REQUESTS, RUNS, SCHEDULES, Lease, Request, Run
from models.job.rules import DIRECT_RUN_LIMIT, AlreadyRun, Kind, LeaseLost, State, occurrence_key

Row = dict[str, Any]

LOST = "its process ended before the work was done"
RETIRED = "the running version has no such job"


@dataclass(frozen=True)
class Outcome:
    """How a run ended. `kept` is how long it stays in the history; `advance` the schedule's next time; `again` when it
    is tried once more."""

    state: State
    finished: datetime
    kept: timedelta
    counts: Mapping[str, int]
    error: str = ""
    advance: datetime | None = None
    again: datetime | None = None


def take(job: str, planned: datetime, *, lease: Lease, now: datetime, late: bool) -> Run:
    """Take the occurrence of `job` at `planned`.

    :raises AlreadyRun: it was taken before.
    :raises LeaseLost: another scheduler is the active one.
    """
    run = Run(
        key=occurrence_key(job, planned),
        job=job,
        kind=Kind.SCHEDULED,
        planned=planned,
        state=State.RUNNING,
        started=now,
        late=late,
        worker=lease.worker,
        token=lease.token,
    )
    return _open(run, lease)


def take_request(request: Request, *, lease: Lease, now: datetime) -> Run:
    """Take what was asked for; the request is gone with it.

    :raises AlreadyRun: it was taken before.
    :raises LeaseLost: another scheduler is the active one.
    """
    run = Run(
        key=occurrence_key(request.job, request.planned, request.serial),
        job=request.job,
        kind=Kind.AGAIN if request.attempts else Kind.REQUESTED,
        planned=request.planned,
        state=State.RUNNING,
        started=now,
        late=request.attempts > 0,
        by=request.by,
        worker=lease.worker,
        token=lease.token,
        attempts=request.attempts + 1,
    )
    return _open(run, lease, request)


def take_direct(job: str, planned: datetime, *, worker: str, by: str, now: datetime) -> Run:
    """Take an occurrence of its own outside the schedule, without the lease."""
    run = Run(
        key=occurrence_key(job, planned, str(ObjectId())),
        job=job,
        kind=Kind.DIRECT,
        planned=planned,
        state=State.RUNNING,
        started=now,
        by=by,
        worker=worker,
    )
    database()[RUNS].insert_one(run.row())
    return run


def take_over(run: Run, lease: Lease) -> Run:
    """Take up a run whose process died, one attempt further.

    :raises LeaseLost: somebody else has taken it up or settled it.
    """
    row = database()[RUNS].find_one_and_update(
        _fence(run),
        {"$set": {"worker": lease.worker, "token": lease.token}, "$inc": {"attempts": 1}},
        return_document=ReturnDocument.AFTER,
    )
    if row is None:
        raise LeaseLost(f"{run.key} is in other hands")
    return Run.read(row)


def note(run: Run, counts: Mapping[str, int]) -> None:
    """Note how far a run in progress is; one that was taken over meanwhile is left alone."""
    database()[RUNS].update_one(_fence(run), {"$set": {"counts": dict(counts)}})


def settle(run: Run, outcome: Outcome) -> Run:
    """Store how the run ended and, when its time was planned, the schedule's next time.

    Called inside the transaction of the work where there is one; otherwise it makes its own.

    :raises LeaseLost: the run was taken over meanwhile; nothing is stored.
    """
    ended = replace(
        run,
        state=outcome.state,
        finished=outcome.finished,
        counts=dict(outcome.counts),
        error=outcome.error,
    )

    def store() -> None:
        row = ended.row() | {"keep_until": outcome.finished + outcome.kept}
        if not database()[RUNS].replace_one(_fence(run), row).matched_count:
            raise LeaseLost(f"{run.key} is in other hands")
        change = {"last": ended.row()} | ({"next_planned": outcome.advance} if outcome.advance else {})
        database()[SCHEDULES].update_one({"_id": run.job}, {"$set": change})
        if outcome.again:
            service.ask_again(run.job, outcome.again, of=run)

    transaction(store)
    return ended


def unfinished() -> list[Run]:
    """Runs of the scheduler that are taken and not settled, oldest first."""
    mine = {"state": State.RUNNING, "kind": {"$ne": Kind.DIRECT}}
    return [Run.read(row) for row in database()[RUNS].find(mine).sort("started")]


def close_abandoned(now: datetime) -> None:
    """Mark direct runs that have been running for hours as failed: their process is gone."""
    lost = {"state": State.RUNNING, "kind": Kind.DIRECT, "started": {"$lt": now - DIRECT_RUN_LIMIT}}
    failed = {"state": State.FAILED, "finished": now, "error": LOST}
    database()[RUNS].update_many(lost, {"$set": failed})


def _open(run: Run, lease: Lease, request: Request | None = None) -> Run:
    def store() -> None:
        leases.require(lease)
        if request:
            found = database()[REQUESTS].delete_one({"_id": request.key, "serial": request.serial})
            if not found.deleted_count:
                raise AlreadyRun(name=request.job)
        database()[RUNS].insert_one(run.row())

    try:
        transaction(store)
    except DuplicateKeyError as error:
        raise AlreadyRun(name=run.job) from error
    return run


def _fence(run: Run) -> Row:
    return {"_id": run.key, "state": State.RUNNING, "token": run.token, "attempts": run.attempts}
