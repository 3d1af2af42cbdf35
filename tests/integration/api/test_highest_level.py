"""The policy may narrow what programs read by their people's own right (X4): above that a record is a card, or is not
there, until a borrowing card names it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from flask import Flask

from config import policy
from config.database import database
from models.person import service as people
from models.person.roles import Role
from models.token import service as tokens
from tests.factories.desks import seat
from tests.integration.api.conftest import Program


@pytest.fixture
def secret_at_most(head: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    path = tmp_path / "policy.toml"
    path.write_text('[api]\nhighest_level = "secret"\n')
    monkeypatch.setenv(policy.VARIABLE, str(path))
    policy.policy.cache_clear()
    yield
    monkeypatch.undo()
    policy.policy.cache_clear()


@pytest.fixture
def numbers(head: Program) -> dict[str, str]:
    """A record of each level, by level, each with a file."""
    made = {}
    for level in ("internal", "secret", "confidential", "top_secret"):
        sent = head.ask("POST", "/files?name=a.txt", data=b"a list", content_type="application/octet-stream")
        made[level] = head.make(name=f"Lamp {level}", level=level, scans=[sent.get_json()["file"]])
    return made


def status(program: Program, number: str, path: str = "") -> int:
    answer = program.ask("GET", f"/sample/{number}{path}")
    answer.close()
    return answer.status_code


def test_by_default_a_program_reads_what_its_person_reads(head: Program, numbers: dict[str, str]) -> None:
    for number in numbers.values():
        assert head.get(f"/sample/{number}")["values"]["scans"]


def test_above_the_highest_level_a_program_has_the_card_or_nothing(
    head: Program, numbers: dict[str, str], secret_at_most: None
) -> None:
    for level in ("internal", "secret"):
        assert head.get(f"/sample/{numbers[level]}")["values"]["name"] == f"Lamp {level}"
        assert status(head, numbers[level], "/history") == 200
    card = head.get(f"/sample/{numbers['confidential']}")
    assert (card["locked"], "scans" in card["values"]) == (True, False)
    assert "Lamp confidential" not in str(card)
    assert [status(head, numbers["confidential"], path) for path in ("/history", "/actions")] == [403, 403]
    assert [status(head, numbers["top_secret"], path) for path in ("", "/history", "/actions")] == [404, 404, 404]
    locked = {row["number"]: row["locked"] for row in head.get("/sample")["items"]}
    assert locked == {numbers["internal"]: False, numbers["secret"]: False, numbers["confidential"]: True}
    found = [item["number"] for group in head.get("/search?q=Lamp")["groups"] for item in group["items"]]
    assert sorted(found) == [numbers["internal"], numbers["secret"]]


def test_neither_do_files_leave_nor_is_anything_written(
    head: Program, numbers: dict[str, str], secret_at_most: None
) -> None:
    row = database()["record_sample"].find_one({"number": numbers["confidential"]})
    assert row is not None
    file = row["scans"][0]["file"]
    assert status(head, numbers["confidential"], f"/files/{file}") == 403
    for level, wanted in (("secret", 200), ("confidential", 403), ("top_secret", 404)):
        answer = head.ask("PATCH", f"/sample/{numbers[level]}", json={"rev": 1, "values": {"pieces": 2}})
        assert answer.status_code == wanted


def test_the_screens_stay_as_they_are(head: Program, numbers: dict[str, str], secret_at_most: None) -> None:
    for level, number in numbers.items():
        assert f"Lamp {level}" in head.desk.text(f"/records/sample/{number}")


def test_what_is_borrowed_leaves_whatever_its_level(
    app: Flask, head: Program, numbers: dict[str, str], secret_at_most: None, now: datetime
) -> None:
    desk = seat(app, Role.SALES_MANAGER, now=now, manager=head.person.id)
    assert desk.person.id is not None
    number = numbers["confidential"]
    desk.send(f"/records/sample/{number}/ask", 302, use="export", reason="Audit", until="2026-11-25", **{"from": ""})
    card = database()["record_access_request"].find_one({})
    assert card is not None
    at = f"/records/access_request/{card['number']}/do/approve"
    head.desk.send(at, 303, rev=str(card["rev"]), valid_until="2026-11-25")
    _token, secret = tokens.create(desk.person, people.get(desk.person.id), name="test", now=now)
    answer = Program(desk, app.test_client(), secret).ask("GET", f"/sample/{number}")
    assert (answer.status_code, answer.get_json()["values"]["name"]) == (200, "Lamp confidential")
    assert answer.headers["Receipt"]


def test_a_raised_record_is_gone_for_a_program_and_its_refusal_is_in_the_trail(
    head: Program, numbers: dict[str, str], secret_at_most: None
) -> None:
    number = numbers["secret"]
    raised = head.ask("PATCH", f"/sample/{number}", json={"rev": 1, "values": {"level": "top_secret"}})
    assert (raised.status_code, status(head, number)) == (200, 404)
    row = database()["audit"].find_one({"number": number}, sort=[("_id", -1)])
    assert row is not None
    assert (row["action"], row["token"]["name"]) == ("refused", "test")
