"""Refusals of cards. Those of an offer speak of somebody else's card, and name nothing of it (X3, X6)."""

from __future__ import annotations

from collections.abc import Collection

from models.errors import Refusal


class NothingToAsk(Refusal):
    """The person already reads the records."""

    code, status = "nothing_to_ask", 409
    zh, en = "您已可查看该记录，无需申请。", "You can already read this record."


class NothingToPrint(NothingToAsk):
    """The same where a card to print was asked for."""

    zh, en = "您已可打印该记录，无需申请。", "You can already print this record."


class NothingToExport(NothingToAsk):
    """The same where a card to export was asked for."""

    zh, en = "您已可导出该记录，无需申请。", "You can already export this record."


def nothing_to_ask(uses: Collection[str]) -> NothingToAsk:
    """The refusal in the words of the use that was asked for."""
    if "export" in uses:
        return NothingToExport()
    return NothingToPrint() if "print" in uses else NothingToAsk()


class TooManyRecords(Refusal):
    """A card names at least one record and no more than policy allows."""

    code = "too_many_records"
    zh, en = "一张借阅卡可列 1 至 {most} 份记录。", "A card names 1 to {most} records."


class NothingToOffer(Refusal):
    """The person to whom a record is offered already has it for these uses."""

    code, status = "nothing_to_offer", 409
    zh, en = "此人已可这样使用该记录，无需授权。", "This person may already use this record so."


class ToOneself(Refusal):
    """Whoever offers a record reads it: more of it is asked for, and signed by one's own manager first (X4)."""

    code, status = "to_oneself", 409
    zh = "不能授权给自己；如需借阅，请提出申请，绝密由部门经理授权。"
    en = "You cannot offer a record to yourself: ask for access to it; top secret is offered by the head."


class NobodyLeftToSign(Refusal):
    """The only general manager offers the record themselves, or is its reader, and signs neither for themselves."""

    code, status = "nobody_left_to_sign", 409
    zh = "此项授权须由总经理签署，而除提交人和借阅人外没有其他总经理，无人可以签署，不能授权。"
    en = (
        "A general manager has to sign this, and there is none but whoever offers it and its reader: nobody could sign "
        "it, so it cannot be offered."
    )


class OfferedAlready(Refusal):
    """The person to whom a record is offered has a card for it that waits or is in force."""

    code, status = "offered_already", 409
    zh, en = (
        "此人对该记录已有借阅卡正在办理或仍然有效，无需再次授权。",
        "This person already has a card for this record that waits or is in force.",
    )


class AskedAlready(Refusal):
    """The same person's request for the same record still waits, or what left under it is not back."""

    code, status = "asked_already", 409
    zh = "您对该记录的申请正在办理或尚待归还：{number}。"
    en = "Your request for this record is still open: {number}."


class InForceAlready(Refusal):
    """Another card of the same reader for the same record and use would be in force at the same time."""

    code, status = "in_force_already", 409
    zh, en = (
        "借阅人的借阅卡 {number} 在此期间已包含同一记录、同一用途，不能批准；请拒绝并说明理由。",
        "The reader's card {number} is for the same record and use at that time. Refuse this one, saying why.",
    )


class OnlyOffered(Refusal):
    """Nobody asks for top secret, who holds it by a card no more than others (X3)."""

    code, status = "only_offered", 409
    zh, en = (
        "绝密记录不受理申请；如需继续使用，请由负责人或部门经理授权。",
        "Nobody asks for top secret. If you need it for longer, its owner or the department head offers it.",
    )


class NotByAsking(Refusal):
    """A record of a card became top secret since its reader asked for it: nobody asks for top secret (X3)."""

    code, status = "not_by_asking", 409
    zh = "所借记录现含绝密，不受理申请，不能批准。请拒绝，理由中勿提密级；确需查看的，拒绝后由负责人或部门经理授权。"
    en = (
        "One of these records is top secret now, for which nobody asks: this cannot be approved. Refuse it, saying "
        "nothing of the level; whoever shall read it nevertheless is then offered it by its owner or the head."
    )


class NotSignedInYet(Refusal):
    """The reader has the first password still that one administrator gave: whoever made the account may use it."""

    code, status = "not_signed_in_yet", 409
    zh, en = (
        "借阅人尚未用首次密码登录并自设密码，暂不能批准或授权。",
        "The reader has not signed in yet and chosen a password of their own: until then no card is given to them.",
    )


class SeveralDepartments(Refusal):
    """The records of one card are approved by one head."""

    code = "several_departments"
    zh = "所选记录分属不同部门，请分开申请。"
    en = "These records belong to several departments: ask for them apart."
