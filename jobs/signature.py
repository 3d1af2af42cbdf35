"""Signatures that nobody gave in time."""

from __future__ import annotations

from jobs.context import JobContext, Report
from models import climbing
from models.reminder import chasing


def climb(context: JobContext) -> Report:
    """Pass on what waits unsigned for too long, and tell those for whom it waits now."""
    climbed = climbing.climb(context.now, context.calendar)
    told = chasing.announce_stuck(context.now)
    return Report({name: count for name, count in (("climbed", climbed), ("new", told.new)) if count})
