"""A late complaint goes up one level per step: it waits for the next one too, who is told once (T6)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from pymongo.database import Database

from models import access, audit, climbing, foresight, store, work, workload
from models.access import Purpose
from models.complaint.document import COMPLAINT
from models.key_vault.vault import vault
from models.office import office_calendar
from models.person.roles import Person, Role, StandIn
from models.reminder import chasing, service
from models.reminder.document import REMINDERS
from tests.factories.commands import commands
from tests.factories.people import person
from tests.integration.complaint.test_complaints import act, record, resolved

DB = Database[dict[str, Any]]
CALENDAR = office_calendar()


@pytest.fixture
def supervisor(db: DB) -> Person:
    return person(Role.SUPERVISOR, name="Supervisor")


@pytest.fixture
def manager(db: DB) -> Person:
    return person(Role.GENERAL_MANAGER, name="Manager", department="management")


def after_due(complaint: dict[str, Any], hours: float) -> datetime:
    """So many working hours after a complaint was due."""
    return CALENDAR.add_working_hours(complaint["due_at"], hours).at


def climbed(complaint: dict[str, Any], at: datetime) -> int:
    climbing.climb(at, CALENDAR)
    return store.fetch("complaint", complaint["_id"])["climbed"] or 0


def reads(who: Person, complaint: dict[str, Any]) -> bool:
    current = store.fetch("complaint", complaint["_id"])
    return access.reach(who, COMPLAINT, Purpose.VIEW).sees(current["acl"]) == "full"


def steps_told(db: DB, who: Person) -> list[str]:
    rows = db[REMINDERS].find({"person": who.id, "closed_at": None}).sort("_id", 1)
    return [row["step"] for row in rows]


def test_it_goes_up_at_its_time_and_with_each_step_after_it(
    owner: Person, supervisor: Person, head: Person, manager: Person, now: datetime
) -> None:
    complaint = record(owner, now, level="secret", level_basis="一般往来")
    due = complaint["due_at"]
    assert climbed(complaint, due - timedelta(minutes=1)) == 0
    assert not reads(supervisor, complaint)
    found = [(hours, climbed(complaint, after_due(complaint, hours))) for hours in (0.02, 23.9, 24, 47.9, 48, 90)]
    assert found == [(0.02, 1), (23.9, 1), (24, 2), (47.9, 2), (48, 3), (90, 3)]
    assert reads(supervisor, complaint)
    assert reads(manager, complaint)
    assert store.fetch("complaint", complaint["_id"])["rev"] == complaint["rev"]


def test_each_level_is_told_once_and_the_owner_each_working_day(
    owner: Person, supervisor: Person, head: Person, manager: Person, now: datetime, db: DB
) -> None:
    complaint = record(owner, now)
    first = after_due(complaint, 0.5)
    climbed(complaint, first)
    chasing.chase_deadlines(first, CALENDAR)
    assert (steps_told(db, supervisor), steps_told(db, head), steps_told(db, manager)) == (["climbed"], [], [])
    assert steps_told(db, owner) == ["late"]
    for day in (1, 2):  # told as late anew each day; who has it from below is not
        chasing.chase_deadlines(first + timedelta(days=day), CALENDAR)
    assert steps_told(db, supervisor) == ["climbed"]
    second = after_due(complaint, 48.5)
    climbed(complaint, second)
    chasing.chase_deadlines(second, CALENDAR)
    assert (steps_told(db, head), steps_told(db, manager)) == (["climbed"], ["climbed"])
    assert [told.number for told in service.inbox(manager, second, "zh")] == [complaint["number"]]
    assert chasing.announce_stuck(second) == chasing.Chased(), "nothing was to be signed"


def test_it_lies_on_the_desk_of_the_next_level_who_may_give_it_to_somebody_else(
    owner: Person, clerk: Person, manager: Person, now: datetime
) -> None:
    complaint = record(owner, now)
    later = after_due(complaint, 48.5)
    climbed(complaint, later)
    [task] = work.desk(manager, later, CALENDAR)
    assert (task.sight.number, task.pile) == (complaint["number"], work.Pile.LATE)
    moved = act(manager, complaint, "hand_over", later, "请尽快处理", owner=str(clerk.id))
    assert moved["owner"] == clerk.id


def test_what_was_reopened_comes_back_to_its_owner_and_not_to_the_level_that_it_went_up_to(
    owner: Person, clerk: Person, supervisor: Person, now: datetime
) -> None:
    complaint = resolved(owner, now)
    act(owner, complaint, "close", now, cause="包装破损", satisfaction="partly", customer_answer="尚可")
    again = act(owner, complaint, "reopen", now, "问题再次出现")
    given = act(owner, complaint, "hand_over", now, "请接手", owner=str(clerk.id))
    late = after_due(again, 1)
    climbed(given, late)
    piles = [[task.pile.value for task in work.desk(who, late, CALENDAR)] for who in (clerk, supervisor)]
    assert piles == [["returned"], ["late"]]


def test_a_late_answer_and_a_later_date_agreed_bring_it_down_again(
    owner: Person, supervisor: Person, now: datetime
) -> None:
    complaint = record(owner, now, level="secret", level_basis="一般往来")
    act(owner, complaint, "judge", now, founded="yes", severity="high", problem="quality")
    assigned = act(owner, complaint, "assign", now, owner=str(owner.id))
    answered = act(owner, complaint, "answer", now, answer="正在核查")
    late = after_due(answered, 1)
    assert climbed(complaint, late) == 1
    agreed = (late + timedelta(days=3)).strftime("%Y-%m-%dT%H:%M")
    put_off = act(owner, complaint, "agree_later", late, "客户同意", agreed_until=agreed)
    assert put_off["due_at"] > assigned["due_at"]
    assert (put_off["climbed"], reads(supervisor, complaint)) == (None, False)
    assert climbed(complaint, put_off["due_at"] - timedelta(minutes=1)) == 0
    assert climbed(complaint, after_due(put_off, 0.1)) == 1


def test_another_deadline_in_the_same_state_brings_it_down_too(owner: Person, now: datetime) -> None:
    complaint = record(owner, now)
    late = after_due(complaint, 1)
    assert climbed(complaint, late) == 1
    later = late + timedelta(hours=1)
    moved = store.change(
        "complaint", complaint["_id"], {"received_at": late - timedelta(hours=1)}, actor=owner, now=later
    )
    assert (moved["state"], moved["climbed"]) == ("recorded", None)


def test_who_handles_it_stands_on_a_level_already(
    head: Person, supervisor: Person, manager: Person, now: datetime
) -> None:
    level = {"level": "confidential", "level_basis": "重要往来"}
    complaint, other = record(head, now, **level), record(supervisor, now)
    late = after_due(complaint, 0.1)
    assert climbed(complaint, late) == 3
    assert store.fetch("complaint", other["_id"])["climbed"] == 2
    assert [reads(who, complaint) for who in (supervisor, head, manager)] == [False, True, True]


def test_whom_it_passes_over_is_neither_told_nor_foreseen(
    head: Person, supervisor: Person, manager: Person, now: datetime, db: DB
) -> None:
    complaint = record(head, now)  # internal: the supervisor reads it as everybody of the department
    seen = foresight.next_day(head, complaint["due_at"] - timedelta(days=1), CALENDAR)
    assert {coming.person for coming in seen.reminders if coming.step.value == "climbed"} == set()
    late = after_due(complaint, 0.1)
    climbed(complaint, late)
    chasing.chase_deadlines(late, CALENDAR)
    assert (steps_told(db, supervisor), steps_told(db, manager)) == ([], ["climbed"])
    assert work.desk(supervisor, late, CALENDAR) == []


def test_whom_it_passed_over_gets_it_when_it_is_late_anew_with_another(
    head: Person, clerk: Person, supervisor: Person, now: datetime, db: DB
) -> None:
    complaint = record(head, now, level="confidential", level_basis="重要往来")
    late = after_due(complaint, 0.1)
    climbed(complaint, late)
    act(head, complaint, "judge", late, founded="yes", severity="high", problem="quality")
    given = act(head, complaint, "assign", late, owner=str(clerk.id))
    assert (given["climbed"], given["climbed_from"]) == (None, None)
    assert "climbed_from" not in (db["record_complaint"].find_one({"_id": complaint["_id"]}) or {})
    assert climbed(given, late + timedelta(minutes=1)) == 1
    assert reads(supervisor, complaint)


def test_given_to_somebody_above_them_it_is_closed_to_whom_it_had_gone_up(
    owner: Person, head: Person, supervisor: Person, manager: Person, now: datetime
) -> None:
    complaint = record(owner, now, level="confidential", level_basis="重要往来")
    late = after_due(complaint, 0.1)
    assert climbed(complaint, late) == 1
    assert reads(supervisor, complaint)
    store.change("complaint", complaint["_id"], {"owner": head.id}, actor=head, now=late)
    assert not reads(supervisor, complaint)
    assert climbed(complaint, late + timedelta(minutes=1)) == 3
    assert [reads(who, complaint) for who in (supervisor, head, manager)] == [False, True, True]


@pytest.mark.parametrize("role", [Role.SUPERVISOR, Role.HEAD])
def test_it_goes_up_within_its_department(
    owner: Person, supervisor: Person, head: Person, role: Role, now: datetime, db: DB
) -> None:
    elsewhere = person(role, name="Elsewhere", department="sales")
    nowhere = person(role, name="Nowhere", department="")
    stands_in = replace(person(Role.SALES, department="sales"), stands_in=(StandIn(elsewhere),))
    complaint = record(owner, now, level="confidential", level_basis="重要往来")
    late = after_due(complaint, 24.5)
    climbed(complaint, late)
    chasing.chase_deadlines(late, CALENDAR)
    waiting = store.fetch("complaint", complaint["_id"])
    assert not any(reads(who, complaint) for who in (elsewhere, nowhere, stands_in))
    assert not any(work.is_turn_of(who, COMPLAINT, waiting) for who in (elsewhere, nowhere))
    assert [steps_told(db, who) for who in (elsewhere, nowhere)] == [[], []]
    assert [steps_told(db, who) for who in (supervisor, head)] == [["climbed"], ["climbed"]]
    assert [work.desk(who, late, CALENDAR) for who in (elsewhere, nowhere)] == [[], []]
    assert len(work.desk(supervisor, late, CALENDAR)) == 1


def test_one_of_no_department_goes_up_to_the_general_manager_alone(
    owner: Person, supervisor: Person, manager: Person, now: datetime, db: DB
) -> None:
    nowhere = person(Role.SUPERVISOR, name="Nowhere", department="")
    complaint = record(owner, now, level="secret", level_basis="一般往来")
    db["record_complaint"].update_one({"_id": complaint["_id"]}, {"$unset": {"department": ""}})
    climbed(complaint, after_due(complaint, 48.5))
    climbed(complaint, after_due(complaint, 48.5))
    assert [reads(who, complaint) for who in (nowhere, supervisor, manager)] == [False, False, True]


def test_what_nobody_owns_is_the_work_of_the_level_to_which_it_went_up(
    owner: Person, head: Person, now: datetime, db: DB
) -> None:
    complaint = record(owner, now)
    db["record_complaint"].update_one({"_id": complaint["_id"]}, {"$unset": {"owner": ""}})
    late = after_due(complaint, 0.1)
    climbed(complaint, late)
    assert [(load.role, load.late) for load in workload.behind(head, late)] == [(Role.SUPERVISOR, 1)]


def test_what_two_runs_found_at_once_takes_one_step(
    owner: Person, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    complaint = record(owner, now)
    late, found = after_due(complaint, 0.1), climbing._stuck

    def overtaken(*asked: Any) -> list[dict[str, Any]]:
        rows = found(*asked)
        monkeypatch.setattr(climbing, "_stuck", found)
        if rows:
            climbing.climb(late, CALENDAR)
        else:
            monkeypatch.setattr(climbing, "_stuck", overtaken)
        return rows

    monkeypatch.setattr(climbing, "_stuck", overtaken)
    assert climbing.climb(late, CALENDAR) == 0
    assert store.fetch("complaint", complaint["_id"])["climbed"] == 1


def test_a_top_secret_one_opens_to_no_role_on_its_way(owner: Person, supervisor: Person, now: datetime) -> None:
    complaint = record(owner, now, level="top_secret", level_basis="重大")
    climbed(complaint, after_due(complaint, 1))
    assert not reads(supervisor, complaint)


def test_what_waits_for_the_customers_answer_goes_up_to_nobody(owner: Person, now: datetime) -> None:
    complaint = resolved(owner, now)
    assert climbed(complaint, after_due(complaint, 30)) == 0


def test_each_step_is_an_entry_of_the_trail(owner: Person, now: datetime, db: DB) -> None:
    complaint = record(owner, now)
    climbed(complaint, after_due(complaint, 24.5))
    found = db[audit.ENTRIES].find({"action": climbing.LATE_ACTION}).sort("at", 1)
    assert [(row["actor_name"], row["detail"]["step"], row["detail"]["to"]) for row in found] == [
        ("system", 1, ["supervisor"]),
        ("system", 2, ["head"]),
    ]


def test_what_will_have_gone_up_is_foreseen_without_a_key(owner: Person, now: datetime, db: DB) -> None:
    made = [record(owner, now, contact_phone=f"1380000000{n}") for n in range(3)]
    tuesday = made[0]["due_at"] - timedelta(days=1)
    vault().forget()
    with commands.heard() as heard:
        coming = [one for _rt, one in climbing.coming(tuesday, tuesday + timedelta(days=2), CALENDAR)]
    assert {one["_id"] for one in coming} == {one["_id"] for one in made}
    assert "find key" not in heard
    climbing.climb(made[0]["due_at"] + timedelta(minutes=1), CALENDAR)
    decided = ("_id", "climbed", "acl", "waiting")
    gone_up = db["record_complaint"].find({}, dict.fromkeys(decided, 1))
    told = [{name: one[name] for name in decided} for one in coming]
    assert sorted(told, key=lambda one: one["_id"]) == list(gone_up.sort("_id", 1))


def test_the_head_foresees_what_will_have_gone_up_tomorrow(
    owner: Person, supervisor: Person, head: Person, now: datetime
) -> None:
    complaint = record(owner, now)  # due on Wednesday at 16:00
    tuesday = complaint["due_at"] - timedelta(days=1)
    seen = foresight.next_day(head, tuesday, CALENDAR)
    told = {(coming.person, coming.step.value) for coming in seen.reminders}
    assert (supervisor.id, "climbed") in told
    assert (owner.id, "climbed") not in told
