"""Reading a decreed year from its published form."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from models.public_days import BadCalendarFile, decreed, parse_published


def table(**changes: Any) -> dict[str, Any]:
    days = [
        {"name": "元旦", "date": "2027-01-01", "isOffDay": True},
        {"name": "国庆节、中秋节", "date": "2027-10-01", "isOffDay": True},
        {"name": "国庆节、中秋节", "date": "2027-10-09", "isOffDay": False},
    ]
    return {"year": 2027, "papers": ["https://example.org/decree"], "days": days, **changes}


def test_days_off_and_make_up_days_are_read_with_both_names() -> None:
    year = parse_published(table())
    assert (year.year, year.papers) == (2027, ("https://example.org/decree",))
    assert year.days[date(2027, 1, 1)].en == "New Year's Day"
    assert year.days[date(2027, 10, 1)].en == "National Day, Mid-Autumn Festival"
    assert year.days[date(2027, 10, 9)].working


@pytest.mark.parametrize(
    "document",
    [
        None,
        [],
        {},
        table(year="2027"),
        table(year=True),
        table(year=20270),
        table(days=None),
        table(days=[]),
        table(days=["2027-01-01"]),
        table(days=[{"name": "元旦", "date": "2027-13-01", "isOffDay": True}]),
        table(days=[{"name": "元旦", "date": "2027-01-01", "isOffDay": "yes"}]),
        table(days=[{"name": "元旦", "date": "2017-01-01", "isOffDay": True}]),
        table(days=[{"name": "元旦", "date": "2027-01-01", "isOffDay": True}] * 2),
        table(days=[{"name": "元旦", "date": "2026-12-31", "isOffDay": True}]),
        table(papers="x"),
    ],
)
def test_a_broken_table_is_refused_in_both_languages(document: Any) -> None:
    with pytest.raises(BadCalendarFile) as refusal:
        parse_published(document)
    assert refusal.value.text("zh").startswith("节假日文件无法读取")
    assert refusal.value.text("en").startswith("This holiday file cannot be read")


def test_only_years_with_a_decree_count_as_decreed() -> None:
    assert [year for year in range(1995, 2200) if decreed(year)] == list(range(2001, 2027))
