"""`check`: whether this installation is fit to run."""

from __future__ import annotations

import click

from backoffice.commands.connection import connected
from config.database import database
from config.policy import policy
from models import registry


@click.command(short_help="Say whether this installation is fit to run.")
def check() -> None:
    """Check settings, policy, record types and database, without changing anything.

    Says one line for each and ends at the first that is wrong, with exit code 1 or 2.
    """
    made = policy()
    click.echo(f"policy          ok ({len(vars(made))} sections)")
    with connected() as settings:
        click.echo(f"settings        ok ({'embedded database' if settings.embedded else 'MONGODB_URI'})")
        click.echo(f"record types    ok ({len(registry.all_types())})")
        version = database().client.server_info()["version"]
        click.echo(f"database        ok (MongoDB {version}, replica set)")


COMMANDS = (check,)
