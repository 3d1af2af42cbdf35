"""Where mail about a person's work goes: another address of whoever reads or signs what is classified takes two people,
and everybody is told of theirs, at the former one and in the product (People, X6)."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

import pytest
from bson import ObjectId
from pymongo.database import Database

from models import catalogue, schema
from models.errors import FieldProblem
from models.person import account, proposals, rights, service
from models.person.account import Account
from models.person.proposals import EMAIL, Place, ProposedMeanwhile
from models.person.rights import SecondPerson
from models.person.roles import PRIVILEGED, SYSTEM, Person, Role
from models.person.service import OwnAccount
from models.reminder import service as reminders
from models.reminder.rules import Step
from tests.factories.customers import customer
from tests.factories.people import person

DB = Database[dict[str, Any]]
OTHER = "owner@evil.test"


@pytest.fixture(autouse=True)
def shipped(db: DB) -> None:
    catalogue.load()
    schema.migrate()


@pytest.fixture
def admin(db: DB) -> Person:
    return person(Role.ADMINISTRATOR, name="Admin", department="it")


def change(actor: Person, who: Person, now: datetime, email: str = OTHER, **more: Any) -> frozenset[str]:
    """Change somebody's email in a form that shows what waits; what of it waits."""
    row = service.get(who.id)  # type: ignore[arg-type]
    shown = [one.id for one in proposals.of_person(row["_id"])]
    values: dict[str, Any] = {"name": row["name"], "email": email, **asdict(Place.of(row)), "shown": shown} | more
    return service.change_profile(actor, row["_id"], **values, now=now)


def email_of(who: Person) -> str:
    return str(service.get(who.id)["email"])  # type: ignore[arg-type]


def mails(db: DB) -> list[str]:
    return [row["to"] for row in db["outbox_email"].find({"_id": {"$regex": "^address_changed"}}).sort("_id")]


def reminded(who: Person, now: datetime) -> list[tuple[Step, str]]:
    return [(one.reminder.step, one.leads_to) for one in reminders.inbox(who, now, "en")]


@pytest.mark.parametrize("role", sorted(PRIVILEGED))
def test_another_address_of_a_privileged_person_takes_two(admin: Person, now: datetime, role: Role, db: DB) -> None:
    head, who = person(Role.HEAD), person(role)
    former = email_of(who)
    assert change(admin, who, now) == {EMAIL}
    assert (email_of(who), mails(db)) == (former, [])
    [waiting] = proposals.waiting()
    assert (waiting.person, waiting.what, waiting.email) == (who.id, EMAIL, OTHER)
    with pytest.raises(SecondPerson):
        rights.confirm(admin, waiting.id, now)
    rights.confirm(head, waiting.id, now)
    assert (email_of(who), mails(db)) == (OTHER, [former])
    assert reminded(who, now) == [(Step.ADDRESS, "account/notifications/")]


@pytest.mark.parametrize(("level", "waits"), [("internal", False), ("secret", True), ("top_secret", True)])
def test_so_does_that_of_who_owns_something_classified(
    admin: Person, now: datetime, level: str, waits: bool, db: DB
) -> None:
    owner = person(Role.SPECIALIST)
    customer(owner, now, level=level, level_basis=None if level == "internal" else "往来")
    former = email_of(owner)
    assert bool(change(admin, owner, now)) is waits
    assert email_of(owner) == (former if waits else OTHER)
    assert mails(db) == ([] if waits else [former])


def test_of_any_change_the_person_is_told_whoever_makes_it_and_reads_it_once(
    admin: Person, now: datetime, db: DB
) -> None:
    clerk = person(Role.SALES, department="sales")
    former = email_of(clerk)
    change(admin, clerk, now, "a@example.test")
    later = now + timedelta(hours=1)
    change(SYSTEM, clerk, later, "b@example.test")
    change(SYSTEM, clerk, later, "b@example.test", name="Another name")
    assert mails(db) == [former, "a@example.test"]
    assert OTHER not in str(list(db["outbox_email"].find()))
    assert reminded(clerk, later) == [(Step.ADDRESS, "account/notifications/")]
    reminders.mark_all_read(clerk, later)
    assert reminded(clerk, later) == []


def test_nobody_changes_their_own_and_an_address_is_one_persons(admin: Person, now: datetime) -> None:
    with pytest.raises(OwnAccount):
        change(admin, admin, now)
    head, taken = person(Role.HEAD), person(Role.SALES)
    with pytest.raises(FieldProblem):
        change(admin, head, now, email_of(taken))
    assert proposals.waiting() == []
    change(admin, head, now)
    change(admin, taken, now)
    with pytest.raises(FieldProblem):
        rights.confirm(person(Role.GENERAL_MANAGER), proposals.waiting()[0].id, now)


def test_one_that_waits_is_dropped_by_whom_it_was_shown_and_stays_otherwise(admin: Person, now: datetime) -> None:
    head = person(Role.HEAD)
    former = email_of(head)
    change(admin, head, now)
    [first] = proposals.waiting()
    change(admin, head, now)
    assert proposals.waiting() == [first]
    change(admin, head, now, former, shown=())
    assert proposals.waiting() == [first]
    with pytest.raises(ProposedMeanwhile):
        change(admin, head, now, "third@example.test", shown=())
    change(admin, head, now, "third@example.test")
    assert [one.email for one in proposals.waiting()] == ["third@example.test"]
    change(admin, head, now, former)
    assert proposals.waiting() == []


def test_the_form_of_an_account_holds_the_address_that_waits(admin: Person, now: datetime) -> None:
    head = person(Role.HEAD)
    row = service.get(head.id)  # type: ignore[arg-type]
    was = Account.of(row)
    wanted = Account(was.name, OTHER, Place("sales", None), was.roles)
    waits = account.change(admin, row["_id"], wanted, was=was, shown=(), now=now)
    assert (waits.place, waits.email, waits.roles) == (True, True, frozenset())
    assert Account.of(row, proposals.of_person(row["_id"])) == wanted
    for one in proposals.waiting():
        rights.confirm(person(Role.GENERAL_MANAGER), one.id, now)
    assert Account.of(service.get(row["_id"])) == wanted


def test_the_trail_says_which_address(admin: Person, now: datetime, db: DB) -> None:
    head = person(Role.HEAD)
    change(admin, head, now)
    rights.confirm(person(Role.GENERAL_MANAGER), proposals.waiting()[0].id, now)
    told = {row["action"]: row["detail"] for row in db["audit"].find({"record": head.id})}
    assert told["right_proposed"] == told["right_confirmed"] == {"what": "email", "email": OTHER}
    assert told["person_changed"] == {"email": OTHER}
    assert isinstance(head.id, ObjectId)
