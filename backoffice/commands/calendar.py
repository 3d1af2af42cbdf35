"""`calendar`: the working calendar, seen and brought up to a decree."""

from __future__ import annotations

import json
from calendar import Calendar
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import click

from backoffice.commands.connection import connected
from backoffice.commands.errors import Failure
from models import office
from models.calendar import WorkingCalendar
from models.calendar_day import service
from models.calendar_day.service import Preview
from models.day_words import MONTHS_EN, day_text
from models.person.roles import SYSTEM
from models.public_days import FIRST_DECREE, LAST_TABLE_YEAR

WEEKS = Calendar(firstweekday=0)


@click.group()
def calendar() -> None:
    """Which days are worked: the calendar of the year's decree."""


@calendar.command("import", short_help="Bring a published year into force.")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--preview", is_flag=True, help="Say what would change, and change nothing.")
def import_file(file: Path, preview: bool) -> None:
    """Bring the published table of a year (JSON) into force and say what it changes.

    Deadlines that lie ahead follow by the job calendar_change. The same table again changes nothing.
    """
    try:
        table: Any = json.loads(file.read_text("utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        raise Failure(f"{file} cannot be read as JSON") from error
    with connected():
        now = datetime.now(UTC)
        made = service.preview(table) if preview else service.import_year(SYSTEM, table, now=now)
    _say(made, preview)


@calendar.command()
@click.argument("year", type=click.IntRange(FIRST_DECREE, LAST_TABLE_YEAR))
def show(year: int) -> None:
    """Show the YEAR: working days by month, and every special day."""
    with connected():
        known = office.office_calendar()
    click.echo(f"{year}: {known.working_days_in(year)} working days")
    warning = known.warning(date(year, 1, 1))
    if warning is not None:
        click.echo(warning.en)
    for month in range(1, 13):
        _month(year, month, known)
    click.echo("(day) off, [day] worked on a weekend")
    for day in _days(year):
        special = known.public_day(day)
        if special is not None:
            click.echo(f"{day_text(day).en:<16} {'worked' if special.working else 'off':<7} {special.en}")


def _days(year: int) -> list[date]:
    return [day for month in range(1, 13) for day in WEEKS.itermonthdates(year, month) if day.month == month]


def _month(year: int, month: int, known: WorkingCalendar) -> None:
    click.echo(f"{MONTHS_EN[month - 1]} {year}")
    for week in WEEKS.monthdatescalendar(year, month):
        click.echo("".join(_cell(day, known) if day.month == month else "     " for day in week).rstrip())


def _cell(day: date, known: WorkingCalendar) -> str:
    working, weekend = known.is_working(day), day.weekday() > 4
    left, right = ("[", "]") if working and weekend else (" ", " ") if working else ("(", ")")
    return f"{left}{day.day:>2}{right} "


def _say(made: Preview, preview: bool) -> None:
    year = made.year.year
    if made.known:
        click.echo(f"{year} is in force like this already: nothing to do.")
        return
    click.echo(f"{year}: {len(made.year.days)} special days, {len(made.differences)} days change")
    for one in made.differences:
        name = f" ({one.public_day.en})" if one.public_day else ""
        click.echo(f"  {day_text(one.day).en} becomes {'a working day' if one.working else 'a day off'}{name}")
    click.echo("Nothing was stored." if preview else "It is in force.")


COMMANDS = (calendar,)
