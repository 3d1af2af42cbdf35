"""`scorecard`: the table by which credit reports are scored, for whoever runs the machine (C2)."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import click

from backoffice.commands.connection import connected
from backoffice.commands.errors import Failure
from models.credit_report import service
from models.credit_report.scorecard import BadScorecard
from models.person.roles import SYSTEM


@click.group()
def scorecard() -> None:
    """See and change the scorecard of credit reports.

    Reports that are decided keep their score. A change is in the audit trail, as done by the system.
    """


@scorecard.command()
def show() -> None:
    """Print the scorecard in force, as JSON."""
    with connected():
        click.echo(json.dumps(service.scorecard_table(), ensure_ascii=False, indent=2))


@scorecard.command()
@click.argument("file", type=click.File("r", encoding="utf-8-sig"))
def put(file: Any) -> None:
    """Put the scorecard in FILE (JSON, as `show` prints it) into force."""
    try:
        table = json.load(file)
    except (ValueError, RecursionError) as wrong:
        raise Failure(f"{file.name} holds no JSON: {wrong}") from None
    with connected():
        try:
            service.replace_scorecard(SYSTEM, table, datetime.now(UTC))
        except BadScorecard as wrong:
            raise Failure(wrong.text("en")) from None
    click.echo("The scorecard is in force.")


COMMANDS = (scorecard,)
