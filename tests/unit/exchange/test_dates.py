"""Dates are read in the order of their column, and what could be two dates is asked about."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta

import pytest

from models.exchange.dates import OrderEvidence, OrderGuess, read_date
from models.exchange.problem import Problem
from models.exchange.table import Cell

DAY = date(2025, 1, 17)


def code(text: str, order: str = "") -> str:
    found = read_date(text, order)
    assert isinstance(found, Problem)
    for language in ("zh", "en"):
        assert text.strip()[:10] in found.text(language)
    return found.code


@pytest.mark.parametrize(
    "text",
    [
        "2025-01-17",
        "2025-1-17",
        "2025/1/17",
        " 2025.1.17 ",
        "２０２５／１／１７",
        "2025年1月17日",
        "2025 年 01 月 17 日",
        "2025年1月17日 星期五",
        "2025-01-17(周五)",
        "20250117",
        "17 Jan 2025",
        "17-January-2025",
        "Jan. 17, 2025",
        "January 17 2025",
        "民国114年1月17日",
        "民國114/1/17",
        "17/01/2025",
        "1/17/2025",
    ],
)
def test_dates_that_can_only_be_read_one_way_need_no_order(text: str) -> None:
    assert read_date(text) == DAY


@pytest.mark.parametrize(
    ("text", "order", "day"),
    [
        ("03/04/2025", "dmy", date(2025, 4, 3)),
        ("03/04/2025", "mdy", date(2025, 3, 4)),
        ("11/13/2014", "mdy", date(2014, 11, 13)),
        ("100/12/02", "roc", date(2011, 12, 2)),
        ("89/05/16", "roc", date(2000, 5, 16)),
        ("2011/12/02", "roc", date(2011, 12, 2)),
        ("2025/1/17", "mdy", DAY),
        ("45674", "serial", DAY),
    ],
)
def test_the_columns_order_settles_the_rest(text: str, order: str, day: date) -> None:
    assert read_date(text, order) == day


@pytest.mark.parametrize(
    ("text", "order", "expected"),
    [
        ("03/04/2025", "", "ambiguous_date"),
        ("31/01/2025", "mdy", "other_order"),
        ("1/17/2025", "dmy", "other_order"),
        ("17/1/2025", "roc", "other_order"),
        ("100/12/02", "", "short_year"),
        ("100/12/02", "mdy", "short_year"),
        ("1/15/99", "mdy", "short_year"),
        ("2025-02-29", "", "not_a_date"),
        ("2025/13/1", "", "not_a_date"),
        ("32/01/2025", "dmy", "not_a_date"),
        ("[]/[]/2021", "mdy", "not_a_date"),
        ("perpetual", "", "not_a_date"),
        ("45674", "", "not_a_date"),
        ("12", "serial", "not_a_date"),
        ("1 May 25", "", "not_a_date"),
        ("17 Ju 2025", "", "not_a_date"),
        ("2025-01-17 25:00", "", "not_a_date"),
        ("2025-01-17 13:00 PM", "", "not_a_date"),
    ],
)
def test_what_is_no_date_or_not_in_order_says_so(text: str, order: str, expected: str) -> None:
    assert code(text, order) == expected


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("1996-07-08 00:00:00.000", (1996, 7, 8, 0, 0, 0)),
        ("2025/1/17 9:05", (2025, 1, 17, 9, 5, 0)),
        ("2025-01-17T09:05:07", (2025, 1, 17, 9, 5, 7)),
        ("1/17/2025 12:30 AM", (2025, 1, 17, 0, 30, 0)),
        ("1/17/2025 1:30:00 pm", (2025, 1, 17, 13, 30, 0)),
    ],
)
def test_a_time_of_day_is_kept(text: str, moment: tuple[int, ...]) -> None:
    found = read_date(text)
    assert isinstance(found, datetime)
    assert found.timetuple()[:6] == moment
    assert found.tzinfo is None


def test_a_stated_zone_is_kept() -> None:
    for zone, hours in (("Z", 0), ("+08:00", 8), (" -0530", -5.5)):
        found = read_date(f"2025-01-17 09:05:07{zone}")
        assert isinstance(found, datetime)
        assert found.utcoffset() == timedelta(hours=hours)


def guess_order(cells: Iterable[Cell]) -> OrderGuess:
    """The order of a column with these values."""
    evidence = OrderEvidence()
    for cell in cells:
        evidence.add(cell)
    return evidence.guess()


@pytest.mark.parametrize(
    ("values", "order", "sure"),
    [
        (["2025/1/17", "2023-03-03", date(2025, 1, 1)], "ymd", True),
        (["03/04/2025", "25/01/2025", "01/02/2025"], "dmy", True),
        (["03/04/2025", "01/25/2025"], "mdy", True),
        (["11/13/2014", "11/12/2014", "31/01/2025", "1/15/2020"], "mdy", False),
        (["13/11/2014", "11/13/2014"], "", False),
        (["03/04/2025", "01/02/2025"], "", False),
        (["100/12/02", "92/12/03", "89/07/24"], "roc", False),
        (["92/12/03", "89/07/24"], "", False),
        (["45674", "45001"], "serial", False),
        (["perpetual", "x"], "", False),
        ([], "", False),
    ],
)
def test_the_order_of_a_column_is_seen_from_its_values(values: list[str | date], order: str, sure: bool) -> None:
    found = guess_order(values)
    assert (found.order, found.sure) == (order, sure)


def test_an_open_order_names_the_choices() -> None:
    assert guess_order(["03/04/2025"]) == OrderGuess("", False, ("dmy", "mdy"), 1, 1)
    assert guess_order(["98/10/05", "x"]) == OrderGuess("", False, ("roc",), 1, 2)


def test_values_that_are_no_dates_do_not_count_as_dates() -> None:
    assert guess_order(["2025-13-45", "99/99/2025", "020-7654321", "330-11-222"]).dates == 0
