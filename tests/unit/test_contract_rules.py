"""Counterparty, review, custody, loans and expiry of contracts (K1-K5)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from models.calendar import SHANGHAI, WorkingCalendar
from models.contract.refusals import (
    BorrowerSigns,
    CheckAnswerableWanted,
    EndsBeforeSigning,
    EndsBeforeStart,
    GeneralManagerSigns,
    LicenceExpired,
    LicenceNumberWanted,
    LicenceValidityWanted,
    LoanTooLong,
    NotInCustody,
    ObjectionReasonWanted,
    OpinionGiven,
    OpinionsMissing,
    RequesterReviews,
    ReturnDatePast,
    ReturnDateWanted,
    ReviewObjected,
    SameReviewer,
    SignedInFuture,
)
from models.contract.rules import (
    Opinion,
    Side,
    check_counterparty,
    check_dates,
    check_loan,
    check_opinion,
    check_signing,
    hand_in_due,
    loan_due,
    overdue_working_days,
    renewal_decision_by,
    review_due,
    review_outcome,
    waiting_for,
)
from models.errors import Refusal

CALENDAR = WorkingCalendar()
TODAY = date(2026, 11, 23)
FINANCE, LEGAL = Side.FINANCE, Side.LEGAL


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI).astimezone(UTC)


def counterparty(**changes: Any) -> None:
    known = {"licence": "91350100M000100Y43", "valid_until": TODAY, "no_end": False, "answerable": "p"}
    check_counterparty(**{**known, **changes}, today=TODAY)


def test_a_checked_counterparty_passes_and_its_licence_holds_on_its_last_day() -> None:
    counterparty()
    counterparty(valid_until=None, no_end=True)
    counterparty(valid_until=date(9999, 12, 31))


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"licence": "NULL"}, LicenceNumberWanted),
        ({"valid_until": None}, LicenceValidityWanted),
        ({"valid_until": date(2026, 11, 22)}, LicenceExpired),
        ({"answerable": None}, CheckAnswerableWanted),
    ],
)
def test_an_unchecked_counterparty_is_refused(changes: dict[str, Any], refusal: type[Refusal]) -> None:
    with pytest.raises(refusal) as found:
        counterparty(**changes)
    assert found.value.text("zh") != found.value.text("en")


def dates(signed: date | None, starts: date | None, ends: date | None) -> None:
    check_dates(signed_on=signed, starts_on=starts, ends_on=ends, today=TODAY)


def test_dates_in_order_or_unknown_pass() -> None:
    dates(None, None, None)
    dates(TODAY, TODAY, TODAY)
    dates(date(2026, 3, 1), date(2026, 1, 1), date(2069, 12, 31))
    dates(date(2024, 2, 29), None, date(9999, 12, 31))


def test_dates_out_of_order_are_refused_and_named() -> None:
    with pytest.raises(SignedInFuture):
        dates(date(2026, 11, 24), None, None)
    with pytest.raises(EndsBeforeSigning) as found:
        dates(date(2026, 11, 1), None, date(1926, 11, 1))
    assert "1926-11-01" in found.value.text("zh")
    with pytest.raises(EndsBeforeStart):
        dates(None, date(2026, 11, 2), date(2026, 11, 1))


@pytest.mark.parametrize(
    ("asked", "due"),
    [
        ("2026-11-23T09:30", "2026-11-24T18:00"),
        ("2026-11-20T17:59", "2026-11-23T18:00"),
        ("2026-09-30T10:00", "2026-10-08T18:00"),
        ("2026-10-09T10:00", "2026-10-10T18:00"),
    ],
)
def test_a_review_is_due_at_the_end_of_the_next_working_day(asked: str, due: str) -> None:
    assert review_due(at(asked), CALENDAR).at == at(due)


def opinion(side: Side, **changes: Any) -> Opinion:
    known: dict[str, Any] = {"reviewer": "f", "requester": "s", "agrees": True, "reason": "", "given": {}}
    return check_opinion(side, **{**known, **changes})


def test_both_sides_review_and_then_the_contract_may_be_signed() -> None:
    given = {FINANCE: opinion(FINANCE)}
    assert waiting_for(given) == (LEGAL,)
    assert review_outcome(given) == "waiting"
    given[LEGAL] = opinion(LEGAL, reviewer="l", given=given)
    assert review_outcome(given) == "agreed"
    check_signing(given)


def test_nobody_reviews_their_own_or_twice_or_for_both_sides() -> None:
    given = {FINANCE: Opinion("f", True)}
    with pytest.raises(RequesterReviews):
        opinion(LEGAL, reviewer="s")
    with pytest.raises(OpinionGiven):
        opinion(FINANCE, reviewer="x", given=given)
    with pytest.raises(SameReviewer):
        opinion(LEGAL, reviewer="f", given=given)


def test_an_objection_needs_a_reason_and_stops_the_signing() -> None:
    with pytest.raises(ObjectionReasonWanted):
        opinion(FINANCE, agrees=False, reason="  ")
    given = {FINANCE: opinion(FINANCE, agrees=False, reason="账期过长")}
    assert review_outcome(given) == "objected"
    given[LEGAL] = opinion(LEGAL, reviewer="l", given=given)
    assert review_outcome(given) == "objected"
    with pytest.raises(ReviewObjected) as found:
        check_signing(given)
    assert found.value.text("zh").startswith("财务审查不同意")


@pytest.mark.parametrize(
    ("given", "zh"),
    [({}, "财务、法务"), ({FINANCE: Opinion("f", True)}, "法务"), ({LEGAL: Opinion("l", True)}, "财务")],
)
def test_no_signing_before_both_opinions(given: dict[Side, Opinion], zh: str) -> None:
    with pytest.raises(OpinionsMissing) as found:
        check_signing(given)
    assert found.value.text("zh") == f"尚缺{zh}意见，不能签订。"


@pytest.mark.parametrize(
    ("signed", "due"),
    [
        ("2026-11-20", "2026-11-23"),
        ("2026-11-21", "2026-11-23"),
        ("2026-02-13", "2026-02-14"),
        ("2025-12-31", "2026-01-04"),
    ],
)
def test_a_signed_contract_is_handed_in_within_one_working_day(signed: str, due: str) -> None:
    assert hand_in_due(date.fromisoformat(signed), CALENDAR).day == date.fromisoformat(due)


def loan(**changes: Any) -> date:
    known: dict[str, Any] = {
        "in_custody": True,
        "borrower": "s",
        "signer": "gm",
        "signer_is_general_manager": True,
        "return_on": TODAY + timedelta(days=30),
        "longest_days": 30,
    }
    return check_loan(**{**known, **changes}, today=TODAY)


def test_a_loan_from_custody_signed_by_the_general_manager_leaves() -> None:
    assert loan() == date(2026, 12, 23)
    assert loan(return_on=TODAY) == TODAY


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"in_custody": False}, NotInCustody),
        ({"return_on": None}, ReturnDateWanted),
        ({"return_on": date(2026, 11, 22)}, ReturnDatePast),
        ({"return_on": date(2026, 12, 24)}, LoanTooLong),
        ({"signer": None}, GeneralManagerSigns),
        ({"signer_is_general_manager": False}, GeneralManagerSigns),
        ({"borrower": "gm"}, BorrowerSigns),
    ],
)
def test_any_other_loan_is_refused(changes: dict[str, Any], refusal: type[Refusal]) -> None:
    with pytest.raises(refusal):
        loan(**changes)


@pytest.mark.parametrize(
    ("return_on", "today", "late"),
    [
        ("2026-11-20", "2026-11-20", 0),
        ("2026-11-20", "2026-11-22", 0),
        ("2026-11-20", "2026-11-23", 1),
        ("2026-11-21", "2026-11-23", 0),  # a Saturday is moved on to Monday
        ("2026-11-21", "2026-11-24", 1),
        ("2026-09-30", "2026-10-07", 0),
        ("2026-09-30", "2026-10-10", 3),
    ],
)
def test_a_loan_is_late_by_working_days(return_on: str, today: str, late: int) -> None:
    day = date.fromisoformat(return_on)
    assert overdue_working_days(day, date.fromisoformat(today), CALENDAR) == late
    closing = datetime.fromisoformat(f"{today}T18:00").replace(tzinfo=SHANGHAI)
    if CALENDAR.is_working(date.fromisoformat(today)):
        assert (loan_due(day, CALENDAR).at < closing) == (late > 0)


def test_a_renewal_is_decided_on_a_working_day_in_time() -> None:
    assert renewal_decision_by(date(2026, 12, 24), 30, CALENDAR) == date(2026, 11, 24)
    assert renewal_decision_by(date(2026, 12, 22), 30, CALENDAR) == date(2026, 11, 20)
    assert renewal_decision_by(date(2024, 3, 30), 30, CALENDAR) == date(2024, 2, 29)
    assert renewal_decision_by(date.min, 30, CALENDAR) == date.min
