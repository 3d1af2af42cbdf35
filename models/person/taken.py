"""Telling who oversees that somebody is privileged no longer: who takes rights away does so in their sight (X7)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from bson import ObjectId

from models.channel_choice import sending
from models.person import directory
from models.person.roles import OVERSEEING, PRIVILEGED, ROLE_LABELS, SYSTEM, Person, Role


def privileged_of(roles: Collection[Role]) -> list[Role]:
    """The privileged ones among some roles, in their order."""
    return [role for role in Role if role in PRIVILEGED and role in roles]


def tell(actor: Person, row: Mapping[str, Any], lost: Collection[Role], now: datetime, *, disabled: bool) -> None:
    """Tell the others who oversee that a person lost privileged roles, or that the account with these was
    `disabled`; in the transaction of the change. Who did it, and the person, are not told; nothing privileged tells
    nobody."""
    roles = privileged_of(lost)
    if not roles:
        return
    change = ObjectId()
    subject, text = message(actor, row["name"], roles, disabled=disabled)
    told = [one for one in directory.holders(OVERSEEING) if one not in (actor.id, row["_id"])]
    for one, address in sorted(directory.emails(told).items()):
        sending.send(
            one, f"right_taken:{change}:{one}", to=address, subject=subject, text=text, now=now, roles=OVERSEEING
        )


def message(actor: Person, name: str, roles: Collection[Role], *, disabled: bool) -> tuple[str, str]:
    """Subject and text of the email, in both languages."""
    zh, en = (sep.join(ROLE_LABELS[role][at] for role in roles) for at, sep in enumerate(("、", ", ")))
    by_zh, by_en = ("系统管理命令", "a command on the machine") if actor is SYSTEM else (actor.name, actor.name)
    if disabled:
        subject = f"账号已停用 Account disabled: {name}"
        text = (
            f"{by_zh} 停用了 {name}（{zh}）的账号。如有疑问，请向其核实；记录见审计记录。\n\n"
            f"{by_en} disabled the account of {name} ({en}). If this surprises you, ask; the audit trail has it.\n"
        )
    else:
        subject = f"权限已收回 Role taken away: {name}"
        text = (
            f"{by_zh} 收回了 {name} 的角色：{zh}。如有疑问，请向其核实；记录见审计记录。\n\n"
            f"{by_en} took from {name}: {en}. If this surprises you, ask; the audit trail has it.\n"
        )
    return subject, text
