"""The ways in which complaint handling says no (T2-T7)."""

from __future__ import annotations

from models.errors import Refusal


class StageSkipped(Refusal):
    """A stage cannot follow the present one."""

    code, status = "stage_skipped", 409
    zh, en = (
        "投诉目前“{present}”，不能直接转为“{target}”。",
        "The complaint is {present}: it cannot become {target} yet.",
    )


class NotJudged(Refusal):
    """A complaint cannot be closed before it is judged."""

    code = "not_judged"
    zh, en = "请先判定投诉是否成立。", "Please judge first whether the complaint is founded."


class CloseReasonWanted(Refusal):
    """An unfounded complaint is closed with the reason told to the customer."""

    code, about = "close_reason_wanted", "close_reason"
    zh = "投诉不成立时，请写明向客户解释的理由。"
    en = "An unfounded complaint is closed with the reason that was explained to the customer."


class CauseWanted(Refusal):
    """A founded complaint is closed with its cause."""

    code, about = "cause_wanted", "cause"
    zh, en = "请填写投诉原因后再结案。", "Please give the cause before closing."


class CustomerAnswerWanted(Refusal):
    """A founded complaint is closed with the customer's answer."""

    code, about = "customer_answer_wanted", "satisfaction"
    zh, en = "请记录客户是否满意后再结案。", "Please record first whether the customer is satisfied."


class PromisesOpen(Refusal):
    """A complaint cannot be closed while promises are open."""

    code, about = "promises_open", "promises"
    zh = "还有 {count} 项承诺未兑现，不能结案。"
    en = "Not to be closed yet: promises to keep, {count}."


class AuthorityExceeded(Refusal):
    """An amount above what the person may grant alone."""

    code, status = "authority_exceeded", 403
    zh = "{amount} 超出您的权限，请向{ask}申请。"
    en = "{amount} is beyond what you may grant: please ask the {ask}."


class BeyondAllAuthority(Refusal):
    """An amount that nobody in the table may grant."""

    code = "beyond_all_authority"
    zh = "{amount} 超出所有级别的权限（最高 {highest}）。"
    en = "{amount} is beyond every level's authority; the highest is {highest}."


class OwnGrant(Refusal):
    """Nobody approves a grant they asked for."""

    code, status = "own_grant", 403
    zh, en = "不能批准自己提出的补偿申请。", "Nobody approves a grant that they asked for themselves."


class NoHandler(Refusal):
    """Nobody can take the complaint."""

    code = "no_handler"
    zh = "没有可接手的人员，请客服部经理指派。"
    en = "Nobody is free to take this complaint; the department head can name somebody."


class AgreedDateTooEarly(Refusal):
    """An agreed date that is not later than the one the rule gives."""

    code = "agreed_date_too_early"
    zh = "约定日期须晚于规定的办结时间 {due}。"
    en = "An agreed date replaces the rule's only when it is later than {due}."
