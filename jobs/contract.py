"""Agreed days of contracts that passed (K5)."""

from __future__ import annotations

from jobs.context import JobContext, Report
from models.contract import overdue


def tell_managers(context: JobContext) -> Report:
    """Tell sales managers of contracts that became late; what renews by itself is due at its end then."""
    told = overdue.tell(context.now, context.fence)
    return Report({"messages": told, "renewed": overdue.let_renew(context.now, context.fence)})
