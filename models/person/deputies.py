"""Deputies: who signs for whom, from when until when, and what (People).

A person names their own deputy, or an administrator does it for them and a second privileged person confirms it. It
ends by itself, or at once when either takes it back. What was named stays as a record of the right. A deputy signs what
waits for the person, or for their roles, and reads it while it waits; nothing else.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any

from bson import ObjectId
from pymongo import ASCENDING, DESCENDING, IndexModel

from config.database import database, transaction
from models import audit, schema
from models.calendar import SHANGHAI, local
from models.errors import Forbidden, Invalid, NotFound, Refusal, Sentence
from models.person import directory, rules
from models.person.document import USERS
from models.person.roles import APPROVING, Permission, Person, Role, StandIn
from models.person.service import get, person_of, subject_of

DEPUTIES = "deputy"
LONGEST = timedelta(days=92)
"""Longer absences are a change of post."""
AHEAD = timedelta(days=366)
"""How many days from now one may begin."""
MOST = 20
NAMED, PROPOSED = "named", "proposed"
SIGNING = APPROVING
"""Who may be a deputy, and for whose roles: those who sign themselves, and so have a second factor."""

NOT_ELIGIBLE = Sentence("请选择另一位有签署职责的在岗同事。", "Choose another active colleague who signs, too.")
NOT_THEIRS = Sentence("只能选择本人的签署角色。", "These are not the person's own roles to sign in.")
TOO_MANY = Sentence("代理安排已太多。", "There are too many deputies already.")

schema.declare(
    {
        DEPUTIES: [
            IndexModel([("deputy", ASCENDING), ("until", DESCENDING)], name="deputy"),
            IndexModel([("person", ASCENDING), ("until", DESCENDING)], name="person"),
            IndexModel([("state", ASCENDING), ("until", DESCENDING)], name="state"),
        ]
    }
)


class ConfirmedByAnother(Refusal):
    """Whoever proposed a deputy, and the deputy, do not confirm it."""

    code, status = "confirmed_by_another", 403
    zh, en = "提出者和代理人本人不能确认。", "Neither who proposed it nor the deputy may confirm it."


@dataclass(frozen=True)
class Deputy:
    """That somebody signs for a person: `begins` and `ends` are its first and last day. `types` and `roles` narrow it
    (none: everything); `handed` are the roles that it hands on, as they were when it was
    named. `state` is `proposed` until a second person has confirmed it."""

    id: ObjectId
    person: ObjectId
    deputy: ObjectId
    begins: date
    ends: date
    roles: frozenset[Role]
    types: frozenset[str]
    handed: frozenset[Role]
    state: str
    by: ObjectId | None
    by_name: str
    ended_at: datetime | None

    def standing(self, now: datetime) -> str:
        """`proposed`, `coming`, `in_force` or `over`."""
        today = local(now).date()
        if self.ended_at is not None or self.ends < today:
            return "over"
        if self.state == PROPOSED:
            return PROPOSED
        return "coming" if self.begins > today else "in_force"


def name_deputy(
    actor: Person,
    person_id: ObjectId,
    deputy_id: ObjectId | None,
    *,
    begins: date | None,
    ends: date | None,
    now: datetime,
    roles: Collection[Role] = (),
    types: Collection[str] = (),
) -> Deputy:
    """Let somebody sign for a person on some days, both included: their own deputy, or as an administrator anybody's,
    which waits for a second person: a deputy reads what waits for the person.

    :raises Forbidden: it is neither the person nor an administrator. :raises NotFound: there is no such person.
    :raises Invalid: wrong days, nobody who could be a deputy, roles that are not the person's: all that is wrong.
    """
    if actor.id != person_id and not actor.may(Permission.PEOPLE_MANAGE):
        raise Forbidden()
    principal = person_of(get(person_id))
    problems = _wrong_days(begins, ends, local(now).date())
    if deputy_id is None or deputy_id == person_id or not directory.eligible(deputy_id, SIGNING):
        problems["deputy"] = NOT_ELIGIBLE
    if not set(roles) <= principal.roles & SIGNING:
        problems["roles"] = NOT_THEIRS
    if problems or deputy_id is None or begins is None or ends is None:
        raise Invalid(problems)
    until = _midnight(ends + timedelta(days=1))
    handed = frozenset(roles) or principal.roles & SIGNING
    needs_second = actor.id != person_id
    made = {
        "_id": ObjectId(),
        "person": person_id,
        "deputy": deputy_id,
        "begins": _midnight(begins),
        "until": until,
        "roles": sorted(role.value for role in roles),
        "handed": sorted(role.value for role in handed),
        "types": sorted(types),
        "state": PROPOSED if needs_second else NAMED,
        "by": actor.id,
        "by_name": actor.name,
        "at": now,
    }

    def store() -> Deputy:
        if database()[DEPUTIES].count_documents(_standing({"person": person_id}, now), limit=MOST) >= MOST:
            raise Invalid({"deputy": TOO_MANY})
        database()[DEPUTIES].insert_one(made)
        _mark(deputy_id, until)
        _report("deputy_proposed" if needs_second else "deputy_named", actor, made, now)
        return _read(made)

    return transaction(store)


def confirm(actor: Person, one: ObjectId, now: datetime) -> None:
    """Bring what an administrator proposed into force, as a second privileged person.

    :raises ConfirmedByAnother: :raises Forbidden: :raises NotFound: it no longer waits.
    """
    if not actor.has(*rules.CONFIRMING):
        raise Forbidden()

    def store() -> None:
        row = _find(one, {"state": PROPOSED}, now)
        if actor.id in (row["by"], row["deputy"]):
            raise ConfirmedByAnother()
        database()[DEPUTIES].update_one({"_id": one}, {"$set": {"state": NAMED, "confirmed_by": actor.id}})
        _report("deputy_named", actor, row, now)

    transaction(store)


def end(actor: Person, one: ObjectId, now: datetime) -> None:
    """End it at once: by the person, the deputy, an administrator, or who might confirm it.

    :raises NotFound: it is over already, or nothing to this person.
    """

    def store() -> None:
        row = _find(one, {}, now)
        privileged = actor.may(Permission.PEOPLE_MANAGE) or actor.has(*rules.CONFIRMING)
        if actor.id not in (row["person"], row["deputy"]) and not privileged:
            raise NotFound()
        database()[DEPUTIES].update_one({"_id": one}, {"$set": {"ended_at": now, "ended_by": actor.id}})
        _report("deputy_ended", actor, row, now)

    transaction(store)


# --- reading


def of_person(person_id: ObjectId) -> list[Deputy]:
    """Who signs for a person now or later, and the last who did, the latest first."""
    rows = database()[DEPUTIES].find({"person": person_id}).sort([("until", DESCENDING), ("_id", DESCENDING)])
    return [_read(row) for row in rows.limit(MOST)]


def of_deputy(deputy_id: ObjectId, now: datetime) -> list[Deputy]:
    """For whom somebody signs now or later, the latest first."""
    rows = database()[DEPUTIES].find(_standing({"deputy": deputy_id, "state": NAMED}, now))
    return [_read(row) for row in rows.sort([("until", DESCENDING), ("_id", DESCENDING)]).limit(MOST)]


def waiting(now: datetime) -> list[Deputy]:
    """What waits for a second person, the oldest first."""
    rows = database()[DEPUTIES].find(_standing({"state": PROPOSED}, now)).sort("_id", ASCENDING)
    return [_read(row) for row in rows.limit(200)]


def with_stand_ins(person: Person, account: Mapping[str, Any], now: datetime) -> Person:
    """A person of an account with those for whom they sign at this moment; asks nothing where there cannot be any."""
    if account.get("deputy_until", now) <= now:
        return person
    return all_with_stand_ins([person], now)[0]


def all_with_stand_ins(people: Iterable[Person], now: datetime) -> list[Person]:
    """Some people with those for whom each signs at this moment. Who is not active has no deputy any more, and who
    signs nothing themselves is none any more. Handed on are the roles that the person holds and held when the deputy
    was named: one given later was confirmed for the person alone."""
    known = list(people)
    signing = {one.id for one in known if one.roles & SIGNING}
    wanted = {"deputy": {"$in": list(signing)}, "state": NAMED, "begins": {"$lte": now}}
    rows = list(database()[DEPUTIES].find(_standing(wanted, now)).sort("_id", ASCENDING))
    accounts = database()[USERS].find({"_id": {"$in": [row["person"] for row in rows]}, "active": True}) if rows else ()
    principals = {row["_id"]: person_of(row) for row in accounts}
    found: dict[ObjectId, list[StandIn]] = {}
    for row in rows:
        principal = principals.get(row["person"])
        if principal is not None:
            then = row["handed"] if "handed" in row else row["roles"]
            handed = principal.roles & SIGNING & {Role(value) for value in then}
            only = bool(row["roles"])
            stand_in = StandIn(replace(principal, roles=handed), frozenset(row["types"]), only)
            found.setdefault(row["deputy"], []).append(stand_in)
    return [replace(one, stands_in=tuple(found[one.id])) if one.id in found else one for one in known]


def names_of(people: Iterable[ObjectId], slug: str, now: datetime) -> dict[ObjectId, list[str]]:
    """The names of those who sign what waits for some people by name, on records of a type at this moment, by
    person."""
    ids = list(people)
    wanted = {
        "person": {"$in": ids},
        "state": NAMED,
        "begins": {"$lte": now},
        "types": {"$in": [[], slug]},
        "roles": [],
    }
    rows = list(database()[DEPUTIES].find(_standing(wanted, now)).sort("_id", ASCENDING)) if ids else []
    called = directory.names(row["deputy"] for row in rows)
    found: dict[ObjectId, list[str]] = {}
    for row in rows:
        found.setdefault(row["person"], []).append(called.get(row["deputy"], ""))
    return found


# --- pieces


def _wrong_days(begins: date | None, ends: date | None, today: date) -> dict[str, Sentence]:
    """What is wrong with the days, by field. A last day is judged by the first one, where that may stand."""
    found: dict[str, Sentence] = {}
    if begins is None or begins < today:
        found["begins"] = Sentence("请填写今天或以后的日期。", "Give today or a later day.")
    elif begins - today > AHEAD:
        found["begins"] = Sentence("最早一年内开始。", "Begin within a year from now.")
    if ends is None:
        found["ends"] = Sentence("请填写结束日。", "Give the last day.")
    elif ends < today:
        found["ends"] = Sentence("结束日不能早于今天。", "The last day cannot be before today.")
    elif begins is not None and "begins" not in found:
        if ends < begins:
            found["ends"] = Sentence("结束日不能早于开始日。", "The last day cannot be before the first.")
        elif ends - begins >= LONGEST:
            found["ends"] = Sentence(f"最长 {LONGEST.days} 天。", f"{LONGEST.days} days at most.")
    return found


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), SHANGHAI)


def _standing(condition: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    return {**condition, "until": {"$gt": now}, "ended_at": None}


def _find(one: ObjectId, condition: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    row = database()[DEPUTIES].find_one(_standing({"_id": one, **condition}, now))
    if row is None:
        raise NotFound()
    return row


def _mark(deputy_id: ObjectId, until: datetime) -> None:
    """Note in the deputy's account until when it is worth asking; every request reads the account."""
    database()[USERS].update_one({"_id": deputy_id}, {"$max": {"deputy_until": until}})


def _report(action: str, actor: Person, row: Mapping[str, Any], now: datetime) -> None:
    detail = {
        "deputy": directory.names([row["deputy"]]).get(row["deputy"], ""),
        "deputy_id": str(row["deputy"]),
        "roles": row["roles"],
        "types": row["types"],
        "from": local(row["begins"]).date().isoformat(),
        "until": (local(row["until"]).date() - timedelta(days=1)).isoformat(),
    }
    audit.append(action, actor, subject_of({"_id": row["person"]}), now=now, detail=detail)


def _read(row: Mapping[str, Any]) -> Deputy:
    return Deputy(
        id=row["_id"],
        person=row["person"],
        deputy=row["deputy"],
        begins=local(row["begins"]).date(),
        ends=local(row["until"]).date() - timedelta(days=1),
        roles=frozenset(Role(value) for value in row["roles"]),
        types=frozenset(row["types"]),
        handed=frozenset(Role(value) for value in row.get("handed", row["roles"])),
        state=row["state"],
        by=row["by"],
        by_name=row["by_name"],
        ended_at=row.get("ended_at"),
    )
