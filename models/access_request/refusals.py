"""Refusals of cards. Those of an offer speak of somebody else's card, and name nothing of it (X3, X6)."""

from __future__ import annotations

from models.errors import Refusal


class NothingToOffer(Refusal):
    """The person to whom a record is offered already has it for these uses."""

    code, status = "nothing_to_offer", 409
    zh, en = "此人已可这样使用该记录，无需授权。", "This person may already use this record so."


class OfferedAlready(Refusal):
    """The person to whom a record is offered has a card for it that waits or is in force."""

    code, status = "offered_already", 409
    zh, en = (
        "此人对该记录已有借阅卡正在办理或仍然有效，无需再次授权。",
        "This person already has a card for this record that waits or is in force.",
    )


class SeveralDepartments(Refusal):
    """The records of one card are approved by one head."""

    code = "several_departments"
    zh = "所选记录分属不同部门，请分开申请。"
    en = "These records belong to several departments: ask for them apart."
