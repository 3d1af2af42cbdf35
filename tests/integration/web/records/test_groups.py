"""Groups of a record's page of which little or nothing is filled in yet."""

from __future__ import annotations

import re
from datetime import datetime

from models import store
from models.person.roles import Role
from tests.factories.contracts import contract
from tests.factories.customers import customer
from tests.factories.desks import Desk
from tests.integration.web.records.conftest import Sit


def group(desk: Desk, number: str, name: str) -> str:
    """One group of a contract's page, up to the next one."""
    page = desk.text(f"/records/contract/{number}")
    found = re.search(rf'<details class="group" id="g-{name}".*?(?=<details class="group"|<aside)', page, re.DOTALL)
    assert found is not None
    return found[0]


def test_a_group_in_which_nothing_is_filled_is_its_heading(sit: Sit, now: datetime) -> None:
    desk = sit(Role.SPECIALIST)
    made = contract(desk.person, customer(desk.person, now)["_id"], now)
    shown = group(desk, made["number"], "review")
    assert " open>" not in shown.split("<summary>")[0]
    assert ">Nothing yet</span>" in shown
    assert "0/" not in shown
    dispute = group(desk, made["number"], "dispute")
    assert "Nothing yet" in dispute, "a value that every record begins with is nothing yet"


def test_many_lines_that_decisions_fill_stand_apart_until_then(sit: Sit, now: datetime) -> None:
    desk = sit(Role.SPECIALIST)
    made = contract(desk.person, customer(desk.person, now)["_id"], now)
    store.change(
        "contract", made["_id"], {"submitted_by": desk.person.id, "submitted_at": now}, actor=desk.person, now=now
    )
    shown = group(desk, made["number"], "review")
    now_shown, later = shown.split('<details class="fields-waiting">')
    assert " open>" in now_shown
    for name in ("submitted_by", "submitted_at", "finance_person", "legal_person"):
        assert f'id="f-{name}"' in now_shown, name
    assert "12 lines are filled in later" in later
    assert 'id="f-legal_opinion"' in later
