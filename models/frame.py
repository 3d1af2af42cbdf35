"""What the frame of every page shows of the database: of which types there is anything, and what is unread."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from bson import ObjectId

from config.database import database
from models import access, registry
from models.access import Purpose, Reach
from models.declarations import RecordType
from models.person.roles import Person
from models.record import collection_name
from models.reminder.document import REMINDERS
from models.reminder.service import MOST

Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Frame:
    """The slugs of the types that hold a record within a reach, and how many reminders are unread; 100 means that many
    or more."""

    held: frozenset[str]
    unread: int


def known(person: Person) -> list[RecordType]:
    """The types of which the person might see something, or to which they can add."""
    return [
        rt
        for rt in registry.all_types()
        if access.may_create(person, rt) or not access.reach(person, rt, Purpose.VIEW).nothing
    ]


def at_home(person: Person, rt: RecordType) -> bool:
    """Whether a type shows to the person while it is still empty: the department's own people find it; to others it
    shows with its first record within reach."""
    return rt.kept_by == person.department or access.may_create(person, rt)


def asked(person: Person) -> dict[str, Reach]:
    """Of which types it has to be looked up whether the person reaches a record, and how far they reach. Worked out
    once for a person and the types in force."""
    types = registry.all_types()
    before: tuple[tuple[RecordType, ...], dict[str, Reach]] | None = vars(person).get("_asked")
    if before is not None and before[0] == types:
        return before[1]
    found = {rt.slug: access.reach(person, rt, Purpose.VIEW) for rt in known(person) if not at_home(person, rt)}
    vars(person)["_asked"] = types, found
    return found


def look(person: Person, wanted: Mapping[str, Reach]) -> Frame:
    """Look up a person's unread reminders, and which of some types hold a record within reach, as a card or in full,
    archived or not. One question, of which each type costs one index key. Nothing is remembered: what one may no
    longer see is gone at once (X6)."""
    return read(database()[REMINDERS].aggregate([*_unread(person.id), *_holding(wanted)]))


def stages(person: ObjectId, wanted: Mapping[str, Reach]) -> Rows:
    """`look` as stages that add its rows to another question, to be read by `read`."""
    return [{"$unionWith": {"coll": REMINDERS, "pipeline": _unread(person)}}, *_holding(wanted)]


def read(rows: Iterable[Mapping[str, Any]]) -> Frame:
    """What the rows of these stages say, among others."""
    held, unread = set(), 0
    for row in rows:
        if "held" in row:
            held.add(row["held"])
        elif "unread" in row:
            unread = row["unread"]
    return Frame(frozenset(held), unread)


def _unread(person: ObjectId | None) -> Rows:
    mine = {"person": person, "closed_at": None, "read_at": None}
    return [{"$match": mine}, {"$limit": MOST}, {"$count": "unread"}]


def _holding(wanted: Mapping[str, Reach]) -> Rows:
    made = []
    for slug, reach in wanted.items():
        within = reach.query(cards=True, archived=None)
        one = [{"$match": within}, {"$limit": 1}, {"$project": {"_id": 0, "held": {"$literal": slug}}}]
        made.append({"$unionWith": {"coll": collection_name(slug), "pipeline": one}})
    return made
