"""`token`: access tokens for programs, for whoever runs the machine."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import click

from backoffice.commands.connection import connected
from backoffice.commands.errors import Failure
from config.policy import policy
from models.calendar import local
from models.declarations import Level
from models.errors import Invalid, NotFound
from models.person import api_level, service
from models.person.roles import SYSTEM
from models.token import rules
from models.token import service as tokens

AS_POLICY = "policy"


@click.group()
def token() -> None:
    """Tokens with which a program acts for a person.

    Whatever is changed is in the audit trail.
    """


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
@click.argument("prefix", required=False)
@click.option("--all", "every", is_flag=True, help="End every token of the person that is in force.")
def revoke(email: str, prefix: str | None, every: bool) -> None:
    """End the token that begins with PREFIX, at once, or all."""
    if bool(prefix) == every:
        raise click.UsageError("PREFIX or --all")
    now = datetime.now(UTC)
    with connected():
        row = _known(email)
        if not prefix:
            click.echo(f"revoked {tokens.revoke_all(SYSTEM, row, now)} tokens of {row['email']}")
            return
        shown = prefix[: rules.SHOWN]
        try:
            ended = tokens.revoke(SYSTEM, row, shown, now)
        except NotFound:
            raise Failure(f"{row['email']} has no token that begins with {shown}") from None
    click.echo(f"revoked {ended.prefix}")


@token.command()
@click.argument("email")
@click.argument("level", required=False, type=click.Choice([*(level.value for level in Level), AS_POLICY]))
def level(email: str, level: str | None) -> None:
    """Show or set up to which LEVEL a person's tokens read.

    What is borrowed on a card is not concerned.

    The lower one of this and 'api.highest_level' of the policy holds, from the next request on; 'policy' lifts it.
    """
    with connected():
        row = _known(email)
        if level is not None:
            api_level.change(SYSTEM, row["_id"], "" if level == AS_POLICY else level, datetime.now(UTC))
            row = _known(email)
    own, highest = api_level.of(row), policy().api.highest_level
    opened = rules.levels_up_to(highest, own)
    reads = ", ".join(one.value for one in Level if opened is None or one.value in opened) or "nothing"
    click.echo(f"{row['email']}: {own or AS_POLICY} (policy: {highest}); tokens read {reads}")


def _known(email: str) -> dict[str, Any]:
    row = service.by_email(email)
    if row is None:
        raise Failure(f"there is no account of {service.normal_email(email)}")
    return row


COMMANDS = (token,)
