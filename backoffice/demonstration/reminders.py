"""Reminders of the demonstration: what the people of the department find unread when it opens (J)."""

from __future__ import annotations

from collections.abc import Iterator

from backoffice.demonstration.days import Days
from backoffice.demonstration.plan import Deed, Step, World
from models.reminder.chasing import announce_declassification, chase_deadlines


def steps(days: Days) -> Iterator[Step]:
    """The last round of the jobs that remind, within the last office hours."""
    at = days.back(0, "17:30")

    def remind(_world: World) -> None:
        announce_declassification(at)
        chase_deadlines(at, days.calendar)

    yield Deed(days.now, remind, alone=True)
