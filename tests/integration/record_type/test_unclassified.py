"""X2, X3: a stored type whose records are above internal stays classified, and a plain type opens nothing above it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from pymongo.database import Database

from models import records, store
from models.access import Purpose
from models.errors import NotFound
from models.person.roles import SYSTEM, Person, Role
from models.record_type import service
from models.record_type.plain import WrongDefinition
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
