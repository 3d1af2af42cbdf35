"""The scheduler processes of a trial: started, killed, paused, and started again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from pymongo.errors import PyMongoError

from config.database import database
from config.parent_death import end_with_parent
from models.job.document import LEASES, RUNS
from models.job.lease import SCHEDULER
from models.job.rules import State
from tests.failover.plan import World

PATIENCE_SECONDS = 120.0
IN_WORK_SECONDS = 5.0
T = TypeVar("T")


def quietly(ask: Callable[[], T]) -> T | None:
    """What the database answers; None while nobody does."""
    try:
        return ask()
    except PyMongoError:
        return None


class Crew:
    """Workers by process id. Whoever is gone is replaced at the next look."""

    def __init__(self, world: World, size: int, log: Path) -> None:
        self.world, self.size, self.log = world, size, log
        self.processes: dict[int, subprocess.Popen[bytes]] = {}

    def fill_up(self) -> None:
        """Start as many workers as are missing."""
        for pid, process in list(self.processes.items()):
            if process.poll() is not None:
                del self.processes[pid]
        while len(self.processes) < self.size:
            with self.log.open("ab") as log:
                process = subprocess.Popen(
                    [sys.executable, "-m", "tests.failover.worker", self.world.text()],
                    stderr=log,
                    stdout=log,
                    env=os.environ | {"PYTHONPATH": "."},
                    preexec_fn=end_with_parent(),  # noqa: PLW1509 - one system call, no lock is taken
                )
            self.processes[process.pid] = process

    def kill(self) -> float:
        """kill -9 of the active worker; the seconds until another one had the lease."""
        pid = self._chosen()
        self.processes[pid].send_signal(signal.SIGKILL)
        self.processes[pid].wait()
        seconds = self._until_another_than(pid)
        self.fill_up()
        return seconds

    def pause(self, beyond: float) -> float:
        """Stop the active worker until another one has had the lease for `beyond` seconds, and let it go on; the
        seconds until then."""
        pid = self._chosen()
        self.processes[pid].send_signal(signal.SIGSTOP)
        try:
            seconds = self._until_another_than(pid)
            time.sleep(beyond)
        finally:
            self.processes[pid].send_signal(signal.SIGCONT)
        return seconds

    def until_one_works(self, since: float | None = None) -> float:
        """Wait until some worker holds a lease, granted after the moment `since` on the database's clock; the seconds
        that it took."""
        began = time.monotonic()
        border = since or 0.0
        self._until(lambda: self._active_since(border) is not None)
        return time.monotonic() - began

    def dismiss(self) -> None:
        """End all of them in an orderly way, so that what waits is sealed."""
        for process in self.processes.values():
            process.terminate()
        for process in self.processes.values():
            process.wait(PATIENCE_SECONDS)

    def end(self) -> None:
        """End whoever is left at once."""
        for process in self.processes.values():
            process.kill()
            process.wait()

    def _chosen(self) -> int:
        """The active worker, in the middle of a run where one can be met."""
        self.until_one_works()
        until = time.monotonic() + IN_WORK_SECONDS
        while time.monotonic() < until and not quietly(self._is_at_work):
            time.sleep(0.01)
        self._until(lambda: self._active() in self.processes)
        found = self._active()
        return found if found in self.processes else self._chosen()

    def _until_another_than(self, pid: int) -> float:
        began = time.monotonic()
        self._until(lambda: self._active() not in (None, pid))
        return time.monotonic() - began

    def _active(self) -> int | None:
        return self._active_since(0.0)

    def _active_since(self, moment: float) -> int | None:
        """The process that holds a running lease which it took or renewed after `moment`."""
        running = {"_id": SCHEDULER, "$expr": {"$gt": ["$until", "$$NOW"]}}
        row = quietly(lambda: database()[LEASES].find_one(running))
        if not row or row["until"].timestamp() - self.world.lease < moment:
            return None
        return int(row["worker"].split(":")[1])

    def _is_at_work(self) -> bool:
        return database()[RUNS].find_one({"state": State.RUNNING}, {"_id": 1}) is not None

    def _until(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not condition():
            if time.monotonic() > deadline:
                raise RuntimeError("no worker took over")
            self.fill_up()
            time.sleep(0.02)
