"""What a record held while it was more secret than the caller reads stays unsaid in the API's refusals (X6)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from backoffice.api import once
from models import records
from models.person.roles import Role
from tests.integration.api.conftest import Program, Start
from tests.integration.api.test_records import problem


@pytest.fixture
def case(start: Start, now: datetime) -> tuple[Program, Program, str]:
    """A custodian's program, the owner's, and a record that was top secret in its versions 2 and 3."""
    owner, head, custodian = start(Role.SPECIALIST), start(Role.HEAD), start(Role.CUSTODIAN)
    number = owner.make(notes="Openly")

    def change(who: Program, rev: int, **values: Any) -> None:
        records.change(who.person, "sample", number, values, rev=rev, now=now)

    change(owner, 1, level="top_secret", notes="Hushword", packing="Hushbox")
    change(owner, 2, notes="Hushword again")
    change(head, 3, level="internal", notes="Openly again", packing="Box")
    change(owner, 4, pieces="7", packing=None)
    return custodian, owner, number


@pytest.mark.parametrize("rev", [2, 3])
def test_a_conflict_does_not_name_what_a_secret_time_changed(case: tuple[Program, Program, str], rev: int) -> None:
    custodian, owner, number = case
    wanted = {"rev": rev, "values": {"notes": "Mine", "site": "https://mine.example.test/"}}
    said = problem(custodian.ask("PATCH", f"/sample/{number}", json=wanted), 409, "stale")
    assert said["changed"] == ["pieces", "packing"]
    assert "errors" not in said
    assert "Hush" not in str(said)
    told = problem(owner.ask("PATCH", f"/sample/{number}", json=wanted), 409, "stale")
    assert {"notes", "level"} <= set(told["changed"])


def test_what_may_be_read_of_both_versions_is_still_compared(case: tuple[Program, Program, str]) -> None:
    custodian, _owner, number = case
    said = problem(custodian.ask("PATCH", f"/sample/{number}", json={"rev": 1, "values": {"notes": "M"}}), 409, "stale")
    assert set(said["changed"]) == {"notes", "pieces", "level_set_by"}
    said = problem(custodian.ask("PATCH", f"/sample/{number}", json={"rev": 4, "values": {"notes": "M"}}), 409, "stale")
    assert set(said["changed"]) == {"packing", "pieces"}


@pytest.mark.parametrize(
    ("level", "status", "code"), [("confidential", 403, "locked"), ("top_secret", 404, "not_found")]
)
def test_a_record_that_grew_more_secret_meanwhile_answers_as_such(
    case: tuple[Program, Program, str],
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
    level: str,
    status: int,
    code: str,
) -> None:
    custodian, owner, number = case
    read = once.read

    def meanwhile(slug: str, wanted: str) -> records.Sight:
        found = read(slug, wanted)
        raw = {"level": level, "notes": "Hushed meanwhile"}
        records.change(owner.person, "sample", number, raw, rev=5, now=now)
        return found

    monkeypatch.setattr(once, "read", meanwhile)
    for path, body in ((f"/sample/{number}/archive", {"rev": 5, "note": "Old"}),):
        head = case[0]
        answer = head.ask("POST", path, json=body)
        said = answer.get_data(as_text=True)
        assert "Hush" not in said
        assert answer.status_code in (status, 403), said
    answer = custodian.ask("PATCH", f"/sample/{number}", json={"rev": 4, "values": {"notes": "Mine"}})
    assert "Hush" not in answer.get_data(as_text=True)
    problem(answer, status, code)
