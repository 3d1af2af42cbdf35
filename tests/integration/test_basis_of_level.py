"""X1: whatever is classified carries the basis of its level."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from pymongo.database import Database

from models import catalogue, records, schema, store
from models.declarations import Level
from models.person.roles import Person, Role
from models.secrecy import GROUNDS
from tests.factories.bulk_changes import carried_out
from tests.factories.customers import customer
from tests.factories.people import person

DB = Database[dict[str, Any]]


@pytest.fixture(autouse=True)
def shipped(db: DB) -> None:
    catalogue.load()
    schema.migrate()


@pytest.fixture
def owner(db: DB) -> Person:
    return person(Role.SPECIALIST, name="Owner")


@pytest.mark.parametrize("level", [level for level in Level if level is not Level.INTERNAL])
def test_a_level_without_a_basis_of_its_own_has_that_of_the_rule(owner: Person, now: datetime, level: Level) -> None:
    made = customer(owner, now, level=level.value)
    assert made["level_basis"] == GROUNDS[level].en
    raised = customer(owner, now, name="Raised later")
    raised = records.change(owner, "customer", raised["number"], {"level": level.value}, rev=raised["rev"], now=now)
    assert (raised["level_basis"], raised["level_set_by"]) == (GROUNDS[level].en, owner.id)


def test_an_internal_record_has_none(owner: Person, now: datetime) -> None:
    assert customer(owner, now)["level_basis"] is None


def test_the_rules_basis_goes_with_its_level_and_a_written_one_stays(owner: Person, now: datetime) -> None:
    own, rule = customer(owner, now, level="secret", level_basis="Prices"), customer(owner, now, level="secret")
    for made, basis in ((own, "Prices"), (rule, GROUNDS[Level.CONFIDENTIAL].en)):
        raw = {"level": "confidential"}
        assert records.change(owner, "customer", made["number"], raw, rev=made["rev"], now=now)["level_basis"] == basis


def test_many_that_are_raised_at_once_have_it_too(owner: Person, now: datetime) -> None:
    made = [customer(owner, now, name=f"Customer {number}") for number in range(2)]
    carried_out(owner, "change", {"level": "top_secret"}, now=now)
    bases = [store.fetch("customer", one["_id"])["level_basis"] for one in made]
    assert bases == [GROUNDS[Level.TOP_SECRET].en] * 2
