"""`audit`: the trail of who read and changed what."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from bson.errors import BSONError
from pymongo import MongoClient
from pymongo.errors import PyMongoError

from backoffice.commands.connection import connected
from backoffice.commands.errors import Failure
from config.database import audit_database
from config.settings import Settings
from jobs.audit_seal import key_source
from jobs.execution import utc_now
from models import audit as trail
from models.audit import dump
from models.audit.checkpoints import latest
from models.audit.keys import check_public, public_text
from models.audit.stored import StoredTrail
from models.audit.verification import Trail
from models.calendar import local
from models.person.roles import SYSTEM

FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


@click.group()
def audit() -> None:
    """The audit trail."""


@audit.command(short_help="Say whether anything in the trail was changed, removed or slipped in.")
@click.option("--uri", help="Read the database of this MongoDB URI; settings and secrets are not looked at.")
@click.option("--database", "name", default="backoffice", show_default=True, help="With --uri: the trail's database.")
@click.option("--dump", "dumped", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Read this file.")
@click.option("--checkpoints", "folders", type=FOLDER, multiple=True, help="Folder of checkpoint files; repeatable.")
@click.option("--key", "keys", multiple=True, help="A public key that you noted when it began; repeatable.")
def verify(uri: str | None, name: str, dumped: Path | None, folders: tuple[Path, ...], keys: tuple[str, ...]) -> None:
    """Recompute the whole audit trail and hold it against the signed checkpoints.

    Without options it reads the database and the folder of this installation's settings. The product need not run.
    Ends with exit code 1 when something does not fit; each finding is a line.
    """
    try:
        trusted = [check_public(key) for key in keys]
    except trail.BadKey as error:
        raise click.BadParameter(str(error), param_hint="--key") from error
    try:
        with _examined(uri, name, dumped, folders) as (examined, witnesses):
            verdict = trail.verify(examined, witnesses, trusted)
    except (dump.BadDump, OSError, BSONError) as error:
        raise Failure(str(error)) from error
    except PyMongoError as error:
        raise Failure(f"the database cannot be read: {type(error).__name__}") from error
    click.echo(
        f"{verdict.checked} sealed entries checked, {verdict.waiting} waiting for their seal, "
        f"{verdict.checkpoints} checkpoints"
    )
    for note in verdict.notes:
        click.echo(f"note: {note}")
    for finding in verdict.findings:
        click.echo(finding)
    if verdict.findings:
        raise Failure(f"the audit trail was tampered with: {len(verdict.findings)} findings")


@contextmanager
def _examined(
    uri: str | None, name: str, dumped: Path | None, folders: tuple[Path, ...]
) -> Iterator[tuple[Trail, tuple[Path, ...] | None]]:
    """The trail to verify and the folders of its checkpoint files, None when there are none."""
    if dumped is not None:
        yield dump.DumpedTrail(dumped), folders or None
    elif uri is not None:
        client: MongoClient[dict[str, object]] = MongoClient(uri, tz_aware=True, serverSelectionTimeoutMS=5_000)
        with client:
            yield StoredTrail(client[name]), folders or None
    else:
        with connected() as settings:
            own = (settings.audit_dir,) if settings.audit_dir.is_dir() else None
            yield StoredTrail(audit_database()), folders or own


@audit.command(short_help="Write the whole trail to a file that can be verified anywhere.")
@click.argument("file", type=click.Path(dir_okay=False, writable=True, path_type=Path))
def export(file: Path) -> None:
    """Write the whole trail to FILE, which 'audit verify --dump FILE' checks anywhere.

    It holds who did what to which record and when, and no content of records.
    """
    with connected():
        now = utc_now()
        trail.append("trail_exported", SYSTEM, trail.Subject("audit"), now=now, detail={"via": "command"})
        with file.open("x", encoding="utf-8") as opened:
            file.chmod(0o600)
            written = dump.write(StoredTrail(audit_database()), opened)
    click.echo(f"{written} entries written to {file}")


@audit.command()
def key() -> None:
    """Print the public key that the checkpoints are signed with.

    Keep it outside this installation: whoever verifies gives it with --key.
    """
    settings = Settings.from_env()
    click.echo(_usable(lambda: public_text(key_source(settings).current())))


@audit.command("rotate-key")
def rotate_key() -> None:
    """Make a new signing key and print its public half.

    The key so far signs the new one at the next checkpoint, within five minutes while the scheduler runs, and its
    private half is then removed. What it signed stays valid.
    """
    settings = Settings.from_env()
    click.echo(_usable(lambda: key_source(settings).replace()))


@audit.command()
def status() -> None:
    """Show how far the trail is sealed and signed."""
    with connected():
        state, signed = trail.sealing_state(), latest()
    sealed = f"seal {state.seq} of {local(state.sealed_at):%Y-%m-%d %H:%M:%S}" if state.sealed_at else "no seal yet"
    click.echo(f"{state.total} entries sealed ({sealed}), {state.waiting} waiting")
    if signed is None:
        click.echo("no checkpoint yet")
    else:
        click.echo(f"checkpoint {signed.number} of {local(signed.moment):%Y-%m-%d %H:%M:%S} signed seal {signed.seq}")
    if state.stands_still(utc_now()):
        raise Failure("nothing has been sealed for over a minute: is a scheduler running?")


def _usable(work: Callable[[], str]) -> str:
    try:
        return work()
    except trail.KeyUnreadable as error:
        raise Failure(str(error)) from error


COMMANDS = (audit,)
