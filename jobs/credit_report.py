"""Credit reports that fall due (C3)."""

from __future__ import annotations

from jobs.context import JobContext, Report
from models.credit_report import service


def open_due(context: JobContext) -> Report:
    """Open a draft for each customer whose next report falls due within the notice."""
    return Report({"opened": service.open_due(context.now)})
