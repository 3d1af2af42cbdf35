"""The ways in which contract management says no (K1-K4)."""

from __future__ import annotations

from models.errors import Refusal


class LicenceNumberWanted(Refusal):
    """The counterparty has no licence number on record."""

    code = "licence_number_wanted"
    zh, en = "请先填写对方的营业执照号码。", "Please give the counterparty's licence number first."


class LicenceValidityWanted(Refusal):
    """Nobody has said until when the counterparty's licence is valid."""

    code = "licence_validity_wanted"
    zh = "请填写对方营业执照的有效期，或注明长期有效。"
    en = "Please say until when the counterparty's licence is valid, or that it has no end."


class LicenceExpired(Refusal):
    """The counterparty's licence is no longer valid."""

    code = "licence_expired"
    zh = "对方的营业执照已于 {until}到期，不得洽谈或签约。"
    en = "The counterparty's licence ended on {until}: no negotiation and no contract with it."


class CheckAnswerableWanted(Refusal):
    """Nobody answers for the check of the counterparty."""

    code = "check_answerable_wanted"
    zh, en = "请写明由谁对对方的审查负责。", "Please name who answers for the check of the counterparty."


class SignedInFuture(Refusal):
    """A signing date after today."""

    code = "signed_in_future"
    zh, en = "签订日期 {signed}晚于今天。", "The signing date {signed} is after today."


class EndsBeforeSigning(Refusal):
    """A contract that ends before it is signed."""

    code = "ends_before_signing"
    zh = "到期日 {ends}早于签订日期 {signed}。"
    en = "The contract ends on {ends}, before its signing on {signed}."


class EndsBeforeStart(Refusal):
    """A contract that ends before it takes effect."""

    code = "ends_before_start"
    zh = "到期日 {ends}早于生效日期 {starts}。"
    en = "The contract ends on {ends}, before it takes effect on {starts}."


class RequesterReviews(Refusal):
    """Nobody reviews a contract they handed in."""

    code, status = "requester_reviews", 403
    zh, en = "送审人不能审查自己的合同。", "Whoever hands a contract in for review cannot review it."


class OpinionGiven(Refusal):
    """The opinion of that side is already on the contract."""

    code, status = "opinion_given", 409
    zh, en = "{kind}意见已经给出。", "The {kind} opinion has been given already."


class SameReviewer(Refusal):
    """One person gave the other opinion already."""

    code, status = "same_reviewer", 403
    zh = "您已给出{other}意见，另一项意见须由他人给出。"
    en = "You gave the {other} opinion: somebody else gives the second one."


class ObjectionReasonWanted(Refusal):
    """An objection without a reason."""

    code = "objection_reason_wanted"
    zh, en = "不同意时请写明理由。", "An objection needs its reason."


class OpinionsMissing(Refusal):
    """A contract cannot be signed before both opinions are there."""

    code = "opinions_missing"
    zh, en = "尚缺{missing}意见，不能签订。", "Not to be signed yet: the {missing} opinion is missing."


class ReviewObjected(Refusal):
    """A contract cannot be signed against an objection."""

    code = "review_objected"
    zh = "{kind}审查不同意，请修改后重新送审。"
    en = "The {kind} review objects: change the contract and hand it in again."


class NotInCustody(Refusal):
    """Only what lies in custody can be taken out."""

    code, status = "not_in_custody", 409
    zh = "原件不在库中，不能提取。"
    en = "The original is not in custody, so it cannot be taken out."


class GeneralManagerSigns(Refusal):
    """Taking a contract out without the general manager's signature."""

    code, status = "general_manager_signs", 403
    zh, en = "提取已签合同须由总经理签字。", "Taking out a signed contract needs the general manager's signature."


class BorrowerSigns(Refusal):
    """Nobody signs for what they take out themselves."""

    code, status = "borrower_signs", 403
    zh, en = "提取人不能为自己签字。", "Nobody signs for a contract that they take out themselves."


class ReturnDateWanted(Refusal):
    """A loan without a return date."""

    code = "return_date_wanted"
    zh, en = "请填写归还日期。", "Please give the date of return."


class ReturnDatePast(Refusal):
    """A return date before today."""

    code = "return_date_past"
    zh, en = "归还日期 {day}已过。", "The date of return, {day}, is past."


class LoanTooLong(Refusal):
    """A return date beyond the longest loan."""

    code = "loan_too_long"
    zh, en = "最多可提取 {days} 天，最迟 {latest}归还。", "A loan lasts {days} days at most: return by {latest}."
