"""Credit terms, decisions, due dates and orders beyond the limit (C1-C5)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

import pytest

from config.policy import load
from models.credit_report.grades import Grade
from models.credit_report.refusals import (
    CarefulReviewWanted,
    CashCustomerLimit,
    ContractBreaksGrade,
    ContractTermTooLong,
    FinanceOpinionWanted,
    GradeReasonWanted,
    LimitAboveSales,
    LimitAboveStart,
    LimitNotEarned,
    LimitStepTooWide,
    NoCreditAtD,
    NoTermAtC,
    OwnFinanceOpinion,
    SalesUnknown,
    TermsBelowZero,
    TermsRefused,
    TermTooLong,
    WriterDecides,
)
from models.credit_report.rules import (
    OverLimit,
    Payment,
    Standing,
    check_chosen_grade,
    check_contract,
    check_decision,
    check_terms,
    decided,
    next_report_due,
    over_limit,
    sales_within,
    widest_step,
)

A, B, C, D = Grade
MONTHS = {"A": 6, "B": 3, "C": 1, "D": 1}


@dataclass(frozen=True)
class Allowed:
    longest_term_days: Mapping[str, int] = field(default_factory=lambda: {"A": 90, "B": 60, "C": 0, "D": 0})
    starting_limit: Decimal = Decimal(50_000)
    step_percent: int = 20
    cash_customer_limit: Decimal = Decimal(0)


def terms(
    grade: Grade, limit: int | str, days: int, standing: Standing | None = None, policy: Allowed | None = None
) -> None:
    check_terms(grade, Decimal(limit), days, standing or Standing(), policy or Allowed())


def at_b(present: int, *, good: bool = True) -> Standing:
    return Standing(present_grade=B, present_limit=Decimal(present), good_record=good)


def test_an_a_limit_goes_up_to_the_sales_within_the_payment_period() -> None:
    sales = Standing(sales_in_term=sales_within(90, Decimal(1_460_000)))
    assert sales.sales_in_term == 360_000
    terms(A, 360_000, 90, sales)
    with pytest.raises(LimitAboveSales) as refusal:
        terms(A, "360000.01", 90, sales)
    assert "360,000 元" in refusal.value.text("zh")
    assert "360,000.01 元" in refusal.value.text("zh")
    assert "CNY 360,000;" in refusal.value.text("en")


def test_an_a_limit_without_known_sales_is_refused_but_none_needs_no_sales() -> None:
    terms(A, 0, 30)
    with pytest.raises(SalesUnknown):
        terms(A, 1, 30)


def test_b_starts_at_the_starting_limit() -> None:
    terms(B, 50_000, 60)
    with pytest.raises(LimitAboveStart):
        terms(B, 50_001, 60)
    with pytest.raises(LimitAboveStart):
        terms(B, 60_000, 60, Standing(present_grade=A, present_limit=Decimal(500_000), good_record=True))


def test_b_widens_by_one_step_with_a_good_record() -> None:
    terms(B, 72_000, 60, at_b(60_000))
    with pytest.raises(LimitStepTooWide) as refusal:
        terms(B, "72000.01", 60, at_b(60_000))
    assert "由 60,000 元 至 72,000 元" in refusal.value.text("zh")


def test_b_without_a_good_record_stays_or_shrinks() -> None:
    terms(B, 60_000, 60, at_b(60_000, good=False))
    terms(B, 10, 60, at_b(60_000, good=False))
    with pytest.raises(LimitNotEarned):
        terms(B, 60_001, 60, at_b(60_000, good=False))


def test_a_b_limit_cut_low_may_return_to_the_starting_limit_in_one_step() -> None:
    terms(B, 50_000, 60, at_b(10_000))
    with pytest.raises(LimitStepTooWide):
        terms(B, 50_001, 60, at_b(10_000))


def test_a_step_is_cut_to_the_cent() -> None:
    assert widest_step(Decimal("33333.33"), 10) == Decimal("36666.66")


def test_c_pays_on_delivery_and_has_no_limit_unless_policy_allows() -> None:
    terms(C, 0, 0)
    with pytest.raises(CashCustomerLimit):
        terms(C, 1, 0)
    with pytest.raises(NoTermAtC):
        terms(C, 0, 1)


def test_a_small_c_limit_needs_policy_and_a_careful_review() -> None:
    policy = Allowed(cash_customer_limit=Decimal(5_000))
    reviewed = Standing(careful_review="两家同业反映付款及时")
    terms(C, 5_000, 0, reviewed, policy)
    with pytest.raises(CashCustomerLimit):
        terms(C, 5_001, 0, reviewed, policy)
    with pytest.raises(CarefulReviewWanted):
        terms(C, 5_000, 0, Standing(careful_review="  "), policy)


@pytest.mark.parametrize(("limit", "days"), [(1, 0), (0, 1), (1, 1)])
def test_d_gets_nothing(limit: int, days: int) -> None:
    terms(D, 0, 0)
    with pytest.raises(NoCreditAtD):
        terms(D, limit, days)


@pytest.mark.parametrize(("grade", "longest"), [(A, 90), (B, 60)])
def test_no_term_beyond_the_grade(grade: Grade, longest: int) -> None:
    terms(grade, 0, longest)
    with pytest.raises(TermTooLong) as refusal:
        terms(grade, 0, longest + 1)
    assert refusal.value.field == "term_days"


@pytest.mark.parametrize("grade", list(Grade))
@pytest.mark.parametrize(("limit", "days"), [(-1, 0), (0, -1)])
def test_nothing_below_zero(grade: Grade, limit: int, days: int) -> None:
    with pytest.raises(TermsBelowZero):
        terms(grade, limit, days)


@pytest.mark.parametrize("grade", list(Grade))
def test_no_credit_at_all_is_right_for_every_grade(grade: Grade) -> None:
    terms(grade, 0, 0)


def test_a_worse_grade_never_gets_terms_that_a_better_one_is_refused() -> None:
    standing = Standing(sales_in_term=Decimal(40_000))
    for limit in (0, 1, 30_000, 50_000, 90_000):
        for days in (0, 30, 90):
            allowed = [_allows(grade, limit, days, standing) for grade in (B, C, D)]
            assert allowed == sorted(allowed, reverse=True)


def _allows(grade: Grade, limit: int, days: int, standing: Standing) -> bool:
    try:
        terms(grade, limit, days, standing)
    except TermsRefused:
        return False
    return True


def test_the_shipped_policy_is_a_credit_policy() -> None:
    check_terms(B, Decimal(0), 0, Standing(), load().credit)


@pytest.mark.parametrize("payment", ["cash", "prepaid"])
@pytest.mark.parametrize("grade", [*Grade, None])
def test_ready_money_is_right_for_everybody(grade: Grade | None, payment: Payment) -> None:
    check_contract(grade, 0, payment, 0)


@pytest.mark.parametrize(
    ("grade", "granted", "payment", "days", "refusal"),
    [
        (A, 60, "credit", 60, None),
        (A, 60, "credit", 61, ContractTermTooLong),
        (B, 0, "credit", 1, ContractTermTooLong),
        (C, 0, "on_delivery", 0, None),
        (C, 0, "credit", 0, ContractBreaksGrade),
        (D, 0, "on_delivery", 0, ContractBreaksGrade),
        (D, 0, "credit", 30, ContractBreaksGrade),
        (None, 0, "credit", 30, ContractBreaksGrade),
    ],
)
def test_a_contract_keeps_to_the_grade(
    grade: Grade | None, granted: int, payment: Payment, days: int, refusal: type[Exception] | None
) -> None:
    if refusal is None:
        check_contract(grade, granted, payment, days)
    else:
        with pytest.raises(refusal):
            check_contract(grade, granted, payment, days)


def test_a_refused_contract_says_what_is_allowed_in_both_languages() -> None:
    with pytest.raises(ContractBreaksGrade) as refusal:
        check_contract(None, 0, "credit", 30)
    assert refusal.value.text("zh") == "客户为 未评定 级，只能现款或预付，合同约定的付款方式不符。"
    assert "grade none yet, cash or prepayment only" in refusal.value.text("en")


def test_the_writer_may_differ_from_the_score_with_a_reason() -> None:
    check_chosen_grade(B, B, "")
    check_chosen_grade(B, C, "新近有诉讼")
    with pytest.raises(GradeReasonWanted):
        check_chosen_grade(B, A, " ")


@pytest.mark.parametrize(
    ("grade", "approved", "due"),
    [
        (A, "2026-08-31", "2027-02-28"),
        (B, "2023-11-30", "2024-02-29"),
        (C, "2026-12-31", "2027-01-31"),
        (D, "2024-01-31", "2024-02-29"),
    ],
)
def test_the_next_report_follows_from_the_approved_one(grade: Grade, approved: str, due: str) -> None:
    assert next_report_due(grade, date.fromisoformat(approved), MONTHS) == date.fromisoformat(due)


def test_a_decision_needs_another_person_and_finances_opinion() -> None:
    check_decision(writer="w", decider="d", finance_opinion="同意", finance_reviewer="f")
    with pytest.raises(WriterDecides):
        check_decision(writer="w", decider="w", finance_opinion="同意", finance_reviewer="f")
    for opinion, reviewer in (("", "f"), ("  ", "f"), ("同意", None)):
        with pytest.raises(FinanceOpinionWanted):
            check_decision(writer="w", decider="d", finance_opinion=opinion, finance_reviewer=reviewer)
    with pytest.raises(OwnFinanceOpinion):
        check_decision(writer="w", decider="d", finance_opinion="同意", finance_reviewer="w")


def test_an_approval_changes_everything_together() -> None:
    new = decided(C, Decimal(0), 0, date(2026, 1, 31), MONTHS)
    assert (new.grade, new.limit, new.term_days, new.next_due) == (C, Decimal(0), 0, date(2026, 2, 28))


@pytest.mark.parametrize(
    ("outstanding", "order", "asked"),
    [
        (80, 20, None),
        (80, 21, OverLimit(Decimal(1), "sales_manager")),
        (100, 50, OverLimit(Decimal(50), "sales_manager")),
        (100, 51, OverLimit(Decimal(51), "general_manager")),
    ],
)
def test_an_order_beyond_the_limit_is_asked_for(outstanding: int, order: int, asked: OverLimit | None) -> None:
    found = over_limit(Decimal(100), Decimal(outstanding), Decimal(order), manager_up_to=Decimal(50))
    assert found == asked
