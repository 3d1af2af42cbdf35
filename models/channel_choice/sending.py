"""Telling one person of something that is no reminder, as they chose to hear of things.

A message that has to wait goes out to the address that they have then, while the account is not disabled and they hold
one of the roles for which they are told. Of a record above internal it goes out to who sees it at that moment, and to
whom it names in what the message is about, while it is no more secret than it was (X6).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from bson import ObjectId

from config.database import database
from models import access, registry
from models.access import Purpose
from models.channel_choice import service as choices
from models.channel_choice.rules import quiet_until
from models.declarations import Level
from models.errors import FieldProblem, NotFound
from models.outbox import service as outbox
from models.outbox.document import Message
from models.outbox.rules import check_address
from models.person.acting import person_of
from models.person.document import USERS
from models.person.roles import Person, Role
from models.record import collection_name

KIND = "person"


def send(
    person: ObjectId,
    key: str,
    *,
    to: str,
    subject: str,
    text: str,
    now: datetime,
    roles: Collection[Role] = (),
    record: tuple[str, Mapping[str, Any]] | None = None,
    named: str = "",
) -> bool:
    """Put an email to a person in the outbox, once per `key`: none for whoever wants no email, and to go out when their
    quiet hours are over. Subject and text bear no content of records (X6). They are told as holders of one of `roles`,
    and of a `record`, given with the slug of its type; what is told to them because a field of it names them says so
    (`named`).

    :return: whether there is a new message; whoever gets none, or has no usable address, reads it in the product.
    """
    choice = choices.of(person)
    if not choice.email:
        return False
    about: dict[str, Any] = {"kind": KIND, "person": person, "roles": [role.value for role in roles]}
    if record is not None:
        slug, values = record
        about |= {"type": slug, "record": values["_id"], "level": Level.of(values.get("level")).value}
        about |= {"named": named} if named else {}
    later = quiet_until(choice, now)
    try:
        return outbox.post(key, to=to, subject=subject, text=text, now=now, not_before=later, about=about)
    except FieldProblem:
        return False


def as_it_stands(message: Message, _now: datetime) -> Message | None:
    """A message to a person as it is to go out, or None."""
    account = database()[USERS].find_one({"_id": message.about["person"], "active": True})
    if account is None:
        return None
    person, roles = person_of(account), [Role(value) for value in message.about["roles"]]
    if (roles and not person.has(*roles)) or not _may_know(person, message.about):
        return None
    try:
        return replace(message, to=check_address(person.email))
    except FieldProblem:
        return None


def _may_know(person: Person, about: Mapping[str, Any]) -> bool:
    if "record" not in about:
        return True
    try:
        rt = registry.get(about["type"]).rt
    except NotFound:  # the type was taken out of force
        return False
    named = about.get("named", "")
    shown = dict.fromkeys(("level", "acl", *([named] if named else ())), 1)
    son = database()[collection_name(rt.slug)].find_one({"_id": about["record"]}, shown)
    if son is None:
        return False
    level, then = Level.of(son.get("level")), Level.of(about["level"])
    if level is Level.INTERNAL or access.reach(person, rt, Purpose.VIEW).sees(son["acl"]):
        return True
    return bool(named) and son.get(named) == person.id and level.rank <= then.rank


outbox.ask_before(KIND, as_it_stands)
