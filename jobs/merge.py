"""Moving the references to merged records on, where there were too many for the moment of the merge (F7)."""

from __future__ import annotations

from time import monotonic

from jobs.context import JobContext, Report
from models.job import service as jobs
from models.merge import moving

TURN_SECONDS = 10.0
"""Other jobs get their turn after so long; what is left is asked for again."""


def carry_on(context: JobContext) -> Report:
    """Move references for ten seconds at most and ask for another turn when some are left.

    Not transactional: every chunk is a transaction of its own, and whoever comes next goes on behind the last one.
    """
    until = monotonic() + TURN_SECONDS
    chunks, left = moving.carry_on(context.now, lambda: monotonic() < until)
    if left:
        jobs.ask_again(moving.JOB, context.now)
    return Report({"chunks": chunks} if chunks else {})
