"""Scheduled work as people and the scheduler see it: jobs, their next time, their history, "run now"."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bson import ObjectId

from config.database import database, transaction
from models import audit
from models.declarations import Label
from models.errors import Forbidden
from models.job import lease as leases
from models.job.document import REQUESTS, RUNS, SCHEDULES, Lease, Request, Run, Schedule
from models.job.rules import LeaseLost, State, UnknownJob
from models.person.roles import Permission, Person

LARGEST_PAGE = 200
NOW = "#now"
"""Behind the job's name: the key of a person's request beside one for a later moment."""
Row = dict[str, Any]


@dataclass(frozen=True)
class Plan:
    """A job of the table: its names and the next time that its cadence asks for."""

    name: str
    label: Label
    cadence: Label
    next_planned: datetime


# --- for people


def schedules() -> list[Schedule]:
    """Every job of the running version in the table's order, with its next time and last run, the one in progress if
    there is one; behind them the schedules whose job this version has no more."""
    asked: dict[str, list[Request]] = {}
    for request in map(Request.read, database()[REQUESTS].find()):
        asked.setdefault(request.job, []).append(request)
    running = {row["job"]: row for row in database()[RUNS].find({"state": State.RUNNING}).sort("started", 1)}
    rows = database()[SCHEDULES].find().sort([("retired", 1), ("position", 1), ("_id", 1)])
    return [_planned(row | {"last": running.get(row["_id"], row["last"])}, asked.get(row["_id"], ())) for row in rows]


def _planned(row: Row, asked: Sequence[Request]) -> Schedule:
    """A schedule with what was asked for: what is tried again comes at its time, everything else now."""
    again = [request for request in asked if request.attempts and not request.by]
    row["next_planned"] = min([row["next_planned"], *(request.asked for request in again)])
    return Schedule.read(row, waiting=len(again) < len(asked))


def schedule(name: str) -> Schedule | None:
    """A job of the running version, with its next time and last run; None while no scheduler has made it known."""
    row = database()[SCHEDULES].find_one({"_id": name, "retired": False})
    return Schedule.read(row) if row else None


def history(job: str | None = None, *, before: tuple[datetime, str] | None = None, limit: int = 50) -> list[Run]:
    """Past runs, newest first, at most 200: of one job or all, behind the run with this start and key."""
    wanted: Row = {"job": job} if job else {}
    if before:
        started, key = before
        wanted["$or"] = [{"started": {"$lt": started}}, {"started": started, "_id": {"$lt": key}}]
    rows = database()[RUNS].find(wanted).sort([("started", -1), ("_id", -1)])
    return [Run.read(row) for row in rows.limit(max(1, min(limit, LARGEST_PAGE)))]


def active_scheduler() -> Lease | None:
    """The lease of the scheduler at work, or None when none is: then nothing runs by itself."""
    return leases.active()


def request_run(name: str, actor: Person, now: datetime) -> bool:
    """Ask the active scheduler to run a job now. What broke off and is to be tried again is what runs then; a request
    for a later moment stays, and the job runs both times.

    :return: whether the request is new; False while one waits that nothing holds back, and nothing is stored.
    :raises Forbidden: the person may not run jobs.
    :raises UnknownJob: there is no such job.
    """
    _require_right(actor)

    def store() -> bool:
        _require_job(name)
        if not (_hasten(name, actor, now) or _add(name, actor, now)):
            return False
        audit.append("job_requested", actor, audit.Subject(type="job", number=name), now=now)
        return True

    return transaction(store)


def _hasten(name: str, actor: Person, now: datetime) -> bool:
    """Let what waits to be tried again not wait any longer; whether there was something."""
    waiting = {**_of(name), "attempts": {"$gt": 0}, "asked": {"$gt": now}}
    return database()[REQUESTS].update_many(waiting, {"$set": {"by": actor.name, "asked": now}}).matched_count > 0


def _add(name: str, actor: Person, now: datetime) -> bool:
    """Store a request beside one for a later moment; whether none was waiting that may run now."""
    requests = database()[REQUESTS]
    if requests.find_one({**_of(name), "asked": {"$lte": now}}, {"_id": 1}):
        return False
    key = name if requests.find_one({"_id": name}, {"_id": 1}) is None else f"{name}{NOW}"
    asked = {"job": name, "by": actor.name, "asked": now, "serial": str(ObjectId())}
    return requests.update_one({"_id": key}, {"$setOnInsert": asked}, upsert=True).upserted_id is not None


def ask(name: str, by: str, at: datetime, *, of: Run | None = None) -> None:
    """Have the active scheduler run a job soon, at `at` if that lies ahead, because there is work for it; asked twice
    is asked once.

    For use cases that leave their work to a job; people ask through `request_run`.
    """
    key, asked = name, {"job": name, "by": by, "asked": at, "serial": str(ObjectId())}
    if of is not None:  # each occurrence for itself
        key, asked = of.key, asked | {"planned": of.planned, "attempts": of.attempts}
    # A request that is there is written to: one that is taken up just now, before this work can be seen, conflicts.
    database()[REQUESTS].update_one({"_id": key}, {"$setOnInsert": asked, "$inc": {"times": 1}}, upsert=True)


def ask_behind(name: str, now: datetime, wait: timedelta) -> None:
    """Have the active scheduler run a job `wait` after now, by whichever clock is ahead, ours or the server's, for what
    it would not find before: a request that waits for an earlier moment, whoever made it, waits until then as well. Who
    wants it sooner has it run sooner, and then again (`request_run`)."""
    later = {"$dateAdd": {"startDate": {"$max": [now, "$$NOW"]}, "unit": "second", "amount": int(wait.total_seconds())}}
    asked = {
        "by": {"$ifNull": ["$by", ""]},
        "serial": {"$ifNull": ["$serial", str(ObjectId())]},
        "asked": {"$max": ["$asked", later]},
        "times": {"$add": [{"$ifNull": ["$times", 0]}, 1]},
    }
    database()[REQUESTS].update_one({"_id": name}, [{"$set": asked}], upsert=True)


def ask_again(name: str, at: datetime, *, of: Run | None = None) -> None:
    """Ask for the next turn of long work, or to try a run once more, `of` its own planned time. A job that was switched
    off meanwhile gets none: its work ends with the turn that it is in, and goes on when it runs next."""
    if database()[SCHEDULES].find_one({"_id": name, "enabled": False}, {"_id": 1}) is None:
        ask(name, "", at, of=of)


def set_enabled(name: str, enabled: bool, actor: Person, now: datetime) -> None:
    """Switch a job on or off. What falls due while it is off is not caught up; long work that is under way ends with
    the turn that it is in.

    :raises Forbidden: the person may not run jobs.
    :raises UnknownJob: there is no such job.
    """
    _require_right(actor)

    def store() -> None:
        _require_job(name)
        changed = database()[SCHEDULES].update_one({"_id": name}, {"$set": {"enabled": enabled}})
        if changed.modified_count:
            database()[REQUESTS].delete_many({**_of(name), "by": ""})  # long work asked for its next turn
            action = "job_enabled" if enabled else "job_disabled"
            audit.append(action, actor, audit.Subject(type="job", number=name), now=now)

    transaction(store)


def forget(name: str, actor: Person, now: datetime) -> None:
    """Remove a schedule whose job the running version has no more; its history stays.

    :raises Forbidden: the person may not run jobs.
    :raises UnknownJob: there is no such schedule, or its job is there.
    """
    _require_right(actor)

    def store() -> None:
        if not database()[SCHEDULES].delete_one({"_id": str(name), "retired": True}).deleted_count:
            raise UnknownJob(name=name)
        audit.append("job_forgotten", actor, audit.Subject(type="job", number=name), now=now)

    transaction(store)


# --- for the scheduler


def sync(plans: Iterable[Plan], lease: Lease, now: datetime) -> list[str]:
    """Make the stored schedules those of the job table, and return the names of those that no job goes with.

    A new job starts with its planned time; one whose cadence changed, or that a clock that was ahead has put off too
    far, takes the new time unless it is due already, so that an occurrence missed during an update is still caught up.
    A job that left the table, or bears another name there, keeps its schedule, which shows that its job is missing and
    goes on when the job comes back.

    :raises LeaseLost: another scheduler is the active one.
    """
    table = list(plans)

    def store() -> list[str]:
        leases.require(lease)
        known = {row["_id"]: row for row in database()[SCHEDULES].find()}
        for position, plan in enumerate(table):
            _store_plan(plan, known.get(plan.name), position, now)
        gone = {"_id": {"$nin": [plan.name for plan in table]}}
        database()[SCHEDULES].update_many(gone, {"$set": {"retired": True}})
        return sorted(known.keys() - {plan.name for plan in table})

    return transaction(store)


def due(now: datetime) -> list[Schedule]:
    """Jobs whose time has come, in the table's order, switched off or not."""
    wanted = {"retired": False, "next_planned": {"$lte": now}}
    return [Schedule.read(row) for row in database()[SCHEDULES].find(wanted).sort("position")]


def advance(schedule: Schedule, next_planned: datetime, lease: Lease) -> None:
    """Move a job to its next time without a run.

    :raises LeaseLost: another scheduler is the active one.
    """

    def store() -> None:
        leases.require(lease)
        unchanged = {"_id": schedule.name, "next_planned": schedule.next_planned}
        moved = database()[SCHEDULES].update_one(unchanged, {"$set": {"next_planned": next_planned}})
        if not moved.matched_count:
            raise LeaseLost(f"the schedule of {schedule.name} was moved by somebody else")

    transaction(store)


def requests(now: datetime) -> list[Request]:
    """What was asked to run by now, oldest first."""
    rows = database()[REQUESTS].find({"asked": {"$lte": now}}).sort([("asked", 1), ("planned", 1)])
    return [Request.read(row) for row in rows]


def _store_plan(plan: Plan, known: Row | None, position: int, now: datetime) -> None:
    cadence = {"zh": plan.cadence.zh, "en": plan.cadence.en}
    change: Row = {
        "label": {"zh": plan.label.zh, "en": plan.label.en},
        "cadence": cadence,
        "position": position,
        "retired": False,
    }
    stored = Schedule.read(known) if known else None
    # A time beyond the next one was planned by a clock that was ahead, or with another calendar.
    moved = stored is not None and stored.next_planned > now and stored.next_planned > plan.next_planned
    if stored is None or moved or (stored.cadence != plan.cadence and stored.next_planned > now):
        change["next_planned"] = plan.next_planned
    first = {"enabled": True, "last": None}
    database()[SCHEDULES].update_one({"_id": plan.name}, {"$set": change, "$setOnInsert": first}, upsert=True)


def _of(name: str) -> Row:
    """The requests of a job."""
    return {"$or": [{"_id": name}, {"job": name}]}


def _require_right(actor: Person) -> None:
    if not actor.may(Permission.JOBS_RUN):
        raise Forbidden


def _require_job(name: str) -> None:
    if database()[SCHEDULES].find_one({"_id": str(name), "retired": False}, {"_id": 1}) is None:
        raise UnknownJob(name=name)
