"""Who may take the original of a classified contract out: whoever may have it on paper (X4), until they may no more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from models.access import Purpose
from models.access_request import grants
from models.calendar import local
from models.contract.document import CONTRACT
from models.day_words import day_text
from models.errors import Invalid, Refusal, Sentence
from models.moves import stays
from models.person import service as people
from models.person.roles import Person


class BorrowerMayNot(Refusal):
    """Between the request and the signature the borrower's card ended, or their role."""

    code, status = "borrower_may_not", 409
    zh = "借用人现在无权带出此合同（借阅卡已结束，或职务已变），不能批准提取；可以不予提取。"
    en = "The borrower may not take this contract out any more: their card has ended, or their role. Refuse the loan."


def check_asked(borrower: Person, contract: Mapping[str, Any], return_on: date | None, now: datetime) -> None:
    """:raises Invalid: when it would come back after the end of the card by which the asker may have it on paper."""
    last = _last_day(borrower, contract, now)
    if last is not None and return_on is not None and return_on > last:
        day = day_text(last)
        told = Sentence(
            f"您的借阅卡到 {day.zh} 为止，请在此之前归还。", f"Your card ends on {day.en}: bring it back by then."
        )
        raise Invalid({"return_by": told})


def check_lent(borrower: Any, contract: Mapping[str, Any], now: datetime) -> None:
    """:raises BorrowerMayNot: when whoever asked may not have the contract on paper now."""
    person = people.person_of(people.get(borrower))
    person = replace(person, grants=grants.grants_in_force(person, now))
    if stays(person, CONTRACT, contract):
        raise BorrowerMayNot()


def _last_day(person: Person, contract: Mapping[str, Any], now: datetime) -> date | None:
    """The last day of the card by which the person may have a contract on paper; None for whoever may without one."""
    if not stays(replace(person, grants={}), CONTRACT, contract):
        return None
    until = grants.last_end(person, contract["_id"], Purpose.PRINT, now)
    return local(until - timedelta(minutes=1)).date() if until is not None else None
