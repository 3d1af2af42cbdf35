"""Accounts and roles: use cases, each with its audit entry. Passwords arrive hashed; the web hashes them.

Whoever runs a command on the machine acts as the system; in the product only an administrator changes
accounts. Roles are given and taken in `rights`.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from bson import ObjectId
from pymongo.errors import DuplicateKeyError

from config.database import database, transaction
from models import audit
from models.declarations import Label
from models.errors import FieldProblem, Forbidden, NotFound, Refusal
from models.person import by_name, changes, directory, proposals, session, taken
from models.person.acting import accounts_of as accounts_of
from models.person.acting import person_of as person_of
from models.person.departments import HOUSE
from models.person.document import USERS, User
from models.person.proposals import Place, Proposal, ProposedMeanwhile
from models.person.roles import PRIVILEGED, SYSTEM, Permission, Person, Role

ADDRESS = re.compile(r"[^\s@,;:<>()\[\]\"\\]+@[^\s@,;:<>()\[\]\"\\]+")
"""One address and no list of them: mail about a person's work goes to that person alone (X6)."""


class LastAdministrator(Refusal):
    """The change would leave nobody who may manage accounts."""

    code, status = "last_administrator", 409
    zh = "这是最后一位在用的系统管理员，请先指定另一位。"
    en = "This is the last active administrator. Appoint another one first."


class OwnAccount(Refusal):
    """Nobody disables or resets themselves, nor decides about their own rights."""

    code, status = "own_account", 409
    zh = "不能对自己的账号执行此操作，请另一位有权限的同事处理。"
    en = "This cannot be done to one's own account. Another person with the right can do it."


# --- reading


def departments() -> dict[str, Label]:
    """The departments by code, in the order of the house."""
    return dict(HOUSE)


def department_name(code: str, language: str) -> str:
    """A department's name, or '' for none."""
    label = departments().get(code)
    return label.text(language) if label else ""


def get(person_id: ObjectId) -> dict[str, Any]:
    """A stored account. :raises NotFound:"""
    row = database()[USERS].find_one({"_id": person_id})
    if row is None:
        raise NotFound()
    return row


def by_email(email: str) -> dict[str, Any] | None:
    """The stored account of an email address, in whatever case."""
    return database()[USERS].find_one({"email": normal_email(email)})


def by_uniquifier(text: str) -> dict[str, Any] | None:
    """The stored account that sessions of this mark belong to; a new password changes it."""
    return database()[USERS].find_one({"fs_uniquifier": text})


def accounts(text: str = "", *, after: ObjectId | None = None, limit: int = 50) -> list[dict[str, Any]]:
    """A page of accounts by name, beginning behind the one given; those whose name or email holds `text`."""
    conditions: list[dict[str, Any]] = []
    if text:
        part = {"$regex": re.escape(text[:50]), "$options": "i"}
        conditions.append({"$or": [{"name": part}, {"email": part}]})
    if after is not None:
        last = get(after)["name"]
        conditions.append({"$or": [{"name": {"$gt": last}}, {"name": last, "_id": {"$gt": after}}]})
    query = {"$and": conditions} if conditions else {}
    return list(database()[USERS].find(query).sort([("name", 1), ("_id", 1)]).limit(limit))


def trial_people() -> list[dict[str, Any]]:
    """The demonstration people, in the order in which they are offered."""
    wanted = {"trial_order": {"$exists": True}, "active": True}
    return list(database()[USERS].find(wanted).sort([("trial_order", 1), ("_id", 1)]))


def active_people() -> list[Person]:
    """Everybody with an account in use, without grants."""
    return [person_of(row) for row in database()[USERS].find({"active": True}).sort("_id")]


def those(ids: Iterable[ObjectId]) -> dict[ObjectId, Person]:
    """The people of some accounts, in use or not, without grants; who is gone is left out."""
    return {one: person_of(row) for one, row in accounts_of(ids).items()}


def normal_email(email: str) -> str:
    """An email address as stored."""
    return email.strip().lower()


# --- changing


def add(
    actor: Person,
    *,
    name: str,
    email: str,
    now: datetime,
    roles: Iterable[Role] = (),
    department: str = "",
    manager: ObjectId | None = None,
    password: str = "",
    must_change: bool = True,
    trial: tuple[int, Label] | None = None,
) -> ObjectId:
    """Make an account and return its id. `password` is a hash; without one nobody can sign in with it.

    Privileged roles are proposed, unless the system itself adds them.

    :raises FieldProblem: a value is missing, wrong or taken.
    :raises Forbidden: the actor may not manage accounts.
    """
    require_right(actor)
    wanted = frozenset(roles)
    now_given = wanted if actor is SYSTEM else wanted - PRIVILEGED
    values = _profile(name, email, department, manager)
    row: dict[str, Any] = {
        "_id": ObjectId(),
        **values,
        "password": password,
        "active": True,
        "roles": sorted(role.value for role in now_given),
        "language": "",
        "must_change": must_change,
        "vouched": actor is SYSTEM,
        "fs_uniquifier": secrets.token_hex(32),
        "mf_recovery_codes": [],
        "created_at": now,
        "updated_at": now,
    }
    if trial is not None:
        row |= {"trial_order": trial[0], "trial_zh": trial[1].zh, "trial_en": trial[1].en}

    def work() -> ObjectId:
        try:
            database()[USERS].insert_one(row)
        except DuplicateKeyError:
            raise _email_taken() from None
        audit.append("person_added", actor, subject_of(row), now=now, detail={"roles": row["roles"]})
        for role in sorted(wanted - now_given):
            proposals.propose(actor, row["_id"], role.value, now)
        identifier: ObjectId = row["_id"]
        return identifier

    return transaction(work)


def change_profile(
    actor: Person,
    person_id: ObjectId,
    *,
    name: str,
    email: str,
    department: str,
    manager: ObjectId | None,
    now: datetime,
    shown: Collection[ObjectId] = (),
) -> frozenset[str]:
    """Change who a person is and where they belong. Returns what of it waits for a second person (`PLACE`, `EMAIL`):
    another department or manager of somebody who has a privileged role, or will once it is confirmed, is only proposed,
    for much that they read and sign follows from it, and so is another mail address of theirs, or of who reads by name
    what is classified: mail about their work goes there. What waits already is dropped for something else only by whom
    it was `shown` as a proposal (by its id), or by the system.

    :raises FieldProblem: :raises OwnAccount: when it is one's own. :raises Forbidden: :raises NotFound:
    :raises ProposedMeanwhile: something else waits that was not shown.
    """
    require_right(actor)
    if manager == person_id:
        raise FieldProblem("manager", zh="不能是本人。", en="This cannot be the person themselves.")

    def work() -> frozenset[str]:
        before = get(person_id)
        values = _profile(name, email, department, manager, before.get("manager"))
        held, wanted = Place.of(before), Place.of(values)
        moves = wanted != held and actor is not SYSTEM and proposals.needs_second(before)
        renames = values["email"] != before["email"] and takes_two(actor, before, now)
        if renames and by_email(values["email"]) is not None:
            raise _email_taken()
        place, address = proposals.place_of(person_id), proposals.email_of(person_id)
        same_place, same_address = (
            moves and place is not None and wanted == place.place,
            renames and address is not None and values["email"] == address.email,
        )
        if actor.id == person_id:
            if (moves and not same_place) or (renames and not same_address):
                raise OwnAccount()
        else:
            if place is not None and not same_place:
                _withdraw(actor, place, wanted != held, shown, now, _place_told(place, held))
            if address is not None and not same_address:
                _withdraw(actor, address, values["email"] != before["email"], shown, now, {"email": address.email})
        stays = {**(asdict(held) if moves else {}), **({"email": before["email"]} if renames else {})}
        _store_profile(actor, before, values | stays, now)
        if actor.id != person_id:
            if moves:
                proposals.propose_place(actor, person_id, wanted, held, now)
            if renames:
                proposals.propose_email(actor, person_id, values["email"], now)
        return frozenset(what for what, waits in ((proposals.PLACE, moves), (proposals.EMAIL, renames)) if waits)

    waits = transaction(work)
    changes.settle(person_id, now)
    return waits


def takes_two(actor: Person, row: Mapping[str, Any], now: datetime) -> bool:
    """Whether a second person confirms who gets at an account, or at its mail: its holder is privileged, or reads by
    name what is classified."""
    return actor is not SYSTEM and (proposals.needs_second(row) or by_name.reads_classified(person_of(row), now))


def _place_told(pending: Proposal, held: Place) -> dict[str, str]:
    return pending.place.told(held) if pending.place is not None else {}


def _withdraw(
    actor: Person, pending: Proposal, other: bool, shown: Collection[ObjectId], now: datetime, told: Mapping[str, str]
) -> None:
    """Drop a place or an address that waits, for the one that is wanted. It stays where it was not shown and no `other`
    is wanted.

    :raises ProposedMeanwhile: it was not shown, and another is wanted.
    """
    if pending.id not in shown and not other:
        return
    if pending.id not in shown and actor is not SYSTEM:
        raise ProposedMeanwhile()
    proposals.close(actor, pending, "withdrawn", now, told)


def set_place(actor: Person, row: Mapping[str, Any], place: Place, now: datetime) -> None:
    """Give a person the department and the manager that a second person confirmed."""
    _store_profile(actor, row, asdict(place), now)


def set_email(actor: Person, row: Mapping[str, Any], email: str, now: datetime) -> None:
    """Give a person the mail address that a second person confirmed. :raises FieldProblem: it is taken by now."""
    _store_profile(actor, row, {"email": email}, now)


def _store_profile(actor: Person, before: Mapping[str, Any], values: Mapping[str, Any], now: datetime) -> None:
    after = {**before, **values}
    changed = {key for key, value in values.items() if (before.get(key) or None) != (value or None)}
    if not changed:
        return
    way = changes.way(before, after["department"] or "", now)
    try:
        store(before["_id"], {**values, **way}, now)
    except DuplicateKeyError:
        raise _email_taken() from None
    told = Place.of(after).told(Place.of(before))
    changes.tell(_present(before), _present({**after, **way}), now)
    if "email" in changed:
        told |= {"email": after["email"]}
        changes.tell_of_address(actor, person_of(before), now)
    audit.append("person_changed", actor, subject_of(before), now=now, fields=changed, detail=told)


def store_active(actor: Person, row: Mapping[str, Any], active: bool, now: datetime) -> None:
    """Disable an account, whose sessions, access tokens and calendar address end at once and for good, or enable it
    again, in a transaction of whoever decides it (`rights`). The other privileged people are told when that of one of
    them is disabled.

    :raises LastAdministrator:
    """
    roles = person_of(row).roles
    if not active and Role.ADMINISTRATOR in roles:
        keep_an_administrator(row["_id"])
    ended = {} if active else {"fs_uniquifier": secrets.token_hex(32)}
    store(row["_id"], {"active": active, **ended}, now)
    changes.tell(_present(row), _present({**row, "active": active}), now)
    session.end_all(row["_id"])
    action = "person_enabled" if active else "person_disabled"
    detail = {"roles": sorted(role.value for role in roles)}
    audit.append(action, actor, subject_of(row), now=now, detail=detail)
    if not active:
        taken.tell(actor, row, roles, now, disabled=True)


def set_language(person_id: ObjectId, language: str) -> None:
    """Remember the language that a person chose, `zh` or `en`."""
    if language in ("zh", "en"):
        database()[USERS].update_one({"_id": person_id}, {"$set": {"language": language}})


def set_start(person_id: ObjectId, slug: str, view_id: ObjectId | None) -> None:
    """Remember with which saved view a person's list of a type begins; None: with the whole list."""
    name = f"starts.{slug}"
    change = {"$unset": {name: ""}} if view_id is None else {"$set": {name: view_id}}
    database()[USERS].update_one({"_id": person_id}, change)


def one_at_a_time(person_id: ObjectId) -> None:
    """Let two transactions of one person conflict, so that the later one sees what the other stored."""
    database()[USERS].update_one({"_id": person_id}, {"$inc": {"counted_on": 1}})


# --- pieces


def require_right(actor: Person) -> None:
    if actor is not SYSTEM and not actor.may(Permission.PEOPLE_MANAGE):
        raise Forbidden()


def _present(row: Mapping[str, Any]) -> Person:
    """The person of an account, as they are while it is disabled or in use."""
    return person_of(row) if row["active"] else changes.disabled(person_of(row))


def subject_of(row: Mapping[str, Any]) -> audit.Subject:
    return audit.Subject("person", row["_id"])


def _email_taken() -> FieldProblem:
    return FieldProblem("email", zh="这个邮箱已有账号。", en="There is an account with this email already.")


def _profile(
    name: str, email: str, department: str, manager: ObjectId | None, present: ObjectId | None = None
) -> dict[str, Any]:
    """The values of an account, checked. `present` is the manager that it has: who left stays until another is chosen.

    :raises FieldProblem:
    """
    name, email = " ".join(name.split()), normal_email(email)
    if not name or len(name) > User.name.max_length or not name.isprintable():
        raise FieldProblem("name", zh="请填写姓名，最多 60 个字。", en="Give a name of at most 60 characters.")
    if not ADDRESS.fullmatch(email) or len(email) > User.email.max_length or not email.isprintable():
        raise FieldProblem("email", zh="请填写有效的邮箱地址。", en="Give a valid email address.")
    if department and department not in departments():
        raise FieldProblem("department", zh="请从列表中选择部门。", en="Choose a department from the list.")
    if manager is not None and manager != present and not directory.eligible(manager):
        raise FieldProblem("manager", zh="请从列表中选择人员。", en="Choose a person from the list.")
    return {"name": name, "email": email, "department": department, "manager": manager}


def store(person_id: ObjectId, values: Mapping[str, Any], now: datetime) -> None:
    database()[USERS].update_one({"_id": person_id}, {"$set": {**values, "updated_at": now}})
    directory.forget_names()


def keep_an_administrator(leaving: ObjectId) -> None:
    """Refuse to lose the last one. :raises LastAdministrator:"""
    others = {"_id": {"$ne": leaving}, "active": True, "roles": Role.ADMINISTRATOR.value}
    # The other one is written to, so that two administrators who disable each other at once conflict.
    other = database()[USERS].find_one_and_update(others, {"$inc": {"counted_on": 1}}, {"_id": 1})
    if other is None:
        raise LastAdministrator()
