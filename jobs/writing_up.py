"""Writing up what became more secret together with what it hangs on, where there was too much for the moment (X1)."""

from __future__ import annotations

from jobs.context import JobContext, Report
from models import writing_up
from models.closing import JOB
from models.job import service as jobs


def carry_on(context: JobContext) -> Report:
    """Write up pieces for a turn and ask for another when some are left.

    Not transactional: every piece is a transaction of its own, and whoever comes next goes on behind the last one.
    """
    pieces, left = writing_up.carry_on(context.turn())
    if left:
        jobs.ask_again(JOB, context.now)
    return Report({"pieces": pieces} if pieces else {})
