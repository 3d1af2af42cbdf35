"""That nobody holds a role is told to who gives roles, to the head, and where a record stands."""

from __future__ import annotations

from datetime import datetime

from models.access_request import service as cards
from models.person.roles import Role
from tests.factories.customers import customer
from tests.factories.people import person
from tests.factories.web_fixtures import Sit

OTHERS = (
    Role.SALES_MANAGER,
    Role.FINANCE_REVIEWER,
    Role.LEGAL_REVIEWER,
    Role.CREDIT_GROUP,
    Role.GENERAL_MANAGER,
    Role.CUSTODIAN,
)


def test_the_administrator_and_the_head_are_told_and_nobody_else(sit: Sit) -> None:
    admin, head, owner = sit(Role.ADMINISTRATOR, department="it"), sit(Role.HEAD), sit(Role.SPECIALIST)
    for role in OTHERS:
        person(role)
    told = "Nobody in Customer service is: Information supervisor."
    page = admin.text("/")
    assert told in page
    assert 'href="/people/"' in page
    assert "Nobody in the house" not in page
    assert told in head.text("/")
    assert told not in owner.text("/")
    person(Role.SUPERVISOR)
    assert told not in admin.text("/")


def test_where_a_record_stands_says_that_nobody_holds_the_role_it_waits_for(sit: Sit, now: datetime) -> None:
    owner, reader = sit(Role.SPECIALIST), sit(Role.SPECIALIST, name="Reader")
    made = customer(owner.person, now, level="secret", level_basis="x")
    wish = {"uses": ["view"], "reason": "核对", "valid_from": "", "valid_until": now.date().isoformat()}
    request = cards.ask(reader.person, "customer", made["number"], wish, now=now)
    at = f"/records/access_request/{request['number']}"
    assert "waits for Department head (held by nobody)" in reader.text(at)
    person(Role.HEAD)
    page = reader.text(at)
    assert "waits for Department head" in page
    assert "held by nobody" not in page.split("if nobody signs")[0]
