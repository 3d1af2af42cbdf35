"""Who takes a complaint (T3): customer value x problem type, then load."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from models.complaint.refusals import NoHandler
from models.errors import Sentence

PersonKey = TypeVar("PersonKey", bound=Hashable)
HIGHEST = 3
ORDINARY = 2  # the weight of a problem type that nobody has weighed


@dataclass(frozen=True, slots=True)
class Candidate(Generic[PersonKey]):
    """Somebody on duty: skill from 1 to 3, problem types they know, open cases, and how many they can carry."""

    person: PersonKey
    skill: int
    knows: frozenset[str]
    open_cases: int
    capacity: int


@dataclass(frozen=True, slots=True)
class Assignment(Generic[PersonKey]):
    """Who takes the complaint, and why in words."""

    person: PersonKey
    reason: Sentence


def skill_wanted(customer_value: int, problem: str, weights: Mapping[str, int]) -> int:
    """The skill from 1 to 3 that a complaint asks for.

    `customer_value` is 1 to 3 (3 a key customer), `weights` gives a problem type 1 to 3. Their product decides:
    up to 2 anybody, up to 5 the experienced, from 6 the best.
    """
    product = _within(customer_value) * _within(weights.get(problem, ORDINARY))
    return 1 if product <= 2 else 2 if product <= 5 else HIGHEST


def assign(
    customer_value: int,
    problem: str,
    candidates: Collection[Candidate[PersonKey]],
    weights: Mapping[str, int],
) -> Assignment[PersonKey]:
    """The best person for a complaint (T3).

    Enough skill comes first, then knowing the problem, then the lightest load, then sparing the more skilled; among
    equals the first given. Somebody below the skill takes it only when nobody else has capacity.

    :raises NoHandler: nobody has capacity.
    """
    wanted = skill_wanted(customer_value, problem, weights)

    def rank(one: Candidate[PersonKey]) -> tuple[int, bool, float, int]:
        load = (one.open_cases + 1) / one.capacity
        return max(wanted - one.skill, 0), problem not in one.knows, load, one.skill

    able = [one for one in candidates if one.capacity > 0]
    if not able:
        raise NoHandler()
    best = min(able, key=rank)
    knows = problem in best.knows
    return Assignment(
        best.person,
        Sentence(
            f"需要 {wanted} 级技能，此人 {best.skill} 级，"
            f"{'熟悉' if knows else '不熟悉'}此类问题，在办 {best.open_cases} 件",
            f"asks for skill {wanted}: has {best.skill}, {'knows' if knows else 'is new to'} such problems, "
            f"{best.open_cases} open",
        ),
    )


def _within(number: int) -> int:
    return min(max(number, 1), HIGHEST)
