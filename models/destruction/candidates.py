"""Which records have been kept for long enough, for whoever may propose them (D1, D3)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from bson import ObjectId

from config.database import database
from models import access, registry, stored_form
from models.access import Purpose
from models.calendar import add_months, local
from models.declarations import RecordType
from models.destruction import terms
from models.destruction.service import all_under_way, may_propose
from models.glances import Glances
from models.person import directory
from models.person import service as people
from models.person.roles import Person, Role
from models.record import SYSTEM_FIELDS, collection_name
from models.reminder import service as reminders
from models.sights import Sight

MOST = 100
"""So many of a type are shown on one page."""
TOLD = tuple(f for f in SYSTEM_FIELDS if f.name in ("department", "updated_at"))
"""What is told of each beside its title and how it stands."""


@dataclass(frozen=True)
class Kept:
    """The records of a type whose retention has ended; where there are more, they come behind the id `last`."""

    rt: RecordType
    sights: tuple[Sight, ...]
    last: ObjectId | None


def of(person: Person, now: datetime, slug: str = "", behind: ObjectId | None = None) -> list[Kept]:
    """The records beyond their retention that the person may propose, the oldest first, by type: all types, or one from
    some place on."""
    types = [rt for rt in registry.all_types() if rt.classified and slug in ("", rt.slug)]
    found = [_of_type(person, rt, now, behind) for rt in types]
    return [one for one in found if one.sights]


def _of_type(person: Person, rt: RecordType, now: datetime, behind: ObjectId | None) -> Kept:
    condition = _proposable(person, rt, now, all_under_way(rt.slug))
    if condition is None:
        return Kept(rt, (), None)
    query = {"$and": [condition, {"_id": {"$gt": behind}}]} if behind else condition
    glances = Glances(person, rt, access.reach(person, rt, Purpose.VIEW), TOLD)
    shown = dict.fromkeys((*glances.names, "number", "acl"), 1)
    rows = list(database()[collection_name(rt.slug)].find(query, shown).sort("_id", 1).limit(MOST + 1))
    seen = (glances.of(row) for row in rows[:MOST])
    free = tuple(one for one in seen if one is not None and may_propose(person, one))
    return Kept(rt, free, rows[MOST - 1]["_id"] if len(rows) > MOST else None)


def _proposable(person: Person, rt: RecordType, now: datetime, under_way: Collection[str]) -> dict[str, Any] | None:
    """The condition for the records of a type that the person may propose; None when there can be none. `under_way` are
    the numbers of those that are proposed already."""
    reach = access.reach(person, rt, Purpose.VIEW)
    if reach.nothing:
        return None
    free = {"number": {"$nin": sorted(under_way)}}
    return {"$and": [beyond(rt, now), access.Reach(reach.full).query(archived=None), _whose(person), free]}


def beyond(rt: RecordType, now: datetime) -> dict[str, Any]:
    """The condition for stored records of a type that were kept for long enough, on legal hold or not, and are not at
    work."""
    finals = [state.value for state in (rt.workflow.states if rt.workflow else ()) if state.final]
    ended: list[dict[str, Any]] = [{"merged_into": None, "held": None}]
    if finals:
        ended.append({"state": {"$in": finals}})
    ended.append(terms.beyond(rt, now))
    return {"$and": ended}


def _whose(person: Person) -> dict[str, Any]:
    own: dict[str, Any] = {"owner": person.id}
    return {"$or": [own, {"department": person.department}]} if person.has(Role.CUSTODIAN) else own


def tell(now: datetime) -> int:
    """Remind each custodian, once a month, that there are some; returns how many people are reminded now. It goes the
    way of every reminder, as the person chose, and is closed where there are none any more."""
    month_ends = stored_form.end_of(add_months(local(now).date().replace(day=1), 1) - timedelta(days=1))
    under_way = {rt: all_under_way(rt.slug) for rt in registry.all_types() if rt.classified}
    told = 0
    for person in _custodians():
        if person.id is not None:
            due = month_ends if _any(person, now, under_way) else None
            told += reminders.tell_of(person.id, reminders.OUTDATED, due, now)
    return told


def _any(person: Person, now: datetime, under_way: Mapping[RecordType, Collection[str]]) -> bool:
    conditions = ((rt.slug, _proposable(person, rt, now, taken)) for rt, taken in under_way.items())
    wanted = ((slug, condition) for slug, condition in conditions if condition is not None)
    return any(database()[collection_name(slug)].find_one(condition, {"_id": 1}) for slug, condition in wanted)


def _custodians() -> Iterator[Person]:
    for one in directory.holders((Role.CUSTODIAN,)):
        yield replace(people.person_of(people.get(one)), grants={})
