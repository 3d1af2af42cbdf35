"""Reminders of deadlines (J)."""

from __future__ import annotations

from jobs.context import JobContext, Report, Stopped
from models.reminder import chasing, telling


def remind(context: JobContext) -> Report:
    """Remind people in office hours, in the product and on their channels; what is done is closed.

    :raises Stopped: the process is to end, or is no longer the active one; the next scheduler goes on.
    """
    chased = chasing.chase_deadlines(context.now, context.calendar, context.go_on)
    names = [channel.name for channel in context.settings.channels]
    messages = telling.tell(context.now, context.settings.base_url, names, context.go_on, context.fence)
    if not context.go_on():
        raise Stopped
    return Report({"new": chased.new, "closed": chased.closed, "messages": messages})
