"""`check`: whether this installation is fit to run."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import click

from backoffice.commands.connection import connected
from backoffice.commands.errors import Failure
from config.database import database
from config.policy import policy
from models import checks, registry, schema
from models.backup import beside
from models.calendar import local
from models.key_vault import rotation
from models.key_vault import service as key_vault
from models.office import office_calendar
from models.record_type import service as record_type

NEXT_YEAR_FROM = 11
"""The month in which the coming year's holidays are usually announced."""


@click.command(short_help="Say whether this installation is fit to run.")
def check() -> None:
    """Check settings, policy, record types, database and calendar, without changing anything.

    Says one line for each and one for each finding. Ends with exit code 1 or 2 when something is wrong; a
    warning is not. 'backoffice migrate' makes what the database lacks.
    """
    made = policy()
    _say("policy", f"ok ({len(vars(made))} sections)")
    with connected() as settings:
        _say("settings", f"ok ({'embedded database' if settings.embedded else 'MONGODB_URI'})")
        warnings = [finding.line() for finding in checks.check(registry.all_types())]
        left = record_type.left_out()
        result = f"left out: {', '.join(left)}" if left else f"ok ({len(registry.all_types())})"
        _say("record types", result, [*(one.line() for wrong in left.values() for one in wrong), *warnings])
        version = database().client.server_info()["version"]
        _say("database", f"ok (MongoDB {version}, replica set)")
        wrapped = rotation.state().by_provider
        if wrapped or key_vault.is_noted():  # else the vault is begun by the first start
            key_vault.require()
        unsaved = beside.keys_warning(settings)
        _say("keys", f"ok ({sum(wrapped.values())} data keys)", [unsaved] if unsaved else None)
        missing = schema.missing()
        _say("indexes", "run 'backoffice migrate'" if missing else "ok", missing)
        unannounced = list(_unannounced(datetime.now(UTC)))
    _say("calendar", "not certain" if unannounced else "ok", unannounced)
    failed = [f"the database is not up to date: {len(missing)} findings"] if missing else []
    failed += [f"stored record types are left out: {', '.join(left)}"] if left else []
    if failed:
        raise Failure("\n".join(failed))


def _say(what: str, result: str, findings: list[str] | None = None) -> None:
    click.echo(f"{what:<15} {result}")
    for line in findings or ():
        click.echo(f"  {line}")


def _unannounced(now: datetime) -> Iterator[str]:
    """A line for each year at hand whose holidays are not known yet."""
    today, calendar = local(now).date(), office_calendar()
    years = (today.year, today.year + 1) if today.month >= NEXT_YEAR_FROM else (today.year,)
    for year in years:
        if not calendar.announced(year):
            yield f"the holidays of {year} are not announced yet: deadlines in it are estimates"


COMMANDS = (check,)
