"""Sealing the audit trail (X7)."""

from __future__ import annotations

from jobs.context import JobContext, Report
from models import audit


def seal(context: JobContext) -> Report:
    """Seal every entry that waits, so that from now on a change to it shows.

    Not transactional: each seal is a transaction of its own, and a broken-off run leaves whole seals.
    """
    sealed = 0
    while count := audit.seal(context.now):
        sealed += count
    return Report({"sealed": sealed})
