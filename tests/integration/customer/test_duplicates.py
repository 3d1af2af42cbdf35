"""Duplicates found at entry, without a word about files that the clerk may not read (F7, X6)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from pymongo.database import Database

from models import access, listing, records
from models.access import Purpose
from models.customer import service
from models.customer.document import CUSTOMER
from models.listing import ListQuery
from models.person.roles import Person
from tests.factories.customers import customer

DB = Database[dict[str, Any]]
LICENCE, PHONE = "91310000MA1K00001X", "021-55501234"


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        ({"name": "远山机械股份有限公司"}, "name"),
        ({"name": "别的", "licence_no": "91310000-MA1K00001x"}, "licence"),
        ({"name": "别的", "phone": "(021) 5550 1234"}, "phone"),
    ],
)
def test_a_file_that_the_clerk_reads_is_shown_with_the_reason(
    owner: Person, clerk: Person, now: datetime, entry: dict[str, Any], reason: str
) -> None:
    made = customer(owner, now, licence_no=LICENCE, phone=PHONE)
    found = service.duplicates(clerk, entry)
    assert [(one.sight.number, one.reasons) for one in found] == [(made["number"], (reason,))]


def test_a_file_is_no_duplicate_of_itself(owner: Person, now: datetime) -> None:
    made = customer(owner, now)
    assert service.duplicates(owner, made, but=made["_id"]) == []


@pytest.mark.parametrize("level", ["secret", "confidential"])
def test_a_locked_file_is_named_by_its_card_alone(owner: Person, clerk: Person, now: datetime, level: str) -> None:
    made = customer(owner, now, licence_no=LICENCE, phone=PHONE, level=level)

    assert service.duplicates(clerk, {"name": "别家", "licence_no": LICENCE, "phone": PHONE}) == []
    found = service.duplicates(clerk, {"name": "远洋贸易有限公司"})

    assert [one.sight.number for one in found] == [made["number"]]
    assert found[0].reasons == ("masked",)
    assert not found[0].sight.full
    assert "phone" not in found[0].sight.values


def test_the_exact_name_of_a_locked_file_answers_like_any_name_of_that_mask(
    owner: Person, clerk: Person, now: datetime
) -> None:
    customer(owner, now, level="secret")
    exact = service.duplicates(clerk, {"name": "远山机械有限公司"})
    guess = service.duplicates(clerk, {"name": "远海渔业有限公司"})
    assert exact == guess


def test_a_top_secret_file_changes_nothing_that_the_clerk_sees(owner: Person, clerk: Person, now: datetime) -> None:
    customer(owner, now, licence_no=LICENCE, phone=PHONE, level="top_secret")
    entry = {"name": "远山机械有限公司", "licence_no": LICENCE, "phone": PHONE}
    assert service.duplicates(clerk, entry) == []
    assert records.create(clerk, "customer", entry, now=now)["rev"] == 1


def test_a_duplicate_that_the_clerk_could_not_see_is_noted_for_the_head(
    owner: Person, clerk: Person, head: Person, now: datetime
) -> None:
    hidden = customer(owner, now, level="top_secret")
    made = records.create(clerk, "customer", {"name": "远山机械有限公司"}, now=now)

    assert service.hidden_duplicates(clerk, made, but=made["_id"]) == [hidden["_id"]]
    pairs = [(a.number, [b.number for b in others]) for a, others in service.noted_duplicates(head)]
    assert pairs == [(made["number"], [hidden["number"]])]
    assert service.noted_duplicates(clerk) == []


def test_the_note_goes_when_the_entry_is_corrected(owner: Person, clerk: Person, head: Person, now: datetime) -> None:
    customer(owner, now, level="top_secret")
    made = records.create(clerk, "customer", {"name": "远山机械有限公司"}, now=now)
    records.change(clerk, "customer", made["number"], {"name": "近水机械有限公司"}, rev=1, now=now)
    assert service.noted_duplicates(head) == []


def test_the_keys_are_readable_by_nobody(owner: Person, head: Person, now: datetime, db: DB) -> None:
    made = customer(owner, now, phone=PHONE)
    assert db["record_customer"].find_one({"_id": made["_id"]})["keys"]  # type: ignore[index]
    reach = access.reach(head, CUSTOMER, Purpose.VIEW)
    fields = access.visible_fields(head, CUSTOMER)
    assert "keys" not in made
    assert "keys" not in records.read(head, "customer", made["number"], Purpose.VIEW, now).values
    assert "keys" not in listing.queryable(CUSTOMER, fields)
    assert all("keys" not in row for row in listing.page(CUSTOMER, reach, ListQuery(), fields).rows)
    assert all("keys" not in str(row["changes"]) for row in records.versions(head, "customer", made["number"], now))
