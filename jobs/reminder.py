"""Reminders of deadlines (J)."""

from __future__ import annotations

from jobs.context import JobContext, Report
from models.reminder import chasing, mailing


def remind(context: JobContext) -> Report:
    """Remind people in office hours, in the product and by email; what is done is closed."""
    chased = chasing.chase_deadlines(context.now, context.calendar)
    emails = mailing.post_emails(context.now, context.settings.base_url)
    return Report({"new": chased.new, "closed": chased.closed, "emails": emails})
