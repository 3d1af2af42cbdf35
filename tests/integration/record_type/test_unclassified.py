"""X2, X3: a stored type whose records are above internal stays classified, and a plain type opens nothing above it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from pymongo.database import Database

from models import access, records, registry, store, turns_before
from models.access import Purpose
from models.errors import NotFound
from models.person.roles import SYSTEM, Person, Role
from models.record_type import service
from models.record_type.plain import WrongDefinition
from tests.factories.customers import customer
from tests.factories.definitions import visit
from tests.factories.people import person

DB = Database[dict[str, Any]]
TOP = {"level": "top_secret", "level_basis": "往来"}
OPEN_TO_ALL = {
    "create": ["specialist", "head"],
    "view": [{"relation": "dept"}, {"relation": "any", "roles": ["administrator"]}],
    "edit": [{"relation": "own"}],
}


def classified() -> dict[str, Any]:
    archive = [{"relation": "dept", "roles": ["head"]}]
    rights = {"create": ["specialist", "head"], "edit": [{"relation": "own"}], "archive": archive}
    return visit(classified=True, rights=rights)


def plain() -> dict[str, Any]:
    return visit(rights=OPEN_TO_ALL)


@pytest.fixture
def owner(db: DB) -> Person:
    return person(Role.SPECIALIST, name="Owner")


@pytest.fixture
def head(db: DB) -> Person:
    return person(Role.HEAD, name="Head")


def made(owner: Person, now: datetime) -> dict[str, Any]:
    service.put(classified(), actor=SYSTEM, now=now)
    return records.create(owner, "visit", {"visitor": "TOPWORD", **TOP}, now=now)


def found(definition: dict[str, Any], now: datetime) -> dict[str, str]:
    administrator = person(Role.ADMINISTRATOR, department="it")
    with pytest.raises(WrongDefinition) as refused:
        service.put(definition, actor=administrator, now=now)
    return {one.field: one.text.en for one in refused.value.findings if one.code == "E034"}


def test_a_type_stays_classified_while_a_record_of_it_is_above_internal(
    owner: Person, head: Person, now: datetime
) -> None:
    record = made(owner, now)
    told = {"classified": "a stored record is above internal: it would be open to whoever reads the type"}
    assert found(plain(), now) == told
    records.set_archived(head, "visit", record["number"], True, rev=1, now=now, note="x")
    assert found(plain(), now) == told
    service.withdraw("visit", actor=SYSTEM, now=now)
    assert found(plain(), now) == told


def test_what_was_above_internal_once_stays_closed_in_the_history_of_a_plain_type(
    owner: Person, head: Person, now: datetime
) -> None:
    record = made(owner, now)
    store.change("visit", record["_id"], {"visitor": "clean"}, actor=owner, now=now)
    store.change("visit", record["_id"], {"level": "internal"}, actor=head, now=now)
    service.put(plain(), actor=SYSTEM, now=now)
    for reader in (head, person(Role.ADMINISTRATOR, department="it")):
        seen = records.see(reader, "visit", record["number"], Purpose.VIEW, now)
        assert seen.values["visitor"] == "clean"
        assert "TOPWORD" not in str(records.versions_of(seen))


def test_a_record_that_was_raised_while_its_type_became_plain_is_open_to_nobody(
    owner: Person, head: Person, now: datetime, db: DB
) -> None:
    record = made(owner, now)
    store.change("visit", record["_id"], {"level": "internal"}, actor=head, now=now)
    service.put(plain(), actor=SYSTEM, now=now)
    acl = [one.replace("internal|", "top_secret|") for one in store.fetch("visit", record["_id"])["acl"]]
    db["record_visit"].update_one({}, {"$set": {"level": "top_secret", "acl": acl}})  # by a process that was behind
    for reader in (owner, head, person(Role.ADMINISTRATOR, department="it")):
        for purpose in (Purpose.VIEW, Purpose.EDIT):
            with pytest.raises(NotFound):
                records.see(reader, "visit", record["number"], purpose, now + timedelta(days=1))


def flow(*turn: str) -> dict[str, Any]:
    states = [
        {"value": "open", "label": {"zh": "待办", "en": "Open"}, "turn": list(turn)},
        {"value": "done", "label": {"zh": "完成", "en": "Done"}, "final": True},
    ]
    move = {"name": "finish", "label": {"zh": "完成", "en": "Finish"}, "source": ["open"], "target": "done"}
    return {"states": states, "transitions": [{**move, "by": ["owner"]}]}


def test_who_reads_what_is_above_internal_does_not_widen_with_another_workflow(owner: Person, now: datetime) -> None:
    service.put({**classified(), "workflow": flow()}, actor=SYSTEM, now=now)
    secret = {"level": "confidential", "level_basis": "往来"}
    record = records.create(owner, "visit", {"visitor": "x", **secret}, now=now)
    told = {"workflow.open": "a record above internal stands in it: it would be open to administrator"}
    assert found({**classified(), "workflow": flow("administrator")}, now) == told
    records.move(owner, "visit", record["number"], "finish", {}, rev=1, now=now)
    service.put({**classified(), "workflow": flow("head")}, actor=SYSTEM, now=now)


def with_card(name: str, card: str) -> dict[str, Any]:
    fields = [{**one, "card": card} if one["name"] == name else one for one in classified()["fields"]]
    return {**classified(), "fields": fields}


def test_a_card_shows_no_more_of_what_is_above_internal_than_before(owner: Person, head: Person, now: datetime) -> None:
    record = made(owner, now)
    told = {"visitor": "a record above internal holds a value for it: its card would show more than before"}
    for card in ("masked", "plain"):
        assert found(with_card("visitor", card), now) == told
    service.put(with_card("on", "plain"), actor=SYSTEM, now=now)  # of which no record holds a value
    store.change("visit", record["_id"], {"level": "internal"}, actor=head, now=now)
    service.put(with_card("visitor", "masked"), actor=SYSTEM, now=now)
    store.change("visit", record["_id"], {"level": "secret", "level_basis": "往来"}, actor=head, now=now)
    assert found(with_card("visitor", "plain"), now) == told


def with_field(**one: Any) -> dict[str, Any]:
    added = {"label": {"zh": "增项", "en": "Added"}, "group": "visit", **one}
    return {**classified(), "fields": [*classified()["fields"], added]}


def waiting_for(*roles: str) -> dict[str, Any]:
    asked = {"roles": list(roles)} if roles else {}
    return {**with_field(name="whom", kind="person", **asked), "workflow": flow("whom")}


def test_whom_a_turn_names_is_asked_for_no_other_role_than_before(
    owner: Person, head: Person, now: datetime, db: DB
) -> None:
    service.put(waiting_for("finance_reviewer", "legal_reviewer"), actor=SYSTEM, now=now)
    reviewer = person(Role.FINANCE_REVIEWER, department="finance", name="Reviewer")
    record = records.create(owner, "visit", {"visitor": "x", "whom": str(reviewer.id), **TOP}, now=now)
    told = "a record above internal stands in it: it would be open to"
    assert found(waiting_for(), now) == {"workflow.open": f"{told} whom"}
    assert found(waiting_for("finance_reviewer", "sales"), now) == {"workflow.open": f"{told} whom@sales"}
    service.put(waiting_for("finance_reviewer"), actor=SYSTEM, now=now)
    store.change("visit", record["_id"], {"level": "internal"}, actor=head, now=now)
    put_before(waiting_for(), db)
    store.change("visit", record["_id"], {"level": "secret", "level_basis": "往来"}, actor=head, now=now)
    service.put(waiting_for("sales"), actor=SYSTEM, now=now)  # whoever it was: fewer


def put_before(definition: dict[str, Any], db: DB) -> None:
    """What a former version of the product took into force."""
    db["record_type"].update_one({"_id": "visit"}, {"$set": {"definition": definition}, "$inc": {"version": 1}})
    service.refresh()


def test_what_is_classified_waits_for_nobody_whom_a_field_names_without_a_role(owner: Person, now: datetime) -> None:
    with pytest.raises(WrongDefinition) as refused:
        service.put(waiting_for(), actor=SYSTEM, now=now)
    assert {(one.code, one.field) for one in refused.value.findings} == {("E038", "whom")}
    service.put({**waiting_for(), "classified": False, "rights": OPEN_TO_ALL}, actor=SYSTEM, now=now)
    service.put(waiting_for("sales"), actor=SYSTEM, now=now)


def test_what_is_top_secret_does_not_open_to_just_anybody_whom_its_owner_enters(
    owner: Person, now: datetime, db: DB
) -> None:
    """X3, X4: in a type of a former version, too, and for records that are there."""
    service.put(waiting_for("sales"), actor=SYSTEM, now=now)
    put_before(waiting_for(), db)
    outside = person(Role.SALES, department="sales", name="Outside")

    def sees(record: dict[str, Any]) -> str:
        acl = store.fetch("visit", record["_id"])["acl"]
        return access.reach(outside, registry.get("visit").rt, Purpose.VIEW).sees(acl)

    record = records.create(owner, "visit", {"visitor": "x", "whom": str(outside.id), **TOP}, now=now)
    secret = {"level": "confidential", "level_basis": "往来"}
    near = records.create(owner, "visit", {"visitor": "x", "whom": str(outside.id), **secret}, now=now)
    assert [sees(record), sees(near)] == ["", "full"]
    db["record_visit"].update_one({"_id": record["_id"]}, {"$push": {"acl": f"top_secret|turn|{outside.id}"}})
    assert sees(record) == "full"
    told = ["closed 1 top-secret records to whom they wait for without being asked for a role"]
    assert [turns_before.close_to_unasked(), turns_before.close_to_unasked()] == [told, []]
    assert sees(record) == ""


def with_computed(name: str, *of: str, card: str = "plain") -> dict[str, Any]:
    days = [
        {"name": "first", "kind": "date", "computed": {"name": name, "of": list(of)}},
        {"name": "shown", "kind": "date", "computed": {"name": "smallest", "of": ["first"]}, "card": card},
    ]
    label = {"label": {"zh": "日", "en": "Day"}, "group": "visit"}
    left = {"name": "left", "kind": "date", **label}
    return {**classified(), "fields": [*classified()["fields"], left, *({**one, **label} for one in days)]}


def test_a_card_shows_nothing_that_a_new_formula_takes_from_what_is_above_internal(
    owner: Person, head: Person, now: datetime
) -> None:
    record = made(owner, now)
    en = "a stored record is above internal: its card would show what is computed for it from now on"
    assert found(with_computed("smallest", "on"), now) == {"shown": en}
    service.put(with_computed("smallest", "on", card=""), actor=SYSTEM, now=now)
    assert found(with_computed("smallest", "on"), now) == {"shown": en}
    store.change("visit", record["_id"], {"level": "internal"}, actor=head, now=now)
    service.put(with_computed("smallest", "on"), actor=SYSTEM, now=now)
    store.change("visit", record["_id"], {"level": "secret", "level_basis": "往来"}, actor=head, now=now)
    assert found(with_computed("largest", "on"), now) == {"shown": en}
    assert found(with_computed("smallest", "left"), now) == {"shown": en}
    service.put({**with_computed("smallest", "on"), "icon": "door-closed"}, actor=SYSTEM, now=now)


def test_a_definition_that_cannot_be_read_any_more_is_mended_by_one_that_opens_no_more(
    owner: Person, now: datetime, db: DB
) -> None:
    whom = {**waiting_for("finance_reviewer")}
    fields = [{**one, "card": "masked"} if one["name"] == "visitor" else one for one in whom["fields"]]
    service.put({**whom, "fields": fields}, actor=SYSTEM, now=now)
    records.create(owner, "visit", {"visitor": "TOPWORD", **TOP}, now=now)
    db["record_type"].update_one({"_id": "visit"}, {"$set": {"definition.bygone": 1}, "$inc": {"version": 1}})
    service.refresh()
    assert list(service.left_out()) == ["visit"]
    wider = [{**one, "card": "plain"} if one["name"] == "visitor" else one for one in fields]
    assert list(found({**whom, "fields": wider}, now)) == ["visitor"]
    assert list(found({**whom, "fields": fields, "workflow": flow("whom", "sales")}, now)) == ["workflow.open"]
    service.put({**whom, "fields": fields}, actor=SYSTEM, now=now)
    assert service.left_out() == {}


NONSENSE: list[dict[str, Any]] = [
    {"fields": 7, "workflow": [1]},
    {"fields": [3, {"card": ["x"]}, {"name": "whom", "roles": "all"}], "workflow": {"states": {"open": 1}}},
    {"fields": [{"name": "whom", "roles": [1]}], "workflow": {"states": [{"value": "open", "turn": ["whom"]}]}},
]


@pytest.mark.parametrize("nonsense", NONSENSE)
def test_what_of_a_stored_definition_makes_no_sense_opens_nothing(
    nonsense: dict[str, Any], owner: Person, now: datetime, db: DB
) -> None:
    service.put(waiting_for("finance_reviewer"), actor=SYSTEM, now=now)
    records.create(owner, "visit", {"visitor": "TOPWORD", **TOP}, now=now)
    stored = {f"definition.{name}": value for name, value in nonsense.items()}
    db["record_type"].update_one({"_id": "visit"}, {"$set": stored, "$inc": {"version": 1}})
    assert list(found(waiting_for("finance_reviewer"), now)) == ["workflow.open"]


def test_no_stored_type_says_that_its_records_follow_no_level(owner: Person, now: datetime) -> None:
    fields = [{**one, "gathered": True} if one["name"] == "customer" else one for one in classified()["fields"]]
    with pytest.raises(WrongDefinition) as refused:
        service.put({**classified(), "fields": fields}, actor=SYSTEM, now=now)
    assert {(one.code, one.field) for one in refused.value.findings} == {("E038", "customer")}


def test_no_stored_type_opens_anything_to_who_has_it_in_hand(owner: Person, now: datetime) -> None:
    made = {**waiting_for("finance_reviewer"), "held": {"by": "visitor", "states": ["open"], "fields": ["visitor"]}}
    with pytest.raises(WrongDefinition) as refused:
        service.put(made, actor=SYSTEM, now=now)
    assert ("E038", "held") in {(one.code, one.field) for one in refused.value.findings}


def test_records_go_on_following_what_is_above_internal(owner: Person, head: Person, now: datetime) -> None:
    service.put(classified(), actor=SYSTEM, now=now)
    file = customer(owner, now)
    about = records.create(owner, "visit", {"visitor": "x", "customer": str(file["_id"]), **TOP}, now=now)
    without = {**classified(), "fields": [one for one in classified()["fields"] if one["name"] != "customer"]}
    store.change("customer", file["_id"], {"level": "secret", "level_basis": "往来"}, actor=head, now=now)
    told = "records point by it to what is above internal: they would no longer follow its level"
    assert found(without, now) == {"customer": told}
    store.change("customer", file["_id"], {"level": "internal"}, actor=head, now=now)
    assert store.fetch("visit", about["_id"])["level"] == "top_secret"
    service.put(without, actor=SYSTEM, now=now)
