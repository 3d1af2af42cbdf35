"""Putting one's own work aside and taking it back: reminders keep quiet meanwhile, climbing goes on (J)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bson import ObjectId

from config.database import database, transaction
from models import access, audit, registry, work
from models.access import Purpose
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
    """The stored record, where it is the person's work. Asking for a classified one out of reach stands in the trail
    (X7). :raises NotFound:"""
    rt = registry.get(slug).rt
    reach = access.reach(person, rt, Purpose.VIEW)
    shown = dict.fromkeys(("acl", "due_at", "state_since", "waiting", "owner", "level"), 1)
    found = {"$and": [{"number": str(number)[:60]}, reach.query()]}
    son = database()[collection_name(slug)].find_one(found, shown)
    if son is None and rt.classified:
        subject = audit.Subject(slug, None, str(number)[:60])
        audit.append("refused", person, subject, now=now, detail={"purpose": Purpose.VIEW.value})
    if son is None or not work.is_work_of(person, rt, son):
        raise NotFound()
    return son


def _key(person: ObjectId, record: ObjectId) -> str:
    return f"{person}|{record}"
