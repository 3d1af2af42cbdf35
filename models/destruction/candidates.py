"""Which records have been kept for long enough, for whoever may propose them (D1, D3)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from config.database import database
from config.policy import policy
from models import access, registry
from models.access import Purpose
from models.calendar import add_months, local
from models.declarations import RecordType
from models.destruction.service import all_under_way, may_propose
from models.errors import FieldProblem
from models.kinds import stored
from models.outbox import service as outbox
from models.person import directory
from models.person import service as people
from models.person.roles import Person, Role
from models.record import collection_name
from models.sights import Sight, sight

MOST = 100
"""So many of a type are shown; the next ones come when these are proposed."""
SUBJECTS = {"zh": "有 {count} 份记录保存期已满", "en": "{count} records have been kept for long enough"}
TEXTS = {
    "zh": "{name}，您好：\n\n有 {count} 份记录保存期已满。"
    "请在系统“销毁登记”的“保存期已满”中查看，确无必要保留的可提出销毁。\n",
    "en": "Dear {name},\n\n{count} records have been kept for long enough. In the product, under Destruction register, "
    "Kept for long enough lists them: propose those that are not needed any more.\n",
}


@dataclass(frozen=True)
class Kept:
    """The records of a type whose retention has ended; `more`: there are others."""

    rt: RecordType
    sights: tuple[Sight, ...]
    more: bool


def of(person: Person, now: datetime) -> list[Kept]:
    """The records beyond their retention that the person may propose, the oldest first, by type."""
    found = [_of_type(person, rt, now) for rt in registry.all_types() if rt.classified]
    return [one for one in found if one.sights]


def _of_type(person: Person, rt: RecordType, now: datetime) -> Kept:
    reach = access.reach(person, rt, Purpose.VIEW)
    if reach.nothing:
        return Kept(rt, (), False)
    within = access.Reach(reach.full).query(archived=None)
    query = {"$and": [beyond(rt, now), within, _whose(person)]}
    rows = list(database()[collection_name(rt.slug)].find(query).sort("_id", 1).limit(MOST + 1))
    seen = (sight(person, rt, reach, row) for row in rows[:MOST])
    free = [one for one in seen if one is not None and may_propose(person, one)]
    taken = all_under_way(rt.slug, [one.number for one in free])
    return Kept(rt, tuple(one for one in free if one.number not in taken), len(rows) > MOST)


def beyond(rt: RecordType, now: datetime) -> dict[str, Any]:
    """The condition for stored records of a type that were kept for long enough, on legal hold or not, and are not at
    work."""
    finals = [state.value for state in (rt.workflow.states if rt.workflow else ()) if state.final]
    ended: list[dict[str, Any]] = [{"merged_into": None, "held": None}]
    if finals:
        ended.append({"$or": [{"state": {"$in": finals}}, {"archived": True}]})
    if rt.retention is not None:
        field = rt.by_name[rt.retention.after]
        before = add_months(local(now).date(), -rt.retention.months)
        value = stored(field, before) if field.kind == "date" else now_at(now, rt.retention.months)
        ended.append({field.name: {"$lt": value}})
    else:
        ended.append({"updated_at": {"$lt": now_at(now, policy().destruction.retention_months)}})
    return {"$and": ended}


def now_at(now: datetime, months: int) -> datetime:
    """The beginning of the day so many months ago."""
    day = add_months(local(now).date(), -months)
    return local(now).replace(year=day.year, month=day.month, day=day.day, hour=0, minute=0, second=0, microsecond=0)


def _whose(person: Person) -> dict[str, Any]:
    own: dict[str, Any] = {"owner": person.id}
    return {"$or": [own, {"department": person.department}]} if person.has(Role.CUSTODIAN) else own


def tell(now: datetime) -> int:
    """Tell each custodian once a month how many there are; returns how many people were told."""
    told = 0
    for person in _custodians():
        count = sum(len(kept.sights) for kept in of(person, now))
        address = directory.emails([person.id]).get(person.id) if person.id else None
        if count and address:
            told += _post(person, address, count, now)
    return told


def _custodians() -> Iterator[Person]:
    for one in directory.holders((Role.CUSTODIAN,)):
        yield replace(people.person_of(people.get(one)), grants={})


def _post(person: Person, address: str, count: int, now: datetime) -> bool:
    language = "zh" if person.language.startswith("zh") else "en"
    key = f"retention:{local(now):%Y-%m}:{person.id}"
    text = TEXTS[language].format(name=person.name, count=count)
    try:
        return outbox.post(key, to=address, subject=SUBJECTS[language].format(count=count), text=text, now=now)
    except FieldProblem:  # an account without a usable address looks for itself
        return False
