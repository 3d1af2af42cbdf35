"""Carrying bulk changes on, and forgetting in time which records they were about."""

from __future__ import annotations

from bson import ObjectId

from jobs.context import JobContext, Report
from models.bulk_change import running, sweeping
from models.bulk_change.service import JOB
from models.job import service as jobs


def carry_on(context: JobContext) -> Report:
    """Work on bulk changes for a turn and ask for another when work is left.

    Not transactional: every chunk is a transaction of its own, and whoever comes next goes on behind the last one.
    """
    handled, left = running.work(f"job {ObjectId()}", context.now, context.turn())
    if left:
        jobs.ask_again(JOB, context.now)
    return Report({"records": handled} if handled else {})


def sweep(context: JobContext) -> Report:
    """Forget plans that nobody confirmed within a day, and after 30 days which records a plan was about."""
    return Report({"swept": sweeping.sweep(context.now)})
