"""Two files of one customer made one (F7): what points to it follows, credit is one decision (C4), access ends (X5)."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest

from models import records, schema, store
from models.access import Purpose
from models.access_request import service as access
from models.catalogue import load
from models.customer import service as customers
from models.errors import Forbidden
from models.merge import service
from models.person.roles import Person, Role
from tests.factories.customers import customer
from tests.factories.people import person
from tests.integration.merge.conftest import DB


@pytest.fixture(autouse=True)
def shipped(db: DB) -> None:
    load()
    schema.migrate()


@pytest.fixture
def other_owner(db: DB) -> Person:
    return person(Role.SPECIALIST, name="Other owner")


def merge(who: Person, keep: dict[str, Any], other: dict[str, Any], now: datetime, **picks: str) -> dict[str, Any]:
    revs = tuple(store.fetch("customer", one["_id"])["rev"] for one in (keep, other))
    return service.merge(who, "customer", keep["number"], other["number"], picks, revs=(revs[0], revs[1]), now=now)


def complaint(owner: Person, about: dict[str, Any], now: datetime) -> dict[str, Any]:
    values = {"customer": about["_id"], "facts": "少一箱"}
    return store.create("complaint", values, actor=owner, now=now)


def test_what_points_to_a_file_follows_it_and_is_no_less_secret(
    owner: Person, other_owner: Person, head: Person, now: datetime
) -> None:
    keep = customer(owner, now, level="secret")
    other = customer(other_owner, now, name="远山机械公司")
    theirs, kept = complaint(other_owner, other, now), complaint(owner, other, now)

    merge(head, keep, other, now, name="keep")

    for one, whose in ((theirs, owner), (kept, owner)):
        found = store.fetch("complaint", one["_id"])
        assert (found["customer"], found["level"], found["owner"]) == (keep["_id"], "secret", whose.id)
    service.undo(head, "customer", keep["number"], other["number"], now=now)
    found = store.fetch("complaint", theirs["_id"])
    assert (found["customer"], found["level"], found["owner"]) == (other["_id"], "internal", other_owner.id)


def test_the_credit_standing_is_taken_whole(owner: Person, head: Person, now: datetime) -> None:
    keep, other = customer(owner, now), customer(owner, now, name="远山机械公司")
    standing = {
        "grade": "B",
        "credit_limit": Decimal("1000.00"),
        "credit_term": 30,
        "next_report_due": date(2027, 2, 1),
        "credit_decided_on": date(2026, 11, 1),
    }
    for one, values in ((keep, {"next_report_due": date(2026, 12, 1)}), (other, standing)):
        customers.credit_standing(one["_id"], values, actor=head, now=now, note="")
    result = merge(head, keep, other, now)
    assert {name: result[name] for name in standing} == standing


def test_access_to_the_one_ends_and_opens_nothing_of_the_other(
    owner: Person, head: Person, now: datetime, db: DB
) -> None:
    clerk = person(Role.SPECIALIST, name="Clerk", manager=head.id)
    keep = customer(owner, now, level="confidential")
    other = customer(owner, now, name="远山机械公司", level="secret")
    raw = {"uses": ["view"], "reason": "对账", "valid_until": "2026-11-25"}
    request = access.ask(clerk, "customer", other["number"], raw, now=now)
    records.move(head, "access_request", request["number"], "approve", {}, rev=1, now=now, fresh=True)
    assert db["grant"].count_documents({"ended_at": None}) == 1

    merge(head, keep, other, now)

    assert db["grant"].count_documents({"ended_at": None}) == 0
    ended = store.fetch("access_request", request["_id"])
    assert (ended["state"], ended["ended_at"]) == ("ended", now)
    for one in (keep, other):
        assert not records.see(clerk, "customer", one["number"], Purpose.VIEW, now).full


def test_a_noted_pair_is_settled_by_its_merge(owner: Person, head: Person, now: datetime) -> None:
    clerk = person(Role.SPECIALIST, name="Clerk")
    first = customer(owner, now, level="confidential")
    second = records.create(clerk, "customer", {"name": "远山机械有限公司"}, now=now)
    assert [(a.number, [b.number for b in rest]) for a, rest in customers.noted_duplicates(head)] == [
        (second["number"], [first["number"]])
    ]
    merge(head, first, second, now)
    assert customers.noted_duplicates(head) == []


def test_a_supervisor_merges_only_what_they_may_edit(owner: Person, now: datetime) -> None:
    supervisor = person(Role.SUPERVISOR, name="Supervisor")
    keep, other = customer(owner, now), customer(owner, now, name="远山机械公司")
    with pytest.raises(Forbidden):
        merge(supervisor, keep, other, now)
    mine = [customer(supervisor, now, name=name) for name in ("青湖纺织", "青湖纺织厂")]
    assert merge(supervisor, mine[0], mine[1], now)["merged_from"] == mine[1]["number"]


def test_an_entry_under_the_name_of_a_merged_file_is_warned(owner: Person, head: Person, now: datetime) -> None:
    keep, other = customer(owner, now), customer(owner, now, name="临江灯具厂")
    merge(head, keep, other, now, name="keep")
    alike = customers.duplicates(owner, {"name": "临江灯具厂"})
    assert [(one.sight.number, one.reasons) for one in alike] == [(other["number"], ("name",))]
