"""The copies of the database on which time is played through, and those that a dead process left."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from config.database import database
from jobs.context import JobContext, Report

MARK = "_simulation_"
MADE = "simulation"
"""The collection in a copy that tells when it was made."""
LEFT_BEHIND = timedelta(days=1)


def prefix() -> str:
    """How the names of this database's copies begin."""
    return f"{database().name[:40]}{MARK}"


def drop_left_behind() -> int:
    """Drop the copies that a dead process left, and tell how many; one of the last day may be at work."""
    client, dropped = database().client, 0
    # The clock of the machine: a copy is as old as it is, whatever moment is played through or caught up.
    before = datetime.now(UTC) - LEFT_BEHIND
    for name in client.list_database_names():
        if name.startswith(prefix()):
            row = client[name][MADE].find_one()
            if row is not None and row["at"] < before:
                client.drop_database(name)
                dropped += 1
    return dropped


def sweep(_context: JobContext) -> Report:
    """Drop what simulations left whose process was killed: a copy holds every record."""
    return Report({"swept": drop_left_behind()})
