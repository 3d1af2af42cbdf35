"""Owners who left (X3)."""

from __future__ import annotations

from jobs.context import JobContext, Report
from models import leaving


def tell_heads(context: JobContext) -> Report:
    """Tell heads of what owners who left are still entered with."""
    return Report({"told": leaving.tell(context.now)})
