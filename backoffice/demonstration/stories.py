"""Everything that happens in the demonstration, in the order of its times."""

from __future__ import annotations

from backoffice.demonstration import (
    complaints,
    contracts,
    credit,
    destruction,
    files,
    reminders,
    reports,
    requests,
    reviews,
    revisits,
    secrecy,
)
from backoffice.demonstration.days import Days
from backoffice.demonstration.plan import Step


def steps_of(days: Days) -> list[Step]:
    """All steps up to the present moment; the same list for the same moment."""
    drawer = files.Drawer(days)
    told = [
        *files.steps(days, drawer),
        *credit.steps(days, drawer),
        *contracts.steps(days, drawer),
        *complaints.steps(days, drawer),
        *revisits.steps(days, drawer),
        *reviews.steps(days, drawer),
        *reports.steps(days, drawer),
        *requests.steps(days, drawer),
        *secrecy.steps(days, drawer),
        *destruction.steps(days),
        *reminders.steps(days),
    ]
    return sorted(told, key=lambda step: step.at)  # a stable sort: what is told first happens first
