"""`demo`: a small invented department to look at."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from backoffice.commands.connection import connected
from backoffice.demonstration import department
from models import schema
from models.calendar import local


@click.command(short_help="Fill an empty database with a demonstration department.")
@click.option("--if-empty", is_flag=True, help="Do nothing when the database is in use, instead of failing.")
def demo(if_empty: bool) -> None:
    """Fill an empty database with a demonstration department.

    About 300 customers, 16 people and a few weeks of work around today, all invented. Running it again finds what
    is there and adds nothing; one that was broken off is completed. 'backoffice serve --demo' does it at its start.
    """
    with connected():
        schema.migrate()
        if if_empty and not department.is_begun() and not department.is_empty():
            click.echo("The database is in use: no demonstration was added.")
            return
        if department.is_empty():
            click.echo("Making the demonstration department, which takes a quarter of a minute ...")
        filled = department.fill(datetime.now(UTC))
    since = f"{local(filled.since):%Y-%m-%d %H:%M}"
    if filled.steps:
        click.echo(f"The demonstration department is ready, as of {since} ({filled.steps} steps).")
    else:
        click.echo(f"The demonstration department of {since} is there already.")


COMMANDS = (demo,)
