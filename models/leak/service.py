"""The leak register at work: its rules at each write, who inquires, by when (X8)."""

from __future__ import annotations

from datetime import timedelta

from models.calendar import local
from models.errors import Refusal
from models.leak import rules
from models.registry import Draft, Hooks

DECIDING = frozenset({"take_up", "conclude", "close", "send_back"})


class YouAreInvolved(Refusal):
    """Nobody inquires into, decides or closes what concerns themselves."""

    code, status = "you_are_involved", 403
    zh = "您是该事件的涉及人员或其上级，不能查处或签结。"
    en = "You are one of the people concerned, or their superior: you may not inquire into it or close it."


def _prepare(draft: Draft) -> None:
    values = draft.values
    if draft.action in DECIDING and draft.actor.id in rules.involved(draft.before or values):
        raise YouAreInvolved()
    if draft.action in ("create", "change"):
        draft.problems.update(rules.problems_of(values, local(draft.now).date()))
    if draft.before is None and values["found_on"] is not None:
        values["due_on"] = values["found_on"] + timedelta(days=rules.INQUIRY_DAYS)
    if draft.action == "take_up":
        values["investigator"] = draft.actor.id
    elif draft.action == "conclude":
        draft.problems.update(rules.outcome_problems(values))
        if draft.actor.id in rules.involved(values):
            raise YouAreInvolved()


HOOKS = Hooks(prepare=(_prepare,))
