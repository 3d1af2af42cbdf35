"""The end of the period of secrecy (X2)."""

from __future__ import annotations

from jobs.context import JobContext, Report, Stopped
from models import declassification, levels_before
from models.job import service as jobs
from models.reminder import chasing

END = levels_before.JOB


def end(context: JobContext) -> Report:
    """Declassify what has ended and had its notice, for one turn, and announce what ends soon. What hangs on a record
    and does not follow its level yet, follows first.

    Each record is a transaction of its own, so a broken-off run leaves whole ones.

    :raises Stopped: the process is to end; the next scheduler goes on with what is left.
    """
    turn = context.turn()
    followed, left = levels_before.bring_along(context.now, turn)
    if left:
        return _next_turn(context, {"followed": followed})
    outcome = declassification.declassify(context.now, context.go_on, turn)
    if outcome.left:
        return _next_turn(context, {"followed": followed, "declassified": outcome.declassified})
    announced = chasing.announce_declassification(context.now)
    return Report(
        {
            "followed": followed,
            "declassified": outcome.declassified,
            "kept": outcome.kept,
            "unannounced": outcome.unannounced,
            "unreadable": outcome.unreadable,
            "announced": announced.new,
        }
    )


def _next_turn(context: JobContext, counts: dict[str, int]) -> Report:
    if not context.go_on():
        raise Stopped
    jobs.ask_again(END, context.now)
    return Report(counts)
