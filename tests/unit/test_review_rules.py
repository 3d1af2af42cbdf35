"""The quarterly re-verification (F5)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from models.calendar import SHANGHAI, Quarter, WorkingCalendar, quarter_of
from models.review.rules import (
    SECTIONS,
    Answer,
    CorrectionWanted,
    SectionsOpen,
    UnknownSection,
    check_answer,
    check_finished,
    progress,
    quarter_to_open,
    review_due,
)

CALENDAR = WorkingCalendar()


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI).astimezone(UTC)


@pytest.mark.parametrize(
    ("now", "quarter"),
    [
        ("2026-10-01T00:00", None),
        ("2026-10-07T23:59", None),
        ("2026-10-08T00:00", Quarter(2026, 4)),
        ("2026-12-31T23:59", Quarter(2026, 4)),
        ("2027-01-01T00:00", None),
        ("2026-01-03T12:00", None),
        ("2026-01-04T00:30", Quarter(2026, 1)),  # a make-up Sunday
    ],
)
def test_reviews_open_on_the_first_working_day_and_stay_to_be_caught_up(now: str, quarter: Quarter | None) -> None:
    assert quarter_to_open(at(now), CALENDAR) == quarter


def test_over_a_year_each_quarter_opens_once_and_in_order() -> None:
    moment, opened = at("2026-01-01T00:00"), []
    while moment < at("2027-01-01T00:00"):
        quarter = quarter_to_open(moment, CALENDAR)
        if quarter and quarter not in opened:
            opened.append(quarter)
        moment += timedelta(hours=7)
    assert [str(q) for q in opened] == ["2026Q1", "2026Q2", "2026Q3", "2026Q4"]


@pytest.mark.parametrize(
    ("quarter", "due"),
    [
        (Quarter(2026, 1), "2026-01-23"),
        (Quarter(2026, 2), "2026-04-23"),
        (Quarter(2026, 3), "2026-07-22"),
        (Quarter(2026, 4), "2026-10-28"),
    ],
)
def test_a_review_is_due_15_working_days_after_the_first(quarter: Quarter, due: str) -> None:
    deadline = review_due(quarter, CALENDAR)
    assert deadline.day.isoformat() == due
    first = CALENDAR.first_working_day_of_quarter(quarter)
    assert CALENDAR.working_days_between(first, deadline.day) == 15
    assert quarter_of(deadline.day) == quarter


def test_a_review_of_a_year_not_announced_says_so() -> None:
    assert review_due(Quarter(2027, 1), CALENDAR).warning is not None
    assert review_due(Quarter(2026, 4), CALENDAR).warning is None


def test_a_review_is_complete_when_each_section_is_confirmed_or_corrected() -> None:
    answers: dict[str, Answer] = {}
    for number, section in enumerate(SECTIONS):
        assert progress(answers).percent == 100 * number // len(SECTIONS)
        with pytest.raises(SectionsOpen):
            check_finished(answers)
        answer = Answer.CORRECTED if number % 2 else Answer.CONFIRMED
        check_answer(section, answer, "电话已更正")
        answers[section] = answer
    assert progress(answers).complete
    assert progress(answers).percent == 100
    check_finished(answers)


def test_what_is_left_is_named_in_order() -> None:
    found = progress({"people": Answer.CONFIRMED, "gone": Answer.CONFIRMED}, ("basic", "people", "needs"))
    assert (found.percent, found.open_sections) == (33, ("basic", "needs"))


def test_an_answer_must_fit_the_review() -> None:
    check_answer("basic", Answer.CONFIRMED, "")
    with pytest.raises(UnknownSection):
        check_answer("secrets", Answer.CONFIRMED, "")
    with pytest.raises(CorrectionWanted):
        check_answer("basic", Answer.CORRECTED, "  ")
