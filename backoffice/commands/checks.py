"""`check`: whether this installation is fit to run."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime

import click

from backoffice.commands.connection import connected
from backoffice.commands.errors import Failure
from config.database import database
from config.policy import policy
from config.settings import MINIMUM_SECRET_CHARACTERS, SECRET_VARIABLES, SECRETS_FILE, Settings
from models import checks, registry, schema
from models.attachment import scanner
from models.backup import beside
from models.calendar import local
from models.key_vault import master, rotation
from models.key_vault import service as key_vault
from models.key_vault.refusals import KeysUnusable
from models.office import office_calendar
from models.record_type import service as record_type

NEXT_YEAR_FROM = 11
"""The month in which the coming year's holidays are usually announced."""
SCANNER_SECONDS = 5.0
STAND_IN = "-" * MINIMUM_SECRET_CHARACTERS
"""For secrets that are not given, so that settings are read without making any."""


@click.command(short_help="Say whether this installation is fit to run.")
def check() -> None:
    """Check settings, policy, record types, database and calendar, without changing anything.

    Says one line for each and one for each finding. Ends with exit code 1 or 2 when something is wrong; a
    warning is not. 'backoffice migrate' makes what the database lacks.
    """
    made = policy()
    _require_begun()
    _say("policy", f"ok ({len(vars(made))} sections)")
    with connected() as settings:
        _say("settings", f"ok ({'embedded database' if settings.embedded else 'MONGODB_URI'})")
        warnings = [finding.line() for finding in checks.check(registry.all_types())]
        left = record_type.left_out()
        result = f"left out: {', '.join(left)}" if left else f"ok ({len(registry.all_types())})"
        _say("record types", result, [*(one.line() for wrong in left.values() for one in wrong), *warnings])
        version = database().client.server_info()["version"]
        _say("database", f"ok (MongoDB {version}, replica set)")
        count = rotation.count()
        unusable = _keys_unusable(settings, count)
        unsaved = beside.keys_warning(settings)
        _say("keys", "cannot be used" if unusable else f"ok ({count} data keys)", [unsaved] if unsaved else None)
        missing = schema.missing()
        _say("indexes", "run 'backoffice migrate'" if missing else "ok", missing)
        unannounced = list(_unannounced(datetime.now(UTC)))
    _say("calendar", "not certain" if unannounced else "ok", unannounced)
    unscanned = _unscanned(settings)
    if settings.clamd_url:
        _say("virus scanner", "does not answer" if unscanned else "ok")
    failed = [wrong for wrong in (unusable, unscanned) if wrong]
    failed += [f"the database is not up to date: {len(missing)} findings"] if missing else []
    failed += [f"stored record types are left out: {', '.join(left)}"] if left else []
    if failed:
        raise Failure("\n".join(failed))


def _say(what: str, result: str, findings: list[str] | None = None) -> None:
    click.echo(f"{what:<15} {result}")
    for line in findings or ():
        click.echo(f"  {line}")


def _require_begun() -> None:
    """A check begins nothing: where no installation is yet, it ends before anything is made.

    :raises SettingsError: a setting is wrong. :raises Failure: there is no data folder, or its secrets are gone.
    """
    lacking = [name for name in SECRET_VARIABLES.values() if not os.environ.get(name, "").strip()]
    settings = Settings.from_env({**os.environ, **dict.fromkeys(lacking, STAND_IN)})
    if not settings.embedded:
        return
    if not (settings.data_dir / "database").is_dir():
        raise Failure(
            f"there is no installation in {settings.data_dir} yet: 'backoffice migrate' or 'backoffice serve' begins "
            "one; BACKOFFICE_DATA names another folder"
        )
    if lacking and not (settings.data_dir / SECRETS_FILE).exists():
        raise Failure(f"{settings.data_dir / SECRETS_FILE} is gone: put it back, or set {', '.join(lacking)}")


def _keys_unusable(settings: Settings, count: int) -> str:
    """Why the data keys cannot be used, or new ones not be made; '' where they can. A vault that is not begun yet is
    begun by the first start."""
    try:
        master.require(settings.keys)
        if count or key_vault.is_noted() or settings.key_service is not None:
            key_vault.check()
            rotation.try_wrapping()
    except KeysUnusable as unusable:
        return str(unusable)
    return ""


def _unscanned(settings: Settings) -> str:
    """Why no file is taken; '' where the virus scanner answers, or none is named."""
    try:
        if settings.clamd_url:
            scanner.require_answer(settings.clamd_url, SCANNER_SECONDS)
    except scanner.NoAnswer as silent:
        return f"no file is taken, as the virus scanner (CLAMD_URL) does not answer: {silent}"
    return ""


def _unannounced(now: datetime) -> Iterator[str]:
    """A line for each year at hand whose holidays are not known yet."""
    today, calendar = local(now).date(), office_calendar()
    years = (today.year, today.year + 1) if today.month >= NEXT_YEAR_FROM else (today.year,)
    for year in years:
        if not calendar.announced(year):
            yield f"the holidays of {year} are not announced yet: deadlines in it are estimates"


COMMANDS = (check,)
