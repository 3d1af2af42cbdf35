"""A span of time played through on a copy of the database: which jobs would run, and whom they would remind (J).

Everything is done for real, at the moments of the schedule, on a copy that is dropped at the end; nothing leaves it.
People do nothing meanwhile: what is late stays late, and is chased.
"""

from __future__ import annotations

import secrets
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from heapq import heapify, heappop, heappush
from math import inf
from typing import Any

from bson import ObjectId
from pymongo.errors import ConnectionFailure, OperationFailure, PyMongoError

from config import database as store
from config.database import database, transaction
from config.settings import Settings
from jobs import copies
from jobs.cadence import Cadence, Daily, EveryMinutes, next_after
from jobs.context import JobContext, JobError, Report
from jobs.table import Job, Table
from models import office, schema
from models.calendar import WorkingCalendar, local
from models.errors import Spoken
from models.record import collection_name
from models.record_type import service as record_type
from models.reminder.document import REMINDERS, Reminder

CONTENT = ".chunks"
"""The end of the names of collections that hold the content of files, which no job reads."""

END_OF_DAY = Daily(time(18, 5))
OFFICE_HOURS = range(9, 19)


class NoCopy(JobError):
    """The database does not let this account make a copy."""


@dataclass(frozen=True)
class Played:
    """One occurrence: its job and time (UTC), what it counted or the kind of its failure, and the reminders made; the
    numbers of their records by id."""

    job: Job
    planned: datetime
    counts: dict[str, int]
    error: str
    reminders: tuple[Reminder, ...]
    numbers: Mapping[ObjectId, str] = field(default_factory=dict)


def simulate(settings: Settings, table: Table, since: datetime, until: datetime) -> Generator[Played, None, None]:
    """Play the schedule from `since` to `until`, both included, and tell what each occurrence did.

    Jobs of every few minutes run once a day after closing, those of office hours once an hour on working days. The same
    records are opened and ended, and the same people reminded of the same matters; of a matter that began and ended
    within the hour nothing is told, and of messages there are fewer. While it is read, the process is connected to the
    copy.

    :raises NoCopy: when no copy can be made.
    """
    with _copy(settings) as copied:
        yield from _play(copied, table, since, until)


def try_out(settings: Settings, job: Job, at: datetime) -> Played:
    """Run one job as of `at` on a copy, and tell what it did there.

    :raises NoCopy: when no copy can be made.
    """
    with _copy(settings) as copied:
        return _run(copied, job, at, office.office_calendar())


def _play(settings: Settings, table: Table, since: datetime, until: datetime) -> Iterator[Played]:
    before = since - timedelta(milliseconds=1)
    plans = [(job, _coarse(job)) for job in table.jobs if job.simulated]
    waiting = [(next_after(cadence, before, office.office_calendar()), n) for n, (_, cadence) in enumerate(plans)]
    heapify(waiting)
    told: set[str] = set()
    while waiting and waiting[0][0] <= until:
        if not copies.stands():
            raise NoCopy("the copy was dropped, because records are being destroyed that it held: try again")
        planned, number = heappop(waiting)
        job, cadence = plans[number]
        calendar = office.office_calendar()
        if not isinstance(cadence, EveryMinutes) or _in_office(planned, calendar):
            played = _run(settings, job, planned, calendar)
            new = tuple(one for one in played.reminders if one.id not in told)
            told = {one.id for one in played.reminders}  # two jobs of one moment
            yield replace(played, reminders=new)
        heappush(waiting, (next_after(cadence, planned, calendar), number))


def _coarse(job: Job) -> Cadence:
    if not isinstance(job.cadence, EveryMinutes):
        return job.cadence
    return EveryMinutes(60) if job.in_office or job.cadence.minutes >= 60 else END_OF_DAY


def _in_office(moment: datetime, calendar: WorkingCalendar) -> bool:
    return local(moment).hour in OFFICE_HOURS and calendar.is_working(local(moment).date())


def _run(settings: Settings, job: Job, planned: datetime, calendar: WorkingCalendar) -> Played:
    context = JobContext(now=planned, db=database(), settings=settings, calendar=calendar, turn_seconds=inf)

    def work() -> Report:
        return job.work(context)

    counts, error = {}, ""
    try:
        report = transaction(work) if job.transactional else work()
        counts = {name: count for name, count in report.counts.items() if count}
    except JobError as failure:
        error = str(failure)
    except Spoken as said:
        error = said.code
    except ConnectionFailure:
        raise
    except PyMongoError as failure:
        error = type(failure).__name__  # its text can quote a record
    made = database()[REMINDERS].find({"created": planned}).sort([("person", 1), ("due", 1)])
    reminders = tuple(Reminder.read(row) for row in made)
    return Played(job, planned, counts, error, reminders, _numbers(reminders))


def _numbers(reminders: Iterable[Reminder]) -> dict[ObjectId, str]:
    """The numbers of the records of which people are reminded, by id."""
    records: dict[str, set[ObjectId]] = {}
    for one in reminders:
        records.setdefault(one.type, set()).add(one.record)
    return {
        row["_id"]: row["number"]
        for slug, ids in records.items()
        for row in database()[collection_name(slug)].find({"_id": {"$in": list(ids)}}, {"number": 1})
    }


@contextmanager
def _copy(settings: Settings) -> Iterator[Settings]:
    """Connected to a copy of the database; afterwards to the database again, and the copy is gone."""
    name = f"{copies.prefix()}{secrets.token_hex(4)}"
    keys = settings.keys.database  # what is sealed in the copy is read with the keys of the original
    copied = replace(settings, database=name, audit_database=None, keys_database=keys, keys_borrowed=True)
    try:
        try:
            _fill(copied)
        except OperationFailure as failure:
            raise NoCopy(f"no copy of the database can be made: {failure.code}") from None
        _fresh()
        yield copied
    finally:
        store.connect(settings)
        with suppress(OperationFailure):
            database().client.drop_database(copied.database)
        _fresh()


def _fill(copied: Settings) -> None:
    """Make the copy, and connect to it."""
    copies.drop_left_behind()
    source, client = database(), database().client
    client[copied.database][copies.MADE].insert_one({"at": datetime.now(UTC)})
    # Said after the mark is stored: of a simulation and a destruction that begin at once, one sees the other.
    if copies.records_go():
        raise NoCopy("records are being destroyed, and a copy would keep them: try again in some minutes")
    names = [name for name in source.list_collection_names() if not name.startswith("system.")]
    store.connect(copied)
    schema.migrate()
    for name in names:
        if not name.endswith(CONTENT) and name != copies.MADE:
            _copy_collection(database().client[source.name][name], copied.database)


def _copy_collection(collection: Any, target: str) -> None:
    """The server copies by itself; indexes that were made before stay."""
    with collection.aggregate([{"$out": {"db": target, "coll": collection.name}}]):
        pass


def _fresh() -> None:
    """Read anew what the process remembers of its database."""
    record_type.refresh()
    office.forget()
    office.refresh()
