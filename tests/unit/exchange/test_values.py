"""Cells become what a field's kind reads: empty words, codes, amounts and dates settled, and the kinds agree."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import pytest

from models.declarations import Field, Label
from models.exchange.problem import TEXTS, Problem
from models.exchange.values import is_empty, raw_value
from models.kinds import KINDS, kind_of


@pytest.mark.parametrize(
    "cell", [None, "", " ", "\u3000", "NULL", "null", "N/A", "n/a", "#N/A", "\\N", "NaN", " None "]
)
def test_words_for_nothing_are_empty(cell: str | None) -> None:
    assert is_empty(cell)
    for kind in KINDS:
        assert raw_value(cell, kind) is None


@pytest.mark.parametrize("cell", ["0", "-", "无", "Null Island", "NA", Decimal(0), False])
def test_other_words_are_not(cell: Any) -> None:
    assert not is_empty(cell)


@pytest.mark.parametrize(
    ("cell", "kind", "value"),
    [
        ("0012", "text", "0012"),
        ("592E", "text", "592E"),
        (Decimal(1020), "text", "1020"),
        (Decimal("1020.0"), "text", "1020"),
        (Decimal("1E+3"), "text", "1000"),
        (Decimal("1.50"), "text", "1.5"),
        (Decimal(13800000000), "phone", "13800000000"),
        (Decimal("1.5"), "money", Decimal("1.5")),
        ("(1,200.50)", "money", "-1,200.50"),
        ("（￥300）", "money", "-￥300"),
        ("(不详)", "money", "(不详)"),
        ("(0571) 1234", "phone", "(0571) 1234"),
        (True, "yes_no", True),
        (True, "text", "TRUE"),
        ("是", "yes_no", "是"),
        (date(2025, 1, 17), "text", "2025-01-17"),
        (time(9, 30), "text", "09:30:00"),
        (datetime(2025, 1, 17, 9, 30), "text", "2025-01-17 09:30:00"),  # noqa: DTZ001
        (date(2025, 1, 17), "date", date(2025, 1, 17)),
        (datetime(2025, 1, 17, 23, 30), "date", date(2025, 1, 17)),  # noqa: DTZ001
        (Decimal(45674), "date", date(2025, 1, 17)),
        (Decimal(20250117), "date", date(2025, 1, 17)),
        ("1996-07-08 00:00:00.000", "date", date(1996, 7, 8)),
        ("2025-01-17T23:30:00Z", "date", date(2025, 1, 17)),
        (date(2025, 1, 17), "datetime", datetime(2025, 1, 17)),  # noqa: DTZ001
        ("2025/1/17", "datetime", datetime(2025, 1, 17)),  # noqa: DTZ001
    ],
)
def test_a_cell_becomes_what_its_field_reads(cell: Any, kind: str, value: Any) -> None:
    found = raw_value(cell, kind)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("cell", "kind", "code"),
    [
        (Decimal("1.1010119900307E+17"), "text", "digits_lost"),
        ("#REF!", "text", "formula_error"),
        ("#DIV/0!", "money", "formula_error"),
        ("soon", "date", "not_a_date"),
        (Decimal("0.5"), "date", "not_a_date"),
        (Decimal("1E+9"), "date", "not_a_date"),
        (True, "date", "not_a_date"),
        (time(9, 30), "datetime", "not_a_date"),
        ("03/04/2025", "date", "ambiguous_date"),
    ],
)
def test_a_cell_that_cannot_be_read_says_why(cell: Any, kind: str, code: str) -> None:
    found = raw_value(cell, kind)
    assert isinstance(found, Problem)
    assert found.code == code


@pytest.mark.parametrize(
    ("cell", "kind", "value"),
    [
        ("1/17/2025", "date", date(2025, 1, 17)),
        ("2025/1/17 9:00", "datetime", datetime(2025, 1, 17, 1, 0, tzinfo=UTC)),
        (Decimal("1730.63"), "money", Decimal("1730.63")),
        ("12.5%", "percent", Decimal("12.50")),
        ("(1,200.50)", "money", Decimal("-1200.50")),
        (Decimal(12), "integer", 12),
        (True, "yes_no", True),
        ("否", "yes_no", False),
        (Decimal(1020), "text", "1020"),
    ],
)
def test_the_kinds_accept_what_comes_out(cell: Any, kind: str, value: Any) -> None:
    field = Field(name="x", kind=kind, label=Label("某", "Some"))
    assert kind_of(field).read(field, raw_value(cell, kind)) == value


def test_every_problem_reads_in_both_languages() -> None:
    params = {"expected": 4, "found": 5, "column": "B", "last": "A", "limit": 1_000_000, "value": "x", "order": "y"}
    for code in TEXTS:
        problem = Problem(code, params)
        assert problem.zh != problem.en
        assert "{" not in problem.zh + problem.en
    assert "1,000,000" in Problem("row_too_long", params).en
