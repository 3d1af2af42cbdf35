"""Dates as people write them, and which order a column writes day and month in.

A year of four digits at the front or a named month settles the order by itself. Otherwise the order belongs
to the column, not to the single value: 03/04/2025 means what the rest of its column shows it to mean, and
when that shows nothing a person chooses. Years since 1912 (Minguo) are only read as such when the column or
the value says so.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone

from models.declarations import Label
from models.exchange.problem import Problem, quoted
from models.exchange.table import Cell, from_serial

ORDERS = {
    "ymd": Label("年/月/日", "year/month/day"),
    "dmy": Label("日/月/年", "day/month/year"),
    "mdy": Label("月/日/年", "month/day/year"),
    "roc": Label("民国年/月/日", "Minguo year/month/day"),
    "serial": Label("表格日期序号", "spreadsheet day number"),
}
YEARS_BEFORE_MINGUO = 1911
# Day numbers that stand for 1954 to 2119; others are more likely amounts or codes.
SERIALS = range(20_000, 80_000)

_CLOCK = (
    r"(?:[T\s]+(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:\.\d+)?)?"
    r"\s*(?P<half>[AaPp][Mm])?\s*(?P<zone>Z|[+-]\d{2}:?\d{2})?)?"
)
_WEEKDAY = r"(?:\s*\(?(?:周|星期)[一二三四五六日天]\)?)?"
_FORMS = tuple(
    re.compile(form + _CLOCK)
    for form in (
        r"(?P<minguo>民[国國])?\s*(?P<a>\d{1,4})\s*(?:[-/.]|年)\s*(?P<b>\d{1,2})\s*(?:[-/.]|月)\s*(?P<c>\d{1,4})\s*日?"
        + _WEEKDAY,
        r"(?P<a>\d{4})(?P<b>\d{2})(?P<c>\d{2})",
        r"(?P<c>\d{1,2})[\s-]+(?P<b>[A-Za-z]{3,9})\.?,?[\s-]+(?P<a>\d{4})",
        r"(?P<b>[A-Za-z]{3,9})\.?\s+(?P<c>\d{1,2}),?\s+(?P<a>\d{4})",
    )
)
_MONTHS = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
]


@dataclass(frozen=True)
class _Parts:
    """What stands in a date: three numbers with their lengths, in the order of the text, and the time."""

    numbers: tuple[int, int, int]
    lengths: tuple[int, int, int]
    minguo: bool
    clock: time | None

    @property
    def year_first(self) -> bool:
        return self.lengths[0] == 4 and self.lengths[2] <= 2

    @property
    def year_last(self) -> bool:
        return self.lengths[2] == 4 and self.lengths[0] <= 2

    @property
    def short(self) -> bool:
        """Neither end has four digits."""
        return self.lengths[0] <= 3 and self.lengths[2] <= 2


def read_date(text: str, order: str = "") -> date | Problem:
    """The date in a text; a `datetime` when it states a time, local unless it states a zone.

    `order` is one of `ORDERS`, or empty when the column's order is not known.
    """
    clean = _clean(text)
    if order == "serial":
        moment = from_serial(int(clean)) if _is_serial(clean) else None
        return moment.date() if moment else Problem("not_a_date", {"value": quoted(text)})
    parts = _split(clean)
    if parts is None:
        return Problem("not_a_date", {"value": quoted(text)})
    numbers = _ordered(parts, order)
    if isinstance(numbers, str):
        return Problem(numbers, {"value": quoted(text), "order": ORDERS.get(order, "")})
    try:
        day = date(*numbers)
    except ValueError:
        return Problem("not_a_date", {"value": quoted(text)})
    return day if parts.clock is None else datetime.combine(day, parts.clock)


def _clean(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip()


def _is_serial(clean: str) -> bool:
    return len(clean) == 5 and clean.isdecimal() and int(clean) in SERIALS


def _split(clean: str) -> _Parts | None:
    match = next((match for form in _FORMS if (match := form.fullmatch(clean))), None)
    if match is None:
        return None
    groups = match.groupdict()
    month = groups["b"] if groups["b"].isdecimal() else _month(groups["b"])
    try:
        clock = _clock(groups)
        numbers = (int(groups["a"]), int(month), int(groups["c"]))
    except ValueError:
        return None
    lengths = (len(groups["a"]), len(month), len(groups["c"]))
    return _Parts(numbers, lengths, bool(groups.get("minguo")), clock)


def _month(name: str) -> str:
    """The number of a month's name or its beginning; empty when it is none."""
    found = [i for i, month in enumerate(_MONTHS, 1) if month.startswith(name.lower())]
    return str(found[0]) if len(found) == 1 else ""


def _clock(groups: dict[str, str | None]) -> time | None:
    """:raises ValueError: when there is no such time."""
    if not groups["hour"]:
        return None
    hour = int(groups["hour"])
    if groups["half"]:
        if not 1 <= hour <= 12:
            raise ValueError(hour)
        hour = hour % 12 + 12 * (groups["half"].lower() == "pm")
    zone = _zone(groups["zone"].replace(":", "")) if groups["zone"] else None
    return time(hour, int(groups["minute"] or 0), int(groups["second"] or 0), tzinfo=zone)


def _zone(text: str) -> timezone:
    """:raises ValueError: when there is no such zone."""
    if text == "Z":
        return UTC
    minutes = int(text[1:3]) * 60 + int(text[3:])
    return timezone(timedelta(minutes=-minutes if text[0] == "-" else minutes))


def _ordered(parts: _Parts, order: str) -> tuple[int, int, int] | str:
    """Year, month and day, or the code of the problem."""
    a, b, c = parts.numbers
    if parts.minguo or (order == "roc" and parts.short):
        return a + YEARS_BEFORE_MINGUO, b, c
    if parts.year_first:
        return a, b, c
    if parts.short:
        return "short_year"
    if not parts.year_last:
        return "not_a_date"
    as_day_first, as_month_first = (c, b, a), (c, a, b)
    if order == "dmy":
        return as_day_first if b <= 12 else "other_order"
    if order == "mdy":
        return as_month_first if a <= 12 else "other_order"
    if order:
        return "other_order"
    if a > 12 or a == b:
        return as_day_first
    return as_month_first if b > 12 else "ambiguous_date"


@dataclass(frozen=True)
class OrderGuess:
    """The date order of a column.

    `order` is empty when a person must choose among `options`. `sure` is False when they should look at it:
    nothing settles it, the values are mixed, or years would be counted from 1912. `dates` of the `seen`
    values are dates.
    """

    order: str
    sure: bool
    options: tuple[str, ...]
    dates: int
    seen: int


class OrderEvidence:
    """Looks at the values of one column, as many as are shown to it, and says in which order they are
    written."""

    def __init__(self) -> None:
        self.seen = self.year_first = self.day_first = self.month_first = self.either = 0
        self.short = self.three_digits = self.serial = 0

    def add(self, cell: Cell) -> None:
        """Look at one value that is not empty."""
        self.seen += 1
        if isinstance(cell, date):
            self.year_first += 1
        elif isinstance(cell, str):
            self._add_text(_clean(cell))

    def _add_text(self, clean: str) -> None:
        parts = _split(clean)
        if parts is None:
            self.serial += _is_serial(clean)
        elif parts.year_first or parts.minguo:
            self.year_first += _exists(clean, "ymd")
        elif parts.short:
            self.short += _exists(clean, "roc")
            self.three_digits += parts.lengths[0] == 3
        else:
            as_day_first, as_month_first = _exists(clean, "dmy"), _exists(clean, "mdy")
            self.either += as_day_first and as_month_first
            self.day_first += as_day_first and not as_month_first
            self.month_first += as_month_first and not as_day_first

    def guess(self) -> OrderGuess:
        """What the values looked at so far show."""
        year_last = self.day_first + self.month_first + self.either
        dates = self.year_first + year_last + self.short
        if self.serial > dates:
            return OrderGuess("serial", False, ("serial",), self.serial, self.seen)
        if year_last and year_last >= self.short:
            order, sure = self._day_or_month()
            return OrderGuess(order, sure, ("dmy", "mdy"), dates, self.seen)
        if self.short:
            # 100/12/02 cannot be 1900 or 2000 and something; 98/10/05 alone might be.
            return OrderGuess("roc" if self.three_digits else "", False, ("roc",), dates, self.seen)
        return OrderGuess("ymd" if dates else "", bool(dates), ("ymd",), dates, self.seen)

    def _day_or_month(self) -> tuple[str, bool]:
        if self.day_first == self.month_first:
            return "", False
        order = "dmy" if self.day_first > self.month_first else "mdy"
        return order, not (self.day_first and self.month_first)


def _exists(clean: str, order: str) -> bool:
    return isinstance(read_date(clean, order), date)
