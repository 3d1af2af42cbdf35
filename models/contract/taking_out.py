"""Who may take the original of a classified contract out: whoever may have it on paper (X4), until they may no more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from models import access
from models.access import Purpose
from models.access_request import grants
from models.calendar import local
from models.contract.document import CONTRACT
from models.day_words import day_text
from models.declarations import Level
from models.errors import Invalid, Refusal, Sentence
from models.person import service as people
from models.person.roles import MANAGING_EN, MANAGING_ZH, Person


class OriginalByCard(Refusal):
    """What may be read on screen alone does not leave the cabinet either (X4)."""

    code, status = "original_by_card", 403
    zh = f"您只能在屏幕上查看此合同；提取原件须先办理打印用途的借阅（限{MANAGING_ZH}）。"
    en = f"You may read this contract on screen only; to take its original out, borrow it to print ({MANAGING_EN})."


class BorrowerMayNot(Refusal):
    """Between the request and the signature the borrower's card ended, or their role."""

    code, status = "borrower_may_not", 409
    zh = "借用人现在无权带出此合同（借阅卡已结束，或职务已变），不能批准提取；可以不予提取。"
    en = "The borrower may not take this contract out any more: their card has ended, or their role. Refuse the loan."


def check_asked(borrower: Person, contract: Mapping[str, Any], return_on: date | None, now: datetime) -> None:
    """:raises OriginalByCard: when the asker may not have the contract on paper. :raises Invalid: when it would come
    back after the end of the card by which they may."""
    if _stays(borrower, contract):
        raise OriginalByCard()
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
    if _stays(person, contract):
        raise BorrowerMayNot()


def _stays(person: Person, contract: Mapping[str, Any]) -> bool:
    """Whether a contract is not to leave the cabinet for the person: one above internal that they may not print."""
    internal = Level.of(contract.get("level")) is Level.INTERNAL
    return not internal and access.keeps_to_screen(person, CONTRACT, contract["acl"])


def _last_day(person: Person, contract: Mapping[str, Any], now: datetime) -> date | None:
    """The last day of the card by which the person may have a contract on paper; None for whoever may without one."""
    if not _stays(replace(person, grants={}), contract):
        return None
    until = grants.last_end(person, contract["_id"], Purpose.PRINT, now)
    return local(until - timedelta(minutes=1)).date() if until is not None else None
