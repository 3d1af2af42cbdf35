"""Bulk changes over the web: from the ticked rows to the undo, and what is refused on the way."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from pymongo.database import Database

from models.bulk_change import running, service
from models.person.roles import Role
from tests.factories.desks import Desk
from tests.integration.web.records.conftest import Make, Sit

Base = Database[dict[str, Any]]
STAMP = re.compile(r'name="stamp" value="([^"]+)"')


def work(now: datetime) -> None:
    """What the scheduler would do."""
    for plan_id in service.at_work():
        running.advance(plan_id, holder="test", now=now)


def begin(desk: Desk, what: str, numbers: list[str] | None = None, query: str = "") -> str:
    """The address of a bulk change that was begun."""
    data: dict[str, Any] = {"what": what} | ({"number": numbers} if numbers is not None else {"all": "1"})
    answer = desk.send(f"/records/sample/bulk?{query}", **data)
    assert answer.location
    return answer.location


def preview(desk: Desk, numbers: list[str] | None = None, query: str = "", **fields: str) -> str:
    at = begin(desk, "change", numbers, query)
    answer = desk.post(f"{at}/check", {"_set": list(fields), **fields})
    assert answer.status_code == 303
    return at


def confirm(desk: Desk, at: str, status: int = 303) -> None:
    found = STAMP.search(desk.text(at))
    assert found is not None
    desk.send(f"{at}/confirm", status=status, stamp=found[1])


@pytest.fixture
def ann(sit: Sit) -> Desk:
    return sit(Role.SPECIALIST, name="Ann")


def colours(db: Base) -> list[Any]:
    return [son.get("colour") for son in db["record_sample"].find().sort("number", 1)]


def test_ticked_rows_are_changed_and_changed_back(ann: Desk, make: Make, now: datetime, db: Base) -> None:
    numbers = [make(ann.person, name=f"Lamp {n}")["number"] for n in range(3)]
    page = ann.text("/records/sample/")
    assert "data-bulk" in page
    assert page.count('name="number"') == 3
    at = begin(ann, "change", numbers[:2])
    page = ann.text(at)
    assert "2 records selected" in page
    assert 'value="colour"' in page
    assert 'value="name"' not in page
    ann.send(f"{at}/check", _set=["colour"], colour="red", note="Stocktaking")
    page = ann.text(at)
    assert "<ins>Red</ins>" in page
    assert "Change 2 records" in page
    assert "How they would change" in page, "all are shown"
    assert colours(db) == [None] * 3
    confirm(ann, at)
    assert "data-progress" in ann.text(at)
    assert ann.get(f"{at}/state").get_json()["state"] == "running"
    work(now)
    page = ann.text(at)
    assert "Undo" in page
    assert colours(db) == ["red", "red", None]
    ann.send(f"{at}/undo")
    work(now)
    assert colours(db) == [None] * 3
    assert "given back" in ann.text(at)
    assert "Change fields" in ann.text("/bulk-changes/")


def test_all_that_match_means_the_list_of_the_address(ann: Desk, make: Make, now: datetime, db: Base) -> None:
    for n in range(3):
        make(ann.person, name=f"Lamp {n}", amount=str(n))
    at = preview(ann, None, "amount=at_least:1&sort=-name&show=20", colour="blue")
    page = ann.text(at)
    assert "All records of the list" in page
    assert "Amount" in page
    confirm(ann, at)
    work(now)
    assert colours(db) == [None, "blue", "blue"]
    assert "/records/sample/?amount=at_least:1" in ann.text(at)


def test_what_is_wrong_is_told_beside_the_field(ann: Desk, make: Make, db: Base) -> None:
    at = begin(ann, "change", [make(ann.person)["number"]])
    page = ann.post(f"{at}/check", {"_set": ["pieces"], "pieces": "many"}).get_data(as_text=True)
    assert "in-pieces" in page
    assert 'value="many"' in page
    assert ann.post(f"{at}/check", {"pieces": "3"}).status_code == 422
    assert colours(db) == [None]


@pytest.mark.parametrize(
    ("data", "status"),
    [
        ({"_set": ["colour", "acl"], "colour": "red"}, 400),
        ({"_set": ["verdict"], "verdict": "x"}, 400),
        ({"_set": ["colour"], "colour": "red", "owner": "x"}, 400),
        ({"_set": ["name"], "name": "x"}, 400),
        ({"_set": ["scans"], "scans-kept": "5f0000000000000000000001"}, 400),
        ({"_set": ["salary"], "salary": "1"}, 400),
        ({"_set": ["colour"], "colour": "green"}, 422),
        ({"_set": ["parent"], "parent": "YP-2026-999999"}, 422),
        ({"_set": ["colour"], "colour": "red", "note": "x" * 501}, 422),
        ({}, 422),
    ],
)
def test_forged_fields_are_refused(ann: Desk, make: Make, db: Base, data: dict[str, Any], status: int) -> None:
    at = begin(ann, "change", [make(ann.person)["number"]])
    assert ann.post(f"{at}/check", data).status_code == status
    assert db["bulk_change"].count_documents({"state": "draft"}) == 1


@pytest.mark.parametrize(
    ("data", "query", "status"),
    [
        ({"what": "change"}, "", 422),
        ({"what": "destroy", "number": ["YP-2026-000001"]}, "", 400),
        ({"what": "move-approve", "number": ["YP-2026-000001"]}, "", 400),
        ({"what": "archive", "number": ["YP-2026-000001"]}, "", 400),
        ({"what": "change", "number": ["KH-2026-000001"]}, "", 409),
        ({"what": "change", "number": ["YP-2026-000001", "$ne"]}, "", 409),
        ({"what": "change", "number": [f"YP-2026-{n:06d}" for n in range(1, 1102)]}, "", 413),
        ({"what": "change", "number": [f"YP-2026-{n:06d}" for n in range(100_000)]}, "", 413),
        ({"what": "change", "all": "1"}, "salary=filled", 400),
        ({"what": "change", "all": "1"}, "$where=1", 400),
    ],
)
def test_a_bad_selection_is_refused(
    ann: Desk, make: Make, db: Base, data: dict[str, Any], query: str, status: int
) -> None:
    make(ann.person)
    assert ann.post(f"/records/sample/bulk?{query}", data).status_code == status
    assert db["bulk_change"].count_documents({}) == 0


def test_a_plan_is_its_makers_alone(ann: Desk, sit: Sit, make: Make, db: Base) -> None:
    at = preview(ann, [make(ann.person)["number"]], colour="red")
    stamp = STAMP.search(ann.text(at))
    assert stamp is not None
    for other in (sit(Role.SPECIALIST), sit(Role.HEAD), sit(Role.ADMINISTRATOR)):
        assert other.get(at).status_code == 404
        assert other.post(f"{at}/confirm", {"stamp": stamp[1]}).status_code == 404
        for step in ("check", "stop", "undo", "drop"):
            assert other.post(f"{at}/{step}").status_code == 404
        assert other.get(f"{at}/rows").status_code == 404
    other_type = at.replace("/sample/", "/customer/")
    assert ann.get(other_type).status_code == 404
    assert ann.post(f"{other_type}/confirm", {"stamp": stamp[1]}).status_code == 404
    assert colours(db) == [None]


def test_a_preview_is_confirmed_once_and_only_as_it_was_seen(ann: Desk, make: Make, now: datetime, db: Base) -> None:
    at = preview(ann, [make(ann.person)["number"]], colour="red")
    old = STAMP.search(ann.text(at))
    assert old is not None
    ann.send(f"{at}/check", _set=["colour"], colour="blue")
    ann.send(f"{at}/confirm", status=409, stamp=old[1])
    ann.send(f"{at}/confirm", status=409, stamp="")
    new = STAMP.search(ann.text(at))
    assert new is not None
    ann.send(f"{at}/confirm", stamp=new[1])
    ann.send(f"{at}/confirm", status=409, stamp=new[1])
    work(now)
    ann.send(f"{at}/confirm", status=409, stamp=new[1])
    ann.send(f"{at}/check", status=409, _set=["colour"], colour="red")
    assert colours(db) == ["blue"]
    assert db["record_version"].count_documents({"batch": {"$exists": True}}) == 1


def test_an_old_preview_is_not_confirmed(ann: Desk, make: Make, now: datetime, db: Base) -> None:
    at = preview(ann, [make(ann.person)["number"]], colour="red")
    page = ann.text(at)
    stamp = STAMP.search(page)
    assert stamp is not None
    db["bulk_change"].update_one({}, {"$set": {"checked_at": now - timedelta(hours=2, minutes=1)}})
    ann.send(f"{at}/confirm", status=409, stamp=stamp[1])
    assert colours(db) == [None]


def test_the_refused_come_as_a_file_and_name_nothing_that_became_hidden(
    ann: Desk, sit: Sit, make: Make, now: datetime, db: Base
) -> None:
    ben = sit(Role.SPECIALIST, name="Ben")
    others = [make(ben.person, name=f"Theirs {n}")["number"] for n in range(2)]
    own = make(ann.person)["number"]
    at = preview(ann, [own, *others], colour="red")
    confirm(ann, at)
    work(now)
    answer = ann.get(f"{at}/rows")
    text = answer.get_data(as_text=True)
    assert answer.mimetype == "text/csv"
    assert "sample-20261123-1000-" in answer.headers["Content-Disposition"], "the time in Shanghai"
    assert all(number in text for number in others)
    assert own not in text
    hidden = {"acl": ["top_secret|own|x"], "level": "top_secret"}
    db["record_sample"].update_one({"number": others[0]}, {"$set": hidden})
    for said in (ann.get(f"{at}/rows").get_data(as_text=True), ann.text(at)):
        assert others[0] not in said
        assert others[1] in said


def test_auditor_and_administrator_see_who_did_what_and_no_content(
    ann: Desk, sit: Sit, make: Make, now: datetime
) -> None:
    at = begin(ann, "change", [make(ann.person)["number"]])
    ann.send(f"{at}/check", _set=["notes"], notes="Kanarie", note="Kanarie too")
    confirm(ann, at)
    work(now)
    for role in (Role.AUDITOR, Role.ADMINISTRATOR):
        desk = sit(role, department="it")
        page = desk.text("/bulk-changes/")
        assert "Ann" in page
        assert "Change fields" in page
        assert "Kanarie" not in page
        assert desk.get(at).status_code == 404
    assert "Ann" not in sit(Role.SPECIALIST).text("/bulk-changes/")
    head = sit(Role.HEAD)
    assert "Kanarie" in head.text(at)
    assert at in head.text("/bulk-changes/")
    assert "Ann" not in sit(Role.SALES, department="sales").text("/bulk-changes/")


def test_what_was_typed_to_make_the_list_is_not_told_to_the_head(
    ann: Desk, sit: Sit, make: Make, now: datetime
) -> None:
    make(ann.person, name="Lamp 7", colour="red")
    query = "q=Lamp&name=contains:Lamp&colour=red&where=any(name:contains:Lamp,colour:is:red)"
    at = preview(ann, None, query, colour="blue")
    confirm(ann, at)
    work(now)
    assert "contains:Lamp" in ann.text(at)
    page = sit(Role.HEAD).text(at)
    assert "Lamp" not in page
    assert "Red" in page
    assert "/records/sample/?colour=red" in page
