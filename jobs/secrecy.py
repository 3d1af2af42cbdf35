"""The end of the period of secrecy (X2)."""

from __future__ import annotations

from jobs.context import JobContext, Report
from models import declassification


def end(context: JobContext) -> Report:
    """Declassify what has ended. Each record is a transaction of its own, so a broken-off run leaves whole ones."""
    outcome = declassification.declassify(context.now)
    return Report({"declassified": outcome.declassified, "kept": outcome.kept})
