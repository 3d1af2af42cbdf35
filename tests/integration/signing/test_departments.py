"""A task by role is one of the record's department: the same role in another one neither reads nor signs (D1, X3)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from models import climbing, records, registry, schema, store, turns_before, work
from models.access import Purpose
from models.access_request import service as cards
from models.destruction import service as destruction
from models.destruction.document import SLUG as DESTRUCTION
from models.errors import Forbidden, NotFound
from models.office import office_calendar
from models.person.roles import Person, Role
from models.record_type import shipped
from models.registry import UNDER_WAY
from models.reminder import chasing
from models.reminder import service as reminders
from tests.factories.contracts import contract
from tests.factories.customers import customer
from tests.factories.people import person
from tests.integration.signing.conftest import Base, Cast, acting, name
from tests.integration.signing.test_signed import seen
from tests.integration.signing.test_signed_once import decide, file, wish

CALENDAR = office_calendar()
YEARS = timedelta(days=4 * 366)
CARD = "access_request"


def elsewhere(*roles: Role) -> Person:
    return person(*roles, name="Elsewhere", department="sales")


def proposed(cast: Cast, now: datetime, level: str = "top_secret") -> dict[str, Any]:
    """The destruction of a file of the department, waiting for its supervisor."""
    old = customer(cast.owner, now - YEARS, name="远山", level=level, level_basis="x", secret_until=None)
    return destruction.propose(cast.owner, "customer", [old["number"]], "Outdated", now=now)


def signed_contract(cast: Cast, now: datetime, level: str = "confidential") -> dict[str, Any]:
    """A contract of the department that is to be handed in."""
    made = contract(cast.owner, customer(cast.owner, now)["_id"], now, level=level, level_basis="x")
    day = now.date()
    return store.change("contract", made["_id"], {"state": "signed", "signed_on": day}, actor=cast.owner, now=now)


def refused(who: Person, slug: str, record: dict[str, Any], move: str, now: datetime) -> None:
    """A record that there is not for somebody, who makes no move on it either."""
    assert seen(who, record, slug) == ""
    stored = store.fetch(slug, record["_id"])
    assert records.moves(who, registry.get(slug).rt, stored) == []
    with pytest.raises(NotFound):
        records.see(who, slug, record["number"], Purpose.VIEW, now)
    with pytest.raises(NotFound):
        decide(who, slug, record, move, now)


def test_a_destruction_is_signed_by_the_supervisor_and_the_head_of_its_department(cast: Cast, now: datetime) -> None:
    asked, supervisor, head = proposed(cast, now), elsewhere(Role.SUPERVISOR), elsewhere(Role.HEAD)
    refused(supervisor, DESTRUCTION, asked, "sign", now)
    refused(head, DESTRUCTION, asked, "approve", now)
    assert decide(cast.checker, DESTRUCTION, asked, "sign", now)["state"] == "signed"
    refused(head, DESTRUCTION, asked, "approve", now)
    assert decide(cast.head, DESTRUCTION, asked, "approve", now)["state"] == "approved"
    manager = person(Role.GENERAL_MANAGER, department="management")
    assert decide(manager, DESTRUCTION, asked, "countersign", now)["state"] == "cooling"


def test_a_contract_is_handed_in_to_a_custodian_of_its_department(cast: Cast, now: datetime) -> None:
    made, own = signed_contract(cast, now), person(Role.CUSTODIAN)
    refused(elsewhere(Role.CUSTODIAN), "contract", made, "hand_in", now)
    assert seen(own, made, "contract") == "full"
    assert "hand_in" in [move.name for move in records.moves(own, registry.get("contract").rt, made)]


def test_roles_that_serve_the_whole_house_are_waited_for_in_every_department(cast: Cast, now: datetime) -> None:
    made = contract(cast.owner, customer(cast.owner, now)["_id"], now, level="confidential", level_basis="x")
    made = records.move(cast.owner, "contract", made["number"], "submit", {}, rev=1, now=now)
    for role, department in ((Role.FINANCE_REVIEWER, "finance"), (Role.LEGAL_REVIEWER, "legal")):
        reviewer = person(role, department=department)
        assert seen(reviewer, made, "contract") == "full"
        assert [task.sight.number for task in work.desk(reviewer, now, CALENDAR)] == [made["number"]]


def test_desk_and_reminders_hold_nothing_of_another_department(cast: Cast, now: datetime) -> None:
    foreign, own = elsewhere(Role.SUPERVISOR), cast.checker
    asked, later = proposed(cast, now), now + timedelta(days=30)
    chasing.chase_deadlines(later, CALENDAR)
    assert [task.sight.number for task in work.desk(own, later, CALENDAR)] == [asked["number"]]
    assert work.desk(foreign, later, CALENDAR) == []
    assert len(reminders.inbox(own, later, "en")) == 1
    assert reminders.inbox(foreign, later, "en") == []


def test_what_nobody_signed_goes_on_to_the_head_of_its_department(cast: Cast, now: datetime) -> None:
    asker = person(Role.SPECIALIST, name="Asker", manager=elsewhere(Role.SALES_MANAGER).id)
    card, foreign = cards.ask(asker, "sample", file(cast, now), wish(now), now=now), elsewhere(Role.HEAD)
    later = now + timedelta(days=2)
    climbing.climb(later, CALENDAR)
    refused(foreign, CARD, card, "sign", later)
    assert decide(cast.head, CARD, card, "sign", later)["state"] == "signed"


def test_what_is_late_begins_below_an_owner_who_is_head_elsewhere(cast: Cast, now: datetime) -> None:
    foreign = elsewhere(Role.HEAD)
    common = {"subject": "x", "received_at": now, "channel": "phone", "facts": "x", "department": "service"}
    values = {**common, "kind": "complaint", "owner": foreign.id, "state": "recorded", "due_at": now}
    rt = registry.get("complaint").rt
    state = rt.workflow.state("recorded") if rt.workflow else None
    assert state is not None
    assert [climbing._next_step(state, values, {one.id: one}) for one in (foreign,) if one.id] == [1]
    own = {**values, "owner": cast.head.id}
    assert climbing._next_step(state, own, {cast.head.id: cast.head}) == 3  # type: ignore[dict-item]


def test_a_deputy_signs_for_the_head_of_the_record_s_department_only(cast: Cast, now: datetime) -> None:
    """Classified or not: the deputy of another head neither reads nor signs."""
    foreign, other = elsewhere(Role.HEAD), person(Role.SALES_MANAGER, name="Other", department="finance")
    name(foreign, foreign, other, now)
    name(cast.head, cast.head, cast.deputy, now)
    asked = proposed(cast, now, "secret")
    decide(cast.checker, DESTRUCTION, asked, "sign", now)
    refused(acting(other, now), DESTRUCTION, asked, "approve", now)
    assert decide(acting(cast.deputy, now), DESTRUCTION, asked, "approve", now)["state"] == "approved"


def test_a_deputy_of_the_general_manager_signs_whatever_department_it_is_of(cast: Cast, now: datetime) -> None:
    manager = person(Role.GENERAL_MANAGER, name="Manager", department="management")
    name(manager, manager, cast.deputy, now)
    for level, opens in (("secret", "full"), ("top_secret", "")):
        asked = proposed(cast, now, level)
        decide(cast.checker, DESTRUCTION, asked, "sign", now)
        decide(cast.head, DESTRUCTION, asked, "approve", now)
        assert seen(acting(cast.deputy, now), asked, DESTRUCTION) == opens
    asked = proposed(cast, now, "confidential")
    decide(cast.checker, DESTRUCTION, asked, "sign", now)
    decide(cast.head, DESTRUCTION, asked, "approve", now)
    assert decide(acting(cast.deputy, now), DESTRUCTION, asked, "countersign", now)["state"] == "cooling"


def test_who_reads_a_record_otherwise_makes_no_move_of_a_head_on_it(cast: Cast, now: datetime) -> None:
    """Supply is resumed by the head of the file's department, and not by the customer's salesperson who heads sales."""
    seller = person(Role.SALES, Role.HEAD, name="Seller", department="sales")
    made = customer(cast.owner, now, salesperson=seller.id, state="suspended")
    assert seen(seller, made, "customer") == "full"
    with pytest.raises(Forbidden):
        decide(seller, "customer", made, "resume", now)
    assert decide(cast.head, "customer", made, "resume", now)["state"] != "suspended"


def test_a_record_without_a_department_waits_for_no_role_of_one(cast: Cast, db: Base, now: datetime) -> None:
    values = {"uses": ["view"], "reason": "x", "state": "signed", "number_asked": "YP-1"}
    asker = person(Role.SPECIALIST, department="")
    card = store.create(CARD, values, actor=asker, now=now)
    assert (db["record_access_request"].find_one() or {})["waiting"] == ["role:head@"]
    nowhere, deputy = person(Role.HEAD, department=""), cast.deputy
    name(nowhere, nowhere, deputy, now)
    for who in (cast.head, nowhere, acting(deputy, now)):
        refused(who, CARD, card, "approve", now)


# --- what a version before stored


def as_before(db: Base, slug: str, record: dict[str, Any]) -> dict[str, Any]:
    """A record as it was stored when a role was awaited whatever the department."""
    row = db[f"record_{slug}"].find_one({"_id": record["_id"]}) or {}
    plain = {key: [one.replace("@service", "") for one in row[key]] for key in ("acl", "waiting")}
    assert plain["waiting"] != row["waiting"]
    db[f"record_{slug}"].update_one({"_id": record["_id"]}, {"$set": plain})
    return dict(row)


def test_records_of_before_are_given_their_department_by_migrate_once(cast: Cast, db: Base, now: datetime) -> None:
    made = [("contract", signed_contract(cast, now)), (DESTRUCTION, proposed(cast, now))]
    rows = [as_before(db, slug, record) for slug, record in made]
    for slug, record in made:
        assert seen(elsewhere(Role.CUSTODIAN, Role.SUPERVISOR), record, slug) == ""
    assert turns_before.name_departments() == ["named the department of 2 records that wait for a role of it"]
    assert [db[f"record_{slug}"].find_one({"_id": record["_id"]}) for slug, record in made] == rows
    assert not [line for line in schema.migrate() if "named the department" in line]


def test_what_a_version_before_writes_after_that_follows_its_type(cast: Cast, db: Base, now: datetime) -> None:
    made = signed_contract(cast, now)
    shipped.carry_on(now, lambda: True)
    shipped.carry_on(now + UNDER_WAY, lambda: True)
    row = as_before(db, "contract", made)
    db[shipped.BASES].update_one({"_id": "contract"}, {"$set": {"digest": "of the version before"}})
    shipped.carry_on(now, lambda: True)
    shipped.carry_on(now + UNDER_WAY, lambda: True)
    assert db["record_contract"].find_one({"_id": made["_id"]}) == row


def test_types_of_the_database_with_such_turns_are_derived_anew() -> None:
    sample = registry.get("sample").rt
    assert sample.workflow is not None
    states = tuple(replace(state, turn=("head",), climbs=()) for state in sample.workflow.states)
    waiting = replace(sample, workflow=replace(sample.workflow, states=states))
    assert shipped._names(waiting) == ["head"]
    assert shipped._names(replace(sample, workflow=None)) == []
