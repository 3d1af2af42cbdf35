"""Reckoning deadlines again after the working calendar changed."""

from __future__ import annotations

from bson import ObjectId

from jobs.context import JobContext, Report
from models.deadline import recount
from models.job import service as jobs


def recount_deadlines(context: JobContext) -> Report:
    """Move deadlines for a turn and ask for another when records are left.

    Not transactional: every chunk is a transaction of its own, and whoever comes next goes on behind the last one.
    """
    moved, left = recount.work(f"job {ObjectId()}", context.now, context.turn())
    if left:
        jobs.ask_again(recount.JOB, context.now)
    return Report({"moved": moved} if moved else {})
