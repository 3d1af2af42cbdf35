"""A cell of a table as raw material for a field: emptiness, dates and numbers settled, the rest left to the
kind."""

from __future__ import annotations

import re
from datetime import date, datetime, time
from decimal import Decimal
from functools import lru_cache
from typing import Any

from models.calendar import SHANGHAI
from models.exchange.dates import read_date
from models.exchange.problem import Problem, quoted
from models.exchange.table import Cell, from_serial, is_blank
from models.exchange.words import EMPTY, FORMULA_ERRORS, Meant

NUMERIC_KINDS = {"integer", "decimal", "money", "percent"}
DATE_KINDS = {"date", "datetime"}
EXACT_DIGITS = 15


def is_empty(cell: Cell) -> bool:
    """Whether the cell holds nothing, or a program's word for nothing."""
    return is_blank(cell) or (isinstance(cell, str) and cell.strip().lower() in EMPTY and not isinstance(cell, Meant))


def as_text(value: Any) -> str:
    """A value as the plain text of a cell, which `raw_value` reads again."""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, datetime):
        return _moment(value)
    if isinstance(value, date | time):
        return value.isoformat()
    return str(value)


@lru_cache(maxsize=256)
def _moment(value: datetime) -> str:
    """A moment as written, in Shanghai time; rows of an export share theirs."""
    local = value.astimezone(SHANGHAI) if value.tzinfo else value
    return local.strftime("%Y-%m-%d %H:%M:%S")


def raw_value(cell: Cell, kind: str, order: str = "") -> Any:
    """What the field kind `kind` reads from this cell, None when empty, or a `Problem`.

    Dates come as `date` (as `datetime` for kind `datetime`), by the column's date order; numbers in a text
    field come as the digits that the spreadsheet showed, numbers in a numeric field as `Decimal`; all else as
    text.
    """
    if is_empty(cell):
        return None
    if isinstance(cell, str) and cell.strip().lower() in FORMULA_ERRORS and not isinstance(cell, Meant):
        return Problem("formula_error", {"value": cell.strip()})
    if kind in DATE_KINDS:
        return _day(cell, kind, order)
    if isinstance(cell, bool):
        return cell if kind == "yes_no" else ("TRUE" if cell else "FALSE")
    if isinstance(cell, Decimal):
        return cell if kind in NUMERIC_KINDS else _digits(cell)
    if isinstance(cell, datetime):
        return cell.strftime("%Y-%m-%d %H:%M:%S").removesuffix(" 00:00:00")
    if isinstance(cell, date | time):
        return cell.isoformat()
    text = str(cell)
    return _accounting(text) if kind in NUMERIC_KINDS else text


def _day(cell: Cell, kind: str, order: str) -> Any:
    if isinstance(cell, Decimal):
        if cell == cell.to_integral_value() and 19_000_101 <= cell <= 99_991_231:
            cell = f"{cell:f}".split(".")[0]  # 20250117 entered as a number
        else:
            # A day number whose cell lost its date format.
            moment = from_serial(float(cell)) if abs(cell) < 10**7 else None
            cell = moment if moment is not None and moment.year > 1900 else str(cell)
    if isinstance(cell, str):
        found = read_date(cell, order)
        if isinstance(found, Problem):
            return found
        cell = found
    if not isinstance(cell, date):
        return Problem("not_a_date", {"value": quoted(cell)})
    if kind == "datetime":
        return cell if isinstance(cell, datetime) else datetime.combine(cell, time.min)
    if isinstance(cell, datetime):
        # The day as it was written, whatever the zone.
        return cell.date()
    return cell


def _digits(number: Decimal) -> str | Problem:
    text = f"{number:f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    if abs(number) >= 10**EXACT_DIGITS:
        return Problem("digits_lost", {"value": quoted(text)})
    return text


def _accounting(text: str) -> str:
    """Negative amounts as accountants write them, (1,200.50), with a minus sign."""
    match = re.fullmatch(r"\s*[(（]\s*([\d,.\s¥￥$]+)\s*[)）]\s*", text)
    return "-" + match[1] if match else text
