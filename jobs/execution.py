"""Carrying out what is due: one tick of the active scheduler, and a run on demand.

Runs of a lane come one after the other. Work is done in a thread of its own, whose error is a value here: a failing job
is recorded as failed, one that takes too long is broken off and tried again, and the next one runs.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from pymongo.errors import ConnectionFailure

from config.database import TransactionGaveUp, database, transaction
from config.settings import Settings
from jobs.cadence import in_words, latest_until, next_after
from jobs.context import JobContext, JobError, Stopped
from jobs.schedule import JOBS
from jobs.table import DEFAULT_KEPT, CatchUp, Job, Lane, Table
from jobs.watch import Watch
from models import office
from models.calendar import WorkingCalendar
from models.errors import Spoken
from models.job import lease as leases
from models.job import runs, service
from models.job.document import Lease, Request, Run, Schedule
from models.job.rules import AlreadyRun, Kind, LeaseLost, State, is_given_up, is_late, retry_at
from models.record_type import service as record_type

GoOn = Callable[[], bool]

log = logging.getLogger(__name__)

LONGEST_ERROR = 300


def utc_now() -> datetime:
    """The time, to the millisecond that the database keeps."""
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


@dataclass(frozen=True)
class Desk:
    """What execution works with. `clock` is the only place where it learns the time."""

    worker: str
    settings: Settings
    table: Table = JOBS
    clock: Callable[[], datetime] = utc_now
    watch: Watch = field(default_factory=Watch)

    @property
    def calendar(self) -> WorkingCalendar:
        """The office's working calendar, as it was last read."""
        return office.office_calendar()


def sync(desk: Desk, lease: Lease) -> None:
    """Bring the stored schedules in line with the table. :raises LeaseLost: the lease is another's."""
    office.refresh()
    now = desk.clock()
    plans = [
        service.Plan(job.name, job.label, in_words(job.cadence), next_after(job.cadence, now, desk.calendar))
        for job in desk.table.jobs
    ]
    for name in service.sync(plans, lease, now):
        log.error("schedule %s has no job in this version: it was renamed or taken out, and does not run", name)


def tick(desk: Desk, lease: Lease, go_on: GoOn = lambda: True, lane: Lane | None = None) -> list[Run]:
    """Do everything that is due now, of one lane or all, and return the settled runs.

    Runs left behind by a dead process come first, then what people asked for, then what the clock says.
    `go_on` is asked between runs, and by work that takes minutes.

    :raises LeaseLost: another scheduler has taken over.
    :raises Stopped: a run was left to the next scheduler.
    :raises pymongo.errors.ConnectionFailure: the database went away; a later tick takes up what was begun.
    """
    if lane in (None, Lane.PROMPT):
        runs.close_abandoned(desk.clock())
    settled = []
    for run in _taken(desk, lease, lane):
        settled.append(_carry_out(desk, run, lease, go_on))
        if not go_on():
            break
    return settled


def run_now(desk: Desk, name: str, at: datetime, by: str) -> Run:
    """Run a job here and now as of `at`, as an occurrence of its own, whoever is the active scheduler.

    :return: the settled run; its state tells whether the job failed.
    :raises UnknownJob: there is no such job.
    """
    job = desk.table.get(name)
    run = runs.take_direct(job.name, at, worker=desk.worker, by=by, now=desk.clock())
    return _carry_out(desk, run, None)


def _taken(desk: Desk, lease: Lease, lane: Lane | None) -> Iterator[Run]:
    """Take one run after the other; the next is taken when the one before is settled."""
    unfinished = runs.unfinished()
    # The thread of a run that was left here ends it, or dies: one more of its job would run beside it, with the same
    # lease.
    hanging = {run.job for run in unfinished if desk.watch.at_work(run.key)}

    def is_ours(name: str) -> bool:
        return name not in hanging and (lane is None or desk.table.lane_of(name) is lane)

    for run in unfinished:
        if not is_ours(run.job):
            continue
        if run.job not in desk.table or is_given_up(run.attempts):
            _give_up(desk, run, runs.LOST)
        else:
            yield runs.take_over(run, lease)
    for request in service.requests(desk.clock()):
        asked = _take_request(desk, lease, request) if is_ours(request.job) else None
        if asked:
            yield asked
    for schedule in service.due(desk.clock()):
        run_or_none = _take_planned(desk, lease, schedule) if is_ours(schedule.name) else None
        if run_or_none:
            yield run_or_none


def _take_request(desk: Desk, lease: Lease, request: Request) -> Run | None:
    """Take what was asked for, unless the request is gone meanwhile, or there is no such job any more."""
    try:
        run = runs.take_request(request, lease=lease, now=desk.clock())
    except AlreadyRun:
        return None
    if run.job in desk.table:
        return run
    _give_up(desk, run, runs.RETIRED)
    return None


def _give_up(desk: Desk, run: Run, cause: str) -> None:
    log.error("job %s of %s is given up: %s", run.job, run.planned, cause)
    runs.settle(run, _failure(desk, run, cause))


def _take_planned(desk: Desk, lease: Lease, schedule: Schedule) -> Run | None:
    """Take the occurrence that is due, of several the latest or the first, or move the schedule on where none is to
    run."""
    job, now = desk.table.get(schedule.name), desk.clock()
    late = is_late(schedule.next_planned, now)
    # After a change of cadence the stored time may be none of the new one's: it still stands.
    planned = schedule.next_planned
    if job.catch_up is not CatchUp.EACH:
        planned = max(planned, latest_until(job.cadence, now, desk.calendar))
    if schedule.enabled and not (late and job.catch_up is CatchUp.SKIP):
        try:
            return runs.take(job.name, planned, lease=lease, now=now, late=late)
        except AlreadyRun:
            log.warning("job %s of %s has run before and is left out", job.name, planned)
            now = planned if job.catch_up is CatchUp.EACH else now
    service.advance(schedule, next_after(job.cadence, now, desk.calendar), lease)
    return None


def _carry_out(desk: Desk, run: Run, lease: Lease | None, go_on: GoOn = lambda: True) -> Run:
    """Do the work of a taken run and settle it, as done or as failed."""
    limit = desk.table.get(run.job).limit
    ended = desk.watch.do(run.key, limit, partial(_work, desk, run, lease, go_on), go_on)
    if ended.result is not None:
        # A job of every minute that found nothing to do is no news.
        level = logging.INFO if any(ended.result.counts.values()) else logging.DEBUG
        log.log(level, "job %s of %s is done", run.job, run.planned)
        return ended.result
    error = ended.error
    if error is None and not ended.over:
        raise Stopped
    if error is not None and (not isinstance(error, Exception) or not _is_failure(error, over=ended.over)):
        raise error
    cause = _too_long(limit) if ended.over or error is None else _in_one_line(error)
    log.error("job %s of %s failed: %s", run.job, run.planned, cause)
    again = ended.over or isinstance(error, TransactionGaveUp)
    return runs.settle(run, _failure(desk, run, cause, again=again))


def _is_failure(error: Exception, *, over: bool) -> bool:
    """Whether work that was not done has failed, and was not left to somebody else or for later."""
    if isinstance(error, LeaseLost | Stopped):
        return False
    return over or not isinstance(error, ConnectionFailure)


def _work(desk: Desk, run: Run, lease: Lease | None, go_on: GoOn) -> Run:
    record_type.refresh()
    office.refresh()
    job = desk.table.get(run.job)

    def fence() -> None:
        if lease:
            leases.require(lease)

    note = partial(runs.note, run)
    context = JobContext(run.planned, database(), desk.settings, desk.calendar, go_on, note=note, fence=fence)

    def work() -> Run:
        fence()
        report = job.work(context)
        done = runs.Outcome(State.DONE, desk.clock(), job.kept, report.counts, advance=_next_time(desk, run, job))
        return runs.settle(run, done)

    return transaction(work) if job.transactional else work()


def _failure(desk: Desk, run: Run, cause: str, *, again: bool = False) -> runs.Outcome:
    job, now = desk.table.get(run.job) if run.job in desk.table else None, desk.clock()
    if job is None:
        return runs.Outcome(State.FAILED, now, DEFAULT_KEPT, {}, cause)
    retry = None
    if again and run.kind is not Kind.DIRECT:
        following = None if job.catch_up is CatchUp.EACH else next_after(job.cadence, now, desk.calendar)
        retry = retry_at(run.attempts, now, following)
    return runs.Outcome(State.FAILED, now, job.kept, {}, cause, _next_time(desk, run, job), retry)


def _too_long(limit: timedelta) -> str:
    minutes, seconds = divmod(limit.total_seconds(), 60)
    words = f"{minutes:g} minutes" if minutes and not seconds else f"{limit.total_seconds():g} seconds"
    return f"it took longer than {words} and was broken off"


def _next_time(desk: Desk, run: Run, job: Job) -> datetime | None:
    """The schedule's next time after `run`; None for a run outside the schedule."""
    if run.kind is not Kind.SCHEDULED:
        return None
    return next_after(job.cadence, run.planned, desk.calendar)


def _in_one_line(error: Exception) -> str:
    """What went wrong, without the texts of errors, which can quote a record (X6)."""
    if isinstance(error, JobError):
        return str(error).partition("\n")[0][:LONGEST_ERROR]
    name = error.code if isinstance(error, Spoken) else type(error).__name__
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if "site-packages" not in frame.filename] or frames
    if not ours:
        return name
    return f"{name} in {ours[-1].name} ({Path(ours[-1].filename).name}:{ours[-1].lineno})"[:LONGEST_ERROR]
