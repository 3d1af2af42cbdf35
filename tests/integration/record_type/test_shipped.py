"""A new version of the product derives other rights from the same values: stored records follow, once."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from pymongo.database import Database

from models import records, schema
from models.person.roles import Role
from models.record_type import deriving, shipped
from models.registry import UNDER_WAY
from tests.factories.customers import customer
from tests.factories.people import person

DB = Database[dict[str, Any]]


def settled(now: datetime) -> int:
    shipped.carry_on(now, lambda: True)
    return shipped.carry_on(now + UNDER_WAY, lambda: True)


@pytest.fixture
def old(db: DB, now: datetime) -> list[dict[str, Any]]:
    """Three files as a version without some rights had stored them, after which this version began."""
    schema.migrate()
    made = [customer(person(Role.SPECIALIST), now) for _ in range(3)]
    settled(now)
    rows = list(db["record_customer"].find())
    db["record_customer"].update_many({}, {"$set": {"acl": ["internal|any|"]}, "$unset": {"waiting": ""}})
    db[shipped.BASES].update_one({"_id": "customer"}, {"$set": {"digest": "of the version before"}})
    assert len(made) == len(rows)
    return rows


def test_records_get_what_the_new_version_derives_without_being_written(
    db: DB, now: datetime, old: list[dict[str, Any]]
) -> None:
    assert shipped.carry_on(now, lambda: True) == 0  # requests of the version before may be under way
    assert db["record_customer"].count_documents({"acl": ["internal|any|"]}) == 3
    assert shipped.carry_on(now + UNDER_WAY, lambda: True) == 1
    assert list(db["record_customer"].find()) == old


def test_what_is_done_is_not_done_again(
    db: DB, now: datetime, old: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert settled(now) == 1
    monkeypatch.setattr(shipped, "derive_again", None)
    assert settled(now) == 0


def test_broken_off_it_goes_on_behind_the_last_piece(
    db: DB, now: datetime, old: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deriving, "AT_ONCE", 1)
    shipped.carry_on(now, lambda: True)
    later, turns = now + UNDER_WAY, 0
    while shipped.carry_on(later, lambda: False) == 0:
        turns += 1
        assert turns < 10
    assert turns == 3
    assert list(db["record_customer"].find()) == old


def test_types_of_the_database_follow_another_form(
    db: DB, now: datetime, sample: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = person(Role.SPECIALIST)
    made = records.create(owner, "sample", {"name": "Lamp"}, now=now)
    settled(now)
    db["record_sample"].update_many({}, {"$set": {"grams": ["of an older form"]}})
    assert settled(now) == 0
    monkeypatch.setattr(shipped, "FORM", shipped.FORM + 1)
    assert settled(now) > 0
    (row,) = db["record_sample"].find({"grams": "lam"})
    assert row["_id"] == made["_id"]
