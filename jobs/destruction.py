"""Destroying what three people signed for, once its cooling-off is over; and what may be proposed (D1-D3)."""

from __future__ import annotations

from bson import ObjectId

from jobs import copies
from jobs.context import JobContext, JobError, Report
from models.destruction import candidates, removal
from models.errors import Spoken
from models.job import service as jobs


def remove(context: JobContext) -> Report:
    """End what nobody can sign, take out what is due, and go on with what was begun for a turn.

    A copy on which time is played through holds every record: it is waited for, or dropped, before anything is called
    destroyed. Not transactional: each step may be done again, and a record's end is a
    transaction of its own.
    """
    turn = context.turn()
    stuck: list[str] = []

    def tell(number: str, why: Spoken) -> None:
        stuck.append(f"{number}: {why.code}")

    ended = removal.end_impossible(context.now, tell)
    barred_before = removal.count_barred()
    began = removal.begin_due(context.now, tell)
    destroyed, left = 0, False
    if not copies.stand_in_the_way():
        destroyed, left = removal.work(f"job {ObjectId()}", context.now, turn, tell=tell)
    if left:
        jobs.ask_again(removal.JOB, context.now)
    if stuck:
        raise JobError(f"these cannot go on, and are tried again: {'; '.join(stuck)}")
    barred = max(0, removal.count_barred() - barred_before)
    counts = {"ended": ended, "began": began, "barred": barred, "destroyed": destroyed}
    return Report({name: count for name, count in counts.items() if count})


def tell_candidates(context: JobContext) -> Report:
    """Tell custodians that there are records whose retention has ended, once a month each."""
    return Report({"told": candidates.tell(context.now)})
