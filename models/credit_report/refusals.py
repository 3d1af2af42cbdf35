"""The ways in which credit says no, each with what would be right (C1, C2, C4)."""

from __future__ import annotations

from typing import ClassVar

from models.errors import Refusal


class TermsRefused(Refusal):
    """A limit or term that breaks its grade (C1). `field` names which of the two."""

    code = "terms_refused"
    field: ClassVar[str] = "limit"


class TermsBelowZero(TermsRefused):
    """A limit or term below zero."""

    code = "terms_below_zero"
    zh, en = "额度和账期不能为负数。", "A limit or term cannot be below zero."


class SalesUnknown(TermsRefused):
    """A limit of grade A without sales to hold it against."""

    code = "sales_unknown"
    zh = "A 级额度不得超过合同账期内的销售额，请先填写销售额。"
    en = "An A limit is at most the sales within the contract's payment period: please give the sales first."


class LimitAboveSales(TermsRefused):
    """A limit of grade A above the sales within the payment period."""

    code = "limit_above_sales"
    zh = "A 级额度不得超过合同账期（{days} 天）内的销售额 {highest}，此处为 {limit}。"
    en = "An A limit is at most the sales within the payment period ({days} days), {highest}; this is {limit}."


class LimitAboveStart(TermsRefused):
    """The first limit of a customer at grade B above the starting limit."""

    code = "limit_above_start"
    zh = "B 级客户从起始额度 {highest} 开始，此处为 {limit}。信用记录良好后可逐步放宽。"
    en = "A B customer starts with {highest} at most; this is {limit}. A good record widens it step by step."


class LimitNotEarned(TermsRefused):
    """A wider limit at grade B without a good record."""

    code = "limit_not_earned"
    zh = "B 级额度须凭良好的信用记录逐步放宽。记录未达良好，额度不得超过现有的 {highest}，此处为 {limit}。"
    en = "A B limit widens only with a good record. Without one {highest} is the most; this is {limit}."


class LimitStepTooWide(TermsRefused):
    """A limit at grade B widened by more than one step."""

    code = "limit_step_too_wide"
    zh = "B 级额度每次最多放宽 {percent}%，即由 {present} 至 {highest}，此处为 {limit}。"
    en = "One step widens a B limit by {percent}% at most, from {present} to {highest}; this is {limit}."


class CashCustomerLimit(TermsRefused):
    """A limit of grade C where policy allows none, or above what it allows."""

    code = "cash_customer_limit"
    zh = "C 级客户货到付款，额度最多为 {highest}，此处为 {limit}。"
    en = "A C customer pays cash on delivery: the limit is {highest} at most; this is {limit}."


class CarefulReviewWanted(TermsRefused):
    """A limit of grade C without the careful review on record."""

    code = "careful_review_wanted"
    zh = "给 C 级客户额度须先慎重审查，请写明审查意见。"
    en = "A limit for a C customer needs a careful review first: please note its findings."


class NoCreditAtD(TermsRefused):
    """Any limit or term of grade D."""

    code = "no_credit_at_d"
    zh = "D 级客户不给予信用，只能现款或预付：额度和账期均须为 0。"
    en = "A D customer gets no credit, cash or prepayment only: limit and term must be 0."


class TermTooLong(TermsRefused):
    """A term beyond what the grade may have; 0 days is cash on delivery."""

    code, field = "term_too_long", "term_days"
    zh = "{grade} 级客户的账期最长 {longest} 天，此处为 {days} 天。"
    en = "The longest term of grade {grade} is {longest} days; this is {days} days."


class NoTermAtC(TermsRefused):
    """A term of grade C where it pays on delivery."""

    code, field = "no_term_at_c", "term_days"
    zh, en = (
        "C 级客户货到付款，账期须为 0 天。",
        "A C customer pays cash on delivery: the term must be 0 days.",
    )


class ContractBreaksGrade(Refusal):
    """A way of paying that the customer's grade does not allow."""

    code = "contract_breaks_grade"
    zh = "客户为 {grade} 级，{allowed}，合同约定的付款方式不符。"
    en = "The customer has grade {grade}, {allowed}: the contract's way of paying breaks it."


class ContractTermTooLong(Refusal):
    """A contract with a longer payment period than the customer was granted."""

    code = "contract_term_too_long"
    zh = "核准的账期为 {granted} 天，合同约定 {days} 天。请先申请调整信用。"
    en = "The customer's term is {granted} days; the contract gives {days}. Ask for new credit terms first."


class GradeReasonWanted(Refusal):
    """The writer's grade differs from the proposed one without a reason (C2)."""

    code = "grade_reason_wanted"
    zh = "评分建议 {proposed} 级，您选择 {chosen} 级，请写明理由。"
    en = "The score proposes grade {proposed} and you chose {chosen}: please give the reason."


class WriterDecides(Refusal):
    """The writer of a report may not decide it."""

    code, status = "writer_decides", 403
    zh = "报告由您编写，须由授信额度管理小组的其他成员决定。"
    en = "You wrote this report: another member of the credit group decides it."


class FinanceOpinionWanted(Refusal):
    """A decision without finance's opinion (C4)."""

    code = "finance_opinion_wanted"
    zh, en = "财务意见尚未填写，暂不能决定。", "Finance has not given its opinion yet: no decision before it."


class OwnFinanceOpinion(Refusal):
    """Finance's opinion comes from the writer of the report."""

    code = "own_finance_opinion"
    zh, en = (
        "财务意见须由编写人以外的财务人员给出。",
        "Finance's opinion must come from someone other than the writer.",
    )
