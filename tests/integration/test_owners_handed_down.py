"""X3: a record that takes over the owner of another one takes over that they left, too; who left hands on nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from pymongo.database import Database

from models import access, catalogue, leaving, records, registry, schema, store
from models.access import Purpose
from models.access_request import grants
from models.access_request import service as access_request
from models.errors import Forbidden
from models.merge import service as merging
from models.person import rights
from models.person import service as people
from models.person.roles import SYSTEM, Person, Role
from tests.factories.customers import customer
from tests.factories.people import person

Base = Database[dict[str, Any]]


@pytest.fixture(autouse=True)
def types(db: Base) -> None:
    catalogue.load()
    schema.migrate()


def as_now(one: Person) -> Person:
    """The person as the next request takes them."""
    assert one.id is not None
    return people.person_of(people.get(one.id))


def to_sales(one: Person, now: datetime) -> None:
    assert one.id is not None
    values = {"name": one.name, "email": people.get(one.id)["email"], "department": "sales", "manager": None}
    people.change_profile(SYSTEM, one.id, **values, now=now)
    rights.set_roles(SYSTEM, one.id, [Role.SALES], now)


def opens(one: Person, slug: str, record: dict[str, Any]) -> bool:
    """Whether any purpose reaches the record."""
    acl, rt = store.fetch(slug, record["_id"])["acl"], registry.get(slug).rt
    return any(access.reach(as_now(one), rt, purpose).sees(acl) == "full" for purpose in Purpose)


def merged(head: Person, keep: dict[str, Any], gone: dict[str, Any], now: datetime) -> None:
    revs = tuple(store.fetch("customer", one["_id"])["rev"] for one in (keep, gone))
    merging.merge(head, "customer", keep["number"], gone["number"], {"name": "keep"}, revs=(revs[0], revs[1]), now=now)


def complaint_about(file: dict[str, Any], owner: Person, now: datetime, level: str) -> dict[str, Any]:
    told = {"customer": file["_id"], "facts": "x", "level": level, "level_basis": "x"}
    return store.create("complaint", told, actor=owner, now=now)


def test_what_a_merge_hands_to_an_owner_who_left_is_not_theirs(db: Base, now: datetime) -> None:
    owner, other = person(Role.SPECIALIST, name="Owner"), person(Role.SPECIALIST, name="Other")
    head, next_one = person(Role.HEAD, name="Head"), person(Role.SPECIALIST, name="Next")
    keep = customer(owner, now, level="confidential", level_basis="x", name="甲有限公司")
    gone = customer(other, now, level="confidential", level_basis="x", name="乙有限公司")
    complaint = complaint_about(gone, other, now, "top_secret")
    to_sales(owner, now)
    merged(head, keep, gone, now)
    found = store.fetch("complaint", complaint["_id"])
    assert (found["owner"], found["owner_left"]) == (owner.id, "service")
    assert not opens(owner, "complaint", complaint)
    assert found["acl"] == access.tokens_of(registry.get("complaint").rt, found)
    assert f"user:{owner.id}" not in (db["record_complaint"].find_one() or {})["waiting"]
    assert (owner.id, "complaint", 1) in [(one.owner, one.type, one.count) for one in leaving.left_behind(head)]
    store.change("customer", keep["_id"], {"owner": next_one.id}, actor=head, now=now)
    after = store.fetch("complaint", complaint["_id"])
    assert (after["owner"], after["owner_left"]) == (next_one.id, None)
    assert opens(next_one, "complaint", complaint)


def test_what_comes_back_from_a_merge_to_an_owner_who_left_is_not_theirs(db: Base, now: datetime) -> None:
    owner, other = person(Role.SPECIALIST, name="Owner"), person(Role.SPECIALIST, name="Other")
    head = person(Role.HEAD, name="Head")
    keep = customer(other, now, level="confidential", level_basis="x", name="甲有限公司")
    gone = customer(owner, now, level="confidential", level_basis="x", name="乙有限公司")
    complaint = complaint_about(gone, owner, now, "confidential")
    to_sales(owner, now)
    merged(head, keep, gone, now)
    assert store.fetch("complaint", complaint["_id"])["owner"] == other.id
    merging.undo(head, "customer", keep["number"], gone["number"], now=now)
    found = store.fetch("complaint", complaint["_id"])
    assert (found["owner"], found["owner_left"]) == (owner.id, "service")
    assert not opens(owner, "complaint", complaint)


def test_a_revisit_after_a_complaint_whose_owner_left_is_for_whoever_closes_it(db: Base, now: datetime) -> None:
    owner, head = person(Role.SPECIALIST, name="Owner"), person(Role.HEAD, name="Head")
    file = customer(owner, now, level="confidential", level_basis="x", name="甲有限公司")
    complaint = complaint_about(file, owner, now, "confidential")
    to_sales(owner, now)
    store.change("complaint", complaint["_id"], {"state": "judged", "founded": False}, actor=head, now=now)
    rev = store.fetch("complaint", complaint["_id"])["rev"]
    records.move(head, "complaint", complaint["number"], "close", {"close_reason": "x"}, rev=rev, now=now, fresh=True)
    revisit = db["record_revisit"].find_one({"complaint": complaint["_id"]})
    assert revisit is not None
    assert (revisit["owner"], revisit["waiting"]) == (head.id, [f"user:{head.id}"])
    assert not opens(owner, "revisit", revisit)


def test_an_owner_who_left_and_reads_by_a_card_offers_it_to_nobody(db: Base, now: datetime) -> None:
    owner, head = person(Role.SPECIALIST, name="Owner"), person(Role.HEAD, name="Head")
    manager = person(Role.GENERAL_MANAGER, name="Manager", department="management")
    third = person(Role.SALES, name="Third", department="sales")
    file = customer(owner, now, level="confidential", level_basis="x")
    to_sales(owner, now)
    wish = {"uses": "view", "reason": "r", "valid_until": (now + timedelta(days=2)).date()}
    card = access_request.offer(head, "customer", file["number"], owner.id, wish, now=now)
    records.move(manager, "access_request", card["number"], "countersign", {}, rev=1, now=now, fresh=True)
    reader = as_now(owner)
    reader = replace(reader, grants=grants.grants_in_force(reader, now))
    assert records.see(reader, "customer", file["number"], Purpose.VIEW, now).full
    with pytest.raises(Forbidden):
        access_request.offer(reader, "customer", file["number"], third.id, wish, now=now)
    assert access_request.offer(head, "customer", file["number"], third.id, wish, now=now)["state"] == "approved"


def test_what_sales_or_the_system_makes_about_a_file_whose_owner_left_is_nobodys_in_effect(
    db: Base, now: datetime
) -> None:
    owner, head = person(Role.SPECIALIST, name="Owner"), person(Role.HEAD, name="Head")
    seller = person(Role.SALES, name="Seller", department="sales")
    file = customer(owner, now, salesperson=seller.id)
    to_sales(owner, now)
    written = store.create("contract", {"customer": file["_id"]}, actor=seller, now=now)
    booked = store.create("revisit", {"customer": file["_id"], "due_on": now.date()}, actor=SYSTEM, now=now)
    taken = store.create("complaint", {"customer": file["_id"], "facts": "x"}, actor=seller, now=now)
    assert [(one["owner"], one["owner_left"]) for one in (written, booked)] == [(owner.id, "service")] * 2
    assert (taken["owner"], taken["owner_left"]) == (seller.id, None)
    store.change("contract", written["_id"], {"level": "confidential", "level_basis": "x"}, actor=head, now=now)
    for slug, made in (("contract", written), ("revisit", booked)):
        found = store.fetch(slug, made["_id"])
        assert found["acl"] == access.tokens_of(registry.get(slug).rt, found)
        assert not any("|owner|" in one for one in found["acl"])
    assert {(one.owner, one.type) for one in leaving.left_behind(head)} >= {
        (owner.id, "contract"),
        (owner.id, "revisit"),
    }
