"""Quarterly re-verification of customer files (F5)."""

from __future__ import annotations

from jobs.context import JobContext, Report
from models.review import service


def open_quarter(context: JobContext) -> Report:
    """Open what the quarter's reviews lack: all of them on its first working day, later those of new files."""
    return Report({"opened": service.open_quarter(context.now, context.calendar)})
