"""Rules of backups: their names, which are kept, when one is missing, and what no backup holds."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

JOB = "backup"
OVERDUE = timedelta(hours=2)
"""A backup that has waited for this long shows that nothing makes one."""
DEAD_PART = timedelta(days=1)
"""An unfinished file that is older was left behind by a process that died."""

RESTORING = "restore_in_progress"
"""A collection that is there while a restore is going on, and after one whose process died."""

VAULT = "the key vault"

LEFT_OUT = {
    "session": "nobody is signed in where it is restored",
    "sign_in_try": "counts of the last minutes",
    "lease": "who works at the moment",
    "unsent_form": "typed in the last minutes, and not sent",
    RESTORING: "a restore that is going on",
    VAULT: "a database of its own: a backup must not bring back keys of what was destroyed (D2)",
}
"""What no backup holds, with the reason: collections, and the database of the keys that seal records."""

NAME = re.compile(r"backoffice-\d{8}T\d{6}Z\.zip")


def name_at(moment: datetime) -> str:
    """The file name of a backup taken at `moment`; names sort by time."""
    return f"backoffice-{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}.zip"


def moment_of(name: str) -> datetime:
    """When the backup of this file name was taken. :raises ValueError: it is no such name."""
    return datetime.strptime(name, "backoffice-%Y%m%dT%H%M%SZ.zip").replace(tzinfo=UTC)


def to_remove(names: Iterable[str], keep: int) -> list[str]:
    """Of the files in a folder, the backups beyond the `keep` newest. Other files are nobody's business."""
    backups = sorted((name for name in names if NAME.fullmatch(name)), reverse=True)
    return backups[keep:]


def warning(*, enabled: bool, failed: bool, planned: datetime, now: datetime) -> str:
    """What somebody should look at about the daily backup, '' for nothing: its last run failed, or nobody runs it.
    Whoever switched it off saves in another way."""
    if not enabled:
        return ""
    if failed:
        return "the last backup failed"
    return "the daily backup is overdue" if now - planned > OVERDUE else ""
