"""The daily check of the audit trail (X7): everything is read and computed again, as `audit verify` does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from pymongo.database import Database

from config.database import audit_database
from config.settings import Settings
from jobs.context import JobContext, JobError, Report, Stopped
from models import audit
from models.audit.stored import Row, StoredTrail
from models.audit_check import rules, service


class _Growing(StoredTrail):
    """The trail of a product at work, as far as it was sealed when the walk began."""

    def __init__(self, db: Database[dict[str, Any]], go_on: Callable[[], bool]) -> None:
        super().__init__(db)
        self.go_on = go_on

    def seals(self) -> Iterator[Row]:
        """The seals there are; later ones would be newer than the checkpoints at hand. :raises Stopped:"""
        last = audit.sealing_state().seq
        for seal in super().seals():
            if not self.go_on():
                raise Stopped
            if seal["seq"] > last:
                return
            yield seal


def check(context: JobContext) -> Report:
    """Verify the whole trail against the checkpoints in the database and in this installation's folder.

    What it found is kept and told to administrators, auditors and heads; the same findings once.

    :raises JobError: something does not fit, or the checkpoint files cannot be read.
    :raises Stopped: the process is to end; the next scheduler begins anew.
    """
    folder = context.settings.audit_dir
    try:
        found = audit.verify(_Growing(audit_database(), context.go_on), [folder] if folder.is_dir() else None)
    except OSError as error:
        raise JobError(f"the checkpoint files in {folder} cannot be read: {error.strerror}") from error
    findings = rules.alarming(found, one_folder=_writes_alone(context.settings))
    service.note(found.checked, findings, context.now)
    if findings:
        raise JobError(f"the audit trail does not fit: {len(findings)} findings; 'backoffice audit verify' names them")
    return Report({"checked": found.checked})


def _writes_alone(settings: Settings) -> bool:
    """Whether no scheduler on another machine can write checkpoints: the database is this machine's own."""
    return settings.embedded
