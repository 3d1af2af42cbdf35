"""A desk with a clock that the test sets, and schedulers in threads and processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Event, Thread
from typing import Any

import pytest
from pymongo.database import Database

from config.database import database
from config.settings import Settings
from jobs import execution
from jobs.execution import Desk
from jobs.runner import Scheduler
from jobs.table import Table
from models.job import lease as leases
from models.job import service
from models.job.document import INDEXES, Run
from models.job.rules import State
from tests.integration.jobs import sample

PATIENCE_SECONDS = 120.0
LASTING = 120.0
"""Seconds for which a lease holds that a pause of the machine is not to end."""


@dataclass
class Hands:
    """A clock to turn."""

    now: datetime

    def __call__(self) -> datetime:
        return self.now

    def turn(self, **by: int) -> None:
        self.now += timedelta(**by)


@dataclass
class Office:
    """Everything that a test of jobs does."""

    db: Database[dict[str, Any]]
    settings: Settings
    clock: Hands
    started: ExitStack = field(default_factory=ExitStack)
    desks: list[Desk] = field(default_factory=list)

    def desk(self, table: Table, worker: str = "first") -> Desk:
        self.desks.append(Desk(worker=worker, settings=self.settings, table=table, clock=self.clock))
        return self.desks[-1]

    def open(self, table: Table, worker: str = "first") -> Callable[[], list[Run]]:
        """Take the lease, bring the schedules in line and return the tick."""
        desk = self.desk(table, worker)
        lease = leases.acquire(worker)
        assert lease
        execution.sync(desk, lease)
        return lambda: execution.tick(desk, lease)

    def scheduler(self, desk: Desk, ttl: float = LASTING) -> tuple[Scheduler, Event]:
        """A scheduler in a thread; it is stopped at the end of the test."""
        scheduler, stop = Scheduler(desk, ttl=ttl, tick=0.05), Event()
        thread = Thread(target=scheduler.run, args=(stop,))
        thread.start()
        self.started.callback(thread.join)
        self.started.callback(stop.set)
        return scheduler, stop

    def process(self, work: str) -> subprocess.Popen[str]:
        """A scheduler with a short lease in a process, once its work has begun, which hangs until it is told to go on;
        it is killed at the end of the test."""
        arguments = [self.settings.mongodb_uri or "", self.settings.database, self.clock.now.isoformat(), work]
        process = subprocess.Popen(
            [sys.executable, "-m", sample.__name__, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONPATH": "."},
        )
        self.started.callback(process.wait)
        self.started.callback(process.kill)
        for pipe in (process.stdin, process.stdout):
            assert pipe
            self.started.callback(pipe.close)
        self.until_it_says("begun", process)
        return process

    def let_go_on(self, process: subprocess.Popen[str]) -> None:
        """Let a process that was stopped run again, and its work end."""
        process.send_signal(signal.SIGCONT)
        assert process.stdin
        process.stdin.write("go on\n")
        process.stdin.flush()

    def until_it_says(self, words: str, process: subprocess.Popen[str]) -> None:
        assert process.stdout
        assert any(words in line for line in process.stdout), f"the process ended without {words!r}"

    def effects(self) -> int:
        return self.db[sample.EFFECTS].count_documents({})

    def counter(self) -> int:
        row = self.db[sample.COUNTER].find_one({"_id": "n"})
        return row["n"] if row else 0

    def runs(self) -> list[Run]:
        """Oldest first."""
        return service.history()[::-1]

    def until_nobody_is_active(self) -> None:
        """Wait until the lease of a scheduler that is gone has run out."""
        self.until(lambda: service.active_scheduler() is None)

    def until_effects(self, count: int) -> None:
        self.until(lambda: self.effects() == count)

    def until_done(self, count: int) -> None:
        self.until(lambda: [run.state for run in self.runs()] == [State.DONE] * count)

    def until(self, condition: Callable[[], bool]) -> None:
        """Wait for what another thread or process does."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not condition():
            assert time.monotonic() < deadline, "it did not happen"
            time.sleep(0.02)


@pytest.fixture
def office(db: Database[dict[str, Any]], connected: Settings, now: datetime) -> Iterator[Office]:
    """Ten o'clock on a Monday, no job known yet, no lease taken."""
    made = Office(db=db, settings=connected, clock=Hands(now))
    with made.started:
        yield made
    # Work that was left behind may still write.
    made.until(lambda: not any(desk.watch.left_behind() for desk in made.desks))
    for collection in (*sample.COLLECTIONS, *INDEXES):  # written to by other processes too
        database()[collection].delete_many({})  # a simulation connects anew


@pytest.fixture
def short_transactions(db: Database[dict[str, Any]]) -> Iterator[None]:
    """A dead client's open transaction ends after two seconds and not after a minute."""
    name = "transactionLifetimeLimitSeconds"
    before = db.client.admin.command({"getParameter": 1, name: 1})[name]
    db.client.admin.command({"setParameter": 1, name: 2})
    yield
    db.client.admin.command({"setParameter": 1, name: before})
