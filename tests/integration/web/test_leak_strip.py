"""X8, X6: the strip of a leak says of no role that it could sign where those who hold it cannot, and says that only to
whoever reads from what it follows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from config.database import database
from models import records, store
from models.person.roles import Role
from models.reminder.service import unread_count
from tests.factories.desks import Desk
from tests.integration.test_leak import FINDING, REPORT
from tests.integration.web.test_deputies_screen import strip

Sit = Callable[..., Desk]
NOBODY = "(nobody else who may sign)"


@pytest.fixture
def cast(sit: Sit) -> dict[str, Desk]:
    return {
        "reporter": sit(Role.SPECIALIST, name="Reporter"),
        "leaker": sit(Role.SPECIALIST, name="Leaker"),
        "head": sit(Role.HEAD, name="Head"),
        "gm": sit(Role.GENERAL_MANAGER, name="GM", department="management"),
    }


def leak_of(cast: dict[str, Desk], accused: str, by: str, now: datetime, *moves: str) -> str:
    """The address of a leak about somebody, into which somebody else inquired."""
    named = [{"person": str(cast[accused].person.id), "part": "leaked"}]
    leak = records.create(cast["reporter"].person, "leak", {**REPORT, "people": named}, now=now)
    for name in moves:
        rev, raw = store.fetch("leak", leak["_id"])["rev"], FINDING if name == "conclude" else {}
        records.move(cast[by].person, "leak", leak["number"], name, raw, rev=rev, now=now, fresh=True)
    return f"/records/leak/{leak['number']}"


def here(desk: Desk, address: str) -> str:
    return next(step for step in strip(desk.text(address)) if "since" in step)


def test_whom_a_leak_concerns_is_not_told_of_as_the_next_to_sign(cast: dict[str, Desk], now: datetime) -> None:
    address = leak_of(cast, "head", "gm", now, "take_up", "conclude")
    assert f"it also goes to Department head {NOBODY}" in here(cast["gm"], address)
    assert f"waits for General manager {NOBODY}" in here(cast["gm"], address), "who inquired does not close it"


@pytest.mark.parametrize(("accused", "by"), [("head", "gm"), ("leaker", "gm"), ("gm", "head")])
def test_who_inquires_does_not_show_in_the_strip(cast: dict[str, Desk], now: datetime, accused: str, by: str) -> None:
    """Neither to whoever reported it nor to whom it concerns: the one who cannot close it is who inquired."""
    address = leak_of(cast, accused, by, now, "take_up", "conclude")
    for who in ("reporter", *({accused} - {"leaker"})):
        told = here(cast[who], address)
        assert "waits for General manager" in told
        assert NOBODY not in told


def test_a_leak_that_concerns_its_reader_is_not_offered_to_be_changed(
    cast: dict[str, Desk], sit: Sit, now: datetime
) -> None:
    address = leak_of(cast, "head", "gm", now)
    other = sit(Role.HEAD, name="Other head")
    for desk, offered in ((cast["head"], False), (other, True), (cast["reporter"], True)):
        assert (f'href="{address}/edit' in desk.text(address)) is offered
        assert (f'href="{address}/edit' in desk.text("/records/leak/")) is offered
    assert "This record concerns you" in cast["head"].text(f"{address}/edit", status=403)
    assert "This record concerns you" in cast["head"].send(f"{address}/edit", 403, rev="1", subject="x").text


def test_what_came_of_a_leak_is_read_with_it(cast: dict[str, Desk], now: datetime) -> None:
    address = leak_of(cast, "leaker", "head", now, "take_up", "conclude")
    reporter = cast["reporter"]
    assert unread_count(reporter.person) == 0
    found = store.fetch("leak", _id_of(address))
    records.move(cast["gm"].person, "leak", found["number"], "close", {}, rev=found["rev"], now=now, fresh=True)
    assert "Settled: closed" in reporter.text("/")
    reporter.text(address)
    assert unread_count(reporter.person) == 0


def _id_of(address: str) -> Any:
    row = database()["record_leak"].find_one({"number": address.rpartition("/")[2]}, {"_id": 1})
    assert row is not None
    return row["_id"]
