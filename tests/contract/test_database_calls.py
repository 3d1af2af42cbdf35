"""A page asks the database as often for a hundred records as for one: every type, its list and its forms."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from bson import ObjectId
from flask import Flask

from config.database import database
from models import registry, schema, store
from models.declarations import Level, RecordType
from models.hand_over.service import HANDED
from models.listing import counting
from models.person import directory
from models.person.roles import Role
from models.record import collection_name
from tests.factories.commands import commands
from tests.factories.desks import Desk, seat
from tests.factories.planted import Planted, plant
from tests.factories.types import SAMPLE

LIST_CALLS = 12
"""Session, account, grants, the page, its count, names of people, unread reminders, and a few more; one for each type
that the list's columns point to comes on top."""


@pytest.fixture
def desk(demo_app: Flask, now: datetime) -> Iterator[Desk]:
    registry.register(SAMPLE)
    schema.migrate()
    yield seat(demo_app, Role.HEAD, Role.SPECIALIST, now=now)
    registry.unregister("sample")


def cold() -> None:
    """Forget what was looked up before, so that each page pays for itself."""
    directory.forget_names()
    counting.forget()


def cost(desk: Desk, path: str) -> Counter[str]:
    """The commands that a page sends; what is written beside it included, but for the count of readings, of which a few
    go together, and for keys, which are kept for a minute: they are asked for once at most."""
    desk.text(path)
    cold()
    with commands.heard() as heard:
        desk.text(path)
    asked = Counter(one for one in heard if one != "update reading_rate")
    assert asked.pop("find key", 0) <= 1
    return asked


def multiply(one: Planted, until: int, targets: dict[str, list[ObjectId]]) -> None:
    """As many copies of a record as make up a number, each pointing to records of its own."""
    collection = database()[collection_name(one.rt.slug)]
    son: dict[str, Any] | None = collection.find_one({"_id": one.son["_id"]})
    assert son is not None
    there = collection.count_documents({"copy": True})
    people = [ObjectId() for _ in range(until)]
    database()["user"].insert_many(
        {"_id": who, "name": f"P{who}", "fs_uniquifier": str(who), "email": str(who)} for who in people
    )
    copies = []
    for index in range(there, until):
        copy = {
            **son,
            "_id": ObjectId(),
            "number": f"{son['number']}-{index:04d}",
            "copy": True,
            "owner": people[index],
        }
        copy = {k: v for k, v in copy.items() if k not in ("batch", "batch_row")}
        for field in one.rt.fields:
            if field.unique:
                copy.pop(field.name, None)
            elif field.kind == "person" and copy.get(field.name):
                copy[field.name] = people[index]
            elif field.kind == "reference" and targets.get(field.to):
                copy[field.name] = targets[field.to][index % len(targets[field.to])]
        copies.append(copy)
    if copies:
        collection.insert_many(copies)


def internal(planted: list[Planted]) -> dict[str, Planted]:
    return {one.rt.slug: one for one in planted if one.level is Level.INTERNAL}


def test_a_list_page_asks_as_often_for_a_hundred_records_as_for_one(desk: Desk, now: datetime) -> None:
    types: list[RecordType] = list(registry.all_types())
    found = internal(plant(types, desk.person, now))
    targets: dict[str, list[ObjectId]] = {}
    asked: dict[str, dict[int, Counter[str]]] = {slug: {} for slug in found}
    for many in (1, 20, 100):
        for slug, one in found.items():
            multiply(one, many, targets)
            collection = database()[collection_name(slug)]
            targets[slug] = [row["_id"] for row in collection.find({"copy": True}, {"_id": 1})]
    for slug in found:
        at = f"/records/{slug}/?show=100"
        hidden: dict[str, Any] = {"$set": {"acl": []}}
        collection = database()[collection_name(slug)]
        kept = list(collection.find({"copy": True}, {"acl": 1}).sort("number", 1))
        collection.update_many({"copy": {"$ne": True}}, hidden)
        for many in (100, 20, 1):
            collection.update_many({"_id": {"$in": [row["_id"] for row in kept[many:]]}}, hidden)
            asked[slug][many] = cost(desk, at)
            assert desk.text(at).count("<tr>") == many + 1, (slug, many)  # and the head of the table
    for slug, by_size in asked.items():
        assert by_size[1] == by_size[20] == by_size[100], slug
        pointed = {f.to for f in found[slug].rt.fields if f.kind == "reference"}
        assert sum(by_size[100].values()) <= LIST_CALLS + len(pointed), (slug, by_size[100])


@pytest.mark.parametrize("slug", ["sample", "customer"])
def test_a_list_of_classified_records_pays_for_one_entry_however_many_it_shows(
    desk: Desk, now: datetime, slug: str
) -> None:
    entry = Counter(["insert audit_queue", "insert audit"])
    planted = [one for one in plant(list(registry.all_types()), desk.person, now) if one.rt.slug == slug]
    [secret] = [one for one in planted if one.level is Level.SECRET]
    collection = database()[collection_name(slug)]
    multiply(secret, 100, {})
    kept = [row["_id"] for row in collection.find({"copy": True}, {"_id": 1})]
    hidden: dict[str, Any] = {"$set": {"acl": []}}
    collection.update_many({"copy": {"$ne": True}}, hidden)
    plain = {"$set": {"level": Level.INTERNAL.value}}
    for many in (100, 20, 1):
        collection.update_many({"_id": {"$in": kept[many:]}}, hidden)
        classified = cost(desk, f"/records/{slug}/?show=100")
        assert desk.text(f"/records/{slug}/?show=100").count("<tr>") == many + 1
        assert {one: classified[one] for one in entry} == entry
        if many == 1:
            collection.update_many({"_id": {"$in": kept}}, plain)
            assert classified - entry == cost(desk, f"/records/{slug}/?show=100")


@pytest.mark.parametrize("path", ["/", "/?show=returned", "/?show=handed"])
def test_my_work_asks_as_often_for_a_hundred_records_as_for_one(desk: Desk, now: datetime, path: str) -> None:
    """Those that came back and those that were handed over among them, classified ones that were read in parts."""
    [one] = [one for one in plant([registry.get("complaint").rt], desk.person, now) if one.level is Level.SECRET]
    collection = database()[collection_name("complaint")]
    collection.update_many({}, {"$set": {"owner": ObjectId(), "waiting": [f"user:{ObjectId()}"]}})
    asked = []
    for many in (1, 20, 100):
        multiply(one, many, {})
        own = {"owner": desk.person.id, "state": "recorded", "waiting": [f"user:{desk.person.id}"]}
        collection.update_many({"copy": True}, {"$set": own})
        for row in list(collection.find({"copy": True, "told": {"$ne": True}}, {"_id": 1})):
            record = {"type": "complaint", "record": row["_id"]}
            database()[store.VERSIONS].insert_many(came_to(record["record"], now))
            database()[HANDED].insert_one({**record, "by": desk.person.id, "to": ObjectId(), "at": now})
        collection.update_many({"copy": True}, {"$set": {"told": True}})
        if path.endswith("handed"):
            collection.update_many({"copy": True}, {"$set": {"owner": ObjectId()}})
        page = desk.text(path)
        if path != "/":
            assert page.count('class="work-what"') == many
        asked.append(cost(desk, path))
    assert asked[0] == asked[1] == asked[2]


def came_to(record: ObjectId, now: datetime) -> list[dict[str, Any]]:
    """Two versions by somebody else: given back out of an end state, then given to its owner."""
    changes = [("state", "closed", "recorded"), ("owner", None, ObjectId())]
    common = {"record": record, "type": "complaint", "action": "update", "by": ObjectId(), "by_name": "X", "at": now}
    return [
        {**common, "rev": rev, "note": "Look again", "changes": [{"field": name, "before": old, "after": new}]}
        for rev, (name, old, new) in enumerate(changes, 1)
    ]


def test_a_form_asks_as_often_for_a_hundred_rows_as_for_one(desk: Desk, now: datetime) -> None:
    found = internal(plant(list(registry.all_types()), desk.person, now))
    tried = 0
    for slug, one in found.items():
        collection = database()[collection_name(slug)]
        lists = [f.name for f in one.rt.fields if f.kind == "embedded_list"]
        son = collection.find_one({"_id": one.son["_id"]}) or {}
        for page in ("", "/edit"):
            path = f"/records/{slug}/{one.number}{page}"
            if desk.get(path).status_code != 200:
                continue
            asked = []
            for many in (1, 20, 100):
                rows = {name: son[name][:1] * many for name in lists if son.get(name)}
                if rows:
                    collection.update_one({"_id": son["_id"]}, {"$set": rows})
                asked.append(cost(desk, path))
                tried += bool(rows)
            assert asked[0] == asked[1] == asked[2], (path, asked)
        if desk.get(f"/records/{slug}/new").status_code == 200:
            assert sum(cost(desk, f"/records/{slug}/new").values()) <= LIST_CALLS, slug
    assert tried
