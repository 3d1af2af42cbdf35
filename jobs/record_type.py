"""Records following the change of their type."""

from __future__ import annotations

from jobs.context import JobContext, Report
from models.record_type import service, shipped


def follow(context: JobContext) -> Report:
    """Derive anew what follows from the records of changed types, for a turn.

    Not transactional: doing it twice is doing it once.
    """
    turn = context.turn()
    done = service.carry_on(context.now, turn)
    done += shipped.carry_on(context.now, turn)
    return Report({"types": done} if done else {})
