"""What the frame of a page and the lists beside a record ask of the database: one question, within reach."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from pymongo.database import Database

from models import access, listing, registry, schema, store
from models.access import Purpose
from models.frame import look
from models.person.roles import SYSTEM, Person, Role
from tests.factories.commands import commands
from tests.factories.people import person
from tests.factories.types import SAMPLE

DB = Database[dict[str, Any]]


@pytest.fixture(autouse=True)
def sample(db: DB) -> Iterator[None]:
    registry.register(SAMPLE)
    schema.migrate()
    yield
    registry.unregister("sample")


def held(reader: Person) -> frozenset[str]:
    return look(reader, {"sample": access.reach(reader, SAMPLE, Purpose.VIEW)}).held


def test_a_type_shows_with_its_first_record_within_reach_and_goes_with_its_last(db: DB, now: datetime) -> None:
    reader, other = person(Role.SPECIALIST), person(Role.SPECIALIST)
    assert held(reader) == frozenset()
    made = store.create("sample", {"name": "Lamp", "level": "top_secret", "owner": other.id}, actor=SYSTEM, now=now)
    assert (held(reader), held(other)) == (frozenset(), frozenset({"sample"}))
    store.change("sample", made["_id"], {"owner": reader.id}, actor=SYSTEM, now=now)
    assert (held(reader), held(other)) == (frozenset({"sample"}), frozenset())


def test_unread_reminders_are_counted_in_the_same_question(db: DB, now: datetime) -> None:
    reader = person(Role.SPECIALIST)
    base: dict[str, Any] = {"person": reader.id, "closed_at": None, "read_at": None}
    rows = [base, base, {**base, "read_at": now}, {**base, "closed_at": now}, {**base, "person": person().id}]
    db["reminder"].insert_many({"_id": str(at), "key": at, **row} for at, row in enumerate(rows))
    with commands.heard() as heard:
        found = look(reader, {"sample": access.reach(reader, SAMPLE, Purpose.VIEW)})
    assert (found.unread, len(heard)) == (2, 1)


def test_several_lists_are_read_at_once_each_the_newest_first_and_within_reach(db: DB, now: datetime) -> None:
    reader, other = person(Role.SPECIALIST), person(Role.SPECIALIST)
    for at in range(4):
        owner = other if at == 2 else reader
        level = "top_secret" if at == 2 else "internal"
        values = {"name": f"Lamp {at % 2}", "level": level, "owner": owner.id, "department": "service"}
        store.create("sample", values, actor=SYSTEM, now=now)
    name = listing.queryable(SAMPLE, SAMPLE.fields)["name"]
    reach = access.reach(reader, SAMPLE, Purpose.VIEW)
    lists = [
        listing.Asked(SAMPLE, reach, SAMPLE.fields, (listing.Filter(name, "is", f"Lamp {at}"),), ("name",))
        for at in (1, 0)
    ]
    with commands.heard() as heard:
        found = listing.newest(lists, 5)
    assert [[row["number"][-1] for row in rows] for rows in found] == [["4", "2"], ["1"]]
    assert len(heard) == 1
    assert [len(rows) for rows in listing.newest(lists, 1)] == [1, 1]
    assert listing.newest([], 5) == []
