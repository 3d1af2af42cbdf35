"""Owners who left (X3)."""

from __future__ import annotations

from jobs.context import JobContext, Report, Stopped
from models import leaving
from models.job import service as jobs


def tell_heads(context: JobContext) -> Report:
    """Let what people own follow them to other departments, for a turn, and tell heads of what owners who left are
    still entered with.

    Not transactional: every chunk is a transaction of its own, and whoever comes next goes on behind the last one.

    :raises Stopped: the process is to end; the next scheduler goes on with what is left.
    """
    done, left = leaving.settle_all(context.turn())
    if left:
        if not context.go_on():
            raise Stopped
        jobs.ask_again(leaving.JOB, context.now)
    return Report({**({"followed": done} if done else {}), "told": leaving.tell(context.now)})
