"""Records following the change of their type."""

from __future__ import annotations

from time import monotonic

from jobs.context import JobContext, Report
from models.record_type import service, shipped

TURN_SECONDS = 10.0
"""Other jobs get their turn after so long; the next minute goes on behind what is done."""


def follow(context: JobContext) -> Report:
    """Derive anew what follows from the records of changed types, for ten seconds at most.

    Not transactional: doing it twice is doing it once.
    """
    until = monotonic() + TURN_SECONDS
    done = service.carry_on(context.now, lambda: monotonic() < until)
    done += shipped.carry_on(context.now, lambda: monotonic() < until)
    return Report({"types": done} if done else {})
