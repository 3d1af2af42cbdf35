"""Access that ends by itself (X5)."""

from __future__ import annotations

from jobs.context import JobContext, Report
from models.access_request import service


def expire(context: JobContext) -> Report:
    """Close the requests whose period is over. The right itself has ended at that moment without this job."""
    return Report({"ended": service.expire(context.now)})
