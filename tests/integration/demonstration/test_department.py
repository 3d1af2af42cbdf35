"""The demonstration department: every role, level and state is there, and there is work for everybody who signs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from pymongo.database import Database

from backoffice.demonstration import department, destruction
from backoffice.demonstration.plan import Act, World
from backoffice.screens.audit_details import NAMES
from backoffice.screens.audit_words import ACTS
from config import database as store
from config.settings import Settings
from models import audit, catalogue, records, registry, schema, turns
from models.access import Purpose
from models.access_request.grants import grants_in_force
from models.declarations import Level
from models.person import service
from models.person.roles import APPROVING, Person, Role
from models.record import collection_name
from models.reminder import service as reminders
from tests.conftest import NOW

Base = Database[dict[str, Any]]
BROKEN_OFF_AFTER = 900


class PowerCut(Exception):
    """The filling is broken off."""


@pytest.fixture(scope="module")
def filled(connected: Settings) -> Iterator[Base]:
    """The department, whose filling was broken off once and taken up again."""
    base = store.connect(connected)
    catalogue.load()
    schema.migrate()
    usual, taken = Act.take, []

    def take(act: Act, world: World) -> None:
        taken.append(act)
        if len(taken) == BROKEN_OFF_AFTER:
            raise PowerCut
        usual(act, world)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Act, "take", take)
        with pytest.raises(PowerCut):
            department.fill(NOW)
    assert department.fill(NOW.replace(hour=5)).steps > 0
    yield base
    for name in base.list_collection_names():
        base[name].delete_many({})


@pytest.fixture
def people(filled: Base) -> list[Person]:
    return [service.person_of(row) for row in service.trial_people()]


def one(people: list[Person], name: str) -> Person:
    return next(person for person in people if person.name == name)


def test_every_role_is_held_by_somebody_who_can_be_tried(people: list[Person]) -> None:
    assert {role for person in people for role in person.roles} == set(Role)
    assert len(people) >= 12
    assert all(row["trial_zh"] and row["trial_en"] and not row["password"] for row in service.trial_people())


def test_requests_have_somebody_to_sign_them(people: list[Person]) -> None:
    by_id = {person.id: person for person in people}
    specialists = [person for person in people if person.has(Role.SPECIALIST)]
    assert len(specialists) == 3
    managers = {role for person in specialists for role in by_id[person.manager].roles}
    assert {Role.HEAD, Role.SUPERVISOR} <= managers


def test_most_files_that_were_given_to_a_specialist_were_completed_and_some_are_open(filled: Base) -> None:
    customers = filled[collection_name("customer")]
    given = {"completion_due": {"$ne": None}, "archived": {"$ne": True}}
    late = {"assigned_at": {"$lt": NOW - timedelta(days=8)}, "completed_on": None}
    assert customers.count_documents(given) > 60
    assert 0 < customers.count_documents({**given, **late}) < 10
    assert customers.count_documents({**given, "completed_on": {"$ne": None}}) > 60


def test_there_are_three_hundred_customers_of_every_level(filled: Base) -> None:
    customers = filled[collection_name("customer")]
    assert customers.count_documents({}) == 300 + destruction.left()
    counts = {level: customers.count_documents({"level": level.value}) for level in Level}
    assert counts[Level.INTERNAL] > counts[Level.SECRET] > counts[Level.CONFIDENTIAL] > counts[Level.TOP_SECRET] > 2


@pytest.mark.parametrize("slug", [rt.slug for rt, _ in catalogue.SHIPPED if rt.classified])
def test_nothing_is_classified_beyond_its_period(filled: Base, slug: str) -> None:
    over = {"level": {"$ne": Level.INTERNAL.value}, "secret_until": {"$lt": NOW}}
    assert filled[collection_name(slug)].count_documents(over) == 0


@pytest.mark.parametrize("slug", [rt.slug for rt, _ in catalogue.SHIPPED])
def test_every_state_of_every_workflow_is_there(filled: Base, slug: str) -> None:
    rt = registry.get(slug).rt
    states = {state.value for state in rt.workflow.states} if rt.workflow else set()
    assert states <= set(filled[collection_name(slug)].distinct("state"))


@pytest.mark.parametrize("role", sorted({*APPROVING, Role.SPECIALIST, Role.SALES}))
def test_something_waits_for_everybody_who_signs(filled: Base, people: list[Person], role: Role) -> None:
    tokens = {token for person in people if person.has(role) for token in turns.turn_tokens(person)}
    waiting = [
        row
        for rt in registry.all_types()
        for row in filled[collection_name(rt.slug)].find({"waiting": {"$in": sorted(tokens)}}, {"acl": 1})
    ]
    assert waiting


def test_a_privileged_role_waits_for_its_second_person(filled: Base) -> None:
    assert filled["role_proposal"].count_documents({"state": "pending"}) == 1


def test_work_is_late_due_today_and_due_later(filled: Base) -> None:
    end = NOW.replace(hour=10)
    for slug in ("contract", "complaint", "revisit", "credit_report"):
        due = [row["due_at"] for row in filled[collection_name(slug)].find({"due_at": {"$ne": None}})]
        assert any(at < NOW for at in due), slug
        assert any(NOW <= at <= end for at in due), slug
        assert any(at > end for at in due), slug
    assert filled[collection_name("review")].count_documents({"state": "open", "due_at": {"$lt": NOW}})


def test_credit_was_decided_in_every_grade_and_by_reports(filled: Base) -> None:
    assert set(filled[collection_name("customer")].distinct("grade")) >= set("ABCD")
    decided = filled["record_version"].count_documents({"action": "credit_decision", "note": {"$regex": "^XY-"}})
    assert decided == filled[collection_name("credit_report")].count_documents({"state": "approved"})


def test_a_grant_opens_a_confidential_file_to_one_person_only(filled: Base, people: list[Person]) -> None:
    granted = filled[collection_name("access_request")].find_one({"state": "granted", "level_asked": "confidential"})
    assert granted is not None
    reader = next(person for person in people if person.id == granted["created_by"])
    number, slug = granted["number_asked"], granted["type_asked"]
    admitted = replace(reader, grants=grants_in_force(reader, NOW))
    assert records.see(admitted, slug, number, Purpose.VIEW, NOW).full
    assert not records.see(one(people, "林知夏"), slug, number, Purpose.VIEW, NOW).full


def test_originals_are_out_and_overdue(filled: Base) -> None:
    lent = list(filled[collection_name("contract")].find({"state": "lent"}))
    assert any(row["due_at"] < NOW for row in lent)
    assert any(row["due_at"] > NOW for row in lent)
    assert filled[collection_name("contract")].count_documents({"loans.0": {"$exists": True}})
    assert filled["attachment.files"].count_documents({"metadata.record": {"$ne": None}}) > 3


def test_history_reaches_back_and_never_ahead(filled: Base) -> None:
    first = filled["record_version"].find_one(sort=[("at", 1)])
    last = filled["record_version"].find_one(sort=[("at", -1)])
    assert first is not None
    assert last is not None
    assert (NOW - first["at"]).days > 500
    assert last["at"] <= NOW
    numbers = [row["number"] for row in filled[collection_name("customer")].find().sort("created_at", 1)]
    assert numbers == sorted(numbers)


def test_the_audit_trail_holds_together(filled: Base, now: datetime) -> None:
    while audit.seal(now):
        pass
    verdict = audit.verify()
    assert verdict.findings == ()
    assert verdict.checked > 2000


def test_the_trail_is_told_in_words_that_it_knows(filled: Base) -> None:
    entries = list(filled[audit.ENTRIES].find({}, {"action": 1, "detail": 1}))
    moves = {move.name for rt in registry.all_types() if rt.workflow for move in rt.workflow.transitions}
    assert {row["action"] for row in entries} <= set(ACTS) | moves
    assert {name for row in entries for name in row.get("detail") or {}} <= set(NAMES)


def test_a_second_run_adds_nothing(filled: Base) -> None:
    before = {name: filled[name].estimated_document_count() for name in filled.list_collection_names()}
    again = department.fill(NOW.replace(day=24))
    assert again.steps == 0
    assert again.since == NOW
    after = {name: filled[name].estimated_document_count() for name in filled.list_collection_names()}
    assert after == before


def test_specialists_and_the_head_find_unread_reminders(people: list[Person]) -> None:
    for person in people:
        if person.has(Role.SPECIALIST, Role.HEAD):
            assert reminders.unread_count(person) > 0, person.name
