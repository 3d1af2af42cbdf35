"""Handing on the records of customers whose files have another owner, where there were too many for the moment (X3)."""

from __future__ import annotations

from jobs.context import JobContext, Report
from models.customer import passing_on
from models.job import service as jobs


def carry_on(context: JobContext) -> Report:
    """Hand records on for a turn and ask for another when some are left.

    Not transactional: every piece is a transaction of its own, and whoever comes next goes on behind the last one.
    """
    records, left = passing_on.carry_on(context.now, context.turn())
    if left:
        jobs.ask_again(passing_on.JOB, context.now)
    return Report({"records": records} if records else {})
