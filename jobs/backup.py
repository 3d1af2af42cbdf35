"""The daily backup: into a folder, the newest few kept."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from config.settings import Settings
from jobs.context import JobContext, JobError, Report, Stopped
from models import audit
from models.backup import archive, rules, snapshot
from models.backup.archive import PART_SUFFIX, Tell, silent
from models.backup.manifest import BackupError, Manifest
from models.key_vault import copies
from models.key_vault.refusals import KeysUnusable
from models.person.roles import SYSTEM

MADE = "backup_made"


def daily(context: JobContext) -> Report:
    """Save everything and remove the oldest backups beyond those to keep. Old ones go only after a new one is whole.

    :raises JobError: there is no new backup; the old ones are all there.
    :raises Stopped: the process is to end; the next scheduler begins anew.
    """

    def tell(_collection: str, _done: int) -> None:
        if not context.go_on():
            raise Stopped

    folder = context.settings.backup_dir
    path = folder / rules.name_at(context.now)
    try:
        made = None if path.exists() else save(path, context.settings, context.now, tell)
        if made is None:
            _end(path, context.now)
        removed = _remove_old(folder, context.settings.backup_keep, context.now)
    except BackupError as error:
        raise JobError(str(error)) from error
    except OSError as error:
        raise JobError(f"{folder} cannot be tidied up: {error.strerror}") from error
    left_out = sum(part.left_out for part in made.parts) if made else 0
    counts = {"documents": made.count if made else 0, "swept": removed}
    return Report({**counts, **({"left_out": left_out} if left_out else {})})


def save(path: Path, settings: Settings, now: datetime, tell: Tell = silent) -> Manifest:
    """Take a backup, note it in the audit trail, and bring the backup of the keys up to date, which it needs.

    :raises BackupError: there is none, or the keys are not saved.
    """
    made = snapshot.take(path, settings, now, tell)
    _note(path, made, now)
    return made


def _end(path: Path, now: datetime) -> None:
    """Do what follows a backup whose process died over it, when the file was there already."""
    with archive.opened(path) as found:
        made = found.manifest
    if not audit.entries({"action": MADE, "number": path.name}, limit=1):
        _note(path, made, now)


def _note(path: Path, made: Manifest, now: datetime) -> None:
    try:
        copies.keep_up()
    except KeysUnusable as error:
        raise BackupError(error.reason) from error
    detail = {"documents": made.count, "digest": made.digest}
    audit.append(MADE, SYSTEM, audit.Subject("backup", number=path.name), now=now, detail=detail)


def _remove_old(folder: Path, keep: int, now: datetime) -> int:
    """Remove backups beyond the newest, and what processes left behind that died over a backup."""
    paths = {path.name: path for path in folder.iterdir()}
    gone = rules.to_remove(paths, keep)
    before = (now - rules.DEAD_PART).timestamp()
    parts = [name for name in paths if name.startswith(".backoffice-") and name.endswith(PART_SUFFIX)]
    for name in (*gone, *(part for part in parts if paths[part].stat().st_mtime < before)):
        paths[name].unlink(missing_ok=True)
    return len(gone)
