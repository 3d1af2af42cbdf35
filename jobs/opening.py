"""Opening what falls due, a turn at a time: a quarter's reviews (F5), regular revisits (V1), credit reports (C3)."""

from __future__ import annotations

from jobs.context import JobContext, Report, Stopped
from models.credit_report import service as credit_report
from models.job import service as jobs
from models.opening import Opened, Opening, open_some
from models.review import service as review
from models.revisit import service as revisit

REVIEWS, REVISITS, REPORTS = "quarterly_review", "revisit_due", "credit_due"


def quarter(context: JobContext) -> Report:
    """Open what the quarter's reviews lack: all of them on its first working day, later those of new files."""
    opening = review.quarter_opening(context.now, context.calendar)
    return _in_turns(REVIEWS, opening, context) if opening else Report({"opened": 0})


def revisits(context: JobContext) -> Report:
    """Open the revisits that fall due within a week."""
    return _in_turns(REVISITS, revisit.regular_opening(context.now), context)


def credit_reports(context: JobContext) -> Report:
    """Open a draft for each customer whose next report falls due within the notice."""
    return _in_turns(REPORTS, credit_report.due_opening(context.now), context)


def _in_turns(job: str, opening: Opening, context: JobContext) -> Report:
    """Open for one turn and ask for another one when something is left, unless the job was switched off; the count is
    that of all turns so far.

    :raises Stopped: the process is to end; the next scheduler goes on behind the last chunk.
    """
    opened = open_some(
        opening, context.now, context.turn(), lambda so_far: context.note(_counts(so_far)), context.fence
    )
    if opened.left:
        if not context.go_on():
            raise Stopped
        jobs.ask_again(job, context.now)
    return Report(_counts(opened))


def _counts(opened: Opened) -> dict[str, int]:
    """What is done; while something is left, also how many files were looked through, and of how many."""
    how_far = {"looked_through": opened.through, "in_all": opened.total} if opened.left else {}
    return {"opened": opened.opened, **how_far}
