"""Wherever a page names a classified record that its reader has in full, the trail has it first (X7)."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from pymongo.database import Database
from werkzeug.test import TestResponse

from models import audit, store
from models.person.roles import Role
from tests.factories.commands import commands
from tests.factories.customers import customer
from tests.factories.desks import Desk

Base = Database[dict[str, Any]]
Sit = Callable[..., Desk]
NAME = "隐山仪表有限公司"


@pytest.fixture
def owner(sit: Sit) -> Desk:
    return sit(Role.SPECIALIST, name="Owner Wang")


@pytest.fixture
def files(owner: Desk, now: datetime) -> tuple[dict[str, Any], dict[str, Any]]:
    """A secret customer, and a complaint that points to it and is as secret."""
    secret = customer(owner.person, now, name=NAME, level="secret")
    values = {"customer": secret["_id"], "subject": "Late twice", "channel": "phone"}
    return secret, store.create("complaint", values, actor=owner.person, now=now)


def told(db: Base) -> list[tuple[str, list[str]]]:
    return [(row["type"], row["number"]) for row in db[audit.ENTRIES].find({"action": "listed"}).sort("_id", 1)]


def shows_the_title(answer: TestResponse) -> bool:
    text = answer.get_data(as_text=True)
    return "仪表有限公司" in (json.dumps(answer.get_json(), ensure_ascii=False) if answer.is_json else text)


PLACES = {
    "type-ahead": "/records/complaint/lookup?field=customer&q=隐山",
    "the newest": "/records/complaint/lookup?field=customer&q=",
    "a pointer in a record": "/records/complaint/{complaint}",
    "a pointer in a list": "/records/complaint/",
    "a pointer in a form": "/records/complaint/{complaint}/edit",
    "a filter": "/records/complaint/?customer={customer}",
    "My work": "/",
    "find": "/records/find?q=隐山",
}


@pytest.mark.parametrize("place", PLACES)
def test_a_classified_title_is_shown_with_one_entry_and_not_without(
    owner: Desk, files: tuple[dict[str, Any], dict[str, Any]], db: Base, place: str
) -> None:
    secret, complaint = files
    path = PLACES[place].format(complaint=complaint["number"], customer=secret["number"])
    assert shows_the_title(owner.get(path))
    db[audit.ENTRIES].delete_many({})
    owner.get(path)
    assert [one for one in told(db) if one[0] == "customer"] == [("customer", [secret["number"]])]
    assert len(told(db)) == len({kind for kind, _ in told(db)})
    db.command("collMod", audit.ENTRIES, validator={"nothing": {"$exists": True}})
    answer = owner.get(path)
    db.command("collMod", audit.ENTRIES, validator={})
    assert (answer.status_code, shows_the_title(answer)) == (503, False)


def test_the_lists_beside_a_record_tell_of_what_they_name_in_one_entry_and_not_of_the_record(
    owner: Desk, db: Base, now: datetime
) -> None:
    secret = customer(owner.person, now, name=NAME, level="secret")
    many = [
        store.create(
            "complaint",
            {"customer": secret["_id"], "subject": f"Late {i}", "level": "secret", "channel": "phone"},
            actor=owner.person,
            now=now,
        )["number"]
        for i in range(3)
    ]
    db[audit.ENTRIES].delete_many({})
    assert "Late 2" not in owner.text(f"/records/customer/{secret['number']}")
    assert told(db) == []
    assert "Late 2" in owner.text(f"/records/customer/{secret['number']}/related")
    assert [(kind, sorted(numbers)) for kind, numbers in told(db)] == [("complaint", many)]
    assert db[audit.ENTRIES].count_documents({"action": "view", "number": secret["number"]}) == 1


def test_the_lists_beside_a_record_tell_nothing_of_what_the_record_points_to(
    owner: Desk, files: tuple[dict[str, Any], dict[str, Any]], db: Base
) -> None:
    _, complaint = files
    address = f"/records/complaint/{complaint['number']}/related"
    owner.text(address)
    db[audit.ENTRIES].delete_many({})
    with commands.heard() as heard:
        owner.text(address)
    assert told(db) == []
    assert not [one for one in heard if one.endswith("record_customer")]


def test_what_is_a_card_to_its_reader_is_no_entry(
    sit: Sit, files: tuple[dict[str, Any], dict[str, Any]], db: Base
) -> None:
    colleague, (_, complaint) = sit(Role.SPECIALIST), files
    db[audit.ENTRIES].delete_many({})
    assert "隐***司" in colleague.text("/records/customer/")
    colleague.get(f"/records/complaint/{complaint['number']}")
    colleague.get("/records/complaint/lookup?field=customer&q=隐山")
    assert told(db) == []


def test_pages_without_classified_titles_write_nothing(owner: Desk, db: Base, now: datetime) -> None:
    plain = customer(owner.person, now, name="明山仪表有限公司", level="internal")
    values = {"customer": plain["_id"], "subject": "Late", "level": "internal", "channel": "phone"}
    number = store.create("complaint", values, actor=owner.person, now=now)["number"]
    owner.text("/")
    before = db[audit.ENTRIES].count_documents({})
    for path in ("/", f"/records/complaint/{number}", "/records/complaint/lookup?field=customer&q=明山"):
        owner.get(path)
    assert db[audit.ENTRIES].count_documents({}) == before
