"""Reminders of deadlines (J)."""

from __future__ import annotations

from jobs.context import JobContext, Report
from models.reminder import chasing, telling


def remind(context: JobContext) -> Report:
    """Remind people in office hours, in the product and on their channels; what is done is closed."""
    chased = chasing.chase_deadlines(context.now, context.calendar)
    names = [channel.name for channel in context.settings.channels]
    messages = telling.tell(context.now, context.settings.base_url, names)
    return Report({"new": chased.new, "closed": chased.closed, "messages": messages})
