"""Every order of a list comes from an index: nothing is sorted in memory, and a page reads little beyond itself."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import pytest
from bson import Decimal128, ObjectId
from pymongo import monitoring
from pymongo.database import Database

from models import access, listing, records, registry, schema
from models.access import Purpose
from models.listing import ListQuery
from models.listing.paging import token_of
from models.person.roles import Person, Role
from tests.factories.people import person
from tests.factories.types import SAMPLE

DB = Database[dict[str, Any]]
MANY = 2_400
PAGE = 20
SORTS = sorted(name for name, field in listing.queryable(SAMPLE, SAMPLE.fields).items() if listing.sortable(field))


class Finds(monitoring.CommandListener):
    """Keeps the `find` commands of the sample's collection."""

    def __init__(self) -> None:
        self.commands: list[dict[str, Any]] = []

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        if event.command_name == "find" and event.command["find"] == "record_sample":
            kept = ("find", "filter", "sort", "limit", "projection", "hint")
            self.commands.append({name: event.command[name] for name in kept if name in event.command})

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        pass

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        pass


finds = Finds()
monitoring.register(finds)


def varied(index: int) -> dict[str, Any]:
    """Values with many equals and some empty ones."""
    at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=index % 40)
    full = {
        "name": f"Lamp {index % 60:03d}",
        "amount": Decimal128(str(index % 50)),
        "pieces": index % 30,
        "made_on": at,
        "colour": ("red", "blue")[index % 2],
        "updated_at": at,
        "created_at": at,
        "due_at": at if index % 5 else None,
    }
    return {name: value for name, value in full.items() if index % 7 or name in ("name", "updated_at", "created_at")}


@pytest.fixture
def reader(db: DB) -> Iterator[Person]:
    registry.register(SAMPLE)
    schema.migrate()
    yield person(Role.HEAD, name="Head")
    registry.unregister("sample")


def fill(db: DB, who: Person, now: datetime, many: int) -> None:
    """So many records, made at one go."""
    made = records.create(who, "sample", {"name": "Lamp"}, now=now)
    son = db["record_sample"].find_one({"_id": made["_id"]})
    assert son is not None
    rows = [
        {
            k: v
            for k, v in {**son, "_id": ObjectId(), "number": f"YP-2026-1{i:05d}", **varied(i)}.items()
            if v is not None
        }
        for i in range(many)
    ]
    db["record_sample"].insert_many(rows)


def cost(db: DB, who: Person, query: ListQuery) -> tuple[int, int, str]:
    """Index keys and records looked at for a page, by all of its commands, and their plans."""
    reach = access.reach(who, SAMPLE, Purpose.VIEW)
    finds.commands.clear()
    listing.page(SAMPLE, reach, query, SAMPLE.fields)
    keys, documents, plans = 0, 0, ""
    for command in list(finds.commands):
        plan = db.command("explain", command, verbosity="executionStats")
        keys += plan["executionStats"]["totalKeysExamined"]
        documents += plan["executionStats"]["totalDocsExamined"]
        plans += str(plan["queryPlanner"]["winningPlan"])
    return keys, documents, plans


def test_a_page_in_any_order_is_read_from_an_index(db: DB, reader: Person, now: datetime) -> None:
    fill(db, reader, now, MANY)
    tokens = len(access.reach(reader, SAMPLE, Purpose.VIEW).query(cards=True)["acl"]["$in"])
    for sort, descending in product(SORTS, (False, True)):
        order = -1 if descending else 1
        ordered = list(db["record_sample"].find({}, {sort: 1, "number": 1}).sort([(sort, order), ("number", order)]))
        near, far = token_of(ordered[30], sort), token_of(ordered[MANY - 60], sort)
        for query in (
            ListQuery(sort=sort, descending=descending),
            ListQuery(sort=sort, descending=descending, after=near),
            ListQuery(sort=sort, descending=descending, after=far),
            ListQuery(sort=sort, descending=descending, before=far),
        ):
            keys, documents, plans = cost(db, reader, query)
            assert "'SORT'" not in plans, (query, plans)
            assert "COLLSCAN" not in plans, query
            # Each token of rights has a place of its own in the index, at which one key at least is looked at; both
            # questions of a page within equal values pay for that.
            assert keys <= 2 * (PAGE + 4 * tokens + 4), query
            assert documents <= 2 * (PAGE + tokens + 4), query

    known = listing.queryable(SAMPLE, SAMPLE.fields)
    for name, value in (("colour", "red"), ("amount", "7"), ("owner", str(reader.id)), ("state", "draft")):
        wanted = listing.Filter(known[name], "is", value)
        _keys, documents, plans = cost(db, reader, ListQuery(filters=(wanted,)))
        assert "'SORT'" not in plans, name
        assert documents <= 4 * PAGE, name
    for text in ("Lamp", "Lamp 007", "YP-2026-100099"):
        _keys, _documents, plans = cost(db, reader, ListQuery(q=text))
        assert "'SORT'" not in plans, text
        assert "COLLSCAN" not in plans, text


def test_pages_in_any_order_show_every_record_once(db: DB, reader: Person, now: datetime) -> None:
    fill(db, reader, now, 90)
    reach = access.reach(reader, SAMPLE, Purpose.VIEW)
    for sort, descending in product(SORTS, (False, True)):
        seen: list[str] = []
        token = ""
        while token or not seen:
            query = ListQuery(sort=sort, descending=descending, after=token, limit=13)
            found = listing.page(SAMPLE, reach, query, SAMPLE.fields)
            seen += [row["number"] for row in found.rows]
            token = found.next
        order = -1 if descending else 1
        stored = db["record_sample"].find({}, {"number": 1}).sort([(sort, order), ("number", order)])
        assert seen == [row["number"] for row in stored], (sort, descending)


def test_locked_cards_take_part_in_an_order_only_when_it_is_by_what_they_show(reader: Person, now: datetime) -> None:
    owner, colleague = person(Role.SPECIALIST), person(Role.SPECIALIST)
    hidden = records.create(owner, "sample", {"name": "Lamp", "level": "secret", "amount": "5"}, now=now)
    reach = access.reach(colleague, SAMPLE, Purpose.VIEW)
    assert reach.sees(hidden["acl"]) == "card"
    plain = {f.name for f in (*SAMPLE.fields, *listing.system_fields(SAMPLE).values()) if f.card == "plain"}
    for sort in SORTS:
        shown = [row["number"] for row in listing.page(SAMPLE, reach, ListQuery(sort=sort), SAMPLE.fields).rows]
        assert shown == ([hidden["number"]] if sort in plain else []), sort
