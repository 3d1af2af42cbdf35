"""Lists and details of records, as different people see them."""

from __future__ import annotations

from typing import Any

from models.person.roles import Role
from tests.integration.web.records.conftest import Sit


def test_a_list_shows_what_the_person_may_see(sit: Sit, make: Any) -> None:
    owner, colleague = sit(Role.SPECIALIST), sit(Role.SPECIALIST)
    make(owner.person, name="Plain lamp")
    make(owner.person, name="Secret lamp", level="secret")
    make(owner.person, name="Hidden lamp", level="top_secret")
    mine = owner.text("/records/sample/")
    assert all(name in mine for name in ("Plain lamp", "Secret lamp", "Hidden lamp"))
    page = colleague.text("/records/sample/")
    assert "Plain lamp" in page
    assert "Secret lamp" not in page
    assert "S***p" in page
    assert "Hidden" not in page
    assert "YP-2026-000003" not in page


def test_details_show_groups_moves_and_history(sit: Sit, make: Any) -> None:
    owner = sit(Role.SPECIALIST, name="Wang Min")
    made = make(owner.person, name="Plain lamp", amount="12.50", notes="A long note", people=[{"name": "Zhao"}])
    page = owner.text(f"/records/sample/{made['number']}")
    for text in ("Plain lamp", "¥12.50", "A long note", "Zhao", "Submit", "Wang Min"):
        assert text in page, text


def test_a_locked_record_is_a_card_and_a_hidden_one_is_not_there(sit: Sit, make: Any) -> None:
    owner, colleague = sit(Role.SPECIALIST), sit(Role.SPECIALIST)
    locked = make(owner.person, name="Secret lamp", level="secret", notes="inside")
    hidden = make(owner.person, name="Hidden lamp", level="top_secret")
    card = colleague.text(f"/records/sample/{locked['number']}")
    assert "S***p" in card
    assert "Secret lamp" not in card
    assert "inside" not in card
    colleague.text(f"/records/sample/{hidden['number']}", status=404)
