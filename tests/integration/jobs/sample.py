"""Sample jobs whose effects can be counted, and a scheduler process that does them.

Each effect is a document without any key of its own, so that a second one would show.
"""

from __future__ import annotations

import logging
import sys
from datetime import datetime
from pathlib import Path
from threading import Event

from pymongo.errors import AutoReconnect

from config import database
from config.settings import Settings
from jobs.cadence import EveryMinutes
from jobs.context import JobContext, JobError, Report
from jobs.execution import Desk
from jobs.runner import Scheduler, worker_name
from jobs.table import CatchUp, Job, Table
from models.declarations import Label
from tests.conftest import MASTER_KEY

LABEL = Label("测试", "Test")
EFFECTS = "sample_effect"
COUNTER = "sample_counter"
COPIES = "sample_copy"
COLLECTIONS = (EFFECTS, COUNTER, COPIES)
SHORT_LEASE = 1.5
"""Seconds of the lease of a process that is killed or stopped: so long its successor waits."""


def say(words: str) -> None:
    """Tell the test that started this process."""
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


def settings_for(uri: str, name: str, data_dir: Path = Path("var")) -> Settings:
    return Settings(
        secret_key="k" * 40,
        password_salt="p" * 40,
        totp_secret="t" * 40,
        mongodb_uri=uri,
        database=name,
        data_dir=data_dir,
        master_key=MASTER_KEY,
    )


def add_effect(context: JobContext) -> Report:
    """One effect document and one step of a counter, which a second scheduler would run into."""
    context.db[EFFECTS].insert_one({"planned": context.now})
    context.db[COUNTER].update_one({"_id": "n"}, {"$inc": {"n": 1}}, upsert=True)
    return Report({"added": 1})


def hang() -> None:
    """Tell that work has begun, and wait to be told to go on."""
    say("begun")
    sys.stdin.readline()


def dawdle(context: JobContext) -> Report:
    """The same, but it hangs before it is settled."""
    report = add_effect(context)
    hang()
    return report


def copy_all(context: JobContext) -> Report:
    """Set work outside a transaction: one copy per effect, by key."""
    context.db[EFFECTS].aggregate([{"$project": {"_id": 1}}, {"$merge": {"into": COPIES}}])
    return Report({"copied": context.db[COPIES].count_documents({})})


def dawdle_copying(context: JobContext) -> Report:
    """The same, but it hangs between two rounds."""
    copy_all(context)
    hang()
    return copy_all(context)


def quarrel(context: JobContext) -> Report:
    raise JobError("the ledger is closed")


def stumble(context: JobContext) -> Report:
    context.db[EFFECTS].insert_one({"planned": context.now})
    raise KeyError("Ms Wang's phone number")


def lose_the_database_once(context: JobContext) -> Report:
    """The first attempt ends as if the server had gone away."""
    report = add_effect(context)
    run = context.db["job_run"].find_one({"attempts": 1})
    if run:
        raise AutoReconnect("connection closed")
    return report


WORK = {
    "lose_the_database_once": lose_the_database_once,
    "add": add_effect,
    "dawdle": dawdle,
    "copy": copy_all,
    "dawdle_copying": dawdle_copying,
    "quarrel": quarrel,
    "stumble": stumble,
}


def table(work: str, *, minutes: int = 1, transactional: bool = True, catch_up: CatchUp = CatchUp.ONCE) -> Table:
    """A table of one job, named `sample`."""
    job = Job(
        name="sample",
        label=LABEL,
        cadence=EveryMinutes(minutes),
        work=WORK[work],
        transactional=transactional,
        catch_up=catch_up,
    )
    return Table([job])


def main() -> None:
    """Arguments: uri, database, the time it believes it is, the work."""
    uri, name, moment, work = sys.argv[1:]
    logging.basicConfig(stream=sys.stdout, format="%(message)s", level=logging.WARNING)
    database.SELECTION_TIMEOUT_MS = 120_000
    database.connect(settings_for(uri, name))
    now = datetime.fromisoformat(moment)
    desk = Desk(
        worker=worker_name(),
        settings=settings_for(uri, name),
        table=table(work, transactional=work == "dawdle"),
        clock=lambda: now,
    )
    Scheduler(desk, ttl=SHORT_LEASE, tick=0.05).run(Event())


if __name__ == "__main__":
    main()
