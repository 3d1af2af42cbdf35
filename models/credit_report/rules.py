"""Credit: what a grade may hold, when reports fall due, who may decide (C1-C5)."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_DOWN, Decimal
from typing import Literal, Protocol

from models.calendar import add_months
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
    TermTooLong,
    WriterDecides,
)
from models.errors import Sentence
from models.money_words import money_text

NOTHING = Decimal(0)


# --- what a grade may hold, C1


class CreditPolicy(Protocol):
    """What the company allows each grade (C1); amounts in yuan. The policy's section `credit` is one."""

    @property
    def longest_term_days(self) -> Mapping[str, int]:
        """By grade; 0 is cash on delivery."""

    @property
    def starting_limit(self) -> Decimal:
        """Of a customer new to grade B."""

    @property
    def step_percent(self) -> int:
        """By how much one decision may widen a limit of grade B."""

    @property
    def cash_customer_limit(self) -> Decimal:
        """The most that grade C may get; 0 is nothing."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of the customer when terms are proposed.

    `sales_in_term`: sales within the proposed payment period. `present_grade`, `present_limit`: in force now.
    `good_record`: paid well since the present limit. `careful_review`: its findings in words (grade C).
    """

    sales_in_term: Decimal | None = None
    present_grade: Grade | None = None
    present_limit: Decimal = NOTHING
    good_record: bool = False
    careful_review: str = ""


def sales_within(term_days: int, sales: Decimal, period_days: int = 365) -> Decimal:
    """The part of `sales` made in `period_days` that falls within a payment period, cut to the cent."""
    return (sales * term_days / period_days).quantize(Decimal("0.01"), ROUND_DOWN)


def check_terms(grade: Grade, limit: Decimal, term_days: int, standing: Standing, policy: CreditPolicy) -> None:
    """Refuse a limit or term that breaks its grade (C1).

    :raises TermsRefused: the first thing that is wrong, limit before term, with what would be right.
    """
    if limit < 0 or term_days < 0:
        raise TermsBelowZero()
    if grade == Grade.D and (limit or term_days):
        raise NoCreditAtD()
    if grade == Grade.A:
        _check_a(limit, term_days, standing)
    elif grade == Grade.B:
        _check_b(limit, standing, policy)
    elif grade == Grade.C:
        _check_c(limit, standing, policy)
    longest = policy.longest_term_days[grade]
    if term_days > longest:
        raise NoTermAtC() if not longest else TermTooLong(grade=grade, longest=longest, days=term_days)


def _check_a(limit: Decimal, term_days: int, standing: Standing) -> None:
    if not limit:
        return
    if standing.sales_in_term is None:
        raise SalesUnknown()
    if limit > standing.sales_in_term:
        highest = money_text(standing.sales_in_term)
        raise LimitAboveSales(days=term_days, highest=highest, limit=money_text(limit))


def _check_b(limit: Decimal, standing: Standing, policy: CreditPolicy) -> None:
    shown = money_text(limit)
    if standing.present_grade != Grade.B or not standing.present_limit:
        if limit > policy.starting_limit:
            raise LimitAboveStart(highest=money_text(policy.starting_limit), limit=shown)
        return
    present = standing.present_limit
    if limit > present and not standing.good_record:
        raise LimitNotEarned(highest=money_text(present), limit=shown)
    # A limit cut below the starting limit may come back to it in one step.
    highest = max(widest_step(present, policy.step_percent), policy.starting_limit)
    if limit > highest:
        words = {"present": money_text(present), "highest": money_text(highest), "limit": shown}
        raise LimitStepTooWide(percent=policy.step_percent, **words)


def _check_c(limit: Decimal, standing: Standing, policy: CreditPolicy) -> None:
    if limit > policy.cash_customer_limit:
        raise CashCustomerLimit(highest=money_text(policy.cash_customer_limit), limit=money_text(limit))
    if limit and not standing.careful_review.strip():
        raise CarefulReviewWanted()


def widest_step(present: Decimal, step_percent: int) -> Decimal:
    """The limit that one step leads to from the present one (C4), rounded down to the cent."""
    return (present * (100 + step_percent) / 100).quantize(Decimal("0.01"), ROUND_DOWN)


# --- contracts against their customer's grade, C1

Payment = Literal["credit", "on_delivery", "cash", "prepaid"]
PAID_AT_ONCE: tuple[Payment, ...] = ("cash", "prepaid")
"""Open to every customer, whatever the grade."""


def check_contract(grade: Grade | None, granted_days: int, payment: Payment, term_days: int) -> None:
    """Refuse a contract whose payment breaks the customer's grade or term; ungraded there is no credit.

    :raises ContractBreaksGrade: credit or cash on delivery at D (or ungraded), credit at C without a term.
    :raises ContractTermTooLong: a longer payment period than granted.
    """
    if payment in PAID_AT_ONCE:
        return
    if grade is None or grade == Grade.D:
        allowed = Sentence("只能现款或预付", "cash or prepayment only")
        raise ContractBreaksGrade(grade=grade or Sentence("未评定", "none yet"), allowed=allowed)
    if payment == "credit" and grade == Grade.C and not granted_days:
        raise ContractBreaksGrade(grade=grade, allowed=Sentence("货到付款", "cash on delivery"))
    if payment == "credit" and term_days > granted_days:
        raise ContractTermTooLong(granted=granted_days, days=term_days)


# --- the writer's grade, C2


def check_chosen_grade(proposed: Grade, chosen: Grade, reason: str) -> None:
    """Let the writer differ from the scorecard with a reason (C2).

    :raises GradeReasonWanted: without one.
    """
    if chosen != proposed and not reason.strip():
        raise GradeReasonWanted(proposed=proposed, chosen=chosen)


# --- when reports are due, C3


def next_report_due(grade: Grade, approved_on: date, months: Mapping[str, int]) -> date:
    """When the next report on a customer is due, counted from the approved one (C3)."""
    return add_months(approved_on, months[grade])


# --- decision, C4


@dataclass(frozen=True, slots=True)
class Decided:
    """What changes together on the customer when a report is approved (C4)."""

    grade: Grade
    limit: Decimal
    term_days: int
    decided_on: date
    next_due: date


def check_decision(*, writer: Hashable, decider: Hashable, finance_opinion: str, finance_reviewer: Hashable) -> None:
    """Whether a report may be decided by this person now (C4).

    :raises WriterDecides: nobody approves what they wrote.
    :raises FinanceOpinionWanted: finance's opinion is not on it.
    :raises OwnFinanceOpinion: it is the writer's own.
    """
    if decider == writer:
        raise WriterDecides()
    if not finance_opinion.strip() or finance_reviewer is None:
        raise FinanceOpinionWanted()
    if finance_reviewer == writer:
        raise OwnFinanceOpinion()


def decided(grade: Grade, limit: Decimal, term_days: int, decided_on: date, months: Mapping[str, int]) -> Decided:
    """The customer's new standing on approval: grade, limit, term and next due date, all at once (C4)."""
    return Decided(grade, limit, term_days, decided_on, next_report_due(grade, decided_on, months))


# --- beyond the limit, C5


@dataclass(frozen=True, slots=True)
class OverLimit:
    """By how much an order passes the limit, and the role to ask before trade."""

    excess: Decimal
    ask: Literal["sales_manager", "general_manager"]


def over_limit(limit: Decimal, outstanding: Decimal, order: Decimal, *, manager_up_to: Decimal) -> OverLimit | None:
    """Whether an order on credit passes the limit together with what is unpaid, and who may allow it (C5).

    The sales manager allows an excess up to `manager_up_to`, the general manager any.
    """
    excess = outstanding + order - limit
    if excess <= 0:
        return None
    return OverLimit(excess, "sales_manager" if excess <= manager_up_to else "general_manager")
