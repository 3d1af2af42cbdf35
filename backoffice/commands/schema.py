"""`migrate`: the collections and indexes of the database."""

from __future__ import annotations

import click

from backoffice.commands.connection import connected
from models import schema
from models.backup import mark


@click.command()
@click.option("--quiet", "-q", is_flag=True, help="Say how much was changed, not what.")
def migrate(quiet: bool) -> None:
    """Bring the database up to this version.

    Makes the collections and indexes that are missing and rebuilds those whose declaration changed. Running
    it again changes nothing. 'backoffice serve' does it at every start; in production run it after an update,
    before the web.
    """
    with connected():
        mark.require_none()
        done = schema.migrate()
    for line in () if quiet else done:
        click.echo(line)
    click.echo(f"{len(done)} changes to the database." if done else "The database is up to date.")


COMMANDS = (migrate,)
