"""`user`: accounts, for whoever runs the machine. It is how an installation gets its first administrator."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import Any

import click
from flask import Flask

from backoffice import auth
from backoffice.app import create_app
from backoffice.commands.connection import connected
from backoffice.commands.errors import Failure
from models.person import departments, rights, rules, service
from models.person.proposals import Place
from models.person.roles import SYSTEM, Role

ROLES = click.Choice([role.value for role in Role])
DEPARTMENTS = click.Choice([code for code, _label in departments.HOUSE])
FROM_INPUT = "With --password - it is read from standard input; without, one is made and printed."


@click.group()
def user() -> None:
    """Add and move accounts, give roles, reset access. Every change is in the audit trail, as done by the system."""


@user.command()
@click.argument("email")
@click.option("--name", required=True, help="The person's name.")
@click.option("--role", "roles", multiple=True, type=ROLES, help="A role; may be given several times.")
@click.option("--department", type=DEPARTMENTS, default="service", show_default=True, help="Where they work.")
@click.option("--manager", metavar="EMAIL", help="The direct manager.")
@click.option("--password", metavar="-", help=FROM_INPUT)
def add(
    email: str, name: str, roles: tuple[str, ...], department: str, manager: str | None, password: str | None
) -> None:
    """Add an account. The person chooses a password of their own at the first sign-in."""
    with application() as app:
        plain = _password(password, name, email)
        service.add(
            SYSTEM,
            name=name,
            email=email,
            roles=[Role(role) for role in roles],
            department=department,
            manager=_known(manager)["_id"] if manager else None,
            password=_hashed(app, plain),
            now=datetime.now(UTC),
        )
    click.echo(f"added {service.normal_email(email)}")
    _tell(password, plain)


@user.command()
@click.argument("email")
@click.option("--add", "added", multiple=True, type=ROLES, help="Give a role.")
@click.option("--remove", "removed", multiple=True, type=ROLES, help="Take a role.")
def roles(email: str, added: tuple[str, ...], removed: tuple[str, ...]) -> None:
    """Show a person's roles, or give and take some. A change signs the person out."""
    with application():
        row = _known(email)
        held = service.person_of(row).roles
        wanted = (held | {Role(role) for role in added}) - {Role(role) for role in removed}
        if wanted != held:
            rights.set_roles(SYSTEM, row["_id"], wanted, datetime.now(UTC))
    click.echo(" ".join(sorted(wanted)) or "no roles")


@user.command()
@click.argument("email")
@click.option("--department", type=DEPARTMENTS, help="Where they work.")
@click.option("--manager", metavar="EMAIL", help="The direct manager.")
@click.option("--no-manager", is_flag=True, help="They have no direct manager.")
@click.option("--email", "address", metavar="NEW", help="Another address, with which they sign in; they are told.")
def move(email: str, department: str | None, manager: str | None, no_manager: bool, address: str | None) -> None:
    """Show or change a person's department, manager and email."""
    if manager and no_manager:
        raise click.UsageError("--manager or --no-manager, not both")
    with application():
        row = _known(email)
        wanted = Place.of(row)
        if department:
            wanted = replace(wanted, department=department)
        if manager or no_manager:
            wanted = replace(wanted, manager=_known(manager)["_id"] if manager else None)
        if wanted != Place.of(row) or address:
            profile = {"name": row["name"], "email": address or row["email"], **asdict(wanted)}
            service.change_profile(SYSTEM, row["_id"], **profile, now=datetime.now(UTC))
            row = service.get(row["_id"])
        above = service.get(wanted.manager)["email"] if wanted.manager else ""
    said = f"manager {above}" if above else "no manager"
    click.echo(f"{row['email']}: department {wanted.department or '-'}, {said}")


@user.command()
@click.argument("email")
@click.option("--password", metavar="-", help=FROM_INPUT)
@click.option("--keep-second-factor", is_flag=True, help="Leave the authenticator app as it is.")
@click.option("--enable", is_flag=True, help="Enable a disabled account as well.")
def reset(email: str, password: str | None, keep_second_factor: bool, enable: bool) -> None:
    """Give a first password again; sessions and the second factor end."""
    now = datetime.now(UTC)
    with application() as app:
        row = _known(email)
        plain = _password(password, row["name"], row["email"])
        rights.reset_access(SYSTEM, row["_id"], _hashed(app, plain), now, second_factor=not keep_second_factor)
        if enable:
            rights.set_active(SYSTEM, row["_id"], True, now)
    click.echo(f"reset {row['email']}")
    _tell(password, plain)


@contextmanager
def application() -> Iterator[Flask]:
    """The application on a connected database: passwords are hashed as the web does it."""
    with connected() as settings:
        yield create_app(settings, connect=False)


def _hashed(app: Flask, plain: str) -> str:
    with app.app_context():
        return auth.hash_password(plain)


def _known(email: str) -> dict[str, Any]:
    row = service.by_email(email)
    if row is None:
        raise Failure(f"there is no account of {service.normal_email(email)}")
    return row


def _password(given: str | None, name: str, email: str) -> str:
    if given is None:
        return secrets.token_urlsafe(12)
    if given != "-":
        raise click.BadParameter("only '-' (standard input): a password on the command line is seen by others")
    plain = sys.stdin.readline().rstrip("\r\n")
    problem = rules.password_problem(plain, name, email)
    if problem is not None:
        raise Failure(problem.en)
    return plain


def _tell(given: str | None, plain: str) -> None:
    if given is None:
        click.echo(f"first password: {plain}")


COMMANDS = (user,)
