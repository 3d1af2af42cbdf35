"""The scorecard of credit reports (C2): a table that an administrator edits, and what it makes of a report.

Each criterion has a weight and bands. A band gives 0 to 100 points to numbers from `from` on, or to the
answer `is`, and may cap the grade, whatever the score. What a report leaves open scores nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from models.credit_report.grades import Grade
from models.errors import Refusal, Sentence

FULL = Decimal(100)


class BadScorecard(Refusal):
    """A scorecard table that cannot be used; the one before stays."""

    code = "bad_scorecard"
    zh = "评分表有误：{problem}。"
    en = "This scorecard cannot be used: {problem}."


@dataclass(frozen=True, slots=True)
class Band:
    """`points` for numbers from `at_least` on, for the answer `answer`, or (neither) for any other number."""

    points: Decimal
    text: Sentence
    at_least: Decimal | None = None
    answer: str | None = None
    cap: Grade | None = None


@dataclass(frozen=True, slots=True)
class Criterion:
    """What is judged; `bands` from the highest number down."""

    name: str
    label: Sentence
    weight: Decimal
    bands: tuple[Band, ...]

    @property
    def is_choice(self) -> bool:
        """Whether the answers are words, not numbers."""
        return self.bands[0].answer is not None


@dataclass(frozen=True, slots=True)
class Scorecard:
    """Criteria, and the least score of each grade from A down; D takes the rest."""

    criteria: tuple[Criterion, ...]
    grades: tuple[tuple[Grade, Decimal], ...]


@dataclass(frozen=True, slots=True)
class Line:
    """One criterion of a proposal: its points, what it adds to the score, and why."""

    name: str
    points: Decimal
    adds: Decimal
    text: Sentence


@dataclass(frozen=True, slots=True)
class Proposal:
    """A score from 0 to 100 (one decimal), the grade it proposes, and the reasons.

    `missing` are criteria without a usable answer; `capped_by` those whose answer pulled the grade down.
    """

    score: Decimal
    grade: Grade
    lines: tuple[Line, ...]
    missing: tuple[str, ...]
    capped_by: tuple[str, ...]


def propose(card: Scorecard, answers: Mapping[str, Any]) -> Proposal:
    """Score a report's answers and propose a grade, with an explanation per criterion (C2)."""
    weights = sum(criterion.weight for criterion in card.criteria)
    lines, missing, caps = [], [], {}
    for criterion in card.criteria:
        answer = answers.get(criterion.name)
        band = _band(criterion, answer)
        if band is None:
            missing.append(criterion.name)
        elif band.cap:
            caps[criterion.name] = band.cap
        points = band.points if band else Decimal()
        adds = _tenths(points * criterion.weight / weights)
        lines.append(Line(criterion.name, points, adds, _line_text(criterion, answer, band, adds)))
    score = _tenths(
        sum((line.points * c.weight for line, c in zip(lines, card.criteria, strict=True)), Decimal()) / weights
    )
    earned = next((grade for grade, least in card.grades if score >= least), Grade.D)
    grade = max([earned, *caps.values()])
    capped_by = tuple(name for name, cap in caps.items() if cap > earned)
    return Proposal(score, grade, tuple(lines), tuple(missing), capped_by)


def _tenths(number: Decimal) -> Decimal:
    return number.quantize(Decimal("0.1"), ROUND_HALF_UP)


def _band(criterion: Criterion, answer: Any) -> Band | None:
    if criterion.is_choice:
        return next((band for band in criterion.bands if band.answer == answer), None)
    number = _number(answer)
    if number is None:
        return None
    return next((band for band in criterion.bands if band.at_least is None or number >= band.at_least), None)


def _number(value: Any) -> Decimal | None:
    """The value as a finite number; None for anything else."""
    if value is None or isinstance(value, bool):
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _line_text(criterion: Criterion, answer: Any, band: Band | None, adds: Decimal) -> Sentence:
    label = criterion.label
    if band is None:
        return Sentence(f"{label.zh}：未填写，计 0 分", f"{label.en}: not answered, 0 points")
    shown = "" if criterion.is_choice else f" {answer}"
    cap_zh = f"，等级不高于 {band.cap}" if band.cap else ""
    cap_en = f", grade {band.cap} at best" if band.cap else ""
    return Sentence(
        f"{label.zh}{shown}：{band.text.zh}，{band.points} 分，计入 {adds}{cap_zh}",
        f"{label.en}{shown}: {band.text.en}, {band.points} points, adds {adds}{cap_en}",
    )


# --- reading a table


def scorecard_from(table: Any) -> Scorecard:
    """Build a scorecard from its table (see `default_scorecard`), checking it whole.

    :raises BadScorecard: naming the first thing that is wrong.
    """
    if not isinstance(table, Mapping) or not isinstance(table.get("criteria"), Sequence) or not table["criteria"]:
        raise _bad("没有评分项", "it has no criteria")
    criteria = tuple(_criterion(entry, number) for number, entry in enumerate(table["criteria"], start=1))
    names = [criterion.name for criterion in criteria]
    if len(set(names)) < len(names):
        raise _bad("评分项重复", "a criterion appears twice")
    return Scorecard(criteria, _grade_steps(table.get("grades")))


def _grade_steps(table: Any) -> tuple[tuple[Grade, Decimal], ...]:
    problem = _bad("A、B、C 各需一个最低分，且依次降低", "A, B and C each need a least score, each lower than the last")
    if not isinstance(table, Mapping) or set(table) != {"A", "B", "C"}:
        raise problem
    steps = [_number(table[grade]) for grade in "ABC"]
    a, b, c = steps
    if a is None or b is None or c is None or not FULL >= a > b > c >= 0:
        raise problem
    return ((Grade.A, a), (Grade.B, b), (Grade.C, c))


def _criterion(entry: Any, number: int) -> Criterion:
    where = Sentence(f"第 {number} 项", f"criterion {number}")
    if not isinstance(entry, Mapping) or not isinstance(entry.get("name"), str) or not entry["name"]:
        raise _bad(f"{where.zh}没有名称", f"{where.en} has no name")
    weight = _number(entry.get("weight"))
    if weight is None or weight <= 0:
        raise _bad(f"{where.zh}的权重应大于 0", f"the weight of {where.en} must be above 0")
    rows = entry.get("bands")
    if not isinstance(rows, Sequence) or isinstance(rows, str) or not rows:
        raise _bad(f"{where.zh}没有分档", f"{where.en} has no bands")
    bands = [_one_band(row, where) for row in rows]
    answers = [band.answer for band in bands]
    floors = [band.at_least for band in bands]
    if any(answers) and (None in answers or any(floors)):
        raise _bad(f"{where.zh}混用了数值和选项", f"{where.en} mixes numbers and answers")
    if len(set(answers if any(answers) else floors)) < len(bands):
        raise _bad(f"{where.zh}的分档重复", f"{where.en} has the same band twice")
    if not any(answers):
        bands.sort(key=lambda band: Decimal("-Infinity") if band.at_least is None else band.at_least, reverse=True)
    return Criterion(entry["name"], _label(entry, entry["name"]), weight, tuple(bands))


def _one_band(row: Any, where: Sentence) -> Band:
    if not isinstance(row, Mapping):
        raise _bad(f"{where.zh}的分档有误", f"a band of {where.en} is wrong")
    points, floor = _number(row.get("points")), _number(row.get("from"))
    if points is None or not 0 <= points <= FULL:
        raise _bad(f"{where.zh}的得分应为 0 至 100", f"the points of {where.en} must be 0 to 100")
    if row.get("from") is not None and floor is None:
        raise _bad(f"{where.zh}的起点不是数字", f"a band of {where.en} starts at no number")
    answer, cap = row.get("is"), row.get("cap")
    if answer is not None and (not isinstance(answer, str) or not answer):
        raise _bad(f"{where.zh}的选项有误", f"an answer of {where.en} is wrong")
    if cap is not None and cap not in set(Grade):
        raise _bad(f"{where.zh}的等级上限有误", f"the grade cap of {where.en} is wrong")
    text = _label(row, answer or ("" if floor is None else f"≥ {floor}"))
    return Band(points, text, floor, answer, Grade(cap) if cap else None)


def _label(entry: Mapping[str, Any], fallback: str) -> Sentence:
    zh, en = entry.get("zh") or fallback, entry.get("en") or fallback
    return Sentence(str(zh), str(en))


def _bad(zh: str, en: str) -> BadScorecard:
    return BadScorecard(problem=Sentence(zh, en))
