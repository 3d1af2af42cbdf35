"""A record of which something cannot be opened stays as it is, and holds up none beside it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pymongo.database import Database

from models import store
from models.bulk_change import told
from models.key_vault.refusals import SealDamaged
from models.person.roles import Person
from tests.factories.bulk_changes import carried_out, previewed, reasons
from tests.factories.damage import damage
from tests.integration.bulk_change.conftest import Make, stored

Base = Database[dict[str, Any]]


def test_the_preview_shows_the_others(ann: Person, made: Make, now: datetime, db: Base) -> None:
    numbers = made(ann, 3, slug="customer", analysis="Slow")
    damage("record_customer", stored(db, numbers[1], "customer")["_id"], "analysis")
    plan = previewed(ann, "change", {"region": "浙江"}, now=now, numbers=numbers)
    assert (plan.count("changeable"), reasons(plan)) == (2, {SealDamaged.en: 1})
    assert [one.sight.number for one in told.sample(ann, plan, now)] == [numbers[0], numbers[2]]


def test_the_others_are_changed(ann: Person, made: Make, now: datetime, db: Base) -> None:
    numbers = made(ann, 3, slug="customer", analysis="Slow")
    before = stored(db, numbers[1], "customer")
    damage("record_customer", before["_id"], "analysis")
    plan = carried_out(ann, "change", {"region": "浙江"}, now=now, numbers=numbers)
    assert (plan.count("changed"), plan.count("refused")) == (2, 1)
    assert [stored(db, one, "customer").get("region") for one in numbers] == ["浙江", None, "浙江"]
    assert stored(db, numbers[1], "customer")["rev"] == before["rev"]


def test_whoever_may_not_change_it_is_told_no_more_than_that(
    ann: Person, ben: Person, made: Make, now: datetime, db: Base
) -> None:
    (number,) = made(ann, slug="customer", analysis="Slow")
    damage("record_customer", stored(db, number, "customer")["_id"], "analysis")
    plan = previewed(ben, "change", {"region": "浙江"}, now=now, numbers=[number])
    assert plan.count("refused") == 1
    assert SealDamaged.en not in reasons(plan)


def test_of_records_that_point_to_some_only_those_that_point_to_it_stay(
    ann: Person, made: Make, now: datetime, db: Base
) -> None:
    files = [stored(db, one, "customer") for one in made(ann, 2, slug="customer", analysis="Slow")]
    values = {"kind": "complaint", "channel": "phone", "facts": "x", "contact": "y"}
    asked = [store.create("complaint", {**values, "customer": one["_id"]}, actor=ann, now=now) for one in files]
    damage("record_customer", files[0]["_id"], "analysis")
    numbers = [one["number"] for one in asked]
    plan = previewed(ann, "change", {"product": "Lamp"}, now=now, slug="complaint", numbers=numbers)
    assert [one.sight.number for one in told.sample(ann, plan, now)] == [numbers[1]]
    plan = carried_out(ann, "change", {"product": "Lamp"}, now=now, slug="complaint", numbers=numbers)
    assert (plan.count("changed"), reasons(plan)) == (1, {SealDamaged.en: 1})
