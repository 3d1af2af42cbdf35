"""`audit`: the trail of who read and changed what."""

from __future__ import annotations

import click

from backoffice.commands.connection import connected
from backoffice.commands.errors import Failure
from models import audit as trail


@click.group()
def audit() -> None:
    """The audit trail."""


@audit.command(short_help="Say whether anything in the trail was changed or removed.")
def verify() -> None:
    """Recompute the whole audit trail and say whether anything was changed, removed or slipped in.

    Ends with exit code 1 when something does not fit; each finding is a line.
    """
    with connected():
        verdict = trail.verify()
    click.echo(f"{verdict.checked} sealed entries checked, {verdict.waiting} waiting for their seal")
    for finding in verdict.findings:
        click.echo(finding)
    if verdict.findings:
        raise Failure(f"the audit trail was tampered with: {len(verdict.findings)} findings")


COMMANDS = (audit,)
