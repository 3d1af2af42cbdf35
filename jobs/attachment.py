"""Attached files: those that no record took, with keys of records that never were; those that are not sealed yet."""

from __future__ import annotations

from jobs.context import JobContext, Report, Stopped
from models import unborn
from models.attachment import sealed, service

AT_ONCE = 20


def sweep(context: JobContext) -> Report:
    """Delete files that were sent more than a day ago and belong to no record, and keys that were made as long ago for
    records that never were."""
    swept = 0
    while count := service.sweep(context.now):
        swept += count
    return Report({"swept": swept, "keys": unborn.sweep(context.now, context.go_on)})


def seal(context: JobContext) -> Report:
    """Seal files that were stored before files were sealed; broken off, it goes on where it stood."""
    done = 0
    while count := sealed.seal_former(AT_ONCE):
        done += count
        if not context.go_on():
            raise Stopped
    return Report({"sealed": done})
