"""The copies of the database on which time is played through, and those that a dead process left."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from config.database import database
from jobs.context import JobContext, Report
from models.destruction import removal

MARK = "_simulation_"
MADE = "simulation"
"""The collection in a copy that tells when it was made."""
LEFT_BEHIND = timedelta(days=1)
WAITED_FOR = timedelta(hours=1)
"""For so long a destruction waits for a copy that may be at work; then the copy goes (D2)."""


def prefix() -> str:
    """How the names of this database's copies begin."""
    return f"{database().name[:40]}{MARK}"


def drop_left_behind(older: timedelta = LEFT_BEHIND) -> int:
    """Drop the copies that are `older`, as those that a dead process left, and tell how many; one of the last day may
    be at work."""
    client, dropped = database().client, 0
    # The clock of the machine: a copy is as old as it is, whatever moment is played through or caught up.
    before = datetime.now(UTC) - older
    for name in _names():
        row = client[name][MADE].find_one()
        if row is not None and row["at"] < before:
            client.drop_database(name)
            dropped += 1
    return dropped


def records_go() -> bool:
    """Whether records are being destroyed at this moment."""
    going = {"state": {"$in": [removal.SETTLING, removal.REMOVING]}}
    return database()[removal.WORK_DOCUMENTS].find_one(going, {"_id": 1}) is not None


def stand_in_the_way() -> bool:
    """Whether records are being destroyed that a copy may hold. One that stays for too long is dropped."""
    if not records_go():
        return False
    drop_left_behind(WAITED_FOR)
    return bool(_names())


def stands() -> bool:
    """Whether the copy to which the process is connected is still there."""
    return database()[MADE].find_one({}, {"_id": 1}) is not None


def _names() -> list[str]:
    return [name for name in database().client.list_database_names() if name.startswith(prefix())]


def sweep(_context: JobContext) -> Report:
    """Drop what simulations left whose process was killed: a copy holds every record."""
    return Report({"swept": drop_left_behind()})
