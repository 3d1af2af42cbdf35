"""What follows from other values: formulas, conditions, keeping and review."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from models import formulas, keeping, requirement
from models.declarations import Field, Formula, Label, When
from models.formulas import FORMULAS
from models.kinds import Unreadable
from models.person.roles import Person
from models.registry import Draft
from tests.conftest import NOW
from tests.factories.types import SAMPLE

DAY, LATER = date(2026, 1, 30), date(2026, 3, 1)


@pytest.mark.parametrize(
    ("name", "values", "result"),
    [
        ("sum", [Decimal("1.5"), None, 2], Decimal("3.5")),
        ("sum", [[Decimal(1), None, Decimal(2)]], Decimal(3)),
        ("sum", [None, None], None),
        ("difference", [10, 3, None], 7),
        ("difference", [None, 3], None),
        ("product", [2, Decimal("1.5")], Decimal(3)),
        ("product", [2, None], None),
        ("share", [1, 8], Decimal("12.5")),
        ("share", [1, 0], None),
        ("days", [DAY, LATER], 30),
        ("days", [datetime(2026, 1, 29, 17, tzinfo=UTC), LATER], 30),
        ("days", [{"from": DAY, "until": DAY}], 1),
        ("days", [{"from": DAY, "until": None}], None),
        ("days", [None], None),
        ("smallest", [LATER, None, DAY], DAY),
        ("largest", [[1, 5, 3], None], 5),
        ("join", ["a", None, "b"], "a b"),
        ("join", [None], None),
        ("count", [["x", "y"], None], 2),
    ],
)
def test_a_formula_gives_what_its_name_says(name: str, values: list[Any], result: Any) -> None:
    assert FORMULAS[name].derive(values) == result


def number(kind: str = "money", **more: Any) -> Field:
    return Field(name="x", kind=kind, label=Label("值", "Value"), computed=Formula("sum", ("amount",)), **more)


def test_a_result_is_rounded_half_up_and_held_to_its_bounds() -> None:
    assert formulas.fitted(number(), Decimal("1.005")) == Decimal("1.01")
    assert formulas.fitted(number("integer"), Decimal("2.5")) == 3
    assert formulas.fitted(number("percent"), Decimal(100) / 3) == Decimal("33.33")
    for wrong, field in ((Decimal(10) ** 15, number()), (Decimal(-1), number(minimum=0))):
        with pytest.raises(Unreadable):
            formulas.fitted(field, wrong)


def draft(before: dict[str, Any] | None, **values: Any) -> Draft:
    empty = {f.name: None for f in SAMPLE.fields} | {"state": "draft"}
    old = None if before is None else {**empty, **before}
    return Draft(SAMPLE, "change", old, {**(old or empty), **values}, Person(None, "x"), NOW)


def test_a_result_that_does_not_fit_is_a_problem_of_its_first_source() -> None:
    wrong = draft(None, people=[{"wage": Decimal(10) ** 14}] * 11)
    formulas.compute(wrong)
    assert "too large" in wrong.problems["people"].en


def test_what_was_lacking_before_is_not_held_against_another_change() -> None:
    lacking = {"fragile": True, "packing": None}
    for before, values, refused in (
        (None, {"fragile": True}, True),
        (None, {"fragile": False}, False),
        ({"fragile": False}, {"fragile": True}, True),
        (lacking, {"name": "x"}, False),
        ({**lacking, "packing": "foam"}, {"packing": None}, True),
        ({**lacking, "packing": "foam"}, {"fragile": False, "packing": None}, False),
    ):
        one = draft(before, **values)
        requirement.check(one)
        assert ("packing" in one.problems) is refused, (before, values)


@pytest.mark.parametrize(
    ("when", "values", "holds"),
    [
        (When("state", ("waiting",)), {"state": "waiting"}, True),
        (When("state", ("waiting",)), {"state": "draft"}, False),
        (When("made_on"), {"made_on": DAY}, True),
        (When("made_on"), {}, False),
        (When("colour", ("红",)), {"colour": "red"}, True),
        (When("colours", ("blue",)), {"colours": ["red", "blue"]}, True),
        (When("region", ("华东 / 江苏",)), {"region": "js"}, True),
        (When("pieces", ("5",)), {"pieces": 5}, True),
        (When("fragile", ("no",)), {"fragile": None}, False),
    ],
)
def test_conditions_hold_for_the_values_they_name(when: When, values: dict[str, Any], holds: bool) -> None:
    assert requirement.holds(SAMPLE, when, values) is holds


def test_conditions_are_said_in_both_languages() -> None:
    assert requirement.in_words(SAMPLE, When("colour", ("red", "blue")), "en") == "“Colour” is “Red” or “Blue”"
    assert requirement.in_words(SAMPLE, When("colour", ("red", "blue")), "zh") == "“Colour”为“红”或“蓝”"
    assert requirement.in_words(SAMPLE, When("state", ("waiting",)), "zh") == "“状态”为“Waiting”"
    assert requirement.in_words(SAMPLE, When("made_on"), "en") == "Made on"


def test_records_are_kept_for_their_months_and_reviewed_by_their_value() -> None:
    values = {"made_on": date(2026, 8, 31), "colour": "blue"}
    assert keeping.keep_until(SAMPLE, values) == date(2031, 8, 31)
    assert keeping.review_on(SAMPLE, values) == date(2027, 2, 28)
    assert keeping.review_on(SAMPLE, {**values, "colour": None}) is None
    assert keeping.keep_until(SAMPLE, {}) is None
    assert keeping.keep_until(replace(SAMPLE, retention=None), values) is None
