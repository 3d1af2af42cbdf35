"""`migrate`: the collections and indexes of the database."""

from __future__ import annotations

import click

from backoffice.commands.connection import connected
from models import schema
from models.backup import mark
from models.key_vault import service as key_vault
from models.record_type import service as record_type


@click.command()
@click.option("--quiet", "-q", is_flag=True, help="Say how much was changed, not what.")
def migrate(quiet: bool) -> None:
    """Bring the database up to this version.

    Makes the collections and indexes that are missing and rebuilds those whose declaration changed. Running
    it again changes nothing. 'backoffice serve' does it at every start; in production run it after an update,
    before the web. Names the stored record types that this version leaves out.
    """
    with connected():
        mark.require_none()
        key_vault.check()  # with another master key nothing is changed: every process would refuse to start behind it
        done = schema.migrate()
        left = record_type.left_out()
    for line in () if quiet else done:
        click.echo(line)
    click.echo(f"{len(done)} changes to the database." if done else "The database is up to date.")
    for slug, wrong in left.items():
        click.echo(f"The record type {slug} is left out, with all its records:")
        for finding in wrong:
            click.echo(f"  {finding.line()}")


COMMANDS = (migrate,)
