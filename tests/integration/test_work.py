"""Whose work a record is: the database and the rule in Python give the same answer."""

from __future__ import annotations

from datetime import datetime
from itertools import product
from typing import Any

from bson import ObjectId
from pymongo.database import Database

from models import access, work
from models.declarations import Relation
from models.person.roles import Person, Role
from tests.factories.types import SAMPLE

Base = Database[dict[str, Any]]


def test_the_database_and_the_rule_agree_on_every_record_and_person(db: Base, now: datetime) -> None:
    people = [
        Person(ObjectId(), "a", frozenset({Role.SPECIALIST}), "service"),
        Person(ObjectId(), "b", frozenset({Role.HEAD, Role.FINANCE_REVIEWER}), "service"),
        Person(ObjectId(), "c"),
        Person(ObjectId(), "d", frozenset({Role.HEAD, Role.SPECIALIST}), "sales"),
    ]
    tokens = [[], ["role:head@service"], [f"user:{people[0].id}"], ["role:specialist@service", f"user:{people[2].id}"]]
    owners = [people[0].id, people[1].id, None]
    levels = ["internal", "top_secret"]
    rows = [
        {
            "_id": ObjectId(),
            "number": f"YP-{place}",
            "waiting": waiting,
            "owner": owner,
            "level": level,
            "acl": [access.token(level, Relation.OWNER, owner)],
        }
        for place, (waiting, owner, level) in enumerate(product(tokens, owners, levels))
    ]
    db["record_sample"].insert_many(rows)
    sizes = []
    for person in people:
        found = {row["_id"] for row in db["record_sample"].find(work.waits_for(person, SAMPLE))}
        assert found == {row["_id"] for row in rows if work.is_work_of(person, SAMPLE, row)}
        sizes.append(len(found))
    assert sizes == [15, 8, 6, 0]
