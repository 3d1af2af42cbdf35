"""Sealing the audit trail (X7): a loop of the scheduler's process beside its ticker, under the same lease.

It is no job of the table: a run record for each of its rounds would be a million a month. What it has done stands in
the seals and checkpoints themselves.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from config.settings import Settings
from models import audit
from models.audit.keys import CURRENT
from models.job import lease as leases
from models.job.document import Lease

log = logging.getLogger(__name__)

BATCH = 1_000
ROUND_SECONDS = 2.0
"""An entry waits for a round, and for those that came before it: less than five seconds."""


def key_source(settings: Settings) -> audit.KeySource:
    """Where this installation's signing key comes from."""
    path = settings.audit_key_file or settings.data_dir / CURRENT
    makes = settings.audit_key_file is None
    return audit.KeySource(path, settings.audit_key, settings.audit_key_previous, makes)


@dataclass
class Sealer:
    """Seals what waits and signs the chain's head every few minutes."""

    settings: Settings
    clock: Callable[[], datetime]
    writer: audit.Writer = field(init=False)
    _complained: str = field(default="", init=False)
    _lacking: audit.Lacking = field(default_factory=audit.Lacking, init=False)

    def __post_init__(self) -> None:
        self.writer = audit.Writer(self.settings.audit_dir, key_source(self.settings))

    def round(self, lease: Lease, go_on: Callable[[], bool] = lambda: True) -> int:
        """Seal everything that waits, then sign when it is time; returns how many were sealed.

        A key or file that cannot be used is logged and hinders no sealing.

        :raises LeaseLost: another scheduler has taken over.
        """
        sealed = 0
        while True:
            count = audit.seal(self.clock(), BATCH, fence=lambda: leases.require(lease), lacking=self._lacking)
            sealed += count
            if self.writer.is_due(self.clock()):
                self._sign(lease, "regular")
            if count < BATCH or not go_on():  # what came meanwhile is for the next round, in one seal
                return sealed

    def finish(self, lease: Lease) -> None:
        """The last round before the lease is given back: seal what waits and sign the end. :raises LeaseLost:"""
        self.round(lease)
        self._sign(lease, "stopped")

    def _sign(self, lease: Lease, event: str) -> None:
        try:
            self.writer.write(self.clock(), event=event, fence=lambda: leases.require(lease))
        except (audit.KeyUnreadable, OSError) as error:
            if str(error) != self._complained:
                log.error("no checkpoint of the audit trail can be written: %s", error)
            self._complained = str(error)
        else:
            self._complained = ""
