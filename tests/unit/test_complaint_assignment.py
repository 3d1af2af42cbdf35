"""Who takes a complaint: customer value x problem type (T3)."""

from __future__ import annotations

import pytest

from models.complaint.assignment import Candidate, assign, skill_wanted
from models.complaint.refusals import NoHandler

WEIGHTS = {"billing": 1, "quality": 3}


def one(name: str, skill: int = 2, knows: str = "", open_cases: int = 0, capacity: int = 10) -> Candidate[str]:
    return Candidate(name, skill, frozenset(knows.split()), open_cases, capacity)


@pytest.mark.parametrize(
    ("value", "problem", "skill"),
    [
        (1, "billing", 1),
        (2, "billing", 1),
        (3, "billing", 2),
        (1, "quality", 2),
        (2, "quality", 3),
        (3, "quality", 3),
        (1, "unheard of", 1),
        (9, "quality", 3),
        (0, "billing", 1),
    ],
)
def test_value_and_problem_decide_the_skill(value: int, problem: str, skill: int) -> None:
    assert skill_wanted(value, problem, WEIGHTS) == skill


def test_a_more_valuable_customer_or_heavier_problem_never_gets_less_skill() -> None:
    table = [[skill_wanted(value, p, WEIGHTS) for p in ("billing", "other", "quality")] for value in (1, 2, 3)]
    assert all(row == sorted(row) for row in table)
    assert all(list(column) == sorted(column) for column in zip(*table, strict=True))


def test_enough_skill_comes_before_knowledge_and_load() -> None:
    chosen = assign(3, "quality", [one("a", 2, "quality"), one("b", 3, open_cases=9)], WEIGHTS)
    assert chosen.person == "b"
    assert "需要 3 级技能" in chosen.reason.zh
    assert "is new to such problems" in chosen.reason.en


def test_knowledge_comes_before_load_and_load_before_order() -> None:
    assert assign(1, "quality", [one("a"), one("b", knows="quality", open_cases=9)], WEIGHTS).person == "b"
    assert assign(1, "quality", [one("a", open_cases=1), one("b")], WEIGHTS).person == "b"
    assert assign(1, "quality", [one("a", open_cases=4, capacity=20), one("b", open_cases=3)], WEIGHTS).person == "a"


def test_the_best_are_spared_for_what_needs_them() -> None:
    assert assign(1, "billing", [one("a", 3), one("b", 1)], WEIGHTS).person == "b"


def test_somebody_less_skilled_takes_it_rather_than_nobody() -> None:
    assert assign(3, "quality", [one("a", 1), one("b", 3, capacity=0)], WEIGHTS).person == "a"
    for nobody in ([], [one("a", capacity=0)]):
        with pytest.raises(NoHandler):
            assign(3, "quality", nobody, WEIGHTS)
