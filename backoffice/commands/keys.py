"""`keys`: the keys of encrypted fields and files."""

from __future__ import annotations

from pathlib import Path

import click

from backoffice.commands.connection import connected
from backoffice.commands.errors import Failure
from jobs.execution import utc_now
from models import audit, keyless
from models.calendar import local
from models.key_vault import copies, master, rotation
from models.key_vault import service as key_vault
from models.person.roles import SYSTEM

FILE = click.Path(dir_okay=False, path_type=Path)


@click.group()
def keys() -> None:
    """The keys of encrypted fields and files."""


@keys.command()
def new() -> None:
    """Print a new master key, for MASTER_KEY or its file. Nothing is stored.

    Without the master key nothing that is encrypted can be read: keep a copy where no backup of the data is.
    """
    click.echo(master.made().text)


@keys.command()
def check() -> None:
    """Say whether the master key opens the data keys.

    The key service, where there is one, is asked to wrap a new one; nothing is stored.
    """
    with connected():
        key_vault.require()
        rotation.try_wrapping()
        state = rotation.state()
    for provider, count in state.by_provider.items():
        present = " (present)" if provider == state.current else ""
        click.echo(f"{provider}{present}: {count} data keys")
    if set(state.by_provider) - {state.current}:
        click.echo("note: some are wrapped by a former master key: run 'backoffice keys rotate'")


@keys.command(short_help="Wrap the data keys under another master key, while everybody goes on.")
def rotate() -> None:
    """Wrap all data keys under another master key. People may go on working; nothing is encrypted anew.

    A master key in a file of this installation is replaced by a new one. One from the environment is set before:
    MASTER_KEY to the new one, MASTER_KEY_PREVIOUS to the one so far, for every process; likewise the file of a key
    service. Broken off, run it again.
    """
    with connected():
        done = rotation.rotate(lambda count: click.echo(f"  {count} ...", err=True))
        subject = audit.Subject("keys", number=done.provider)
        audit.append("master_key_rotated", SYSTEM, subject, now=utc_now(), detail={"keys": done.wrapped})
    click.echo(f"{done.wrapped} data keys are wrapped by {done.provider} now")
    if done.provider.startswith("local:"):
        click.echo(f"{done.removed} former master keys removed from the file")
        click.echo("Replace your copy of the master key: the former one opens no key any more, nor their backup.")
    else:
        click.echo("Make the backup of the data keys anew: a former one needs what wrapped them before.")


@keys.command(short_help="Save the data keys, in their latest state, to a file.")
@click.argument("file", type=FILE)
@click.option("--older", is_flag=True, help="Replace a backup that is newer than this vault, and lose its keys.")
def backup(file: Path, older: bool) -> None:
    """Save all data keys to FILE, in place of what is there.

    A backup with keys that were never here is kept: this may be a restored copy of an older state. Never keep several
    generations of it: a key that was destroyed has to be gone everywhere. The master key is not in it. With
    BACKOFFICE_KEYS_BACKUP a file is kept up to date by itself.
    """
    with connected():
        count = copies.backup(file, older=older)
    click.echo(f"{count} data keys saved to {file}")


@keys.command(short_help="Fill an empty vault from a backup of the data keys.")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def restore(file: Path) -> None:
    """Fill the empty vault of this installation from FILE. The master key has to be the one it was saved under.

    Then looks through all records, which takes a while where there are many, and says how many hold something sealed
    under a key that FILE does not have. Ends with exit code 1 when there are any, though the keys are restored.
    """
    with connected() as settings:
        count = copies.restore(file)
        newest = copies.newest()
        found = keyless.count()
    made = f", the newest made at {local(newest):%Y-%m-%d %H:%M:%S} (Shanghai)" if newest else ""
    click.echo(f"{count} data keys restored{made}")
    click.echo("note: what was sealed under keys made since cannot be read here, and is marked so")
    click.echo(f"records that hold something sealed: {found.sealed}")
    lack = f"records that cannot be read in full, as a key is missing: {found.lack}"
    if found.lack:
        of_types = ", ".join(f"{slug} {number}" for slug, number in found.lacking.items())
        raise Failure(
            f"{lack} ({of_types}). The keys of the file are restored; if there is a newer backup of the keys, drop the "
            f"database {settings.keys.database} and restore that one"
        )
    click.echo(lack)


COMMANDS = (keys,)
