"""Page by page: the same question to each program in turn, round by round, so that whatever else the machine does
falls on all of them alike."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from bench import api, floor, screens, stock
from bench.arm import Arm, Program, Turns
from bench.cases import Case
from bench.world import World

PROGRAMS: dict[str, Callable[[World], Program]] = {
    "floor": floor.make,
    "screens": screens.make,
    "api": api.make,
    "stock": stock.make,
}
ROUND_SECONDS = 0.5
MOST_TURNS, LEAST_TURNS = 25, 2


@dataclass
class Figures:
    """What one program needs for one case: seconds of each turn, size of an answer in bytes, and the rows that it
    showed in the turn before, which is the same one for all."""

    seconds: list[float] = field(default_factory=list)
    size: int = 0
    shown: list[str] = field(default_factory=list)

    @property
    def p50(self) -> float:
        """The median, in milliseconds."""
        return statistics.median(self.seconds) * 1000

    @property
    def p95(self) -> float:
        """What 95 of 100 turns stay below, in milliseconds."""
        return sorted(self.seconds)[min(len(self.seconds) - 1, int(len(self.seconds) * 0.95))] * 1000

    @property
    def per_second(self) -> float:
        """Answers a second, one after the other, on the processor of the program."""
        return len(self.seconds) / sum(self.seconds)

    def add(self, turns: Turns) -> None:
        """Take in what some turns gave."""
        self.seconds += turns.seconds
        self.size = turns.size


@dataclass(frozen=True)
class Compared:
    """The figures by case and program, and the most memory of each program in MB: as it began, and at the end."""

    figures: dict[str, dict[str, Figures]]
    memory: dict[str, tuple[float, float]]


def compare(
    world: World, cases: Iterable[Case], names: Sequence[str], rounds: int, told: Callable[[str], None]
) -> Iterator[Compared]:
    """Measure the cases on the named programs; what has been found so far, behind each case."""
    arms = [Arm(name, PROGRAMS[name], world) for name in names]
    try:
        begun = {arm.name: _begin(arm) for arm in arms}
        figures: dict[str, dict[str, Figures]] = {}
        for case in cases:
            told(case.label)
            figures[case.id] = _measure(case, arms, rounds)
            yield Compared(figures, {arm.name: (begun[arm.name], arm.peak()) for arm in arms})
    finally:
        for arm in arms:
            arm.close()


def _begin(arm: Arm) -> float:
    """Have the first page made once; the memory then."""
    arm.turns("list20", 0, 1)
    return arm.peak()


def _measure(case: Case, arms: Sequence[Arm], rounds: int) -> dict[str, Figures]:
    found: dict[str, Figures] = {}
    counts: dict[str, int] = {}
    for arm in arms:
        arm.turns(case.id, 0, 2)
        warm = arm.turns(case.id, 2, 1)  # the pages, templates and plans that a first turn fills are filled
        if warm is not None:
            counts[arm.name] = max(LEAST_TURNS, min(MOST_TURNS, int(ROUND_SECONDS / max(warm.seconds[0], 1e-4))))
            found[arm.name] = Figures(shown=warm.shown)
    turn = 3
    for _ in range(rounds):
        for arm in arms:
            if arm.name in found and (turns := arm.turns(case.id, turn, counts[arm.name])) is not None:
                found[arm.name].add(turns)
        turn += MOST_TURNS
    return found
