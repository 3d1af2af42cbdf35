"""X3: an owner who left the department is no owner in effect, at every door and at once; the head is told once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from pymongo.database import Database

from config.database import database
from jobs import leaving as job
from jobs.context import JobContext
from models import access, catalogue, leaving, names, ownership, records, registry, schema, store
from models.access import Purpose
from models.errors import NotFound
from models.office import office_calendar
from models.opening import open_set
from models.person import rights
from models.person import service as people
from models.person.roles import SYSTEM, Person, Role
from models.reminder import service as reminders
from models.reminder.rules import Step
from models.review import service as review_service
from tests.factories.customers import customer
from tests.factories.people import person

Base = Database[dict[str, Any]]
LATER = timedelta(days=1)


@pytest.fixture(autouse=True)
def types(db: Base) -> None:
    catalogue.load()
    schema.migrate()


def as_now(one: Person) -> Person:
    """The person as the next request takes them."""
    assert one.id is not None
    return people.person_of(people.get(one.id))


def move(one: Person, department: str, now: datetime) -> None:
    assert one.id is not None
    row = people.get(one.id)
    values = {"name": one.name, "email": row["email"], "department": department, "manager": None}
    people.change_profile(SYSTEM, one.id, **values, now=now)


def to_sales(one: Person, now: datetime) -> None:
    move(one, "sales", now)
    assert one.id is not None
    rights.set_roles(SYSTEM, one.id, [Role.SALES], now)


def without_roles(one: Person, now: datetime) -> None:
    assert one.id is not None
    rights.set_roles(SYSTEM, one.id, [Role.AUDITOR], now)


def without_department(one: Person, now: datetime) -> None:
    move(one, "", now)


def disabled(one: Person, now: datetime) -> None:
    assert one.id is not None
    rights.set_active(SYSTEM, one.id, False, now)


LEAVING: tuple[Callable[[Person, datetime], None], ...] = (to_sales, without_roles, without_department)


def owned(owner: Person, now: datetime) -> list[tuple[str, dict[str, Any]]]:
    """What an owner reads: files of each level above internal, and a complaint that waits for them by name."""
    levels = ("secret", "confidential", "top_secret")
    files = [customer(owner, now, level=level, level_basis="x", name=f"{level}有限公司") for level in levels]
    told = {"subject": "Late", "facts": "x", "channel": "phone", "level": "top_secret", "level_basis": "x"}
    complaint = store.create("complaint", {**told, "owner": owner.id}, actor=owner, now=now)
    return [*(("customer", one) for one in files), ("complaint", complaint)]


def opens(one: Person, slug: str, number: str, now: datetime) -> bool:
    """Whether any purpose reaches the record."""
    rt = registry.get(slug).rt
    acl = store.fetch(slug, id_of(slug, number))["acl"]
    return any(access.reach(as_now(one), rt, purpose).sees(acl) == "full" for purpose in Purpose)


def id_of(slug: str, number: str) -> Any:
    row = database()[f"record_{slug}"].find_one({"number": number})
    assert row is not None
    return row["_id"]


def told(head: Person, now: datetime) -> list[str]:
    return [one.leads_to for one in reminders.inbox(head, now, "en") if one.reminder.step is Step.OWNERS]


@pytest.mark.parametrize("leaves", LEAVING)
def test_who_left_reads_edits_and_exports_nothing_that_they_owned(
    db: Base, now: datetime, leaves: Callable[[Person, datetime], None]
) -> None:
    owner = person(Role.SPECIALIST, name="Owner")
    made = owned(owner, now)
    assert all(opens(owner, slug, one["number"], now) for slug, one in made)
    leaves(owner, now)
    for slug, one in made:
        assert not opens(owner, slug, one["number"], now)
        if one["level"] == "top_secret":
            with pytest.raises(NotFound):
                records.read(as_now(owner), slug, one["number"], Purpose.VIEW, now)
            assert names.one(as_now(owner), slug, one["_id"], "en").text == names.HIDDEN


def test_who_comes_back_owns_again_and_who_is_given_a_record_elsewhere_owns_it(db: Base, now: datetime) -> None:
    owner, other = person(Role.SPECIALIST, name="Owner"), person(Role.SPECIALIST, name="Other")
    made = owned(owner, now)
    to_sales(owner, now)
    slug, first = made[0]
    for to in (other, owner):
        store.change(slug, first["_id"], {"owner": to.id}, actor=SYSTEM, now=now)
    assert opens(owner, slug, first["number"], now)
    assert "owner_left" not in (db["record_customer"].find_one({"_id": first["_id"]}) or {})
    assert not opens(owner, *_of(made[1]), now)
    move(owner, "service", now)
    rights.set_roles(SYSTEM, owner.id, [Role.SPECIALIST], now)  # type: ignore[arg-type]
    assert all(opens(owner, *_of(one), now) for one in made)
    assert db["record_customer"].count_documents({"owner_left": {"$exists": True}}) == 0


def _of(made: tuple[str, dict[str, Any]]) -> tuple[str, str]:
    return made[0], made[1]["number"]


def test_what_is_written_meanwhile_opens_nothing_to_them(db: Base, now: datetime) -> None:
    owner, head = person(Role.SPECIALIST, name="Owner"), person(Role.HEAD, name="Head")
    (slug, file), *_, (_, complaint) = owned(owner, now)
    to_sales(owner, now)
    store.change(slug, file["_id"], {"address": "新址"}, actor=head, now=now)
    store.change("complaint", complaint["_id"], {"facts": "y"}, actor=head, now=now)
    after = store.fetch("complaint", complaint["_id"])
    assert not opens(owner, slug, file["number"], now)
    assert not opens(owner, "complaint", complaint["number"], now)
    assert not [one for one in db["record_complaint"].find_one()["waiting"] if str(owner.id) in one]  # type: ignore[index]
    assert after["owner"] == owner.id


def test_what_is_made_about_a_file_of_theirs_is_not_theirs(db: Base, now: datetime) -> None:
    owner, head = person(Role.SPECIALIST, name="Owner"), person(Role.HEAD, name="Head")
    file = customer(owner, now, level="secret", level_basis="x", state="active")
    to_sales(owner, now)
    made = store.create("revisit", {"customer": file["_id"], "due_on": now.date()}, actor=head, now=now)
    assert made["owner"] == head.id
    opening = review_service.quarter_opening(now, office_calendar())
    assert opening is not None
    assert open_set(opening, now) == 1
    row = db["record_review"].find_one({})
    assert row is not None
    review = store.fetch("review", row["_id"])
    assert (review["owner"], row["waiting"]) == (owner.id, [])
    assert review["acl"] == access.tokens_of(registry.get("review").rt, review)
    assert not opens(owner, "review", review["number"], now)


def test_a_salesperson_owns_what_belongs_to_the_service_department(db: Base, now: datetime) -> None:
    head, sales = person(Role.HEAD, name="Head"), person(Role.SALES, name="Sales", department="sales")
    file = customer(head, now, salesperson=sales.id)
    made = store.create("contract", {"customer": file["_id"], "owner": sales.id}, actor=head, now=now)
    assert opens(sales, "contract", made["number"], now)


@pytest.mark.parametrize("leaves", [*LEAVING, disabled])
def test_the_head_is_told_once_until_it_is_given_on(
    db: Base, now: datetime, leaves: Callable[[Person, datetime], None]
) -> None:
    owner, other = person(Role.SPECIALIST, name="Owner"), person(Role.SPECIALIST, name="Other")
    head, stranger = person(Role.HEAD, name="Head"), person(Role.HEAD, name="Stranger", department="sales")
    made = owned(owner, now)
    leaves(owner, now)
    assert (told(head, now), told(stranger, now)) == (["team/"], [])
    found = {(one.owner, one.type): one.count for one in leaving.left_behind(as_now(head))}
    assert found == {(owner.id, "customer"): 3, (owner.id, "complaint"): 1}
    context = JobContext(now=now + LATER, db=db, settings=None, calendar=office_calendar())  # type: ignore[arg-type]
    assert job.tell_heads(context).counts == {"told": 0}
    assert told(head, now + LATER) == ["team/"]
    for slug, one in made:
        store.change(slug, one["_id"], {ownership.OWNER: other.id}, actor=head, now=now)
    assert job.tell_heads(context).counts == {"told": 0}
    assert told(head, now + LATER) == []


def test_who_changes_nothing_of_that_leaves_nothing(db: Base, now: datetime) -> None:
    owner, head = person(Role.SPECIALIST, name="Owner"), person(Role.HEAD, name="Head")
    made = owned(owner, now)
    assert owner.id is not None
    rights.set_roles(SYSTEM, owner.id, [Role.CUSTODIAN], now)
    move(owner, "service", now)
    assert told(head, now) == []
    assert all(opens(owner, *_of(one), now) for one in made)


def test_migrate_notes_who_had_left_before(db: Base, now: datetime) -> None:
    stays, sales = person(Role.SPECIALIST, name="Stays"), person(Role.SALES, name="Sales", department="sales")
    moved, gone = person(Role.SPECIALIST, name="Moved"), person(Role.SPECIALIST, name="Gone")
    files = {one.name: customer(one, now, level="secret", level_basis="x") for one in (stays, sales, moved, gone)}
    db["user"].update_one({"_id": moved.id}, {"$set": {"department": "finance"}})
    db["user"].update_one({"_id": gone.id}, {"$set": {"active": False}})
    db[leaving.DONE].delete_many({})
    assert schema.migrate() == ["noted that 2 people left records of which they are the owners"]
    assert schema.migrate() == []
    read = [
        name
        for name, file in files.items()
        for one in (stays, sales, moved)
        if one.name == name and opens(one, "customer", file["number"], now)
    ]
    assert read == ["Stays", "Sales"]
    head = person(Role.HEAD, name="Head")
    assert {one.owner for one in leaving.left_behind(head)} == {moved.id, gone.id}
