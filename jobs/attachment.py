"""Attached files that no record took."""

from __future__ import annotations

from jobs.context import JobContext, Report
from models.attachment import service


def sweep(context: JobContext) -> Report:
    """Delete files that were sent more than a day ago and belong to no record."""
    swept = 0
    while count := service.sweep(context.now):
        swept += count
    return Report({"swept": swept})
