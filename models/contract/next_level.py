"""A reviewer is away: the next level decides after a phone confirmation, which is recorded and told to them (K2)."""

from __future__ import annotations

from typing import Any

from bson import ObjectId

from models.channel_choice import sending
from models.contract.rules import Side
from models.errors import Sentence
from models.person import directory
from models.person.roles import Person, Role
from models.registry import Draft

REVIEWERS = {Side.FINANCE: Role.FINANCE_REVIEWER, Side.LEGAL: Role.LEGAL_REVIEWER}
WHOM = Sentence(
    "请填写电话确认的审查人（已指定的须为本人）。", "Say which reviewer confirmed it by phone: the one asked."
)
WHEN = Sentence("请填写送审之后的电话确认时间。", "Say when they confirmed it by phone, since it was handed in.")


def decides(side: Side, person: Person, behalf: Person | None) -> bool:
    """Whether an opinion is given by the next level, in a reviewer's stead: not a deputy, who signs for somebody. Who
    was asked by name and is a reviewer no longer does not review."""
    return behalf is None and not person.has(REVIEWERS[side])


def settle(draft: Draft, side: Side) -> None:
    """Require the phone confirmation of whoever decides in a reviewer's stead, and of nobody else."""
    values, whom, when = draft.values, f"{side}_phoned", f"{side}_phoned_at"
    if not decides(side, draft.actor, draft.behalf):
        values[whom] = values[when] = None
        return
    asked = values[f"{side}_person"]
    if asked is not None and not directory.eligible(asked, (REVIEWERS[side],)):
        asked = None  # no reviewer any more: another one confirms it
    if values[whom] is None or (asked is not None and values[whom] != asked):
        draft.problems[whom] = WHOM
    if values[when] is None or not values["submitted_at"] <= values[when] <= draft.now:
        draft.problems[when] = WHEN


def tell(draft: Draft) -> None:
    """Tell the reviewer who was away that, and by whom, it was decided; by number, for email leaves the house."""
    side = draft.action.removesuffix("_review")
    if draft.action not in ("finance_review", "legal_review") or draft.values[f"{side}_phoned"] is None:
        return
    whom, role = f"{side}_phoned", REVIEWERS[Side(side)]
    absent: ObjectId = draft.values[whom]
    for address in directory.emails([absent]).values():
        subject, text = _words(draft.values, draft.actor.name)
        key = f"next_level:{draft.values['_id']}:{side}:{draft.values['submitted_at']:%Y%m%dT%H%M%S}"
        record = (draft.rt.slug, draft.values)
        said = {"to": address, "subject": subject, "text": text}
        sending.send(absent, key, **said, now=draft.now, roles=[role], record=record, named=whom)


def _words(values: dict[str, Any], by: str) -> tuple[str, str]:
    number = values["number"]
    zh = f"您不在期间，经与您电话确认，{by} 已代为作出合同 {number} 的审查决定。如有出入，请立即联系。"
    en = f"While you were away, {by} gave the opinion on contract {number} in your stead, confirmed with you by phone."
    subject = f"合同 {number} 的审查已由上一级决定 · Contract {number} was decided in your stead"
    return subject, f"{zh}\n\n{en} If that is not so, say so at once.\n"
