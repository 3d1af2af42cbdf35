"""Another mail address of a person: they are told at the former one and in the product, whoever changed it, for mail
about their work goes to the new one (X6), and they sign in with it."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime

from bson import ObjectId

from models.errors import FieldProblem
from models.outbox import service as outbox
from models.person.roles import SYSTEM, Person
from models.reminder import service as reminders


def tell(actor: Person, before: Person, now: datetime) -> None:
    """Tell a person, given as they were, that they have another address: at the former one, even where they want no
    mail, and by a reminder of their own page."""
    if before.id is None:
        return
    subject, text = message(actor)
    with suppress(FieldProblem):  # no mail ever reached such an address
        outbox.post(f"address_changed:{ObjectId()}", to=before.email, subject=subject, text=text, now=now)
    reminders.tell_of(before.id, reminders.NEW_ADDRESS, now, now)


def message(actor: Person) -> tuple[str, str]:
    """Subject and text of the email, in both languages; the new address is not in it."""
    by_zh, by_en = ("系统管理命令", "A command on the machine") if actor is SYSTEM else (actor.name, actor.name)
    subject = "您的邮箱地址已更改 Your email address was changed"
    text = (
        f"{by_zh} 更改了您账号的邮箱地址。以后的通知发往新地址，登录也使用新地址；本地址不再收到通知。"
        "如非您所知，请立即告知部门经理或系统管理员；记录见审计记录。\n\n"
        f"{by_en} changed the email address of your account. From now on mail goes to the new one, with which you sign "
        "in; nothing more comes to this one. If you did not know, tell your head or an administrator at once; the "
        "audit trail has it.\n"
    )
    return subject, text
