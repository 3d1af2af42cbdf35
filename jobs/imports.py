"""Carrying imports on, and forgetting uploaded files in time."""

from __future__ import annotations

from bson import ObjectId

from jobs.context import JobContext, Report
from models.exchange import running, uploads
from models.exchange.service import JOB
from models.job import service as jobs


def carry_on(context: JobContext) -> Report:
    """Work on imports for a turn and ask for another when work is left.

    Not transactional: every chunk is a transaction of its own, and whoever comes next goes on behind the last one.
    """
    rows, left = running.work(f"job {ObjectId()}", context.now, context.turn())
    if left:
        jobs.ask_again(JOB, context.now)
    return Report({"rows": rows} if rows else {})


def sweep(context: JobContext) -> Report:
    """Delete uploaded files of imports that are 30 days old, and of none a day after they came."""
    return Report({"swept": uploads.sweep(context.now)})
