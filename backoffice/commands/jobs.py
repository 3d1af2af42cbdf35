"""`jobs`: what happens by itself, seen and started by hand."""

from __future__ import annotations

import signal
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import datetime
from types import FrameType

import click
from bson import ObjectId

from backoffice.commands.connection import connected
from backoffice.commands.errors import Failure
from config.database import database
from jobs.cadence import in_words, next_after
from jobs.execution import Desk, run_now, utc_now
from jobs.runner import worker_name
from jobs.schedule import JOBS
from jobs.simulation import NoCopy, Played, simulate, try_out
from jobs.table import Job
from models.calendar import SHANGHAI, local
from models.job import service
from models.job.document import Run, Schedule
from models.job.rules import State
from models.office import office_calendar

BY = "command line"
YEARS = range(1970, 2101)
MOST_NUMBERS = 8
"""So many records of a person and step are named in a simulation's lines."""


class Moment(click.ParamType[datetime]):
    """An ISO 8601 time; without an offset it is Shanghai time."""

    name = "iso-time"

    def convert(self, value: str | datetime, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """The moment, aware."""
        if isinstance(value, datetime):
            return value
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is not a time such as 2026-10-08T09:00 (Shanghai) or ...T01:00Z", param, ctx)
        if moment.year not in YEARS:
            self.fail(f"the year {moment.year} is not one that jobs know", param, ctx)
        return moment if moment.tzinfo else moment.replace(tzinfo=SHANGHAI)


@click.group()
def jobs() -> None:
    """What happens by itself: jobs, next times, history. Times are Shanghai time."""


@jobs.command("list")
def list_jobs() -> None:
    """Show every job with its cadence, next time and last run."""
    with connected():
        known = {schedule.name: schedule for schedule in service.schedules()}
        active = service.active_scheduler()
        now, calendar = utc_now(), office_calendar()
    for job in JOBS.jobs:
        schedule = known.get(job.name) or Schedule(
            job.name, job.label, in_words(job.cadence), next_after(job.cadence, now, calendar)
        )
        click.echo(f"{job.name:<22} {schedule.label.en}")
        click.echo(f"    {schedule.cadence.en}; {_next(schedule)}")
        click.echo(f"    last: {_result(schedule.last) if schedule.last else 'has not run yet'}")
    for name in known.keys() - {job.name for job in JOBS.jobs}:
        click.echo(f"{name:<22} error: this version has no such job; it was renamed or taken out, and does not run")
    click.echo(f"Active scheduler: {active.worker}" if active else "No scheduler is running.")


@jobs.command("run")
@click.argument("name")
@click.option("--at", type=Moment(), help="Act as of this ISO time (default: now).")
@click.option("--for-real", is_flag=True, help="Act as of a time to come on the database itself.")
def run_job(name: str, at: datetime | None, for_real: bool) -> None:
    """Run the job NAME here and now, as an occurrence of its own.

    As of a time to come it runs on a copy of the database, which is dropped at the end: grants would end, levels fall
    and records go before their time. Its planned times are not touched. Ends with exit code 1 when the job fails.
    """
    moment = at or utc_now()
    if at is not None and at > utc_now() and not for_real:
        _try_out(JOBS.get(name), at)
        return
    with connected() as settings:
        desk = Desk(worker=worker_name(), settings=settings, table=JOBS)
        run = run_now(desk, name, moment, BY)
    if run.state is State.FAILED:
        raise Failure(f"{name} failed: {run.error}")
    click.echo(f"{name} as of {_time(run.planned)}: {_in_words(run.counts)}")


def _try_out(job: Job, at: datetime) -> None:
    if not job.simulated:
        raise Failure(f"{job.name} reaches beyond a copy and is not tried on one; --for-real runs it as of that time")
    with _ended_by_sigterm(), connected() as settings, _copy_refused():
        names = _names()
        played = try_out(settings, job, at)
    if played.error:
        raise Failure(f"{job.name} would fail: {played.error}")
    click.echo(f"{job.name} as of {_time(at)}, on a copy that is gone again: {_in_words(played.counts)}")
    _tell_reminders(_reminded(played, names))


@jobs.command()
@click.argument("name", required=False)
@click.option(
    "--limit",
    type=click.IntRange(1, service.LARGEST_PAGE),
    default=20,
    show_default=True,
    help="How many runs, newest first.",
)
def history(name: str | None, limit: int) -> None:
    """Show past runs, newest first: of the job NAME, or of all."""
    if name:
        JOBS.get(name)
    with connected():
        runs = service.history(name, limit=limit)
    for run in runs:
        click.echo(f"{run.job:<22} planned {_time(run.planned)}  {_result(run)}")
    if not runs:
        click.echo("No job has run yet.")


@jobs.command("simulate")
@click.option("--from", "since", type=Moment(), required=True, help="The first moment of the span.")
@click.option("--to", "until", type=Moment(), required=True, help="The last moment of the span.")
@click.option("--quiet", is_flag=True, help="Only the sums.")
def simulate_jobs(since: datetime, until: datetime, quiet: bool) -> None:
    """Show what would run, and whom it would remind.

    The schedule is played through on a copy of the database, which is dropped at the end; nothing leaves it. People
    do nothing meanwhile: what is late is chased. A year of a small department takes some minutes. Each run is one line,
    with a line below for each person and step; the sums follow, and which jobs are left out.
    """
    if until < since:
        raise Failure("--to lies before --from")
    runs, people, counts = Counter[str](), Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    failed = 0
    with _ended_by_sigterm(), connected() as settings, _copy_refused():
        names = _names()
        with closing(simulate(settings, JOBS, since, until)) as occurrences:  # the copy goes while we are connected
            for played in occurrences:
                runs[played.job.name] += 1
                failed += bool(played.error)
                counts.update({(played.job.name, name): count for name, count in played.counts.items()})
                people.update({who: len(numbers) for who, numbers in _reminded(played, names).items()})
                _tell(played, names, quiet)
    click.echo(f"\n{sum(runs.values())} occurrences, {failed} failed, {sum(people.values())} reminders")
    for job in JOBS.jobs:
        if job.simulated:
            done = {name: count for (of, name), count in counts.items() if of == job.name}
            click.echo(f"  {job.name:<22} {runs[job.name]} runs: {_in_words(done)}")
    for (name, step), count in sorted(people.items()):
        click.echo(f"  {name}  {step}  {count}")
    left_out = ", ".join(job.name for job in JOBS.jobs if not job.simulated)
    if left_out:
        click.echo(f"Left out, since they reach beyond the database: {left_out}")
    if failed:
        raise Failure("some jobs would fail")


@contextmanager
def _ended_by_sigterm() -> Iterator[None]:
    """SIGTERM ends the block as an exception does, so that what it made is removed."""

    def end(number: int, _frame: FrameType | None) -> None:
        sys.exit(128 + number)

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def _copy_refused() -> Iterator[None]:
    try:
        yield
    except NoCopy as error:
        raise Failure(str(error)) from error


def _tell(played: Played, names: Mapping[ObjectId, str], quiet: bool) -> None:
    if played.error or not quiet:
        click.echo(f"{_time(played.planned)}  {played.job.name:<22} {played.error or _in_words(played.counts)}")
    if not quiet:
        _tell_reminders(_reminded(played, names))


def _names() -> dict[ObjectId, str]:
    """Everybody's names, by id."""
    return {row["_id"]: row["name"] for row in database()["user"].find({}, {"name": 1})}


def _reminded(played: Played, names: Mapping[ObjectId, str]) -> dict[tuple[str, str], list[str]]:
    """Of which records an occurrence reminded whom, by person and step."""
    found: dict[tuple[str, str], list[str]] = {}
    for one in played.reminders:
        number = played.numbers.get(one.record, one.type)
        found.setdefault((names.get(one.person, "?"), one.step.value), []).append(number)
    return found


def _tell_reminders(told: Mapping[tuple[str, str], list[str]]) -> None:
    for (name, step), numbers in sorted(told.items()):
        more = f" and {len(numbers) - MOST_NUMBERS} more" if len(numbers) > MOST_NUMBERS else ""
        click.echo(f"    {name}  {step}  {len(numbers)}: {', '.join(numbers[:MOST_NUMBERS])}{more}")


def _next(schedule: Schedule) -> str:
    if not schedule.enabled:
        return "switched off"
    waiting = " (asked to run now)" if schedule.waiting else ""
    return f"next {_time(schedule.next_planned)}{waiting}"


def _result(run: Run) -> str:
    words = [f"{_time(run.started)} {run.state}"]
    words += ["late"] if run.late else []
    words += [f"for {run.by}"] if run.by else []
    words += [run.error or _in_words(run.counts)] if run.finished or run.counts else []
    return ", ".join(words)


def _in_words(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.items()) or "nothing to count"


def _time(moment: datetime) -> str:
    return f"{local(moment):%Y-%m-%d %H:%M:%S}"


COMMANDS = (jobs,)
