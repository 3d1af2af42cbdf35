"""Moving the references to merged records on, where there were too many for the moment of the merge (F7)."""

from __future__ import annotations

from jobs.context import JobContext, Report
from models.job import service as jobs
from models.merge import moving


def carry_on(context: JobContext) -> Report:
    """Move references for a turn and ask for another when some are left.

    Not transactional: every chunk is a transaction of its own, and whoever comes next goes on behind the last one.
    """
    chunks, left = moving.carry_on(context.now, context.turn())
    if left:
        jobs.ask_again(moving.JOB, context.now)
    return Report({"chunks": chunks} if chunks else {})
