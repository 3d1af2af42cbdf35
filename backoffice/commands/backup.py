"""`backup` and `restore`: one moment of everything in a file, and the way back."""

from __future__ import annotations

import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic

import click

from backoffice.commands.connection import connected
from backoffice.commands.errors import Failure
from config.settings import Settings
from jobs.audit_seal import key_source
from jobs.backup import save
from jobs.execution import utc_now
from models.backup import archive, restoring
from models.backup.manifest import BackupError, Manifest
from models.backup.rules import name_at
from models.calendar import local

TOLD_SECONDS = 2.0
MEGABYTE = 2**20


@click.command()
@click.argument("file", required=False, type=click.Path(dir_okay=False, path_type=Path))
def backup(file: Path | None) -> None:
    """Save the database, as it stands at one moment, to FILE.

    People may go on working. Without FILE a dated file is written to the folder of the daily backups. The file appears
    when it is whole and has been read again; only its owner can read it. Keep the three secrets and the audit trail's
    signing key elsewhere: they are not in it.
    """
    with connected() as settings, _in_words():
        began, now = monotonic(), utc_now()
        path = file or settings.backup_dir / name_at(now)
        made = save(path, settings, now, _progress())
    size = path.stat().st_size
    click.echo(
        f"{made.count} documents of {len(made.parts)} collections, {made.size / MEGABYTE:.1f} MB, as of {made.taken}"
    )
    click.echo(f"{made.sealed} of them sealed: the key vault has a backup of its own (backoffice keys backup)")
    click.echo(f"{path}: {size / MEGABYTE:.1f} MB, {_cost(began)}")


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--verify-only", is_flag=True, help="Read the file and say whether it is whole; restore nothing.")
@click.option("--despite-findings", is_flag=True, help="Restore in spite of other secrets or a bad audit trail.")
@click.option("--clear", is_flag=True, help="Remove what a restore left here that was killed.")
def restore(file: Path, verify_only: bool, despite_findings: bool, clear: bool) -> None:
    """Fill an empty database from the backup FILE.

    What is stored then is proved to be what was saved. The file is read through first; one that is damaged, cut or no
    backup at all is refused before anything is touched. A restore that fails leaves the place empty. Stop web and
    scheduler before.
    """
    with _in_words(), archive.opened(file) as source:
        began = monotonic()
        click.echo(f"Reading {file} ...")
        source.verify()
        click.echo(_contents(source.manifest))
        if verify_only:
            click.echo(f"The file is whole ({_cost(began)}).")
            return
        with connected() as settings:
            report = restoring.restore(
                source, settings, utc_now(), tell=_progress(), despite=despite_findings, clear=clear
            )
            missing_key = _missing_key(settings)
    for line in (*_report(report), *missing_key, f"Restored ({_cost(began)})."):
        click.echo(line)


def _contents(made: Manifest) -> str:
    taken = f"{local(made.moment):%Y-%m-%d %H:%M:%S}"
    size = f"{made.size / MEGABYTE:.1f} MB"
    return f"Backup of {taken} (Shanghai), version {made.product}: {made.count} documents, {size}, all hashes right"


def _report(report: restoring.Restored) -> Iterator[str]:
    made = report.manifest
    count = made.count - report.destroyed
    yield f"{count} documents of {len(made.parts)} collections stored, read again and found the same"
    yield (
        f"audit trail: {report.entries} sealed entries and {report.checkpoints} checkpoints verified, "
        f"{report.waiting} entries waiting for their seal"
    )
    yield f"{report.accounts} accounts can sign in with a password, {report.administrators} of them administrators"
    yield from (f"note: {note}" for note in report.notes)
    if report.changes:
        yield f"made besides: {len(report.changes)} collections or indexes that the backup does not hold"


def _missing_key(settings: Settings) -> list[str]:
    """A note when the scheduler would begin to sign with a key that nobody vouches for."""
    source = key_source(settings)
    if source.given or source.path.exists():
        return []
    return [f"note: {source.path} is missing: put the audit trail's signing key there before a scheduler starts"]


def _progress() -> Callable[[str, int], None]:
    last = [monotonic()]

    def tell(collection: str, done: int) -> None:
        if monotonic() - last[0] > TOLD_SECONDS:
            last[0] = monotonic()
            click.echo(f"  {collection}: {done}", err=True)

    return tell


def _cost(began: float) -> str:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return f"{monotonic() - began:.1f} s, at most {peak:.0f} MB of memory"


@contextmanager
def _in_words() -> Iterator[None]:
    try:
        yield
    except BackupError as error:
        raise Failure(str(error)) from error


COMMANDS = (backup, restore)
