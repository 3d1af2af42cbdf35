"""What a program takes out under its person's card leaves one by one and with a receipt (X4, X5)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from flask import Flask

from config.database import database
from models import records, store
from models.person import service as people
from models.person.roles import Person, Role
from models.token import service as tokens
from tests.factories.desks import seat
from tests.integration.api.conftest import Program

WINDOW = {"reason": "Audit at the site", "from": "", "until": "2026-11-25"}


def card() -> dict[str, Any]:
    row = database()["record_access_request"].find_one(sort=[("number", -1)])
    assert row is not None
    return store.fetch("access_request", row["_id"])


def receipts() -> list[tuple[str, str, str]]:
    return [(row["number"], row["how"], row["what"]) for row in card()["receipts"] or ()]


@pytest.fixture
def number(head: Program, borrower: Program) -> str:
    """A secret record with a file, and a card to export it, approved."""
    sent = head.ask("POST", "/files?name=裁员.txt", data=b"a list", content_type="application/octet-stream")
    made = head.make(name="Lamp works", level="secret", scans=[sent.get_json()["file"]])
    borrower.desk.send(f"/records/sample/{made}/ask", 302, use="export", **WINDOW)
    held = card()
    at = f"/records/access_request/{held['number']}/do/approve"
    head.desk.send(at, 303, rev=str(held["rev"]), valid_until="2026-11-25")
    return made


@pytest.fixture
def borrower(app: Flask, head: Program, now: datetime) -> Program:
    desk = seat(app, Role.SALES_MANAGER, now=now, manager=head.person.id)
    assert desk.person.id is not None
    _token, secret = tokens.create(desk.person, people.get(desk.person.id), name="test", now=now)
    return Program(desk, app.test_client(), secret)


def test_a_record_read_under_a_card_leaves_with_a_receipt(borrower: Program, number: str) -> None:
    answer = borrower.ask("GET", f"/sample/{number}")
    assert (answer.status_code, answer.get_json()["values"]["name"]) == (200, "Lamp works")
    assert answer.headers["Receipt"] == "HZ-2026-000001"
    history = borrower.ask("GET", f"/sample/{number}/history")
    assert (history.status_code, history.headers["Receipt"]) == (200, "HZ-2026-000002")
    assert receipts() == [(f"HZ-2026-00000{n}", "api", number) for n in (1, 2)]


def test_a_record_read_under_a_card_is_an_export_in_the_trail_with_its_receipt(borrower: Program, number: str) -> None:
    borrower.ask("GET", f"/sample/{number}")
    [row] = database()["audit"].find({"action": "export", "number": number})
    assert (row["actor"], row["level"]) == (borrower.person.id, "secret")
    assert row["detail"] == {"purpose": "export", "via": "api", "receipt": "HZ-2026-000001"}


def test_the_receipt_for_a_file_tells_nothing_of_what_it_is_called(borrower: Program, number: str) -> None:
    """A file is called after its matter, and a card lies open."""
    [row] = borrower.get(f"/sample/{number}")["values"]["scans"]
    at = f"/sample/{number}/files/{row['file']}"
    for taken in (borrower.ask("GET", at), borrower.desk.get(f"/records{at}")):
        assert taken.status_code == 200
        taken.close()
    assert [(how, what) for _, how, what in receipts()] == [
        ("api", number),
        ("file", f"{number} · API"),
        ("file", number),
    ]
    assert row["name"] == "裁员.txt"
    assert "裁员" not in str(list(database()["record_access_request"].find()))


def test_what_does_not_leave_has_no_receipt(borrower: Program, number: str) -> None:
    tag = borrower.ask("GET", f"/sample/{number}").headers["ETag"]
    again = borrower.ask("GET", f"/sample/{number}", headers={"If-None-Match": tag})
    assert (again.status_code, "Receipt" in again.headers, len(receipts())) == (304, False, 1)


def test_who_reads_by_right_takes_no_receipt(head: Program, number: str) -> None:
    assert "Receipt" not in head.ask("GET", f"/sample/{number}").headers
    assert receipts() == []


def test_what_is_borrowed_leaves_with_no_list(borrower: Program, head: Program, number: str) -> None:
    """As with exports: it leaves under its card alone."""
    [row] = borrower.get("/sample")["items"]
    assert (row["number"], row["locked"]) == (number, True)
    assert borrower.get("/search?q=Lamp")["groups"] == []
    assert head.get("/sample")["items"][0]["locked"] is False
    assert receipts() == []


def test_after_the_card_nothing_leaves(borrower: Program, head: Program, number: str) -> None:
    held = card()
    borrower.desk.send(f"/records/access_request/{held['number']}/do/give_back", 303, rev=str(held["rev"]))
    assert borrower.get(f"/sample/{number}")["locked"] is True
    assert receipts() == []


@pytest.fixture
def own(borrower: Program, head: Program, number: str) -> str:
    """A confidential record that the borrower owns, beside the borrowed one: its owner reads it, and exports it no more
    than anybody else (X4)."""
    made = head.make(name="Own works", level="confidential")
    row = database()["record_sample"].find_one({"number": made})
    assert row is not None
    store.change("sample", row["_id"], {"owner": borrower.person.id}, actor=head.person, now=row["created_at"])
    return made


@pytest.mark.parametrize("path", ["", "/history"])
@pytest.mark.parametrize("read_only", [False, True])
def test_who_holds_a_card_for_another_record_reads_the_own_one_as_before(
    app: Flask, borrower: Program, own: str, now: datetime, path: str, read_only: bool
) -> None:
    assert borrower.person.id is not None
    account = people.get(borrower.person.id)
    token, secret = tokens.create(borrower.person, account, name="exchange", now=now, read_only=read_only)
    answer = Program(borrower.desk, app.test_client(), secret).ask("GET", f"/sample/{own}{path}")
    assert answer.status_code == 200, answer.get_data(as_text=True)
    assert "Receipt" not in answer.headers
    assert receipts() == []
    row = database()["audit"].find_one({"action": "view", "number": own}, sort=[("_id", -1)])
    assert row is not None
    assert (row["actor"], row["token"]["name"], row["token"]["id"]) == (borrower.person.id, "exchange", token.id)


def test_an_own_record_that_a_card_names_leaves_under_it_where_the_token_can_be_given_a_receipt(
    app: Flask, borrower: Program, own: str, head: Program, now: datetime
) -> None:
    borrower.desk.send(f"/records/sample/{own}/ask", 302, use="export", **WINDOW)
    held = card()
    at = f"/records/access_request/{held['number']}/do/approve"
    head.desk.send(at, 303, rev=str(held["rev"]), valid_until="2026-11-25")
    assert borrower.ask("GET", f"/sample/{own}").headers["Receipt"] == "HZ-2026-000001"
    assert borrower.person.id is not None
    _token, secret = tokens.create(borrower.person, people.get(borrower.person.id), name="r", now=now, read_only=True)
    answer = Program(borrower.desk, app.test_client(), secret).ask("GET", f"/sample/{own}")
    assert (answer.status_code, "Receipt" in answer.headers, len(receipts())) == (200, False, 1)


def test_a_card_that_ended_since_its_holder_was_let_in_still_closes(
    borrower: Program, number: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = records.see

    def ends_meanwhile(*args: Any, **more: Any) -> Any:
        found = seen(*args, **more)
        database()["grant"].update_many({}, {"$set": {"ended_at": args[4]}})
        return found

    monkeypatch.setattr(records, "see", ends_meanwhile)
    answer = borrower.ask("GET", f"/sample/{number}")
    assert (answer.status_code, answer.get_json()["code"]) == (409, "card_closed")


def demoted(person: Person) -> None:
    """Their roles are others, and nothing else has followed yet."""
    database()["user"].update_one({"_id": person.id}, {"$set": {"roles": [Role.SALES.value]}})


def test_who_is_no_manager_any_more_has_nothing_by_a_card_to_borrow_through_any_door(
    borrower: Program, number: str
) -> None:
    at, page = f"/sample/{number}", f"/records/access_request/{card()['number']}"
    assert borrower.ask("GET", at).status_code == 200
    assert "Lamp works" in borrower.desk.text(f"/records{at}")
    demoted(borrower.person)
    assert borrower.get(at)["values"]["name"] == "L***s"
    for path in (f"/records{at}", f"/records{at}/history", f"/records{at}/print", f"/records{at}/restore?rev=1"):
        answer = borrower.desk.get(path)
        assert "Lamp works" not in answer.get_data(as_text=True), path
    answer = borrower.desk.post(f"{page}/take", {"format": "csv"})
    assert (answer.status_code, "Lamp works" in answer.get_data(as_text=True)) == (409, False)
    assert len(receipts()) == 1
