"""Periods as days, and conditions as an address writes them: no database, no clock."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from models.declarations import Field, Label
from models.listing import periods, written
from models.listing.conditions import condition_of
from models.listing.query import BadQuery, Filter
from models.listing.written import Branch, Leaf

SUNDAY = date(2026, 11, 22)
SEEN = Field(name="seen", kind="datetime", label=Label("看到", "Seen"))
A, B, C = Leaf("region", "is:江苏"), Leaf("grade", "is:a"), Leaf("name", "contains:(a, b\\c)")


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("today", "2026-11-22", "2026-11-22"),
        ("yesterday", "2026-11-21", "2026-11-21"),
        ("tomorrow", "2026-11-23", "2026-11-23"),
        ("this_week", "2026-11-16", "2026-11-22"),
        ("next_week", "2026-11-23", "2026-11-29"),
        ("last_month", "2026-10-01", "2026-10-31"),
        ("this_month", "2026-11-01", "2026-11-30"),
        ("this_quarter", "2026-10-01", "2026-12-31"),
        ("next_quarter", "2027-01-01", "2027-03-31"),
        ("last_year", "2025-01-01", "2025-12-31"),
        ("last_7_days", "2026-11-16", "2026-11-22"),
        ("next_1_days", "2026-11-22", "2026-11-22"),
        ("2026-02", "2026-02-01", "2026-02-28"),
        ("2026Q3", "2026-07-01", "2026-09-30"),
        ("2025", "2025-01-01", "2025-12-31"),
        ("2026-01-05..2026-01-09", "2026-01-05", "2026-01-09"),
    ],
)
def test_a_period_is_its_first_and_last_day(text: str, first: str, last: str) -> None:
    found = periods.days_of(text, SUNDAY)
    assert (found[0].isoformat(), found[1].isoformat()) == (first, last)


@pytest.mark.parametrize(
    "text",
    ["", "this_day", "last_0_days", "last_99999_days", "2026-13", "2026q5", "2026-02-02..2026-01-01", "0000", "$x"],
)
def test_what_names_no_period_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        periods.days_of(text, SUNDAY)


@pytest.mark.parametrize(
    ("text", "day"),
    [("90_days", "2026-08-24"), ("2_weeks", "2026-11-08"), ("9_months", "2026-02-22"), ("1_years", "2025-11-22")],
)
def test_an_age_is_counted_back_from_today(text: str, day: str) -> None:
    assert periods.day_before(text, SUNDAY).isoformat() == day


@pytest.mark.parametrize("text", ["", "days", "-1_days", "9999_years", "5_hours"])
def test_what_is_no_age_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        periods.day_before(text, SUNDAY)


@pytest.mark.parametrize(
    "node",
    [Branch(True, (A, B)), Branch(True, (A, Branch(False, (B, C)))), Branch(False, (C, Branch(True, (A, B)), C))],
)
def test_a_group_is_read_as_it_was_written(node: Branch) -> None:
    assert written.parse(written.write(node)) == node
    assert written.node_of(*written.pair_of(node)) == node


@pytest.mark.parametrize(
    "text",
    [
        "",
        "region:is:x",
        "any",
        "any()",
        "any(",
        "any(region)",
        "any(:is:x)",
        "any(region:)",
        "any(region:is:x",
        "any(region:is:x,)",
        "any(region:is:x))",
        "none(region:is:x)",
        "any(" * 4 + "region:is:x" + ")" * 4,
        "any(" * 500 + "region:is:x" + ")" * 500,
        "any(region:is:" + "x" * 5000 + ")",
        "any(region:is:x\\",
    ],
)
def test_a_group_that_cannot_be_read_is_refused_by_name(text: str) -> None:
    with pytest.raises(BadQuery) as refused:
        written.parse(text)
    assert "where" in refused.value.text("en")


def test_a_condition_is_joined_to_another_as_alternative_or_demand() -> None:
    assert written.joined(A, (), B, any_of=True) == Branch(True, (A, B))
    assert written.joined(Branch(True, (A, B)), (), C, any_of=True) == Branch(True, (A, B, C))
    assert written.joined(Branch(True, (A, B)), (1,), C, any_of=False) == Branch(True, (A, Branch(False, (B, C))))
    assert written.joined(Branch(True, (A, B)), (1,), C, any_of=True) == Branch(True, (A, B, C))
    with pytest.raises(BadQuery):
        written.joined(Branch(True, (A, B)), (2,), C, any_of=True)


def test_what_is_left_of_a_group_is_written_as_simply_as_it_can_be() -> None:
    nested = Branch(True, (A, Branch(False, (B, C))))
    assert written.without(A, ()) is None
    assert written.without(Branch(True, (A, B)), (0,)) == B
    assert written.without(nested, (1, 0)) == Branch(True, (A, C))
    assert written.without(nested, (0,)) == Branch(False, (B, C))
    with pytest.raises(BadQuery):
        written.without(nested, (0, 1))


def test_a_field_called_like_a_control_has_a_way_to_be_named() -> None:
    assert written.pair_of(Leaf("sort", "is:complaint")) == ("f-sort", "is:complaint")
    assert written.node_of("f-sort", "is:complaint") == Leaf("sort", "is:complaint")


@pytest.mark.parametrize("text", ["2026-11-22", "2026/11/22", "2026.11.22", "２０２６-１１-２２"])
def test_until_a_day_holds_that_day_of_a_moment_to_its_end(text: str) -> None:
    midnight = datetime(2026, 11, 22, 16, tzinfo=UTC)  # the 23rd begins in Shanghai
    assert condition_of(Filter(SEEN, "until", text)) == {"seen": {"$lt": midnight}}


@pytest.mark.parametrize("text", ["2026-11-22T14:30", "2026-11-22 14:30", "2026-11-22T06:30:00+00:00"])
def test_until_a_moment_ends_with_it(text: str) -> None:
    assert condition_of(Filter(SEEN, "until", text)) == {"seen": {"$lte": datetime(2026, 11, 22, 6, 30, tzinfo=UTC)}}


@pytest.mark.parametrize("text", ["", "9999-12-31", "1700-01-01", "2026-02-30", "soon"])
def test_until_what_is_no_day_is_refused(text: str) -> None:
    with pytest.raises(BadQuery):
        condition_of(Filter(SEEN, "until", text))
