"""Whether what no backup of the data holds, and what it is worth nothing without, is saved too: the data keys."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from config.settings import Settings
from models.backup import rules


def keys_warning(settings: Settings) -> str:
    """What somebody should look at about the backup of the key vault, '' for nothing. It repeats no path."""
    path = settings.keys_backup
    if path is None:
        return "the key vault has no backup: name a file in BACKOFFICE_KEYS_BACKUP"
    try:
        saved_at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except OSError:
        return "the backup of the key vault is missing"
    newest = _newest(settings.backup_dir)
    if newest is not None and saved_at < newest:
        return "the backup of the key vault is older than the newest backup"
    return ""


def _newest(folder: Path) -> datetime | None:
    """When the newest backup in a folder was taken; None without one."""
    try:
        names = [path.name for path in folder.iterdir() if rules.NAME.fullmatch(path.name)]
    except OSError:
        return None
    return rules.moment_of(max(names)) if names else None
