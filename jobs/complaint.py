"""Complaints that pile up (T6)."""

from __future__ import annotations

from jobs.context import JobContext, Report
from models.complaint import batches


def tell_batches(context: JobContext) -> Report:
    """Tell heads of causes that are met again and again."""
    return Report({"told": batches.tell(context.now)})
