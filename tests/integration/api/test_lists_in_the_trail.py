"""Lists over the API: classified records in full leave with an entry, count as read, and show what lists show (X7)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from bson import ObjectId
from pymongo.database import Database

from config import policy
from models import audit, catalogue, schema, store
from models.access_request.grants import GRANTS
from models.person.roles import Role
from tests.factories.customers import customer
from tests.factories.damage import damage
from tests.integration.api.conftest import Program, Start

Base = Database[dict[str, Any]]


@pytest.fixture
def whole(start: Start) -> Start:
    """Every shipped type in force."""
    catalogue.load()
    schema.migrate()
    return start


def listings(db: Base) -> list[dict[str, Any]]:
    return list(db[audit.ENTRIES].find({"action": "listed"}).sort("_id", 1))


def secrets(program: Program, now: datetime, many: int = 2, level: str = "secret") -> list[dict[str, Any]]:
    named = {"phone": "021-55501234", "region": "浙江", "analysis": "Weak in the north", "level": level}
    return [customer(program.person, now, name=f"隐山{i}号仪表有限公司", **named) for i in range(many)]


def test_a_page_is_one_entry_that_is_found_by_each_of_its_records(whole: Start, db: Base, now: datetime) -> None:
    head = whole(Role.HEAD)
    made = secrets(head, now)
    customer(head.person, now, name="明山仪表有限公司")
    assert len(head.get("/customer")["items"]) == 3
    [entry] = listings(db)
    assert sorted(entry["number"]) == sorted(one["number"] for one in made)
    assert (entry["actor"], entry["level"], entry["token"]["name"]) == (head.person.id, ["secret"], "test")
    for one in made:
        assert entry["_id"] in [row["_id"] for row in audit.readings(one["_id"])]
        assert audit.entries({"number": one["number"], "action": "listed"})
    while audit.seal(now):
        pass
    assert not [text for text in audit.verify().findings if "entry" in text]


def test_classified_rows_hold_only_what_lists_show(whole: Start, now: datetime) -> None:
    head = whole(Role.HEAD)
    secrets(head, now, 1)
    customer(head.person, now, name="明山仪表有限公司", phone="021-55509876", analysis="Strong")
    page = head.get("/customer?columns=name,phone,analysis,region")
    internal, secret = page["items"]
    assert "55509876" in internal["values"]["phone"]
    assert internal["values"]["analysis"] == "Strong"
    values = {"name": "隐山0号仪表有限公司", "phone": None, "analysis": None, "region": "浙江"}
    assert (secret["locked"], secret["values"]) == (False, values)
    assert page["left_empty"] == ["analysis", "phone"]
    assert head.get("/customer?columns=phone&level=internal")["left_empty"] == []


def test_what_cannot_be_opened_is_null_and_told(whole: Start, db: Base, now: datetime) -> None:
    head = whole(Role.HEAD)
    for name in ("明山仪表有限公司", "远山仪表有限公司"):
        customer(head.person, now, name=name, analysis="Strong")
    first = db["record_customer"].find_one({"number": "KH-2026-000001"})
    assert first is not None
    damage("record_customer", first["_id"], "analysis")
    page = head.get("/customer?columns=name,analysis")
    assert [row["values"]["analysis"] for row in page["items"]] == ["Strong", None]
    assert page["unreadable"] == [{"number": "KH-2026-000001", "field": "analysis"}]
    assert head.get("/customer")["unreadable"] == []


def test_a_record_is_answered_without_what_cannot_be_opened(whole: Start, db: Base, now: datetime) -> None:
    head = whole(Role.HEAD)
    made = customer(head.person, now, name="明山仪表有限公司", analysis="Strong", region="浙江")
    at = f"/customer/{made['number']}"
    assert head.get(at)["unreadable"] == []
    damage("record_customer", made["_id"], "analysis")
    was = db["record_customer"].find_one({"_id": made["_id"]})
    found = head.get(at)
    assert (found["values"]["region"], found["values"]["analysis"]) == ("浙江", None)
    assert found["unreadable"] == ["analysis"]
    assert head.get(f"{at}/history")["items"]
    answer = head.ask("PATCH", at, json={"rev": 1, "values": {"region": "江苏"}})
    assert (answer.status_code, answer.get_json()["code"]) == (500, "seal_damaged")
    assert db["record_customer"].find_one({"_id": made["_id"]}) == was


def test_a_page_without_classified_rows_writes_nothing(whole: Start, db: Base, now: datetime) -> None:
    head, colleague = whole(Role.HEAD), whole(Role.SPECIALIST)
    secrets(head, now)
    customer(head.person, now, name="明山仪表有限公司")
    head.get("/customer?level=internal")
    assert [row["locked"] for row in colleague.get("/customer")["items"]] == [False, True, True]
    assert listings(db) == []


@pytest.mark.parametrize("path", ["/customer", "/customer?columns=phone", "/search?q=隐山"])
def test_without_its_entry_no_classified_row_leaves(whole: Start, db: Base, now: datetime, path: str) -> None:
    head = whole(Role.HEAD)
    secrets(head, now)
    db.command("collMod", audit.ENTRIES, validator={"nothing": {"$exists": True}})
    answer = head.ask("GET", path)
    db.command("collMod", audit.ENTRIES, validator={})
    assert (answer.status_code, answer.get_json()["code"]) == (503, "not_audited")
    assert "隐山" not in answer.get_data(as_text=True)
    assert "隐山" in head.ask("GET", path).get_data(as_text=True) or "phone" in path


def test_a_search_over_all_types_has_an_entry_for_each_type(whole: Start, db: Base, now: datetime) -> None:
    head = whole(Role.HEAD)
    secrets(head, now, level="confidential")
    head.make(name="隐山的灯", level="secret")
    assert len(head.get("/search?q=隐山")["groups"]) == 2
    assert {(row["type"], len(row["number"])) for row in listings(db)} == {("customer", 2), ("sample", 1)}


@pytest.fixture
def few(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Ten records in five minutes are unusual."""
    path = tmp_path / "policy.toml"
    path.write_text("[reading]\nrecords = 10\n")
    monkeypatch.setenv(policy.VARIABLE, str(path))
    policy.policy.cache_clear()
    yield
    monkeypatch.undo()
    policy.policy.cache_clear()


@pytest.mark.usefixtures("few")
def test_classified_rows_count_towards_unusual_reading(whole: Start, db: Base, now: datetime) -> None:
    head = whole(Role.HEAD)
    for index in range(12):
        customer(head.person, now, name=f"明山{index}号仪表有限公司")
    secrets(head, now, 5)
    for _ in range(3):
        head.get("/customer?level=internal")
    head.get("/customer")
    head.get("/customer")
    answer = head.ask("GET", "/customer")
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "10")
    assert db[audit.ENTRIES].count_documents({"action": "unusual_reading", "actor": head.person.id}) == 1
    assert len(listings(db)) == 2
    head.get("/customer?level=internal")


@pytest.mark.parametrize("uses", [["view"], ["view", "print"]])
def test_a_card_that_is_not_for_export_opens_nothing_to_a_program(
    whole: Start, db: Base, now: datetime, uses: list[str]
) -> None:
    head, borrower = whole(Role.HEAD), whole(Role.SPECIALIST)
    [made] = secrets(head, now, 1)
    grant = {"_id": ObjectId(), "person": borrower.person.id, "record": made["_id"], "uses": uses, "level": "secret"}
    db[GRANTS].insert_one({**grant, "ended_at": None, "valid_from": now, "valid_until": now + timedelta(days=1)})
    store.change("customer", made["_id"], {"granted": [str(grant["_id"])]}, actor=head.person, now=now)
    [row] = borrower.get("/customer")["items"]
    assert row["locked"] is True
    assert borrower.get(f"/customer/{made['number']}")["locked"] is True
    assert borrower.get("/search?q=隐山")["groups"] == []
