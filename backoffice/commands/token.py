"""`token`: access tokens for programs, for whoever runs the machine."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import click

from backoffice.commands.connection import connected
from backoffice.commands.errors import Failure
from models.calendar import local
from models.errors import Invalid, NotFound
from models.person import service
from models.person.roles import SYSTEM
from models.token import rules
from models.token import service as tokens


@click.group()
def token() -> None:
    """Make, list and revoke tokens with which a program acts for a person. Changes are in the audit trail."""


@token.command()
@click.argument("email")
@click.option("--name", required=True, help="What the token is for.")
@click.option("--days", default=rules.USUAL_LIFE.days, show_default=True, help="How long it lives.")
@click.option("--type", "types", multiple=True, metavar="TYPE", help="Open this type only; may be given several times.")
@click.option("--read-only", is_flag=True, help="Open nothing for writing.")
def create(email: str, name: str, days: int, types: tuple[str, ...], read_only: bool) -> None:
    """Make a token for a person and print it, once."""
    with connected():
        row = _known(email)
        try:
            made, secret = tokens.create(
                SYSTEM, row, name=name, days=days, types=types, read_only=read_only, now=datetime.now(UTC)
            )
        except Invalid as refusal:
            told = [f"{path}: {say.en}" for path, say in refusal.problems.items()]
            known = ", ".join(tokens.reached(service.person_of(row)))
            told += [f"They reach {known or 'no type'}."] if "types" in refusal.problems else []
            raise Failure(" ".join(told)) from refusal
    click.echo(f"token of {row['email']}, ends {local(made.expires):%Y-%m-%d}", err=True)
    click.echo(secret)


@token.command("list")
@click.argument("email")
def list_tokens(email: str) -> None:
    """Show a person's tokens, newest first, and when each ends."""
    now = datetime.now(UTC)
    with connected():
        found = tokens.of_person(_known(email)["_id"], now)
    for one in found:
        opens = " ".join(sorted(one.types)) if one.types else "all types"
        used = f"{local(one.last_used):%Y-%m-%d %H:%M}" if one.last_used else "never used"
        state = one.ended or f"ends {local(one.expires):%Y-%m-%d}"
        click.echo("  ".join([one.prefix, state, used, "reads" if one.read_only else "writes", opens, one.name]))


@token.command()
@click.argument("email")
@click.argument("prefix")
def revoke(email: str, prefix: str) -> None:
    """End the token that begins with PREFIX, at once."""
    shown = prefix[: rules.SHOWN]
    with connected():
        try:
            ended = tokens.revoke(SYSTEM, _known(email), shown, datetime.now(UTC))
        except NotFound:
            raise Failure(f"{service.normal_email(email)} has no token that begins with {shown}") from None
    click.echo(f"revoked {ended.prefix}")


def _known(email: str) -> dict[str, Any]:
    row = service.by_email(email)
    if row is None:
        raise Failure(f"there is no account of {service.normal_email(email)}")
    return row


COMMANDS = (token,)
