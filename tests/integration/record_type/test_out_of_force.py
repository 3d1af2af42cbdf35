"""X1, X3, F6, F7: what others do goes on to the records of a stored type that is withdrawn, or left out because its
definition makes no sense any more, and of one that is put as classified: it is as it is to be when it is in force."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest
from pymongo.database import Database

from models import access, history, leaving, levels_before, records, registry, set_change, store, writing_up
from models.access import Purpose
from models.errors import NotFound, Refusal
from models.exchange import service as exchange
from models.merge import moving
from models.merge import service as merging
from models.person import rights
from models.person import service as people
from models.person.by_name import reads_classified
from models.person.roles import SYSTEM, Person, Role
from models.record_type import service
from tests.factories.customers import customer
from tests.factories.definitions import visit_with
from tests.factories.imports import imported, worked
from tests.factories.people import person

DB = Database[dict[str, Any]]
TOP = {"level": "top_secret", "level_basis": "核心利益"}
CONFIDENTIAL = {"level": "confidential", "level_basis": "重要往来"}
CREATORS = ["specialist", "head", "sales"]
EDIT = [{"relation": "own"}, {"relation": "dept", "roles": ["head"]}]
GUARANTOR = {"name": "guarantor", "kind": "reference", "label": {"zh": "担保客户", "en": "Guarantor"}, "to": "customer"}
ROWS = {
    "name": "hosts",
    "kind": "embedded_list",
    "label": {"zh": "接待", "en": "Hosts"},
    "fields": [{"name": "host", "kind": "reference", "label": {"zh": "主人", "en": "Host"}, "to": "customer"}],
}
SETTLED = timedelta(minutes=5)


def classified(**field: Any) -> dict[str, Any]:
    return {**visit_with(**(field or GUARANTOR)), "rights": {"create": CREATORS, "edit": EDIT}, "classified": True}


def plain() -> dict[str, Any]:
    rights_of = {"create": CREATORS, "view": [{"relation": "any"}], "edit": EDIT}
    return {**visit_with(**GUARANTOR), "rights": rights_of}


@pytest.fixture
def chief(db: DB) -> Person:
    return person(Role.HEAD, name="Chief")


@pytest.fixture(autouse=True)
def put(db: DB, now: datetime) -> None:
    service.put(classified(), actor=SYSTEM, now=now)


def begin_anew() -> None:
    """As a process that has just started, and knows nothing but what is stored."""
    registry.unregister("visit")
    for known in (service._adopted, service._withdrawn, service._put_by, service._left):
        known.clear()
    service.refresh()


def withdraw(db: DB, now: datetime) -> None:
    service.withdraw("visit", actor=SYSTEM, now=now)


def withdraw_and_restart(db: DB, now: datetime) -> None:
    service.withdraw("visit", actor=SYSTEM, now=now)
    begin_anew()


def leave_out(db: DB, now: datetime) -> None:
    """As after an update to a version that cannot make sense of the definition."""
    db[service.TYPES].update_one({"_id": "visit"}, {"$set": {"definition.title": "nosuch"}})
    begin_anew()
    assert list(service.left_out()) == ["visit"]


def leave_out_unread(db: DB, now: datetime) -> None:
    db[service.TYPES].update_one({"_id": "visit"}, {"$set": {"definition.menu": 7, "definition.novelty": {"a": 1}}})
    begin_anew()
    assert list(service.left_out()) == ["visit"]


OUT = pytest.mark.parametrize("out", [withdraw, withdraw_and_restart, leave_out, leave_out_unread])


def put_again(now: datetime, definition: dict[str, Any] | None = None) -> None:
    service.put(definition or classified(), actor=SYSTEM, now=now)


def about(owner: Person, file: Mapping[str, Any], now: datetime, **values: Any) -> dict[str, Any]:
    return records.create(owner, "visit", {"visitor": "Guest", "guarantor": str(file["_id"]), **values}, now=now)


def seen(reader: Person, record: Mapping[str, Any], db: DB) -> str:
    stored = db["record_visit"].find_one({"_id": record["_id"]})
    assert stored is not None
    return access.reach(reader, registry.get("visit").rt, Purpose.VIEW).sees(stored["acl"])


def to_sales(who: Person, now: datetime) -> Person:
    """Somebody who goes to another department, as they are then."""
    assert who.id is not None
    row = people.get(who.id)
    new = {"name": who.name, "email": row["email"], "department": "sales", "manager": None}
    people.change_profile(SYSTEM, who.id, **new, now=now)
    rights.set_roles(SYSTEM, who.id, [Role.SALES], now)
    leaving.settle_all(lambda: True)
    return people.person_of(people.get(who.id))


def two_files(owner: Person, now: datetime, **values: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    return customer(owner, now, name="甲有限公司", **values), customer(owner, now, name="乙有限公司")


def merge(chief: Person, keep: Mapping[str, Any], gone: Mapping[str, Any], now: datetime) -> None:
    merging.merge(chief, "customer", keep["number"], gone["number"], {"name": "keep"}, revs=(1, 1), now=now)


@OUT
def test_nobody_reaches_it_and_nothing_shows_it(out: Any, owner: Person, now: datetime, db: DB) -> None:
    made = about(owner, customer(owner, now), now)
    out(db, now)
    assert "visit" not in {rt.slug for rt in registry.all_types()}
    assert "visit" in {rt.slug for rt in registry.kept_types()}
    for reaching in (
        lambda: records.read(owner, "visit", made["number"], Purpose.VIEW, now),
        lambda: records.create(owner, "visit", {"visitor": "Guest"}, now=now),
        lambda: store.create("visit", {"visitor": "Guest"}, actor=owner, now=now),
        lambda: registry.get("visit"),
    ):
        with pytest.raises(NotFound):
            reaching()


def test_what_is_stored_no_more_is_forgotten(now: datetime, db: DB) -> None:
    withdraw(db, now)
    db[service.TYPES].delete_many({})
    service.refresh()
    assert "visit" not in {rt.slug for rt in registry.kept_types()}


@OUT
def test_it_is_raised_with_what_it_points_to(
    out: Any, owner: Person, clerk: Person, chief: Person, now: datetime, db: DB
) -> None:
    levels_before.bring_along(now, lambda: True)
    file = customer(owner, now)
    made = about(owner, file, now)
    out(db, now)
    records.change(owner, "customer", file["number"], TOP, rev=1, now=now)
    stored = db["record_visit"].find_one({"_id": made["_id"]})
    assert stored is not None
    assert (stored["level"], stored["visitor"]) == ("top_secret", "Guest")
    put_again(now)
    assert (seen(clerk, made, db), seen(chief, made, db)) == ("", "full")
    assert [row["action"] for row in history.history("visit", made["_id"])] == ["follow_level", "create"]


def test_too_many_for_one_transaction_are_closed_and_written_up(
    owner: Person, clerk: Person, now: datetime, db: DB, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = customer(owner, now)
    made = about(owner, file, now)
    withdraw(db, now)
    monkeypatch.setattr(set_change, "AT_ONCE", 0)
    records.change(owner, "customer", file["number"], TOP, rev=1, now=now)
    assert writing_up.carry_on(lambda: True) == (1, False)
    put_again(now)
    assert seen(clerk, made, db) == ""
    assert history.history("visit", made["_id"])[0]["action"] == "follow_level"


@OUT
def test_its_owner_who_left_is_none_when_it_is_in_force(out: Any, owner: Person, now: datetime, db: DB) -> None:
    made = about(owner, customer(owner, now), now, **CONFIDENTIAL)
    assert seen(owner, made, db) == "full"
    out(db, now)
    gone = to_sales(owner, now)
    put_again(now)
    assert not gone.settling
    assert seen(gone, made, db) == ""


@OUT
def test_it_points_to_what_a_file_was_merged_into(
    out: Any, owner: Person, clerk: Person, chief: Person, now: datetime, db: DB
) -> None:
    keep, gone = two_files(owner, now, **TOP)
    made = about(owner, gone, now)
    out(db, now)
    merge(chief, keep, gone, now)
    put_again(now)
    assert store.fetch("visit", made["_id"])["guarantor"] == keep["_id"]
    assert seen(clerk, made, db) == ""


@OUT
def test_a_merge_is_taken_back(out: Any, owner: Person, chief: Person, now: datetime, db: DB) -> None:
    keep, gone = two_files(owner, now)
    made = about(owner, gone, now)
    merge(chief, keep, gone, now)
    assert store.fetch("visit", made["_id"])["guarantor"] == keep["_id"]
    out(db, now)
    merging.undo(chief, "customer", keep["number"], gone["number"], now=now)
    put_again(now)
    assert store.fetch("visit", made["_id"])["guarantor"] == gone["_id"]


def test_a_merge_that_cannot_go_on_holds_up_no_other(
    owner: Person, chief: Person, now: datetime, db: DB, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(merging, "AT_ONCE", 0)
    monkeypatch.setattr("models.merge.service.jobs.ask", lambda *_: None)
    made, pairs = [], []
    for minute in range(2):
        keep, gone = two_files(owner, now)
        made.append(about(owner, gone, now))
        pairs.append((keep, gone))
        merge(chief, keep, gone, now + timedelta(minutes=minute))
    move = moving.move_some

    def refused(row: dict[str, Any], limit: int) -> Any:
        if row["loser"] == pairs[0][1]["_id"]:
            raise Refusal
        return move(row, limit)

    monkeypatch.setattr(moving, "move_some", refused)
    assert moving.carry_on(now + SETTLED, lambda: True)[1] is False
    assert [store.fetch("visit", one["_id"])["guarantor"] for one in made] == [pairs[0][1]["_id"], pairs[1][0]["_id"]]


def test_a_merge_is_taken_back_although_nothing_is_known_of_a_type_any_more(
    owner: Person, chief: Person, now: datetime, db: DB
) -> None:
    keep, gone = two_files(owner, now)
    made = about(owner, gone, now)
    merge(chief, keep, gone, now)
    db[service.TYPES].delete_many({})
    service.refresh()
    merging.undo(chief, "customer", keep["number"], gone["number"], now=now)
    row = db["merge"].find_one({"loser": gone["_id"]})
    assert row is not None
    assert (row["state"], row["left_behind"]) == ("undone", [made["_id"]])


@OUT
def test_it_goes_to_the_new_owner_of_its_file(
    out: Any, owner: Person, clerk: Person, chief: Person, now: datetime, db: DB
) -> None:
    file = customer(owner, now)
    made = about(owner, file, now, customer=str(file["_id"]))
    out(db, now)
    records.change(chief, "customer", file["number"], {"owner": str(clerk.id)}, rev=1, now=now)
    put_again(now)
    assert store.fetch("visit", made["_id"])["owner"] == clerk.id


@OUT
def test_what_it_points_to_stays_when_an_import_is_taken_back(
    out: Any, chief: Person, owner: Person, now: datetime, db: DB
) -> None:
    done = imported(chief, "客户名称\n甲有限公司\n", now)
    son = db["record_customer"].find_one({"name": "甲有限公司"})
    assert son is not None
    about(chief, son, now)
    out(db, now)
    undone = worked(exchange.undo(chief, done.id, now), now)
    assert (undone.counts["kept"], undone.counts["undone"]) == (1, 0)


@OUT
def test_somebody_owns_what_is_above_internal_all_the_same(out: Any, owner: Person, now: datetime, db: DB) -> None:
    about(owner, customer(owner, now), now, **CONFIDENTIAL)
    out(db, now)
    assert reads_classified(owner, now)


def test_what_was_withdrawn_by_a_version_before_makes_up_for_it_when_it_is_put(
    owner: Person, clerk: Person, chief: Person, now: datetime, db: DB
) -> None:
    keep, gone = two_files(owner, now, **TOP)
    made, own = about(owner, gone, now), records.create(owner, "visit", {"visitor": "G", **CONFIDENTIAL}, now=now)
    withdraw(db, now)
    db[service.TYPES].update_one({"_id": "visit"}, {"$unset": {service.FOLLOWED: ""}})
    registry.unregister("visit")  # nothing followed
    merge(chief, keep, gone, now)
    left = to_sales(owner, now)
    put_again(now)
    assert store.fetch("visit", made["_id"])["guarantor"] == keep["_id"]
    assert (seen(clerk, made, db), seen(left, own, db)) == ("", "")


# --- what could not be read


def test_what_it_holds_is_kept_and_found_again(owner: Person, chief: Person, now: datetime, db: DB) -> None:
    file = customer(owner, now)
    made = about(owner, file, now, visitor="Planted")
    before = db["record_visit"].find_one({"_id": made["_id"]})
    leave_out_unread(db, now)
    records.change(owner, "customer", file["number"], TOP, rev=1, now=now)
    put_again(now)
    after = db["record_visit"].find_one({"_id": made["_id"]})
    assert before is not None
    assert after is not None
    assert [after[name] for name in ("visitor", "haystack", "grams")] == [
        before[name] for name in ("visitor", "haystack", "grams")
    ]


def test_rows_of_a_list_that_nobody_could_read_point_on_before_it_is_in_force(
    owner: Person, chief: Person, now: datetime, db: DB
) -> None:
    service.put(classified(**ROWS), actor=SYSTEM, now=now)
    keep, gone = two_files(owner, now)
    made = records.create(owner, "visit", {"visitor": "G", "hosts": [{"host": str(gone["_id"])}]}, now=now)
    leave_out(db, now)
    merge(chief, keep, gone, now)
    put_again(now, classified(**ROWS))
    assert store.fetch("visit", made["_id"])["hosts"] == [{"host": keep["_id"]}]


def test_a_version_that_understands_it_makes_up_for_what_did_not_follow(
    owner: Person, chief: Person, now: datetime, db: DB
) -> None:
    service.put(classified(**ROWS), actor=SYSTEM, now=now)
    keep, gone = two_files(owner, now)
    made = records.create(owner, "visit", {"visitor": "G", "hosts": [{"host": str(gone["_id"])}]}, now=now)
    leave_out(db, now)
    merge(chief, keep, gone, now)
    db[service.TYPES].update_one({"_id": "visit"}, {"$set": {"definition.title": "visitor"}})
    begin_anew()
    assert service.left_out() == {}
    assert service.carry_on(now + registry.UNDER_WAY, lambda: True) == 1
    assert store.fetch("visit", made["_id"])["hosts"] == [{"host": keep["_id"]}]
    assert service.carry_on(now + registry.UNDER_WAY, lambda: True) == 0


# --- a plain type that becomes classified


@pytest.fixture
def registered(owner: Person, now: datetime) -> dict[str, Any]:
    """A record of the type while it was plain."""
    service.put(plain(), actor=SYSTEM, now=now)
    return records.create(owner, "visit", {"visitor": "Guest"}, now=now)


def test_who_left_while_it_was_plain_is_no_owner_of_what_is_classified(
    registered: dict[str, Any], owner: Person, chief: Person, now: datetime, db: DB
) -> None:
    gone = to_sales(owner, now)
    put_again(now)
    rev = store.fetch("visit", registered["_id"])["rev"]
    records.change(chief, "visit", registered["number"], TOP, rev=rev, now=now)
    assert (seen(gone, registered, db), seen(chief, registered, db)) == ("", "full")


def test_what_they_made_since_is_theirs(registered: dict[str, Any], owner: Person, now: datetime, db: DB) -> None:
    gone, later = to_sales(owner, now), now + timedelta(hours=1)
    since = records.create(gone, "visit", {"visitor": "Guest"}, now=later)
    put_again(later)
    stored = db["record_visit"].find_one({"_id": since["_id"]})
    assert stored is not None
    assert stored["department"] == "service"
    assert "owner_left" not in stored


def test_who_went_while_it_was_put_is_no_owner_soon(
    registered: dict[str, Any], owner: Person, chief: Person, now: datetime, db: DB, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep, left = service._keep, []

    def leaves_before(*arguments: Any) -> None:
        left.append(to_sales(owner, now))
        keep(*arguments)

    monkeypatch.setattr(service, "_keep", leaves_before)
    put_again(now)
    assert service.carry_on(now + registry.UNDER_WAY, lambda: True) == 1
    rev = store.fetch("visit", registered["_id"])["rev"]
    records.change(chief, "visit", registered["number"], TOP, rev=rev, now=now)
    assert seen(left[0], registered, db) == ""
