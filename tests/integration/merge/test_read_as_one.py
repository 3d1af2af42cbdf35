"""X3, F7: what was merged into a record is read by exactly who reads that, whatever becomes of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from pymongo.database import Database

from models import access, catalogue, leaving, listing, records, schema, store
from models.access import ARCHIVED, Purpose
from models.access_request import grants
from models.access_request import service as cards
from models.customer.document import CUSTOMER
from models.errors import NotFound
from models.merge import service as merging
from models.person import rights
from models.person.roles import SYSTEM, Person, Role
from models.record_type.shipped import carry_on
from tests.factories.bulk_changes import carried_out
from tests.factories.customers import customer
from tests.factories.people import person

DB = Database[dict[str, Any]]
Record = dict[str, Any]
Act = Callable[[Person, Record, Person, datetime], Any]
CONFIDENTIAL = {"level": "confidential", "level_basis": "重要往来"}


@pytest.fixture(autouse=True)
def shipped(db: DB) -> None:
    catalogue.load()
    schema.migrate()


@pytest.fixture
def former(db: DB) -> Person:
    return person(Role.SPECIALIST, name="Former owner")


@pytest.fixture
def seller(db: DB) -> Person:
    return person(Role.SALES, name="Former seller", department="sales")


def merge(head: Person, keep: Record, gone: Record, now: datetime) -> None:
    revs = (stored(keep)["rev"], stored(gone)["rev"])
    merging.merge(head, "customer", keep["number"], gone["number"], {"name": "keep"}, revs=revs, now=now)


def stored(record: Record) -> Record:
    return store.fetch("customer", record["_id"])


def seen(reader: Person, record: Record) -> str:
    return access.reach(reader, CUSTOMER, Purpose.VIEW).sees(stored(record)["acl"])


def found(reader: Person, text: str) -> list[str]:
    reach = access.reach(reader, CUSTOMER, Purpose.VIEW)
    queries = [listing.ListQuery(q=text, archived=archived) for archived in (False, True)]
    pages = [listing.page(CUSTOMER, reach, query, CUSTOMER.fields) for query in queries]
    return [row["number"] for page in pages for row in page.rows]


def as_one(*files: Record) -> bool:
    """Whether some files have the same readers, each by the tokens of the first."""
    first, *parts = ({one.removeprefix(ARCHIVED) for one in stored(file)["acl"]} for file in files)
    return all(part == first for part in parts)


def test_the_former_owner_reads_the_part_no_more_and_again_when_the_merge_is_taken_back(
    owner: Person, former: Person, head: Person, now: datetime
) -> None:
    keep = customer(owner, now, **CONFIDENTIAL)
    gone = customer(former, now, name="乙有限公司", analysis="MERGEDWORD", **CONFIDENTIAL)
    assert (seen(former, gone), seen(owner, gone)) == ("full", "card")
    merge(head, keep, gone, now)
    assert (seen(former, gone), seen(owner, gone)) == ("card", "full")
    assert found(former, "乙有限公司") == []
    assert not records.see(former, "customer", gone["number"], Purpose.VIEW, now).full
    assert records.see(owner, "customer", gone["number"], Purpose.VIEW, now).values["analysis"] == "MERGEDWORD"
    merging.undo(head, "customer", keep["number"], gone["number"], now=now)
    assert (seen(former, gone), seen(owner, gone)) == ("full", "card")


def test_the_former_salesperson_reads_the_part_no_more(
    owner: Person, seller: Person, head: Person, now: datetime
) -> None:
    keep, gone = customer(owner, now), customer(owner, now, name="乙有限公司", salesperson=seller.id)
    assert seen(seller, gone) == "full"
    merge(head, keep, gone, now)
    other = person(Role.SALES, name="New seller", department="sales")
    rev = stored(keep)["rev"]
    store.change("customer", keep["_id"], {"salesperson": other.id}, actor=head, now=now, rev=rev)
    assert (seen(seller, keep), seen(seller, gone), seen(other, gone)) == ("", "", "full")
    with pytest.raises(NotFound):
        records.see(seller, "customer", gone["number"], Purpose.VIEW, now)


def by_form(head: Person, keep: Record, to: Person, now: datetime) -> None:
    records.change(head, "customer", keep["number"], {"owner": str(to.id)}, rev=stored(keep)["rev"], now=now)


def many_at_once(head: Person, keep: Record, to: Person, now: datetime) -> None:
    done = carried_out(head, "hand_over", {"owner": str(to.id)}, now=now, numbers=[keep["number"]], note="请接手")
    assert done.count("changed") == 1


@pytest.mark.parametrize("give", [by_form, many_at_once])
def test_the_parts_follow_the_survivor_to_another_owner_all_the_way_down(
    owner: Person, former: Person, clerk: Person, head: Person, now: datetime, give: Act
) -> None:
    files = [customer(former, now, name=f"{name}有限公司", **CONFIDENTIAL) for name in "丙乙"]
    keep = customer(owner, now, **CONFIDENTIAL)
    merge(head, files[1], files[0], now)
    merge(head, keep, files[1], now)
    assert as_one(keep, *files)
    give(head, keep, clerk, now)
    assert as_one(keep, *files)
    assert [seen(clerk, one) for one in files] == ["full"] * 2
    assert [seen(owner, one) for one in files] == ["card"] * 2


def test_a_card_for_the_survivor_opens_its_parts_as_long_as_it_lasts(
    owner: Person, former: Person, clerk: Person, head: Person, now: datetime
) -> None:
    reader = replace(clerk, manager=head.id)
    keep, gone = customer(owner, now, **CONFIDENTIAL), customer(former, now, name="乙有限公司", **CONFIDENTIAL)
    merge(head, keep, gone, now)
    wish = {"uses": ["view"], "reason": "核对", "valid_until": now.date().isoformat()}
    asked = cards.ask(reader, "customer", keep["number"], wish, now=now)
    raw = {"valid_until": now.date().isoformat()}
    records.move(head, "access_request", asked["number"], "approve", raw, rev=1, now=now, fresh=True)
    for moment, sees in ((now, "full"), (now + timedelta(days=2), "card")):
        admitted = replace(reader, grants=grants.grants_in_force(reader, moment))
        assert [seen(admitted, one) for one in (keep, gone)] == [sees] * 2


def test_who_left_reads_no_part_of_what_they_owned(owner: Person, former: Person, head: Person, now: datetime) -> None:
    keep, gone = customer(owner, now, **CONFIDENTIAL), customer(former, now, name="乙有限公司", **CONFIDENTIAL)
    merge(head, keep, gone, now)
    assert owner.id is not None
    rights.set_active(SYSTEM, owner.id, False, now)
    leaving.follow_at_once(owner.id, now)
    assert as_one(keep, gone)


def test_who_merged_before_reads_as_one_since(
    owner: Person, former: Person, head: Person, now: datetime, db: DB
) -> None:
    keep, gone = customer(owner, now, **CONFIDENTIAL), customer(former, now, name="乙有限公司", **CONFIDENTIAL)
    own = stored(gone)["acl"]
    merge(head, keep, gone, now)
    db["record_customer"].update_one({"_id": gone["_id"]}, {"$set": {"acl": [ARCHIVED + one for one in own]}})
    assert seen(former, gone) == "full"
    for hours in (0, 1):
        carry_on(now + timedelta(hours=hours), lambda: True)
    assert (seen(former, gone), as_one(keep, gone)) == ("card", True)
