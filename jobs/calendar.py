"""Reckoning deadlines again after the working calendar changed."""

from __future__ import annotations

from time import monotonic

from bson import ObjectId

from jobs.context import JobContext, Report
from models.deadline import recount
from models.job import service as jobs

TURN_SECONDS = 10.0
"""Other jobs get their turn after so long; what is left is asked for again."""


def recount_deadlines(context: JobContext) -> Report:
    """Move deadlines for ten seconds at most and ask for another turn when records are left.

    Not transactional: every chunk is a transaction of its own, and whoever comes next goes on behind the last one.
    """
    until = monotonic() + TURN_SECONDS
    moved, left = recount.work(f"job {ObjectId()}", context.now, lambda: monotonic() < until)
    if left:
        jobs.ask_again(recount.JOB, context.now)
    return Report({"moved": moved} if moved else {})
