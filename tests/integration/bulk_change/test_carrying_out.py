"""Bulk changes from selection to the last record: as a single change of each, all or by list."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from pymongo.database import Database

from models import store
from models.bulk_change import service
from models.bulk_change.document import State
from models.errors import Invalid
from models.person.roles import Person
from models.record_input import LoweringNeedsHead
from tests.factories.bulk_changes import carried_out, previewed, reasons
from tests.integration.bulk_change.conftest import Make, stored

Base = Database[dict[str, Any]]


def held(db: Base, field: str, slug: str = "sample") -> list[Any]:
    return [son.get(field) for son in db[f"record_{slug}"].find().sort("number", 1)]


def test_a_preview_counts_and_changes_nothing(ann: Person, made: Make, now: datetime, db: Base) -> None:
    numbers = made(ann, 25)
    plan = previewed(ann, "change", {"colour": "red"}, now=now, slug="sample", numbers=numbers)
    assert (plan.state, plan.count("matching"), plan.count("changeable")) == (State.CHECKED, 25, 25)
    assert set(held(db, "rev")) == {1}
    assert set(held(db, "colour")) == {None}


def test_ticked_records_are_changed_each_with_version_and_audit_entry(
    ann: Person, made: Make, now: datetime, db: Base
) -> None:
    numbers = made(ann, 25)
    made(ann, 2)
    raw = {"colour": "red", "amount": "12.50"}
    plan = carried_out(ann, "change", raw, now=now, slug="sample", numbers=numbers, note="Stocktaking")
    assert (plan.state, plan.count("changed")) == (State.DONE, 25)
    assert held(db, "colour") == ["red"] * 25 + [None] * 2
    record = store.fetch("sample", stored(db, numbers[7])["_id"])
    assert (record["amount"], record["rev"], record["updated_by"]) == (Decimal("12.50"), 2, ann.id)
    (version, first) = db["record_version"].find({"record": record["_id"]}).sort("rev", -1)
    assert (version["rev"], version["batch"], version["note"], version["action"]) == (
        2,
        plan.id,
        "Stocktaking",
        "change",
    )
    assert {change["field"] for change in version["changes"]} == {"colour", "amount"}
    assert first["rev"] == 1
    entries = list(db["audit"].find({"detail.batch": str(plan.id)}))
    assert len(entries) == 25
    assert {(entry["action"], tuple(entry["fields"])) for entry in entries} == {("change", ("amount", "colour"))}


def test_all_that_match_are_those_of_the_list(ann: Person, made: Make, now: datetime, db: Base) -> None:
    made(ann, 12, colour="red")
    made(ann, 13, colour="blue")
    plan = carried_out(ann, "change", {"pieces": "3"}, now=now, slug="sample", address=[("colour", "blue")])
    assert plan.count("changed") == 13
    assert held(db, "pieces") == [None] * 12 + [3] * 13


def test_a_record_that_holds_it_already_gets_no_version(ann: Person, made: Make, now: datetime, db: Base) -> None:
    numbers = made(ann, 3, colour="red") + made(ann, 2, colour="blue")
    plan = carried_out(ann, "change", {"colour": "red"}, now=now, slug="sample", numbers=numbers)
    assert (plan.count("changed"), plan.count("same")) == (2, 3)
    assert held(db, "rev") == [1, 1, 1, 2, 2]


def test_rights_are_asked_record_by_record(ann: Person, ben: Person, made: Make, now: datetime, db: Base) -> None:
    numbers = made(ann, 3) + made(ben, 2)
    plan = previewed(ann, "change", {"colour": "red"}, now=now, slug="sample", numbers=numbers)
    assert (plan.count("changeable"), plan.count("refused")) == (3, 2)
    plan = carried_out(ann, "change", {"colour": "red"}, now=now, slug="sample", numbers=numbers)
    assert held(db, "colour") == ["red"] * 3 + [None] * 2
    assert list(reasons(plan).values()) == [2]


def test_the_rules_of_the_type_hold_for_each(head: Person, ann: Person, made: Make, now: datetime, db: Base) -> None:
    numbers = made(ann, 2, slug="customer") + made(ann, 1, slug="customer", name="旧客户")
    plan = previewed(head, "change", {"founded": "2031-01-01"}, now=now, numbers=numbers)
    assert (plan.count("changeable"), plan.count("refused")) == (0, 3)
    assert reasons(plan) == {"founded: This day cannot lie in the future.": 3}


def test_files_are_handed_over_with_the_records_that_follow_them(
    head: Person, ann: Person, ben: Person, made: Make, now: datetime, db: Base
) -> None:
    numbers = made(ann, 2, slug="customer")
    first = stored(db, numbers[0], "customer")
    values = {"customer": first["_id"], "kind": "complaint", "channel": "phone", "facts": "x", "contact": "y"}
    store.create("complaint", values, actor=ann, now=now)
    plan = carried_out(head, "hand_over", {"owner": ben.id}, now=now, numbers=numbers)
    assert plan.count("changed") == 2
    assert set(held(db, "owner", "customer")) == {ben.id}
    assert set(held(db, "owner", "complaint")) == {ben.id}


def test_records_are_archived_and_restored(head: Person, ann: Person, made: Make, now: datetime, db: Base) -> None:
    numbers = made(ann, 3)
    plan = carried_out(head, "archive", {}, note="Outdated", now=now, slug="sample", numbers=numbers[:2])
    assert plan.count("changed") == 2
    assert held(db, "archived_at") == [now, now, None]
    plan = carried_out(head, "archive", {}, note="Outdated", now=now, slug="sample", numbers=numbers)
    assert (plan.count("changed"), plan.count("same")) == (1, 2)
    plan = carried_out(head, "restore", now=now, slug="sample", address=[("archived", "1")])
    assert plan.count("changed") == 3
    assert held(db, "archived_at") == [None] * 3


def test_many_are_archived_with_a_reason_as_one_is(
    head: Person, ann: Person, made: Make, now: datetime, db: Base
) -> None:
    numbers = made(ann, 2)
    plan = previewed(head, "archive", now=now, slug="sample", numbers=numbers)
    assert plan.state is State.DRAFT
    with pytest.raises(Invalid) as refused:
        service.check(head, plan.id, {}, now=now, note=" ")
    assert set(refused.value.problems) == {"note"}
    carried_out(head, "archive", {}, note="Outdated", now=now, slug="sample", numbers=numbers)
    notes = [row["note"] for row in db["record_version"].find({"type": "sample", "action": "archive"})]
    assert notes == ["Outdated"] * 2


def test_a_move_asks_its_fields_once_for_all(ann: Person, ben: Person, made: Make, now: datetime, db: Base) -> None:
    numbers = made(ann, 12) + made(ben, 1)
    plan = carried_out(ann, "move-submit", {"checker": ben.id}, now=now, slug="sample", numbers=numbers)
    assert (plan.count("changed"), plan.count("refused")) == (12, 1)
    assert held(db, "state") == ["waiting"] * 12 + ["draft"]
    assert set(held(db, "checker")[:12]) == {ben.id}
    assert db["audit"].count_documents({"action": "submit"}) == 12


def test_a_reason_names_the_move(ann: Person, ben: Person, made: Make, now: datetime, db: Base) -> None:
    numbers = made(ann, 2)
    carried_out(ann, "move-submit", {"checker": ben.id}, now=now, slug="sample", numbers=numbers[:1])
    plan = previewed(ann, "move-submit", {"checker": ben.id}, now=now, slug="sample", numbers=numbers)
    assert reasons(plan) == {"“Submit” is not possible in the present state.": 1}


def test_a_reason_tells_what_nobody_may_change_now(ann: Person, made: Make, now: datetime, db: Base) -> None:
    numbers = made(ann, 1)
    db["record_sample"].update_one({"number": numbers[0]}, {"$set": {"state": "approved"}})
    plan = previewed(ann, "change", {"colour": "red"}, now=now, slug="sample", numbers=numbers)
    assert reasons(plan) == {"In its present state the record cannot be changed.": 1}


def test_a_raised_level_follows_the_rules_of_levels(ann: Person, made: Make, now: datetime, db: Base) -> None:
    numbers = made(ann, 2)
    carried_out(ann, "change", {"level": "secret"}, now=now, slug="sample", numbers=numbers)
    assert set(held(db, "level")) == {"secret"}
    assert set(held(db, "level_set_by")) == {ann.id}
    assert None not in held(db, "secret_until")
    plan = previewed(ann, "change", {"level": "internal"}, now=now, slug="sample", numbers=numbers)
    assert reasons(plan) == {LoweringNeedsHead().text("en"): 2}
    assert set(held(db, "level")) == {"secret"}
