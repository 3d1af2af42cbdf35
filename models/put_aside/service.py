"""Putting one's own work aside and taking it back: reminders keep quiet meanwhile, climbing goes on (J)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from bson import ObjectId

from config.database import database, transaction
from models import access, audit, registry, work
from models.access import Purpose
from models.at_hand import LONGEST_NUMBER
from models.errors import Forbidden, NotFound
from models.person import service as people
from models.person.roles import Person
from models.put_aside import rules
from models.put_aside.document import ASIDE
from models.record import collection_name
from models.reminder import service as reminders


def put_aside(person: Person, slug: str, number: str, until: datetime, now: datetime, *, sure: bool = False) -> None:
    """Take a record that is the person's work off their desk until then, and end its reminders to them.

    Putting it aside again moves the moment. Nothing of the record changes, and nobody else's desk does.

    :raises NotFound: when it is not the person's work, or not theirs to see.
    :raises PastItsTime: without `sure`, for what is due before it comes back. :raises TooMuchAside:
    """
    if person.id is None or person.read_only:
        raise Forbidden()
    son = _own(person, slug, number, now)
    due = son.get("due_at")
    if rules.is_past(due, until) and not sure:
        raise rules.PastItsTime()
    key = _key(person.id, son["_id"])
    row = {
        "person": person.id,
        "type": slug,
        "record": son["_id"],
        "until": until,
        "due": due,
        "since": son.get("state_since"),
    }

    def store(owner: ObjectId) -> None:
        people.one_at_a_time(owner)
        others = {"person": owner, "until": {"$gt": now}, "_id": {"$ne": key}}
        if database()[ASIDE].count_documents(others, limit=rules.MOST) >= rules.MOST:
            raise rules.TooMuchAside()
        database()[ASIDE].replace_one({"_id": key}, row, upsert=True)
        reminders.forget(owner, son["_id"])

    owner = person.id
    transaction(lambda: store(owner))


def take_back(person: Person, slug: str, number: str, now: datetime) -> None:
    """Put a record back on the person's desk at once. :raises NotFound: when it is not aside."""
    son = _own(person, slug, number, now)
    if person.id is None or not database()[ASIDE].delete_one({"_id": _key(person.id, son["_id"])}).deleted_count:
        raise NotFound()


def _own(person: Person, slug: str, number: str, now: datetime) -> Mapping[str, Any]:
    """One record of `own`. :raises NotFound:"""
    found = own(person, slug, [number], now)
    if number not in found:
        raise NotFound()
    return found[number]


def own(person: Person, slug: str, numbers: Iterable[str], now: datetime) -> dict[str, Mapping[str, Any]]:
    """Of the records of a type with these numbers those that are the person's work, by number: when they are due, and
    on what their rights and turns depend. Asking for a classified one out of reach stands in the trail (X7).

    :raises NotFound: for a type that is not in force.
    """
    rt, wanted = registry.get(slug).rt, set(numbers)
    reach = access.reach(person, rt, Purpose.VIEW).of_work
    shown = dict.fromkeys(("number", "acl", "due_at", "state_since", "waiting", "owner", "level"), 1)
    asked = {"$and": [{"number": {"$in": sorted(wanted)}}, reach.query(cards=True)]}
    found = {son["number"]: son for son in database()[collection_name(slug)].find(asked, shown)}
    if rt.classified:
        refused = [(audit.Subject(slug, None, one[:LONGEST_NUMBER]), ()) for one in sorted(wanted - set(found))]
        audit.append_many("refused", person, refused, now=now, detail={"purpose": Purpose.VIEW.value})
    return {number: son for number, son in found.items() if work.is_work_of(person, rt, son)}


def _key(person: ObjectId, record: ObjectId) -> str:
    return f"{person}|{record}"
