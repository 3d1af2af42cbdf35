"""A new owner reads what they are given for good, or the head gives it to a colleague of the department (X3, X4)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from models import access, records, registry, store
from models.access import Purpose
from models.bulk_change.refusals import NothingToChange
from models.declarations import Level
from models.errors import Invalid
from models.hand_over import service as hand_over
from models.merge import service as merge
from models.merge.rules import NotYoursToGive
from models.ownership import NOT_THEIRS
from models.person.roles import SYSTEM, Person, Role
from tests.factories.bulk_changes import carried_out
from tests.factories.customers import customer
from tests.factories.people import person

Door = Callable[[Person, str, dict[str, Any], Person, datetime], Any]
ABOVE = ("secret", "confidential", "top_secret")


@pytest.fixture
def custodian(db: object) -> Person:
    return person(Role.CUSTODIAN, name="Custodian")


@pytest.fixture
def seller(db: object) -> Person:
    return person(Role.SALES, name="Seller", department="sales")


def classified(level: str) -> dict[str, Any]:
    return {"level": level, "level_basis": None if level == "internal" else "往来"}


def uses(who: Person, slug: str, record: dict[str, Any]) -> list[str]:
    acl = store.fetch(slug, record["_id"])["acl"]
    return [access.reach(who, registry.get(slug).rt, one).sees(acl) for one in (Purpose.VIEW, Purpose.EDIT)]


def complaint_of(owner: Person, now: datetime, level: str) -> dict[str, Any]:
    return store.create("complaint", {"subject": "破损", **classified(level)}, actor=owner, now=now)


def by_form(who: Person, slug: str, record: dict[str, Any], to: Person, now: datetime) -> None:
    records.change(who, slug, record["number"], {"owner": str(to.id)}, rev=record["rev"], now=now)


def by_handing_over(who: Person, slug: str, record: dict[str, Any], to: Person, now: datetime) -> None:
    found = records.read(who, slug, record["number"], Purpose.VIEW, now)
    hand_over.hand_over(who, found, to.id, "请接手", rev=record["rev"], now=now)


def in_bulk(who: Person, slug: str, record: dict[str, Any], to: Person, now: datetime) -> None:
    carried_out(who, "hand_over", {"owner": str(to.id)}, now=now, numbers=[record["number"]], note="请接手")


def by_move(who: Person, slug: str, record: dict[str, Any], to: Person, now: datetime) -> None:
    given = {"owner": str(to.id)}
    records.move(who, slug, record["number"], "hand_over", given, rev=record["rev"], now=now, note="请接手")


@pytest.mark.parametrize("level", ABOVE)
@pytest.mark.parametrize("door", [by_form, by_handing_over, in_bulk])
def test_nobody_opens_a_file_to_another_department_by_making_somebody_its_owner(
    door: Door, level: str, owner: Person, head: Person, custodian: Person, seller: Person, now: datetime
) -> None:
    file = customer(owner, now, **classified(level))
    for giver in (head, custodian) if level == "secret" else (head,):
        with pytest.raises((Invalid, NothingToChange)):
            door(giver, "customer", file, seller, now)
    assert uses(seller, "customer", file) == ["", ""]


@pytest.mark.parametrize("level", ABOVE)
def test_whoever_owns_a_complaint_gives_it_to_nobody_who_does_not_read_it(
    level: str, owner: Person, clerk: Person, seller: Person, now: datetime
) -> None:
    made = complaint_of(owner, now, level)
    for to in (clerk, seller):
        for door in (by_move, by_handing_over):
            with pytest.raises(Invalid) as refused:
                door(owner, "complaint", made, to, now)
            assert refused.value.problems["owner"] == NOT_THEIRS
    assert store.fetch("complaint", made["_id"])["owner"] == owner.id


def test_a_custodian_gives_a_secret_file_to_who_reads_it_and_the_head_to_a_colleague(
    owner: Person, clerk: Person, head: Person, custodian: Person, now: datetime
) -> None:
    file, other = customer(owner, now, **classified("secret")), person(Role.CUSTODIAN, name="Other")
    with pytest.raises(Invalid):
        by_form(custodian, "customer", file, clerk, now)
    by_form(custodian, "customer", file, other, now)
    by_form(head, "customer", store.fetch("customer", file["_id"]), clerk, now)
    assert store.fetch("customer", file["_id"])["owner"] == clerk.id


@pytest.mark.parametrize("level", ["internal", *ABOVE])
def test_within_the_department_the_head_gives_anything_to_anybody(
    level: str, owner: Person, clerk: Person, head: Person, now: datetime
) -> None:
    made = complaint_of(owner, now, level)
    by_move(head, "complaint", made, clerk, now)
    assert uses(clerk, "complaint", made) == ["full", "full"]


def test_the_head_of_another_department_opens_nothing_by_an_owner(
    owner: Person, head: Person, clerk: Person, now: datetime
) -> None:
    """Somebody who is its owner, and heads another department, gives it to nobody of theirs."""
    elsewhere = person(Role.HEAD, name="Elsewhere", department="sales")
    theirs = person(Role.SALES, name="Theirs", department="sales")
    made = complaint_of(elsewhere, now, "confidential")
    for to in (theirs, clerk):
        with pytest.raises(Invalid):
            by_move(elsewhere, "complaint", made, to, now)
    by_move(elsewhere, "complaint", made, head, now)


def test_the_head_gives_what_a_salesperson_owns_to_another_one(head: Person, seller: Person, now: datetime) -> None:
    """A contract is kept by the service department and owned in sales: who leaves is followed by a colleague there."""
    file, next_one = customer(head, now, salesperson=seller.id), person(Role.SALES, name="Next", department="sales")
    made = store.create("contract", {"customer": file["_id"], "name": "框架合同"}, actor=seller, now=now)
    store.change("contract", made["_id"], {"owner": seller.id, **classified("secret")}, actor=SYSTEM, now=now)
    with pytest.raises(Invalid):
        store.change("contract", made["_id"], {"owner": next_one.id}, actor=seller, now=now)
    reviewer = person(Role.FINANCE_REVIEWER, name="Reviewer", department="finance")
    with pytest.raises(Invalid):
        store.change("contract", made["_id"], {"owner": reviewer.id}, actor=head, now=now)
    assert store.change("contract", made["_id"], {"owner": next_one.id}, actor=head, now=now)["owner"] == next_one.id


def test_raising_and_giving_in_one_write_opens_nothing(
    owner: Person, clerk: Person, custodian: Person, now: datetime
) -> None:
    file = customer(owner, now)
    raw = {"owner": str(clerk.id), **classified("secret")}
    with pytest.raises(Invalid):
        records.change(custodian, "customer", file["number"], raw, rev=file["rev"], now=now)


@pytest.mark.parametrize("level", [one.value for one in Level])
def test_a_new_file_goes_to_a_colleague_and_to_nobody_elsewhere(
    level: str, clerk: Person, custodian: Person, seller: Person, now: datetime
) -> None:
    raw = {"name": "远山机械有限公司", **classified(level)}
    with pytest.raises(Invalid):
        records.create(custodian, "customer", {**raw, "owner": str(seller.id)}, now=now)
    assert records.create(custodian, "customer", {**raw, "owner": str(clerk.id)}, now=now)["owner"] == clerk.id


def test_a_merge_opens_a_secret_file_to_the_other_ones_owner_by_the_head_alone(
    owner: Person, clerk: Person, head: Person, custodian: Person, now: datetime
) -> None:
    kept, gone = customer(clerk, now, name="空壳有限公司"), customer(owner, now, **classified("secret"))
    numbers = (kept["number"], gone["number"])
    with pytest.raises(NotYoursToGive):
        merge.merge(custodian, "customer", *numbers, {}, revs=(kept["rev"], gone["rev"]), now=now)
    merge.merge(head, "customer", *numbers, {}, revs=(kept["rev"], gone["rev"]), now=now)
    assert uses(clerk, "customer", kept)[0] == "full"


def test_who_may_have_it_is_offered_when_work_is_handed_over(
    owner: Person, clerk: Person, head: Person, custodian: Person, seller: Person, now: datetime
) -> None:
    made = store.fetch("complaint", complaint_of(owner, now, "confidential")["_id"])
    rt = registry.get("complaint").rt
    assert [one.name for one in hand_over.candidates(owner, rt, made)] == [head.name]
    named = {one.id for one in hand_over.candidates(head, rt, made)}
    assert {clerk.id, custodian.id} <= named
    assert seller.id not in named
