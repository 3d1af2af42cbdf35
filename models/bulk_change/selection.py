"""Which records a bulk change is about: those ticked, or all of a list; noted with their versions for the check."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice

from bson import ObjectId

from config.database import database
from models import access
from models.access import Purpose
from models.bulk_change import rules
from models.bulk_change.document import TARGETS, Plan
from models.bulk_change.refusals import NothingSelected, SelectionGone, TooManyRecords, TooManySelected
from models.declarations import RecordType
from models.listing import ListQuery, address, compile_query, queryable
from models.person.roles import Person
from models.record import collection_name

CHUNK = 200
PAGES = ("after", "before", "show", "columns")
"""Parameters of an address that say which part of a list is on the screen, not which records are in it."""

Target = tuple[ObjectId, int]
"""A record and its version."""


def pick(person: Person, rt: RecordType, numbers: Iterable[str]) -> list[ObjectId]:
    """The records with these numbers, each once, in their order.

    :raises NothingSelected: :raises TooManySelected:
    :raises SelectionGone: one is not there, or not the person's to see.
    """
    wanted = list(dict.fromkeys(islice(numbers, rules.MOST_PICKED + 1)))
    if not wanted:
        raise NothingSelected()
    if len(wanted) > rules.MOST_PICKED:
        raise TooManySelected()
    reach = access.reach(person, rt, Purpose.VIEW)
    query = {"$and": [{"number": {"$in": wanted}}, reach.query(cards=True, archived=None)]}
    found = {son["number"]: son["_id"] for son in database()[collection_name(rt.slug)].find(query, {"number": 1})}
    if len(found) != len(wanted):
        raise SelectionGone()
    return [found[number] for number in wanted]


def checked(person: Person, rt: RecordType, pairs: Iterable[tuple[str, str]], now: datetime) -> list[tuple[str, str]]:
    """The address of a list without what says which page is shown. :raises BadQuery: when it is not understood."""
    kept = [(name, text) for name, text in pairs if text and name not in PAGES]
    query_of(person, rt, kept, now)
    return kept


def query_of(person: Person, rt: RecordType, pairs: Iterable[tuple[str, str]], at: datetime) -> ListQuery:
    """The list at an address as it was meant at a time, for the person. :raises BadQuery:"""
    known = queryable(rt, access.visible_fields(person, rt))
    return address.read(pairs, known, person, at).query


def targets(person: Person, rt: RecordType, plan: Plan) -> list[Target]:
    """The records of a plan as they stand, in the order of the list. :raises TooManyRecords:"""
    if plan.picked is not None:
        return _picked(person, rt, plan.picked)
    return _matching(person, rt, plan, None, rules.MOST_RECORDS)


def added(person: Person, rt: RecordType, plan: Plan, limit: int) -> list[Target]:
    """Records that were added to the list after the plan was checked, one more than `limit` at most."""
    if plan.picked is not None or plan.since is None:
        return []
    found = _matching(person, rt, plan, plan.since, None)
    known = {record for row in database()[TARGETS].find({"plan": plan.id}) for record in row["records"]}
    return [one for one in found if one[0] not in known][: limit + 1]


def _picked(person: Person, rt: RecordType, picked: Sequence[ObjectId]) -> list[Target]:
    reach = access.reach(person, rt, Purpose.VIEW)
    query = {"$and": [{"_id": {"$in": list(picked)}}, reach.query(cards=True, archived=None)]}
    revs = {son["_id"]: son["rev"] for son in database()[collection_name(rt.slug)].find(query, {"rev": 1})}
    if not revs:
        raise SelectionGone()
    return [(record, revs[record]) for record in picked if record in revs]


def _matching(person: Person, rt: RecordType, plan: Plan, since: ObjectId | None, most: int | None) -> list[Target]:
    query = query_of(person, rt, plan.address, plan.at)
    reach = access.reach(person, rt, Purpose.VIEW)
    condition, sort_field, direction = compile_query(rt, reach, query, access.visible_fields(person, rt))
    if since is not None:
        condition = {"$and": [*condition["$and"], {"_id": {"$gt": since}}]}
    limit = (most if most is not None else rules.MOST_RECORDS) + 1
    cursor = database()[collection_name(rt.slug)].find(condition, {"rev": 1}, batch_size=10_000)
    rows = cursor.sort([(sort_field, direction), ("_id", direction)]).limit(limit)
    found = [(son["_id"], son["rev"]) for son in rows]
    if most is not None and len(found) > most:
        raise TooManyRecords()
    return found


def remember(plan_id: ObjectId, found: Sequence[Target], *, first: int = 0) -> None:
    """Note the records of a plan, in place of those noted before unless more are added behind `first`."""
    if not first:
        database()[TARGETS].delete_many({"plan": plan_id})
    rows = [
        {
            "plan": plan_id,
            "first": first + at,
            "records": [record for record, _ in found[at : at + CHUNK]],
            "revs": [rev for _, rev in found[at : at + CHUNK]],
        }
        for at in range(0, len(found), CHUNK)
    ]
    if rows:
        database()[TARGETS].insert_many(rows)


def chunk(plan: Plan) -> list[Target]:
    """The next records of a plan, a few hundred at most; none when all are done."""
    return list(_from(plan.id, plan.at_row))


def first_targets(plan_id: ObjectId) -> list[Target]:
    """The first records of a plan."""
    return list(_from(plan_id, 0))


def _from(plan_id: ObjectId, at_row: int) -> Iterator[Target]:
    row = database()[TARGETS].find_one({"plan": plan_id, "first": {"$lte": at_row}}, sort=[("first", -1)])
    if row is not None:
        yield from list(zip(row["records"], row["revs"], strict=True))[at_row - row["first"] :]
