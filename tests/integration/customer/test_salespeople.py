"""X3: what is internal is read by the customer's own salesperson, and by no former one: whatever gave the customer
another, its contracts, credit reports and changes follow."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from bson import ObjectId
from pymongo.database import Database

from models import history, records, registry, store
from models.access import Purpose
from models.customer import former
from models.customer.children import sold_by
from models.errors import NotFound
from models.merge import moving
from models.merge import service as merge
from models.person.roles import Person, Role
from models.record import collection_name
from tests.factories.bulk_changes import carried_out
from tests.factories.commands import commands
from tests.factories.contracts import contract
from tests.factories.credit_reports import credit_report
from tests.factories.customers import customer
from tests.factories.people import person

DB = Database[dict[str, Any]]
Door = Callable[[Person, dict[str, Any], ObjectId | None, datetime], None]
TYPES = ("contract", "credit_report", "customer_change")


@pytest.fixture
def old(db: DB) -> Person:
    return person(Role.SALES, name="Old", department="sales")


@pytest.fixture
def new(db: DB) -> Person:
    return person(Role.SALES, name="New", department="sales")


def about(owner: Person, file: dict[str, Any], now: datetime) -> dict[str, dict[str, Any]]:
    """A record of each type that belongs to a customer's salesperson."""
    change = {"customer": file["_id"], "section": "credit", "change": "Pays later"}
    return {
        "contract": contract(owner, file["_id"], now),
        "credit_report": credit_report(owner, file["_id"], now),
        "customer_change": records.create(owner, "customer_change", change, now=now),
    }


def reads(who: Person, slug: str, record: dict[str, Any], now: datetime) -> bool:
    try:
        return records.see(who, slug, record["number"], Purpose.VIEW, now).full
    except NotFound:
        return False


def who_reads(people: tuple[Person, ...], made: dict[str, dict[str, Any]], now: datetime) -> set[tuple[bool, ...]]:
    return {tuple(reads(one, slug, record, now) for one in people) for slug, record in made.items()}


def change(who: Person, file: dict[str, Any], to: ObjectId | None, now: datetime) -> None:
    rev = store.fetch("customer", file["_id"])["rev"]
    records.change(who, "customer", file["number"], {"salesperson": str(to) if to else ""}, rev=rev, now=now)


def bulk(who: Person, file: dict[str, Any], to: ObjectId | None, now: datetime) -> None:
    carried_out(who, "change", {"salesperson": str(to) if to else ""}, now=now, numbers=[file["number"]])


DOORS: dict[str, Door] = {"a change": change, "a bulk change": bulk}


def test_the_types_are_those_that_keep_it() -> None:
    assert {rt.slug for rt in registry.all_types() if sold_by(rt)} == set(TYPES)


@pytest.mark.parametrize("door", DOORS.values(), ids=DOORS)
def test_another_salesperson_takes_over_what_belongs_to_the_customer(
    owner: Person, old: Person, new: Person, now: datetime, door: Door, db: DB
) -> None:
    file = customer(owner, now, salesperson=old.id)
    made, people = about(owner, file, now), (old, new)
    assert who_reads(people, made, now) == {(True, False)}
    door(owner, file, new.id, now)
    assert who_reads(people, made, now) == {(False, True)}
    for slug, record in made.items():
        newest = history.history(slug, record["_id"])[0]
        assert (newest["action"], [one["field"].name for one in newest["changes"]]) == (
            "follow_customer",
            ["salesperson"],
        )
        assert db["audit"].find_one({"action": "follow_customer", "record": record["_id"]}) is not None
    door(owner, file, None, now)
    assert who_reads(people, made, now) == {(False, False)}


def test_what_is_closed_or_archived_follows_too(owner: Person, old: Person, new: Person, now: datetime, db: DB) -> None:
    file = customer(owner, now, salesperson=old.id)
    made = about(owner, file, now)
    db["record_contract"].update_one({"_id": made["contract"]["_id"]}, {"$set": {"state": "ended"}})
    report = made["credit_report"]
    store.change("credit_report", report["_id"], {"archived_at": now}, actor=owner, now=now, action="archive")
    change(owner, file, new.id, now)
    assert who_reads((old, new), made, now) == {(False, True)}


def test_what_is_stored_is_what_a_write_of_its_own_would_store(
    owner: Person, old: Person, new: Person, now: datetime, db: DB
) -> None:
    file = customer(owner, now, salesperson=old.id)
    made = about(owner, file, now)
    change(owner, file, new.id, now)
    for slug, record in made.items():
        followed = db[collection_name(slug)].find_one({"_id": record["_id"]})
        store.change(slug, record["_id"], {"salesperson": old.id}, actor=owner, now=now)
        assert store.fetch(slug, record["_id"])["salesperson"] == new.id, "each write takes it from the file"
        written = db[collection_name(slug)].find_one({"_id": record["_id"]})
        assert followed is not None
        assert written is not None
        assert {**followed, "rev": 0} == {**written, "rev": 0}


def test_however_many_there_are_they_follow_in_a_few_writes(
    owner: Person, old: Person, new: Person, now: datetime
) -> None:
    counts = []
    for number in (1, 12):
        file = customer(owner, now, salesperson=old.id)
        made = [credit_report(owner, file["_id"], now) for _ in range(number)]
        with commands.heard() as heard:
            change(owner, file, new.id, now)
        counts.append(len(heard))
        assert all(reads(new, "credit_report", one, now) for one in made)
    assert counts[0] == counts[1]


def test_a_new_owner_level_and_salesperson_at_once_are_one_version(
    owner: Person, clerk: Person, head: Person, old: Person, new: Person, now: datetime
) -> None:
    file = customer(owner, now, salesperson=old.id)
    made = about(owner, file, now)
    raw = {"owner": str(clerk.id), "salesperson": str(new.id), "level": "secret", "level_basis": "x"}
    records.change(head, "customer", file["number"], raw, rev=1, now=now)
    for slug, record in made.items():
        after = store.fetch(slug, record["_id"])
        assert (after["rev"], after["owner"], after["level"]) == (record["rev"] + 1, clerk.id, "secret")
        assert after["salesperson"] == new.id


def test_a_merge_gives_them_to_the_salesperson_of_the_surviving_file_and_back(
    owner: Person, head: Person, old: Person, new: Person, now: datetime
) -> None:
    keep, gone = customer(owner, now, salesperson=new.id), customer(owner, now, salesperson=old.id, name="远山机械")
    made = about(owner, gone, now)
    revs = (keep["rev"], store.fetch("customer", gone["_id"])["rev"])
    merge.merge(head, "customer", keep["number"], gone["number"], {}, revs=revs, now=now)
    moving.carry_on(now, lambda: True)
    assert who_reads((old, new), made, now) == {(False, True)}
    merge.undo(head, "customer", keep["number"], gone["number"], now=now)
    moving.carry_on(now, lambda: True)
    assert who_reads((old, new), made, now) == {(True, False)}


def test_what_a_former_version_left_with_another_follows_once(
    owner: Person, old: Person, new: Person, now: datetime, db: DB, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(former, "AT_ONCE", 2)
    file, right = customer(owner, now, salesperson=new.id), customer(owner, now, salesperson=old.id)
    sets = [about(owner, file, now) for _ in range(2)]
    kept, empty = about(owner, right, now), about(owner, customer(owner, now), now)
    db[former.NOTED].delete_many({})
    for made in sets:
        for slug, record in made.items():
            tokens = [one.replace(str(new.id), str(old.id)) for one in record["acl"]]
            wrong = {"salesperson": old.id, "acl": tokens}
            db[collection_name(slug)].update_one({"_id": record["_id"]}, {"$set": wrong})
    db["record_contract"].update_one({"_id": empty["contract"]["_id"]}, {"$set": {"salesperson": old.id}})
    assert who_reads((old, new), sets[0], now) == {(True, False)}
    assert former.follow_salespeople() == ["gave 7 records about customers their customer's salesperson"]
    for made in sets:
        assert who_reads((old, new), made, now) == {(False, True)}
        assert all(store.fetch(slug, one["_id"])["acl"] == one["acl"] for slug, one in made.items())
    assert who_reads((old, new), kept, now) == {(True, False)}
    assert who_reads((old, new), empty, now) == {(False, False)}
    with commands.heard() as heard:
        assert former.follow_salespeople() == []
    assert heard == [f"find {former.NOTED}"]
