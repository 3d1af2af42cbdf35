"""Asking for access, deciding on it, and the grants in force (X4, X5)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Any

from bson import ObjectId
from pymongo import ASCENDING, IndexModel

from config.database import database
from config.policy import policy
from models import access, registry, schema, store
from models.access import Purpose
from models.access_request import rules
from models.access_request.document import ACCESS_REQUEST, Grant
from models.errors import Forbidden, Invalid, NotFound, Refusal, StaleRecord
from models.kinds import ZONE, kind_of, read_values, stored
from models.masking import masked
from models.person import directory
from models.person.roles import MANAGING, SYSTEM, Person, Role
from models.record import collection_name
from models.records import see
from models.registry import Draft, Hooks

SLUG = "access_request"
GRANTS = "grant"

schema.declare(
    {
        GRANTS: [
            IndexModel([("person", ASCENDING), ("valid_until", ASCENDING)], name="person"),
            IndexModel([("request", ASCENDING)], unique=True, name="request"),
            IndexModel([("record", ASCENDING)], name="record"),
        ]
    }
)


class NothingToAsk(Refusal):
    """The person already reads the record."""

    code, status = "nothing_to_ask", 409
    zh, en = "您已可查看该记录，无需申请。", "You can already read this record."


class AskedAlready(Refusal):
    """The same person's request for the same record still waits or is in force."""

    code, status = "asked_already", 409
    zh, en = (
        "您对该记录的申请正在办理或仍然有效：{number}。",
        "Your request for this record is still open: {number}.",
    )


def ask(person: Person, slug: str, number: str, raw: Mapping[str, Any], *, now: datetime) -> dict[str, Any]:
    """Ask for a locked record of which the person sees the card.

    :raises NotFound: for a record of which the person sees nothing (top secret: nobody can ask, X3).
    :raises Invalid: for a use or period that policy does not allow.
    """
    found = see(person, slug, number, Purpose.VIEW, now)
    fields = tuple(f for f in ACCESS_REQUEST.fields if f.name in ("uses", "reason", "valid_until"))
    values, problems = read_values(fields, raw)
    wanted = set(values.get("uses") or ())
    held = store.fetch(slug, found.id)["acl"]
    if wanted and all(access.reach(person, found.rt, Purpose(use)).sees(held) == "full" for use in wanted):
        raise NothingToAsk()
    if not problems:
        problems = rules.problems_of(
            wanted,
            values["valid_until"],
            now.astimezone(ZONE).date(),
            managing=person.has(*MANAGING),
            consultation_days=policy().access.consultation_days,
            borrowing_days=policy().access.borrowing_days,
        )
    if problems:
        raise Invalid(problems)
    waiting = open_request(person, slug, found.number)
    if waiting is not None:
        raise AskedAlready(number=waiting["number"])
    title = found.rt.by_name.get(found.rt.title)
    name = kind_of(title).text(title, found.values.get(found.rt.title), "zh") if title else ""
    department = store.fetch(slug, found.id)["department"]
    heads = directory.holders((Role.HEAD,), department or "")
    asked = {
        **values,
        "type_asked": slug,
        "number_asked": found.number,
        "name_asked": masked(name) if found.full else name,
        "level_asked": found.level,
        "manager": person.manager,
        "department": department,
        "owner": person.id,
        "state": rules.first_state(person.manager, person.manager in heads),
    }
    return store.create(SLUG, asked, actor=person, now=now)


def grants_in_force(person_id: ObjectId, now: datetime) -> dict[str, frozenset[str]]:
    """The ids of a person's grants that are in force, by purpose; taken anew for each request, so that an ended or
    revoked grant opens nothing from the next one on."""
    return by_use(database()[GRANTS].find({"person": person_id, **in_force(now)}, {"uses": 1}))


def in_force(now: datetime) -> dict[str, Any]:
    """The condition under which a grant opens anything."""
    return {"valid_until": {"$gt": now}, "valid_from": {"$lte": now}, "ended_at": None}


def by_use(grants: Iterable[Mapping[str, Any]]) -> dict[str, frozenset[str]]:
    """The ids of some stored grants, by purpose."""
    found: dict[str, set[str]] = {}
    for grant in grants:
        for use in grant["uses"]:
            found.setdefault(use, set()).add(str(grant["_id"]))
    return {use: frozenset(ids) for use, ids in found.items()}


def grants_of(record_id: ObjectId, now: datetime) -> list[Grant]:
    """The grants that open a record now, for its owner and the head."""
    return [g for g in Grant.objects(record=record_id, valid_until__gt=now, ended_at=None) if g.covers(now)]


def open_request(person: Person, slug: str, number: str) -> dict[str, Any] | None:
    """The person's own request for a record that still waits or is in force, as stored; None without one."""
    condition = {"owner": person.id, "type_asked": slug, "number_asked": number, "state": {"$in": _open_states()}}
    return database()[collection_name(SLUG)].find_one(condition, {"number": 1, "state": 1, "created_at": 1})


def _open_states() -> list[str]:
    states = ACCESS_REQUEST.workflow.states if ACCESS_REQUEST.workflow else ()
    return [state.value for state in states if not state.final]


def _prepare(draft: Draft) -> None:
    """Check the period again when it is granted, and note the moments of opening and ending."""
    if draft.action == "approve":
        found = rules.problems_of(
            draft.values["uses"],
            draft.values["valid_until"],
            draft.now.astimezone(ZONE).date(),
            managing=True,
            consultation_days=policy().access.consultation_days,
            borrowing_days=policy().access.borrowing_days,
        )
        draft.problems.update(found)
        draft.values["opened_at"] = draft.now
    elif draft.action in ("revoke", "give_back", "expire", "lapse", "record_merged"):
        draft.values["ended_at"] = draft.now


def _after(draft: Draft) -> None:
    """Open the record when granted; end the grant when revoked, returned or expired. Same transaction."""
    if draft.action == "approve":
        _open(draft)
    elif draft.values["ended_at"] is not None:
        database()[GRANTS].update_one(
            {"request": draft.values["_id"], "ended_at": None}, {"$set": {"ended_at": draft.now}}
        )


def _open(draft: Draft) -> None:
    target = registry.get(draft.values["type_asked"]).document.objects(number=draft.values["number_asked"]).first()
    if target is None:
        raise NotFound()
    if draft.values["created_by"] is None:
        raise Forbidden()
    grant = ObjectId()
    until = datetime.combine(draft.values["valid_until"] + timedelta(days=1), time(), ZONE).astimezone(UTC)
    database()[GRANTS].insert_one(
        {
            "_id": grant,
            "person": draft.values["created_by"],
            "type": draft.values["type_asked"],
            "record": target.id,
            "request": draft.values["_id"],
            "uses": rules.uses_granted(draft.values["uses"]),
            "valid_from": draft.now,
            "valid_until": until,
        }
    )
    store.add_grant(draft.values["type_asked"], target.id, grant)


def end_for(slug: str, record: Mapping[str, Any], *, actor: Person, now: datetime) -> int:
    """End every request for a record that was merged into another, and its grants with them: access to one opens
    nothing of the other (X5). Returns how many."""
    condition = {"type_asked": slug, "number_asked": record["number"], "state": {"$in": _open_states()}}
    waiting = list(database()[collection_name(SLUG)].find(condition, {"_id": 1}))
    for row in waiting:
        store.change(SLUG, row["_id"], {"state": "ended"}, actor=actor, now=now, action="record_merged")
    return len(waiting)


def expire(now: datetime) -> int:
    """End the requests whose period is over, decided or not; returns how many. A right ended by itself already."""
    count = 0
    for grant in Grant.objects(valid_until__lte=now, ended_at=None).limit(500):
        store.change(SLUG, grant.request, {"state": "ended"}, actor=SYSTEM, now=now, action="expire")
        count += 1
    return count + _expire_undecided(now)


def _expire_undecided(now: datetime) -> int:
    """Close the requests that waited until the last day that they asked for was over (X4)."""
    today = stored(ACCESS_REQUEST.by_name["valid_until"], now.astimezone(ZONE).date())
    condition = {"state": {"$in": ["asked", "signed"]}, "valid_until": {"$lt": today}, "archived_at": None}
    count = 0
    for row in list(database()[collection_name(SLUG)].find(condition, {"rev": 1}).limit(500)):
        try:
            values = {"state": "expired"}
            store.change(SLUG, row["_id"], values, actor=SYSTEM, now=now, rev=row["rev"], action="lapse")
        except StaleRecord:  # decided at this moment
            continue
        count += 1
    return count


HOOKS = Hooks(prepare=(_prepare,), after=(_after,))
