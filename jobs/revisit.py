"""Regular revisits (V1)."""

from __future__ import annotations

from jobs.context import JobContext, Report
from models.revisit import service


def open_regular(context: JobContext) -> Report:
    """Open the revisits that fall due within a week."""
    return Report({"opened": service.open_regular(context.now)})
