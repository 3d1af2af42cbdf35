"""The end of the period of secrecy (X2)."""

from __future__ import annotations

from jobs.context import JobContext, Report
from models import declassification
from models.reminder import chasing


def end(context: JobContext) -> Report:
    """Declassify what has ended, and announce what ends soon to its owner.

    Each record is a transaction of its own, so a broken-off run leaves whole ones.
    """
    outcome = declassification.declassify(context.now)
    announced = chasing.announce_declassification(context.now)
    return Report({"declassified": outcome.declassified, "kept": outcome.kept, "announced": announced.new})
