"""What the pages of the working calendar show."""

from __future__ import annotations

from calendar import Calendar
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from flask import url_for
from flask_babel import gettext as _

from backoffice.screens import cells
from backoffice.screens.reader import Reader
from config.policy import Shifts, policy
from models import office
from models.calendar import WorkingCalendar, local
from models.calendar_day import service, stored
from models.calendar_day.service import Preview
from models.day_words import MONTHS_EN, WEEKDAYS_EN, WEEKDAYS_ZH, span_text
from models.deadline import recount
from models.errors import Sentence
from models.public_days import FIRST_DECREE, LAST_TABLE_YEAR, PublicDay, decreed

Context = dict[str, Any]
TOO_LARGE = Sentence("文件过大", "it is too large")
NO_JSON = Sentence("不是 JSON 文件", "it is no JSON")
MONTHS = range(1, 13)
WEEKS = Calendar(firstweekday=0)


def year(number: int, reader: Reader, may_change: bool) -> Context:
    """A year at a glance."""
    held, calendar = stored.held(), office.office_calendar()
    own = {one.day: one for one in held.days}
    paper = next((one for one in held.years if one.year == number), None)
    zh = reader.language == "zh"
    today = local(reader.now).date()
    return {
        "year": number,
        "months": [_month(number, month, calendar, set(own), today, zh) for month in MONTHS],
        "weekdays": [name[1:] for name in WEEKDAYS_ZH] if zh else [name[:2] for name in WEEKDAYS_EN],
        "working_days": calendar.working_days_in(number),
        "announced": calendar.announced(number),
        "source": _source(number, paper is not None),
        "papers": [one for one in (paper.papers if paper else ()) if one.startswith("https://")],
        "special": list(_special(number, calendar, own, zh, may_change)),
        "hours": _hours(policy().calendar.working_hours),
        "calling_hours": _hours(policy().revisit.calling_hours),
        "changes": [_change(row, reader) for row in service.changes(number)],
        "recount": _recount(may_change),
        "may_change": may_change,
        "before_url": url_for(".year", number=number - 1) if number > FIRST_DECREE else "",
        "after_url": url_for(".year", number=number + 1) if number < LAST_TABLE_YEAR else "",
        "this_year_url": url_for(".year", number=today.year) if number != today.year else "",
    }


def preview(seen: Preview, table: str, reader: Reader) -> Context:
    """What importing a year would change."""
    zh = reader.language == "zh"
    found = [
        {
            "day": cells.day_full(one.day, reader.language),
            "working": one.working,
            "name": _name(one.public_day, zh) if one.public_day else "",
        }
        for one in seen.differences
    ]
    return {
        "year": seen.year.year,
        "days": len(seen.year.days),
        "known": seen.known,
        "found": found,
        "papers": seen.year.papers,
        "table": table,
        "seen": seen.version,
    }


def _month(number: int, month: int, calendar: WorkingCalendar, own: set[date], today: date, zh: bool) -> Context:
    weeks = [
        [_cell(day, calendar, own, today, zh) if day.month == month else None for day in week]
        for week in WEEKS.monthdatescalendar(number, month)
    ]
    label = f"{month} 月" if zh else MONTHS_EN[month - 1]
    days = [day for day in WEEKS.itermonthdates(number, month) if day.month == month]
    return {"label": label, "weeks": weeks, "working_days": sum(calendar.is_working(day) for day in days)}


def _cell(day: date, calendar: WorkingCalendar, own: set[date], today: date, zh: bool) -> Context:
    special, working = calendar.public_day(day), calendar.is_working(day)
    kind = "open" if working else "off"
    made: Context = {"number": day.day, "kind": kind, "own": day in own, "today": day == today, "mark": "", "title": ""}
    if special is None or (special.working and day.weekday() < 5 and day not in own):
        return made
    kind = "made-up" if working else "holiday"
    mark = ("班" if zh else "W") if working else ("休" if zh else "H")
    return made | {
        "kind": kind,
        "mark": mark,
        "title": f"{_name(special, zh)} · {_('worked') if working else _('off')}",
    }


def _name(special: PublicDay, zh: bool) -> str:
    return special.zh if zh else special.en


def _special(number: int, calendar: WorkingCalendar, own: Any, zh: bool, may_change: bool) -> Iterator[Context]:
    """Runs of days of one name, in order; own days one by one."""
    days = [date(number, 1, 1) + timedelta(days=n) for n in range((date(number + 1, 1, 1) - date(number, 1, 1)).days)]
    found = [(day, special) for day in days if (special := calendar.public_day(day)) is not None]
    runs: list[list[Any]] = []
    for day, special in found:
        last = runs[-1] if runs else None
        joins = last and last[2] == special and last[1] == day - timedelta(days=1) and not {day, last[1]} & own.keys()
        if last is not None and joins:
            last[1] = day
        else:
            runs.append([day, day, special])
    for first, until, special in runs:
        span = span_text(first, until)
        mine = own.get(first)
        yield {
            "span": (span.zh if zh else span.en).strip(),
            "name": _name(special, zh),
            "working": special.working,
            "by": mine.by_name if mine else "",
            "remove_url": url_for(".remove_day", text=first.isoformat()) if mine and may_change else "",
        }


def _source(number: int, imported: bool) -> str:
    if imported:
        return str(_("Imported from the published decree"))
    return str(_("From the kept library, after the decree")) if decreed(number) else ""


def _hours(shifts: Shifts) -> str:
    return ", ".join(f"{opens:%H:%M}-{closes:%H:%M}" for opens, closes in shifts)


def _change(row: Context, reader: Reader) -> Context:
    zh = reader.language == "zh"
    day = cells.day_full(date.fromisoformat(row["day"]), reader.language) if row["day"] else str(row["year"])
    after = row["after"] or row["before"]
    words = {
        "calendar_day_set": _("working day") if after.get("working") else _("day off"),
        "calendar_day_removed": _("entry removed"),
        "calendar_year_imported": _("decree imported"),
    }
    name = after.get("zh" if zh else "en") or ""
    return {
        "version": row["_id"],
        "what": " · ".join(part for part in (day, str(words[row["action"]]), name) if part),
        "who": row["by_name"] if row["by"] else _("The system"),
        "at": cells.moment_short(row["at"], reader.language),
        "full": cells.moment_full(row["at"], reader.language),
    }


def _recount(may_change: bool) -> Context | None:
    """How far the deadlines have followed. How many there are counts records of every type and level: only for whoever
    keeps the calendar (X6)."""
    row = recount.latest()
    if row is None:
        return None
    made: Context = {"running": row["state"] == recount.RUNNING}
    return made | ({"moved": row["moved"], "looked_at": row["looked_at"]} if may_change else {})
