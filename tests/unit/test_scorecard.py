"""The scorecard: a table that proposes a grade and says why (C2)."""

from __future__ import annotations

import copy
from decimal import Decimal
from typing import Any

import pytest

from models.credit_report.default_scorecard import DEFAULT_SCORECARD
from models.credit_report.grades import Grade
from models.credit_report.scorecard import BadScorecard, propose, scorecard_from

TABLE: dict[str, Any] = {
    "grades": {"A": 80, "B": 60, "C": 40},
    "criteria": [
        {
            "name": "paid",
            "zh": "按期付款",
            "en": "Paid on time",
            "weight": 3,
            "bands": [{"points": 0}, {"from": 50, "points": 50}, {"from": 90, "points": 100}],
        },
        {
            "name": "bank",
            "zh": "银行评价",
            "en": "Bank",
            "weight": 1,
            "bands": [{"is": "good", "points": 100}, {"is": "poor", "points": 0, "cap": "C"}],
        },
    ],
}
BEST = {
    "on_time_percent": 100,
    "longest_overdue_days": 0,
    "years_of_dealings": 10,
    "debt_ratio_percent": 30,
    "sales_growth_percent": 20,
    "bank_opinion": "good",
    "trade_opinion": "good",
    "visit_opinion": "good",
}


@pytest.mark.parametrize(
    ("paid", "bank", "score", "grade"),
    [
        (90, "good", "100", Grade.A),
        ("89.9", "good", "62.5", Grade.B),
        (Decimal(50), "good", "62.5", Grade.B),
        (49, "good", "25", Grade.D),
        (-1, "good", "25", Grade.D),
    ],
)
def test_weights_and_bands_make_the_score(paid: Any, bank: str, score: str, grade: Grade) -> None:
    found = propose(scorecard_from(TABLE), {"paid": paid, "bank": bank})
    assert (found.score, found.grade, found.missing) == (Decimal(score), grade, ())


def test_an_answer_may_cap_the_grade_whatever_the_score() -> None:
    table = copy.deepcopy(TABLE)
    table["criteria"][1]["bands"][1]["points"] = 100
    found = propose(scorecard_from(table), {"paid": 95, "bank": "poor"})
    assert (found.score, found.grade, found.capped_by) == (Decimal(100), Grade.C, ("bank",))
    worse = propose(scorecard_from(table), {"paid": 0, "bank": "poor"})
    assert (worse.grade, worse.capped_by) == (Grade.D, ()), "a cap never lifts a grade"


@pytest.mark.parametrize("answer", [None, "", "much", True, float("nan"), "Infinity", [], {"$gt": 1}])
def test_an_unusable_answer_scores_nothing_and_is_named(answer: Any) -> None:
    found = propose(scorecard_from(TABLE), {"paid": answer, "bank": "good"})
    assert (found.score, found.missing) == (Decimal(25), ("paid",))
    assert found.lines[0].text.zh == "按期付款：未填写，计 0 分"


def test_an_answer_no_longer_in_the_table_counts_as_missing() -> None:
    assert propose(scorecard_from(TABLE), {"paid": 95, "bank": "superb"}).missing == ("bank",)


def test_every_line_says_why_and_the_lines_add_up() -> None:
    found = propose(scorecard_from(DEFAULT_SCORECARD), {**BEST, "on_time_percent": 91})
    assert found.lines[0].text.zh == "按期付款比例（%） 91：90% 以上，75 分，计入 18.8"
    assert found.lines[0].text.en == "Bills paid on time (%) 91: 90% or more, 75 points, adds 18.8"
    assert abs(sum(line.adds for line in found.lines) - found.score) < Decimal("0.5")


def test_the_shipped_table_spans_all_grades() -> None:
    card = scorecard_from(DEFAULT_SCORECARD)
    assert propose(card, BEST).score == 100
    assert propose(card, BEST).grade == Grade.A
    assert propose(card, {}).score == 0
    assert propose(card, {}).grade == Grade.D
    assert propose(card, {**BEST, "longest_overdue_days": 120}).grade == Grade.D
    assert propose(card, {**BEST, "longest_overdue_days": 45}).grade == Grade.C


def test_a_better_answer_never_lowers_the_score() -> None:
    card = scorecard_from(DEFAULT_SCORECARD)
    for name, numbers in {
        "on_time_percent": range(0, 101, 5),
        "longest_overdue_days": range(120, -1, -5),
        "debt_ratio_percent": range(120, -1, -5),
        "sales_growth_percent": range(-60, 61, 5),
    }.items():
        scores = [propose(card, {**BEST, name: number}).score for number in numbers]
        assert scores == sorted(scores)


def _changed(path: tuple[Any, ...], value: Any) -> dict[str, Any]:
    table = copy.deepcopy(TABLE)
    place: Any = table
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return table


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("criteria",), []),
        (("criteria",), None),
        (("criteria", 0), "paid"),
        (("criteria", 0, "name"), ""),
        (("criteria", 1, "name"), "paid"),
        (("criteria", 0, "weight"), 0),
        (("criteria", 0, "weight"), "heavy"),
        (("criteria", 0, "bands"), []),
        (("criteria", 0, "bands"), "all"),
        (("criteria", 0, "bands", 0), 7),
        (("criteria", 0, "bands", 0, "points"), 101),
        (("criteria", 0, "bands", 0, "points"), None),
        (("criteria", 0, "bands", 0, "from"), "low"),
        (("criteria", 0, "bands", 0, "from"), 90),
        (("criteria", 0, "bands", 0, "is"), "good"),
        (("criteria", 1, "bands", 1, "is"), "good"),
        (("criteria", 1, "bands", 1, "is"), 3),
        (("criteria", 1, "bands", 1, "cap"), "E"),
        (("grades",), {"A": 80, "B": 60}),
        (("grades",), None),
        (("grades", "A"), 101),
        (("grades", "B"), 80),
        (("grades", "C"), -1),
    ],
)
def test_a_wrong_table_is_refused_in_both_languages(path: tuple[Any, ...], value: Any) -> None:
    with pytest.raises(BadScorecard) as refusal:
        scorecard_from(_changed(path, value))
    assert refusal.value.text("zh").startswith("评分表有误")
    assert refusal.value.text("en").startswith("This scorecard cannot be used")


def test_a_table_that_is_no_table_is_refused() -> None:
    for table in (None, 7, "x"):
        with pytest.raises(BadScorecard):
            scorecard_from(table)
