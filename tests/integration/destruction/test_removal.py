"""D2: after the third signature and the cooling-off nothing of the content is left, and nothing of it is reached."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from types import ModuleType
from typing import Any

import pytest
from pymongo.database import Database

from config.database import database
from models import access, audit, names, registry, store
from models.access import Purpose
from models.destruction import everywhere, removal, traces
from models.destruction.document import SLUG
from models.errors import NotFound
from models.key_vault import copies
from models.key_vault import service as vault
from models.person.roles import Role
from models.records import read
from tests.factories.people import person
from tests.integration.destruction.conftest import SETTLED, WEEK, Cast, carried_out, old_file, signed
from tests.integration.destruction.house import holding_id, plant, said

Base = Database[dict[str, Any]]
KNOW_THE_ID = {"audit", "destroyed_record", "destroyed_part", "merge", "spent_token"}
"""Who may keep the id of a destroyed record: it says nothing, and pointers of other records keep it too."""


def test_no_word_of_a_destroyed_file_is_left_anywhere(cast: Cast, now: datetime) -> None:
    """Every collection is searched, whatever it is called."""
    planted = plant(cast, now)
    assert len(said(planted.words)) > 8
    assert len(planted.words) > 20
    asked = signed(cast, [planted.record], now)
    carried_out(now + WEEK)
    assert store.fetch(SLUG, asked["_id"])["state"] == "destroyed"
    assert said(planted.words) == {}
    left = [name for name in ("import_file.files", "attachment.files", "saved_view", "import_line") if count(name)]
    assert left == []
    pointing = {f"record_{slug}" for slug in planted.pointing}
    assert holding_id(planted.record["_id"]) <= KNOW_THE_ID | pointing | {"record_version"}


def test_the_backup_of_the_keys_is_written_once_before_the_trail_says_of_any_record_that_it_is_gone(
    cast: Cast, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    planted = plant(cast, now)
    signed(cast, [planted.record], now)
    told: list[int] = []
    monkeypatch.setattr(copies, "keep_up", lambda: told.append(len(audit.entries({"action": "destroyed"}))))
    carried_out(now + WEEK)
    assert told == [0]
    assert len(audit.entries({"action": "destroyed"})) == 2


def count(name: str) -> int:
    return database()[name].count_documents({})


def test_the_register_keeps_what_is_no_content_and_the_trail_verifies(
    cast: Cast, old: dict[str, Any], now: datetime
) -> None:
    asked = signed(cast, [old], now)
    carried_out(now + WEEK)
    after = store.fetch(SLUG, asked["_id"])
    assert (after["state"], after["destroyed_at"]) == ("destroyed", now + WEEK + SETTLED)
    assert after["items"] == [
        {
            "number": old["number"],
            "level": "secret",
            "rev": 1,
            "parts": None,
            "outcome": "destroyed",
            "at": now + WEEK + SETTLED,
        }
    ]
    (entry,) = audit.entries({"action": "destroyed"})
    assert (entry["record"], entry["number"], entry["level"]) == (old["_id"], old["number"], "secret")
    assert entry["detail"] == {"destruction": asked["number"]}
    assert vault.held_keys([old["_id"]]) == {}


def test_a_destroyed_record_answers_as_one_that_never_was(
    cast: Cast, old: dict[str, Any], now: datetime, db: Base
) -> None:
    signed(cast, [old], now)
    removal.begin_due(now + WEEK)
    for who in (cast.owner, cast.head, cast.manager):
        with pytest.raises(NotFound):
            read(who, "customer", old["number"], Purpose.VIEW, now)
    with pytest.raises(NotFound):
        store.change("customer", old["_id"], {"address": "x"}, actor=cast.owner, now=now)
    assert db["record_customer"].count_documents({}) == 0


def test_who_points_to_it_reads_that_it_is_destroyed_if_they_could_know_of_it(cast: Cast, now: datetime) -> None:
    planted = plant(cast, now)
    signed(cast, [planted.record], now)
    carried_out(now + WEEK)
    told = names.one(cast.owner, "customer", planted.record["_id"], "zh")
    assert (told.text, told.number) == (f"已销毁 {planted.number}", "")
    stranger = person(Role.SALES, department="sales")
    assert names.one(stranger, "customer", planted.record["_id"], "zh").text == names.HIDDEN
    review = store.fetch("review", planted.pointing["review"]["_id"])
    assert review["customer"] == planted.record["_id"]
    assert review["customer_name"] == f"已销毁 {planted.number}"
    rt = registry.get("review").rt
    assert access.reach(cast.head, rt, Purpose.VIEW).sees(review["acl"]) == "full"


@pytest.mark.parametrize(("room", "step"), [(room, step) for room in (everywhere, traces) for step in room.STEPS])
def test_broken_off_at_any_step_it_ends_the_same(
    cast: Cast, now: datetime, room: ModuleType, step: Callable[[Any], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    planted = plant(cast, now)
    asked = signed(cast, [planted.record], now)
    removal.begin_due(now + WEEK)
    calls = list[int]()

    def dies(of: Any) -> None:
        step(of)
        calls.append(1)
        if len(calls) == 1:
            raise KeyboardInterrupt

    steps = [dies if one is step else one for one in room.STEPS]
    monkeypatch.setattr(room, "STEPS", tuple(steps))
    with pytest.raises(KeyboardInterrupt):
        removal.work("first", now + WEEK + SETTLED, settled=timedelta())
    carried_out(now + WEEK)
    assert store.fetch(SLUG, asked["_id"])["state"] == "destroyed"
    assert said(planted.words) == {}
    assert len(audit.entries({"action": "destroyed"})) == 2  # the file, and the one that was merged into it


def test_two_schedulers_at_once_destroy_each_record_once(cast: Cast, now: datetime, db: Base) -> None:
    files = [old_file(cast, now, name=f"公司{place}有限公司") for place in range(4)]
    asked = signed(cast, files, now)
    turns = iter([True] * (len(everywhere.STEPS) + 2))
    removal.begin_due(now + WEEK)
    assert removal.begin_due(now + WEEK) == 0
    removal.work("first", now + WEEK + SETTLED, lambda: next(turns, False), settled=timedelta())
    assert 0 < db["destruction_aside"].count_documents({"emptied": None}) < 4
    assert audit.entries({"action": "destroyed"}) == []
    carried_out(now + WEEK)
    assert len(audit.entries({"action": "destroyed"})) == 4
    assert {item["outcome"] for item in store.fetch(SLUG, asked["_id"])["items"]} == {"destroyed"}
