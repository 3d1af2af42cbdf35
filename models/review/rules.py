"""Quarterly re-verification of customer files, which is also how each is supplemented or adjusted at least every three
months (F5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from models.calendar import Deadline, Quarter, WorkingCalendar, local, quarter_of
from models.errors import Refusal

SECTIONS = (
    "basic",
    "people",
    "dealings",
    "characteristics",
    "business",
    "organisation",
    "purchase",
    "needs",
    "analysis",
)
"""The groups of a customer file that are reviewed one by one."""


class UnknownSection(Refusal):
    """An answer for a section that the review does not have."""

    code = "unknown_section"
    zh, en = "核定中没有此部分。", "The review has no such section."


class CorrectionWanted(Refusal):
    """A section called corrected without a word on what changed."""

    code = "correction_wanted"
    zh, en = "请写明更正了什么。", "Please say what was corrected."


class SectionsOpen(Refusal):
    """A review cannot be finished while sections wait for an answer."""

    code = "sections_open"
    zh = "还有 {count} 个部分未核定，请逐项确认或更正。"
    en = "Sections still to answer: {count}. Each is confirmed or corrected."


# --- when


def quarter_to_open(now: datetime, calendar: WorkingCalendar) -> Quarter | None:
    """The quarter whose reviews must be open at `now`; None before its first working day.

    The answer stays the same until the quarter ends, so that a missed opening is caught up.
    """
    today = local(now).date()
    quarter = quarter_of(today)
    return quarter if today >= calendar.first_working_day_of_quarter(quarter) else None


def review_due(quarter: Quarter, calendar: WorkingCalendar, *, working_days: int = 15) -> Deadline:
    """When the reviews of a quarter are due: working days after its first one, whenever they were opened."""
    return calendar.add_working_days(calendar.first_working_day_of_quarter(quarter), working_days)


# --- answers


class Answer(StrEnum):
    """What the owner says of a section."""

    CONFIRMED = "confirmed"
    CORRECTED = "corrected"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a review is: whole per cent, and the sections still open, in order. 100 means none is."""

    percent: int
    open_sections: tuple[str, ...]

    @property
    def complete(self) -> bool:
        """Whether every section is answered."""
        return not self.open_sections


def check_answer(section: str, answer: Answer, note: str, sections: Sequence[str] = SECTIONS) -> None:
    """Whether an answer may be recorded; `note` says what a correction changed.

    :raises UnknownSection: :raises CorrectionWanted: it may not.
    """
    if section not in sections:
        raise UnknownSection()
    if answer == Answer.CORRECTED and not note.strip():
        raise CorrectionWanted()


def progress(answers: Mapping[str, Answer], sections: Sequence[str] = SECTIONS) -> Progress:
    """How far the answers bring a review; answers for other sections do not count."""
    left = tuple(section for section in sections if section not in answers)
    return Progress(100 * (len(sections) - len(left)) // len(sections) if sections else 100, left)


def check_finished(answers: Mapping[str, Answer], sections: Sequence[str] = SECTIONS) -> None:
    """Whether a review is done.

    :raises SectionsOpen: with how many sections are left.
    """
    left = progress(answers, sections).open_sections
    if left:
        raise SectionsOpen(count=len(left))
