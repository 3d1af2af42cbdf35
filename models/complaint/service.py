"""Complaints at work: times, judgement, authority, closing, and the revisit that follows (T1-T7)."""

from __future__ import annotations

from typing import Any

from config.policy import policy
from models.complaint import rules
from models.customer.children import customer_of, follow_customer
from models.deadline import settling
from models.errors import Refusal, Sentence
from models.office import office_calendar
from models.registry import Draft, Hooks, MoveSheet, Needs
from models.revisit import booking


def take(draft: Draft) -> None:
    """Whoever records a complaint answers for it (T1); one about a customer follows the customer's file."""
    values = draft.values
    if values["received_at"] is None:
        values["received_at"] = draft.now
    if values["received_at"] is not None and values["received_at"] > draft.now:
        draft.problem("received_at", "受理时间不能晚于现在。", "It cannot be received in the future.")
    if values["customer"] is not None:
        owner, left = values["owner"], draft.owner_left
        follow_customer(draft)
        values["owner"], draft.owner_left = owner, left
        if draft.before is None or draft.touches(("customer",)):
            values["fast_lane"] = rules.fast_lane(key_customer=bool(customer_of(draft)["key_customer"])) or None


def time_it(draft: Draft) -> None:
    """Refuse a date agreed too early (T5), and keep the moments of answer, resolution and closing."""
    values = draft.values
    settling.settle(draft)
    if values["agreed_until"] is not None and draft.touches(("agreed_until", "received_at")):
        try:
            hours = policy().complaint.resolution_hours
            rules.check_agreed(values["agreed_until"], values["received_at"], office_calendar(), hours=hours)
        except Refusal as refused:
            draft.problems["agreed_until"] = Sentence(refused.text("zh"), refused.text("en"))
            return
    if draft.action == "answer" and values["answered_at"] is None:
        values["answered_at"] = draft.now
    if draft.action == "resolve":
        values["resolved_at"] = draft.now
    if draft.action == "close":
        values["closed_at"] = draft.now
    if draft.action == "reopen":
        values["closed_at"] = values["resolved_at"] = None
    values["next_due"] = values["answer_due"] if values["answered_at"] is None else values["resolution_due"]


def step(draft: Draft) -> None:
    """What a move needs beyond its fields: authority over amounts (T4), all that closing asks for (T2, T7)."""
    values, before = draft.values, draft.before
    if before is None:
        return
    if draft.action in ("hand_over", "agree_later") and before["state"] != "recorded":
        # These moves change who or when, not how far the complaint is.
        values["state"] = before["state"] if before["state"] != "judged" or draft.action != "hand_over" else "assigned"
    if draft.action == "hand_over" and before["state"] == "recorded":
        values["state"] = "recorded"
    if draft.action == "resolve" and values["amount"]:
        rules.check_grant(
            values["amount"],
            grantor=draft.actor.id,
            asker=None,
            roles=[role.value for role in draft.actor.roles],
            authority=policy().complaint.authority,
        )
    if draft.action == "close":
        _check_closing(values, before)


def _check_closing(values: dict[str, Any], before: Any) -> None:
    rules.check_move(rules.Stage(before["state"]), rules.Stage.CLOSED, founded=values["founded"])
    rules.check_closing(
        founded=values["founded"],
        reason=values["close_reason"] or "",
        cause=values["cause"] or "",
        customer_answer=values["satisfaction"] or "",
        open_promises=sum(1 for row in values["promises"] or () if not row.get("done")),
    )


def book_revisit(draft: Draft) -> None:
    """A closed complaint is followed by a revisit (T7, V1)."""
    if draft.action == "close":
        booking.after_complaint(draft)


def needs(sheet: MoveSheet) -> Needs:
    """What closing wants filled in, by the judgement (T2, T7)."""
    founded = sheet.values["founded"]
    if sheet.action != "close" or founded is None:
        return {}
    return dict.fromkeys(("cause", "satisfaction") if founded else ("close_reason",))


HOOKS = Hooks(prepare=(take, time_it, step), after=(book_revisit,), needs=needs)
