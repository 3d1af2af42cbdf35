"""What a program does through a token stands in the trail with the token beside the person (X7)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from config.database import database
from models import audit, records, registry
from models.merge import moving, service
from models.person.roles import Role
from tests.factories.desks import Desk, seat
from tests.integration.api.conftest import Program, Start
from tests.integration.merge.conftest import MERGED


def tokens_of(number: str) -> list[tuple[str, Any]]:
    """Each entry about a record, oldest first: the act, and the name of the token."""
    rows = audit.entries({"number": number})[::-1]
    return [(row["action"], row["token"]["name"] if "token" in row else None) for row in rows]


@pytest.fixture
def number(head: Program, now: datetime) -> str:
    """A secret record that a program made and changed, and its person changed on the screens."""
    made = head.make(level="secret")
    head.ask("PATCH", f"/sample/{made}", json={"rev": 1, "values": {"pieces": 2}})
    records.change(head.desk.person, "sample", made, {"pieces": "3"}, rev=2, now=now)
    return made


def test_each_entry_names_the_token_and_what_a_person_does_names_none(head: Program, number: str, start: Start) -> None:
    assert tokens_of(number) == [
        ("create", "test"),
        ("view", "test"),
        ("change", "test"),
        ("view", None),
        ("change", None),
    ]
    row = audit.entries({"number": number, "action": "create"})[0]
    stored = database()["token"].find_one({"user": head.person.id})
    assert stored is not None
    assert row["token"] == {"id": stored["_id"], "name": "test"}
    assert (row["actor"], row["actor_name"]) == (head.person.id, head.person.name)
    start(Role.SALES_MANAGER).ask("GET", f"/sample/{number}")
    assert tokens_of(number)[-1] == ("refused", "test")


def test_a_change_of_the_token_in_an_entry_shows(number: str, now: datetime) -> None:
    assert audit.seal(now) > 0
    before = audit.verify().findings
    database()[audit.ENTRIES].update_one({"number": number, "action": "create"}, {"$set": {"token.name": "other"}})
    assert len(audit.verify().findings) == len(before) + 1


def test_references_that_follow_a_merge_name_it_too(head: Program, now: datetime) -> None:
    registry.register(MERGED)
    keep, gone, child = head.make(), head.make(), head.make()
    head.ask("PATCH", f"/sample/{child}", json={"rev": 1, "values": {"parent": gone}})
    head.ask("POST", f"/sample/{keep}/merge", json={"with": gone, "rev": 1, "with_rev": 1})
    assert tokens_of(child)[-1] == ("follow_merge", "test")
    service.undo(head.desk.person, "sample", keep, gone, now=now)
    while moving.carry_on(now, lambda: True)[1]:
        pass
    assert tokens_of(child)[-1] == ("unmerge", None)


def test_the_trail_its_file_and_the_readers_page_show_it(head: Program, number: str, now: datetime) -> None:
    auditor = seat(head.client.application, Role.AUDITOR, now=now)
    said = "head+specialist+custodian, through the token “test”"
    assert said in auditor.text(f"/audit/?number={number}")
    file = auditor.send("/audit/export", 200, number=number).get_data(as_text=True)
    stored = database()["token"].find_one({"user": head.person.id}) or {}
    assert said in file
    assert str(stored["_id"]) in file
    desk: Desk = head.desk
    assert said in desk.text(f"/readers/sample/{number}")
    assert said in desk.text(f"/records/sample/{number}/history")
