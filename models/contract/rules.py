"""Contracts: counterparty, review, custody, loans, expiry (K1-K5)."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, Literal

from models.calendar import Deadline, WorkingCalendar
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
from models.customer.identity import is_placeholder
from models.day_words import day_text
from models.errors import Sentence

NOTHING = Decimal(0)

# --- before negotiating, K1


def check_counterparty(
    *, licence: str, valid_until: date | None, no_end: bool, answerable: Hashable | None, today: date
) -> None:
    """Whether the counterparty was checked and may be dealt with (K1). A licence holds on its last day.

    :raises LicenceNumberWanted: no licence number.
    :raises LicenceValidityWanted: neither an end of its validity nor `no_end`.
    :raises LicenceExpired: it ended before today.
    :raises CheckAnswerableWanted: nobody answers for the check.
    """
    if is_placeholder(licence):
        raise LicenceNumberWanted()
    if not no_end:
        if valid_until is None:
            raise LicenceValidityWanted()
        if valid_until < today:
            raise LicenceExpired(until=day_text(valid_until))
    if answerable is None:
        raise CheckAnswerableWanted()


def check_dates(*, signed_on: date | None, starts_on: date | None, ends_on: date | None, today: date) -> None:
    """Whether a contract's dates make sense; what is not known yet is not judged.

    It may take effect before its signing, and end on the day of either.

    :raises SignedInFuture: signed after today.
    :raises EndsBeforeSigning: :raises EndsBeforeStart: it ends before it begins.
    """
    if signed_on and signed_on > today:
        raise SignedInFuture(signed=day_text(signed_on))
    if signed_on and ends_on and ends_on < signed_on:
        raise EndsBeforeSigning(ends=day_text(ends_on), signed=day_text(signed_on))
    if starts_on and ends_on and ends_on < starts_on:
        raise EndsBeforeStart(ends=day_text(ends_on), starts=day_text(starts_on))


# --- review, K2


class Side(StrEnum):
    """Who reviews a contract."""

    FINANCE = "finance"
    LEGAL = "legal"


SIDES = {Side.FINANCE: Sentence("财务", "finance"), Side.LEGAL: Sentence("法务", "legal")}


@dataclass(frozen=True, slots=True)
class Opinion:
    """One side's answer: who gave it and whether they agree."""

    by: Hashable
    agrees: bool


def review_due(asked_at: datetime, calendar: WorkingCalendar, *, working_days: int = 1) -> Deadline:
    """When each reviewer's opinion is due (K2)."""
    return calendar.add_working_days(asked_at, working_days)


def check_opinion(
    side: Side,
    *,
    reviewer: Hashable,
    requester: Hashable,
    agrees: bool,
    reason: str,
    given: Mapping[Side, Opinion],
) -> Opinion:
    """The opinion, if this person may give it now (K2).

    :raises RequesterReviews: :raises OpinionGiven: :raises SameReviewer: not by this person, or not again.
    :raises ObjectionReasonWanted: an objection without reason.
    """
    if reviewer == requester:
        raise RequesterReviews()
    if side in given:
        raise OpinionGiven(kind=SIDES[side])
    for other, opinion in given.items():
        if opinion.by == reviewer:
            raise SameReviewer(other=SIDES[other])
    if not agrees and not reason.strip():
        raise ObjectionReasonWanted()
    return Opinion(reviewer, agrees)


def waiting_for(given: Mapping[Side, Opinion]) -> tuple[Side, ...]:
    """The sides whose opinion is still missing."""
    return tuple(side for side in Side if side not in given)


def review_outcome(given: Mapping[Side, Opinion]) -> Literal["waiting", "agreed", "objected"]:
    """What the opinions so far come to; one objection is enough, however the other side answers."""
    if any(not opinion.agrees for opinion in given.values()):
        return "objected"
    return "waiting" if waiting_for(given) else "agreed"


def check_signing(given: Mapping[Side, Opinion]) -> None:
    """Whether the contract may be signed: both sides agree (K2).

    :raises ReviewObjected: one side objects.
    :raises OpinionsMissing: an opinion is missing.
    """
    for side, opinion in given.items():
        if not opinion.agrees:
            raise ReviewObjected(kind=SIDES[side])
    missing = [SIDES[side] for side in waiting_for(given)]
    if missing:
        words = Sentence("、".join(m.zh for m in missing), " and ".join(m.en for m in missing))
        raise OpinionsMissing(missing=words)


# --- custody and loans, K3 and K4


def hand_in_due(signed_on: date, calendar: WorkingCalendar, *, working_days: int = 1) -> Deadline:
    """When the signed original must be in custody (K3)."""
    return calendar.add_working_days(signed_on, working_days)


def check_loan(
    *,
    in_custody: bool,
    borrower: Hashable,
    signer: Hashable | None,
    signer_is_general_manager: bool,
    return_on: date | None,
    today: date,
    longest_days: int,
) -> date:
    """The agreed date of return, if the contract may leave custody (K4).

    :raises NotInCustody: the original is not there.
    :raises ReturnDateWanted: :raises ReturnDatePast: :raises LoanTooLong: no sensible date of return.
    :raises GeneralManagerSigns: :raises BorrowerSigns: not signed, or not by the right person.
    """
    if not in_custody:
        raise NotInCustody()
    if return_on is None:
        raise ReturnDateWanted()
    if return_on < today:
        raise ReturnDatePast(day=day_text(return_on))
    latest = today + timedelta(days=longest_days)
    if return_on > latest:
        raise LoanTooLong(days=longest_days, latest=day_text(latest))
    if signer is None or not signer_is_general_manager:
        raise GeneralManagerSigns()
    if signer == borrower:
        raise BorrowerSigns()
    return return_on


def loan_due(return_on: date, calendar: WorkingCalendar) -> Deadline:
    """Until when a loan is in time: closing time of its day, moved on from a day off (K4)."""
    return calendar.end_of(return_on)


def overdue_working_days(return_on: date, today: date, calendar: WorkingCalendar) -> int:
    """How many working days a loan is late; each of them is chased once (K4). 0 is in time."""
    return calendar.working_days_between(calendar.working_day_from(return_on), today)


# --- what is owed, C5


def unpaid(values: Mapping[str, Any]) -> Decimal:
    """What is not paid yet of a contract: of its payments where they are agreed, else the whole amount."""
    payments = values["payments"] or ()
    if not payments:
        return values["amount"] or NOTHING
    return sum((_left(row) for row in payments), NOTHING)


def _left(payment: Mapping[str, Any]) -> Decimal:
    """What is open of an agreed payment: nothing once its day is noted without an amount, else what came in short."""
    if payment.get("paid") is not None and payment.get("paid_amount") is None:
        return NOTHING
    return max((payment["amount"] or NOTHING) - (payment.get("paid_amount") or NOTHING), NOTHING)


# --- expiry, K5


def renewal_decision_by(ends_on: date, notice_period_days: int, calendar: WorkingCalendar) -> date:
    """The last working day to tell the counterparty whether the contract goes on (K5).

    A day off moves it forward in time, never later: a late notice would renew the contract by itself.
    """
    last = date.fromordinal(max(ends_on.toordinal() - notice_period_days, 1))
    return last if calendar.is_working(last) else calendar.subtract_working_days(last, 1)
