"""The ticker: the one place that knows APScheduler, used as an in-memory clock that calls two functions.

What is due, who may act and what has been done is decided by documents in the database; losing the ticker,
the process or the machine loses nothing.
"""

from __future__ import annotations

import logging
import os
import secrets
import socket
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from threading import Event, Lock
from time import monotonic

from apscheduler.schedulers.background import BackgroundScheduler
from pymongo import timeout
from pymongo.errors import PyMongoError

from config.database import DatabaseError, connect, database, disconnect
from config.oplog_follower import following
from config.settings import Settings
from jobs import audit_seal, execution
from jobs.audit_seal import Sealer
from jobs.context import Stopped
from jobs.execution import Desk
from jobs.table import Lane
from models.backup import mark
from models.job import lease as leases
from models.job.document import Lease
from models.job.rules import LeaseLost
from models.key_vault import service as key_vault

log = logging.getLogger(__name__)

TICK_SECONDS = 1.0
# A lease is renewed this many times within its life.
RENEWALS = 3
# A clock that is kept in step goes back by less.
CLOCK_BACK = timedelta(minutes=1)
# What waits is sealed, and the lease given back, within this time or by the next scheduler.
GOODBYE_SECONDS = 10.0
# Without a renewal attempt for this many lives of a lease the ticker counts as dead.
STALLED_LIVES = 3
# So many hanging jobs may be left behind; with more the process ends, and they with it.
MOST_LEFT_BEHIND = 5


def run_scheduler(settings: Settings, stop: Event) -> None:
    """Run scheduled work until `stop` is set; a run in progress is finished first, where that takes seconds. Also
    returns when so many jobs hang that the process had better be started anew.

    Any number of schedulers may run: one works, the others stand by and take over when it ends or hangs.

    :raises DatabaseError: the database cannot be used at the start.
    """
    connect(settings)
    try:
        mark.require_none()
        key_vault.require()
        desk = Desk(worker=worker_name(), settings=settings)
        with following(database().client) if settings.embedded else nullcontext():
            Scheduler(desk, sealer=Sealer(settings, desk.clock)).run(stop)
    finally:
        disconnect()


def worker_name() -> str:
    """A name for this process that no other one has or will have."""
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(3)}"


@dataclass(frozen=True)
class Held:
    """A lease and until when this process may rely on it, on its own monotonic clock."""

    lease: Lease
    until: float


class Scheduler:
    """Holds or waits for the lease, and ticks and seals the audit trail while it holds it. Durations are in seconds."""

    def __init__(
        self,
        desk: Desk,
        *,
        ttl: float = leases.TTL_SECONDS,
        tick: float = TICK_SECONDS,
        sealer: Sealer | None = None,
        seal: float = audit_seal.ROUND_SECONDS,
    ) -> None:
        self.desk = desk
        self.sealer = sealer
        self.seal_seconds = seal
        self.ttl = ttl
        self.tick_seconds = tick
        self.ticker: BackgroundScheduler | None = None
        self._held: Held | None = None
        self._pulse = monotonic()
        self._busy = {lane: Lock() for lane in Lane}
        self._stop = Event()
        self._seen = desk.clock()

    def run(self, stop: Event) -> None:
        """Tick until `stop` is set, or too many jobs hang; with a new ticker whenever the present one has died."""
        self._stop = stop
        self.ticker = self._started()
        while not stop.wait(min(1.0, self.ttl / RENEWALS)):
            if self.desk.watch.left_behind() > MOST_LEFT_BEHIND:
                log.error("too many jobs hang: this process ends, to be started again")
                stop.set()
            if monotonic() - self._pulse > self.ttl * STALLED_LIVES:
                log.error("the ticker has stopped; a new one is started")
                _shut_down(self.ticker, wait=False)
                self.ticker = self._started()
        _shut_down(self.ticker, wait=True)
        self._give_back()

    def renew(self) -> None:
        """Take or renew the lease; with a new one, bring the schedules in line first."""
        asked = self._pulse = monotonic()
        try:
            lease = leases.acquire(self.desk.worker, ttl=self.ttl)
            if lease and not (self._held and self._held.lease.token == lease.token):
                execution.sync(self.desk, lease)
                log.info("this scheduler is the active one (lease %s)", lease.token)
        except LeaseLost:
            lease = None
        except PyMongoError as error:
            # The lease in hand stays good until its own end.
            log.warning("the lease cannot be renewed: %s", type(error).__name__)
            return
        self._held = Held(lease, asked + self.ttl) if lease else None

    def tick(self, lane: Lane) -> None:
        """Do what is due of a lane, if this scheduler is the active one."""
        if not (self._active() and self._busy[lane].acquire(blocking=False)):
            return
        held = self._held
        try:
            if held:
                self._look_at_the_clock(held.lease)
                execution.tick(self.desk, held.lease, self._active, lane)
        except LeaseLost as error:
            log.warning("this scheduler is no longer the active one: %s", error)
            self._held = None
        except Stopped:
            log.info("a run is left to the next scheduler")
        except PyMongoError as error:
            log.warning("the tick broke off: %s", type(error).__name__)
        finally:
            self._busy[lane].release()

    def _look_at_the_clock(self, lease: Lease) -> None:
        """Plan anew when the clock was set back: what it had put off comes in its turn again. What has run stays done,
        whatever the clock says."""
        before, self._seen = self._seen, self.desk.clock()
        if before - self._seen > CLOCK_BACK:
            log.warning("the clock was set back by %s: the schedules are planned anew", before - self._seen)
            execution.sync(self.desk, lease)

    def seal(self) -> None:
        """Seal what waits in the audit trail, if this scheduler is the active one. Runs beside the tick, which may
        take minutes."""
        held = self._held
        if self.sealer is None or held is None or not self._active():
            return
        try:
            self.sealer.round(held.lease, self._active)
        except LeaseLost as error:
            log.warning("this scheduler no longer seals the audit trail: %s", error)
        except (PyMongoError, DatabaseError) as error:
            log.warning("sealing the audit trail broke off: %s", type(error).__name__)

    def _active(self) -> bool:
        held = self._held
        return held is not None and monotonic() < held.until and not self._stop.is_set()

    def _started(self) -> BackgroundScheduler:
        # It would warn of every tick that is left out because a run takes longer than a second.
        logging.getLogger("apscheduler").setLevel(logging.ERROR)
        ticker = BackgroundScheduler(timezone=UTC)
        self._pulse = monotonic()
        _every(ticker, self.ttl / RENEWALS, self.renew)
        for lane in Lane:
            _every(ticker, self.tick_seconds, partial(self.tick, lane))
        if self.sealer is not None:
            _every(ticker, self.seal_seconds, self.seal)
        ticker.start()
        return ticker

    def _give_back(self) -> None:
        held, self._held = self._held, None
        if held:
            try:
                with timeout(GOODBYE_SECONDS):  # the database may have ended first
                    if self.sealer is not None:
                        self.sealer.finish(held.lease)
                    leases.release(held.lease)
            except LeaseLost as error:
                log.warning("this scheduler was not the active one at its end: %s", error)
            except (PyMongoError, DatabaseError) as error:
                log.warning("the lease runs out by itself: %s", type(error).__name__)


def _every(ticker: BackgroundScheduler, seconds: float, work: Callable[[], None]) -> None:
    ticker.add_job(
        work,
        "interval",
        seconds=seconds,
        next_run_time=datetime.now(UTC),
        max_instances=1,
        coalesce=True,
        misfire_grace_time=None,
    )


def _shut_down(ticker: BackgroundScheduler, *, wait: bool) -> None:
    if ticker.running:
        ticker.shutdown(wait=wait)
