"""Periods as people name them (`this_quarter`, `last_7_days`, `2026q3`), as days. Pure; `today` is the caller's."""

from __future__ import annotations

import re
from datetime import date, timedelta

from models.calendar import Quarter, add_months, quarter_of

NAMED = (
    "today",
    "yesterday",
    "tomorrow",
    "this_week",
    "last_week",
    "next_week",
    "this_month",
    "last_month",
    "next_month",
    "this_quarter",
    "last_quarter",
    "next_quarter",
    "this_year",
    "last_year",
    "next_year",
)
COUNTED = re.compile(r"(last|next)_(\d{1,4})_days")
AGE = re.compile(r"(\d{1,4})_(days|weeks|months|years)")
MONTH = re.compile(r"(\d{4})-(\d{2})")
QUARTER = re.compile(r"(\d{4})q([1-4])")
YEAR = re.compile(r"\d{4}")
RANGE = re.compile(r"(\d{4}-\d{2}-\d{2})\.\.(\d{4}-\d{2}-\d{2})")
_DAY = timedelta(days=1)

Days = tuple[date, date]


def days_of(text: str, today: date) -> Days:
    """The first and last day of a period. Weeks begin on Monday; `last_7_days` and `next_7_days` contain today.

    :raises ValueError: for anything that names no period.
    """
    text = text.lower()
    if text in NAMED:
        return _named(text, today)
    if counted := COUNTED.fullmatch(text):
        span = (int(counted[2]) - 1) * _DAY
        if span.days < 0:
            raise ValueError(text)
        return (today - span, today) if counted[1] == "last" else (today, today + span)
    if found := RANGE.fullmatch(text):
        first, last = date.fromisoformat(found[1]), date.fromisoformat(found[2])
        if first > last:
            raise ValueError(text)
        return first, last
    if found := MONTH.fullmatch(text):
        return _month(date(int(found[1]), int(found[2]), 1))
    if found := QUARTER.fullmatch(text):
        return _quarter(Quarter(int(found[1]), int(found[2])))
    if YEAR.fullmatch(text):
        return _year(int(text))
    raise ValueError(text)


def day_before(text: str, today: date) -> date:
    """The day that lies `90_days`, `2_weeks`, `6_months` or `1_years` before today.

    :raises ValueError: for anything else, and beyond the calendar.
    """
    found = AGE.fullmatch(text)
    if found is None:
        raise ValueError(text)
    count, unit = int(found[1]), found[2]
    try:
        if unit in ("days", "weeks"):
            return today - count * (7 if unit == "weeks" else 1) * _DAY
        return add_months(today, -count * (12 if unit == "years" else 1))
    except OverflowError:
        raise ValueError(text) from None


def _named(text: str, today: date) -> Days:
    if text in ("today", "yesterday", "tomorrow"):
        day = today + {"today": 0, "yesterday": -1, "tomorrow": 1}[text] * _DAY
        return day, day
    which, unit = text.split("_")
    step = {"last": -1, "this": 0, "next": 1}[which]
    if unit == "week":
        monday = today - today.weekday() * _DAY + step * 7 * _DAY
        return monday, monday + 6 * _DAY
    if unit == "month":
        return _month(add_months(today.replace(day=1), step))
    if unit == "quarter":
        return _quarter(quarter_of(add_months(today.replace(day=1), step * 3)))
    return _year(today.year + step)


def _month(first: date) -> Days:
    return first, add_months(first, 1) - _DAY


def _quarter(quarter: Quarter) -> Days:
    return quarter.first_day, quarter.last_day


def _year(year: int) -> Days:
    return date(year, 1, 1), date(year, 12, 31)
