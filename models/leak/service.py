"""The leak register at work: its rules at each write, who inquires, by when (X8)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from config.policy import policy
from models import schema
from models.calendar import local
from models.declarations import When
from models.errors import Refusal, Sentence
from models.leak import former, rules
from models.leak.document import DUTIES, JUDGING, LEAK, OUTCOMES
from models.person import directory
from models.person.roles import Person, Role
from models.registry import Draft, Hooks, MoveSheet, Needs
from models.reminder.outcomes import tell_asker

FOUNDED = When("outcome", tuple(one.value for one in OUTCOMES if one.value != rules.UNFOUNDED))
RESPONSIBLE = When("duty", tuple(one.value for one in DUTIES if one.value != rules.NO_DUTY))
CONCLUDING = {"people_found": FOUNDED, "superior": RESPONSIBLE, "remedy": FOUNDED}
"""What `rules.outcome_problems` wants of an outcome, as the sheet says it."""


class YouAreInvolved(Refusal):
    """Nobody inquires into, decides, closes or rewrites what concerns themselves."""

    code, status = "you_are_involved", 403
    zh = "您是该事件的涉及人员或其上级，不能修改、查处或签结。"
    en = "You are one of the people concerned, or their superior: you may not change it, inquire into it or close it."


NOBODY_CLOSES = Sentence(
    "目前没有人可以签结：查处人、涉及人员及其上级均不能签结。请系统管理员先为其他人授予总经理或客服部经理角色。",
    "Nobody could close this as things are: neither who inquires nor whom it concerns does. An administrator gives the "
    "role of general manager or department head to somebody else first.",
)


def _prepare(draft: Draft) -> None:
    values = draft.values
    if draft.before is not None and _concerned(draft, draft.before) and not _own_report(draft):
        raise YouAreInvolved()
    if draft.action in ("create", "change", "conclude"):  # an inquiry finds people, too
        draft.problems.update(rules.problems_of(values, local(draft.now).date()))
    if draft.before is None and values["found_on"] is not None:
        values["due_on"] = values["found_on"] + timedelta(days=policy().leak.inquiry_days)
    if draft.action == "take_up":
        values["investigator"] = (draft.behalf or draft.actor).id  # the inquiry asks for a role that a deputy may lack
        # The inquiry begins with whom the report names; what it makes of that is not for whoever reported.
        values["people_found"] = values["people"]
    elif draft.action == "conclude":
        # Whoever concludes because the inquiry stood still has inquired: they do not close it.
        values["investigator"] = (draft.behalf or draft.actor).id
        draft.problems.update(rules.outcome_problems(values))
        if _concerned(draft, values):
            raise YouAreInvolved()


def _concerned(draft: Draft, values: Mapping[str, Any]) -> bool:
    """Whether an incident concerns the person who writes, or for whom they do."""
    writing = {draft.actor.id, draft.behalf.id if draft.behalf else None}
    return not writing.isdisjoint(rules.involved(values))


def _own_report(draft: Draft) -> bool:
    """Whether somebody adds to what they reported themselves, and takes nobody out or in."""
    mine = draft.before is not None and draft.before["created_by"] == draft.actor.id
    return mine and draft.action == "change" and not draft.touches(("people",))


def _needs(sheet: MoveSheet) -> Needs:
    return CONCLUDING if sheet.action == "conclude" else {}


def _warns(reader: Person, leak: Mapping[str, Any], _beside: Mapping[str, Any]) -> list[Sentence]:
    """To whoever judges it, and reads who inquires: that nobody is left who could close it, as things are."""
    if leak["state"] not in ("inquiry", "judged") or "investigator" not in leak or not reader.has(*JUDGING):
        return []
    closing = {*directory.holders((Role.GENERAL_MANAGER,)), *directory.holders((Role.HEAD,), LEAK.kept_by)}
    return [] if closing - {leak["investigator"], *rules.involved(leak)} else [NOBODY_CLOSES]


HOOKS = Hooks(prepare=(_prepare,), after=(tell_asker,), needs=_needs, warns=_warns)
schema.bring_up(former.part_people)
