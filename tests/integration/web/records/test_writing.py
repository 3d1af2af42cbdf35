"""Forms: made, refused, saved, saved twice, saved too late."""

from __future__ import annotations

import re
from typing import Any

from models import records, store
from models.person.roles import Role
from tests.integration.web.records.conftest import Sit


def hidden(page: str, name: str) -> str:
    """The value of a hidden input."""
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found, name
    return found.group(1)


def test_a_new_record_is_made_and_opened(sit: Sit) -> None:
    desk = sit(Role.SPECIALIST)
    page = desk.text("/records/sample/new")
    answer = desk.send("/records/sample/new", name="Lamp", amount="1,200", token=hidden(page, "token"))
    assert answer.location == "/records/sample/YP-2026-000001"
    assert "¥1,200.00" in desk.text(answer.location)


def test_a_form_sent_twice_makes_one_record(sit: Sit) -> None:
    desk = sit(Role.SPECIALIST)
    token = hidden(desk.text("/records/sample/new"), "token")
    first = desk.send("/records/sample/new", name="Lamp", token=token)
    second = desk.send("/records/sample/new", name="Lamp", token=token)
    assert first.location == second.location


def test_a_wrong_value_stays_as_typed_beside_its_reason(sit: Sit) -> None:
    desk = sit(Role.SPECIALIST)
    data = {"name": "", "amount": "12 or so", "people-0-name": "Zhao", "people-0-born": "soon"}
    page = desk.send("/records/sample/new", 422, **data).get_data(as_text=True)
    assert 'value="12 or so"' in page
    assert "This should be a number" in page
    assert "This is required." in page
    assert 'href="#people-0-born"' in page
    assert 'value="soon"' in page


def test_an_unknown_field_is_refused_by_name(sit: Sit, make: Any) -> None:
    desk = sit(Role.SPECIALIST)
    for name in ("verdict", "acl", "state", "salary", "people-0-nick", "people-²-name", "$where", "name.x"):
        page = desk.send("/records/sample/new", 400, name="Lamp", **{name: "x"}).get_data(as_text=True)
        assert "There is no field" in page, name


def test_an_edit_changes_only_what_was_changed(sit: Sit, make: Any) -> None:
    desk = sit(Role.SPECIALIST)
    made = make(desk.person, name="Lamp", seen_at="2026-11-22 14:30:45", colours=["red"])
    at = f"/records/sample/{made['number']}"
    page = desk.text(f"{at}/edit")
    desk.send(f"{at}/edit", rev=hidden(page, "rev"), name="Lamp 2", seen_at="2026-11-22T14:30", colours=["", "red"])
    now = store.fetch("sample", made["_id"])
    assert (now["name"], now["seen_at"], now["colours"]) == ("Lamp 2", made["seen_at"], ["red"])
    assert [c["field"].name for c in store.history("sample", made["_id"])[0]["changes"]] == ["name"]


def test_a_stale_save_shows_both_and_can_be_saved_again(sit: Sit, make: Any, now: Any) -> None:
    desk, head = sit(Role.SPECIALIST), sit(Role.HEAD, name="The Head")
    made = make(desk.person, name="Lamp", amount="1", phone="010-12345678")
    at = f"/records/sample/{made['number']}"
    records.change(
        head.person, "sample", made["number"], {"name": "Their lamp", "amount": "2"}, rev=made["rev"], now=now
    )
    data = {"name": "My lamp", "amount": "1.00", "phone": "010-12345678"}
    page = desk.send(f"{at}/edit", 409, rev=made["rev"], **data).get_data(as_text=True)
    for text in ("The Head", "Their lamp", 'value="My lamp"', "¥2.00", 'value="2.00"'):
        assert text in page, text
    desk.send(f"{at}/edit", rev=hidden(page, "rev"), name="My lamp", amount="2.00")
    stored = store.fetch("sample", made["_id"])
    assert (stored["name"], str(stored["amount"]), stored["rev"]) == ("My lamp", "2.00", 3)
