"""`types`: record types kept in the database, for whoever runs the machine."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import click

from backoffice.commands.connection import connected
from backoffice.commands.errors import Failure
from models import registry
from models.person.roles import SYSTEM
from models.record_type import service
from models.record_type.plain import WrongDefinition, to_plain


@click.group()
def types() -> None:
    """Record types, changed while the program runs.

    Every running process takes a change over within seconds. Changes are in the audit trail, as done by the system.
    """


@types.command(name="list")
def list_types() -> None:
    """List the record types in force, and those that were withdrawn."""
    with connected():
        stored = {row["_id"]: row for row in service.stored_types()}
        for rt in registry.all_types():
            where = f"version {rt.version}" if rt.slug in stored else "shipped"
            click.echo(f"{rt.slug:<20} {where:<12} {rt.label.en}")
        for slug in sorted(stored.keys() - {rt.slug for rt in registry.all_types()}):
            click.echo(f"{slug:<20} {'withdrawn' if not stored[slug]['in_force'] else 'left out':<12}")


@types.command()
@click.argument("slug")
def show(slug: str) -> None:
    """Print a record type's definition as JSON, also a left-out one's."""
    with connected():
        found = next((to_plain(rt) for rt in registry.all_types() if rt.slug == slug), None) or _left_out(slug)
        if found is None:
            raise Failure(f"there is no record type {slug}")
        click.echo(json.dumps(found, ensure_ascii=False, indent=2))


def _left_out(slug: str) -> dict[str, Any] | None:
    """The stored definition of a type that this version does not take over: whoever mends it begins with that."""
    rows = service.stored_types() if slug in service.left_out() else []
    return next(({**row["definition"], "version": row["version"]} for row in rows if row["_id"] == slug), None)


@types.command()
@click.argument("file", type=click.File("r", encoding="utf-8"))
def put(file: Any) -> None:
    """Put the definition in FILE (JSON) into force as a new version."""
    try:
        data = json.load(file)
    except (ValueError, RecursionError) as wrong:
        raise Failure(f"{file.name} holds no JSON: {wrong}") from None
    with connected():
        try:
            rt = service.put(data, actor=SYSTEM, now=datetime.now(UTC))
        except WrongDefinition as wrong:
            raise Failure("\n".join(finding.line() for finding in wrong.findings)) from None
    click.echo(f"{rt.slug} version {rt.version} is in force")


@types.command()
@click.argument("slug")
def withdraw(slug: str) -> None:
    """Take a record type out of force. Its records stay stored; put again, they are there again."""
    with connected():
        try:
            service.withdraw(slug, actor=SYSTEM, now=datetime.now(UTC))
        except WrongDefinition as wrong:
            raise Failure("\n".join(finding.line() for finding in wrong.findings)) from None
    click.echo(f"{slug} is withdrawn")


COMMANDS = (types,)
