"""One tick: what runs, what is caught up, what a failure leaves behind."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pymongo.errors import AutoReconnect

from jobs import execution
from jobs.table import CatchUp
from models.job import lease as leases
from models.job import runs, service
from models.job.rules import MAX_ATTEMPTS, AlreadyRun, Kind, LeaseLost, State, UnknownJob
from tests.integration.jobs.conftest import Office
from tests.integration.jobs.sample import COPIES, EFFECTS, table


def test_a_new_job_waits_for_its_first_time(office: Office) -> None:
    tick = office.open(table("add", minutes=60))
    assert tick() == []
    assert [s.next_planned for s in service.schedules()] == [office.clock.now + timedelta(hours=1)]


def test_a_due_job_runs_once_and_its_schedule_moves_on(office: Office) -> None:
    tick = office.open(table("add"))
    office.clock.turn(seconds=61)
    (run,) = tick()
    assert tick() == []
    assert (run.state, run.counts, run.late) == (State.DONE, {"added": 1}, False)
    assert office.effects() == 1
    (schedule,) = service.schedules()
    assert schedule.last == run
    assert schedule.next_planned == run.planned + timedelta(minutes=1)


def test_the_work_sees_the_planned_time_and_not_the_present(office: Office) -> None:
    tick = office.open(table("add", minutes=60))
    planned = office.clock.now + timedelta(hours=1)
    office.clock.turn(hours=1, minutes=3)
    tick()
    assert [e["planned"] for e in office.db[EFFECTS].find()] == [planned]


def test_after_a_long_downtime_the_latest_occurrence_is_caught_up_once_and_marked_late(
    office: Office,
) -> None:
    tick = office.open(table("add", minutes=60))
    office.clock.turn(days=10, minutes=30)
    (run,) = tick()
    assert tick() == []
    assert run.late
    assert run.planned == office.clock.now - timedelta(minutes=30)
    office.clock.turn(minutes=30)
    assert [r.late for r in tick()] == [False]
    assert office.effects() == 2


def test_a_job_that_skips_what_it_missed_comes_at_its_next_time(office: Office) -> None:
    tick = office.open(table("add", minutes=60, catch_up=CatchUp.SKIP))
    office.clock.turn(days=10, minutes=30)
    assert tick() == []
    office.clock.turn(minutes=30)
    assert [r.late for r in tick()] == [False]


@pytest.mark.parametrize("work", ["quarrel", "stumble"])
def test_a_failing_job_shows_its_error_leaves_nothing_and_comes_again(office: Office, work: str) -> None:
    tick = office.open(table(work))
    office.clock.turn(minutes=1)
    (run,) = tick()
    assert run.state is State.FAILED
    assert office.effects() == 0
    assert service.schedules()[0].last == run
    office.clock.turn(minutes=1)
    assert [r.state for r in tick()] == [State.FAILED]


def test_an_error_tells_the_place_and_never_the_value(office: Office) -> None:
    tick = office.open(table("stumble"))
    office.clock.turn(minutes=1)
    (run,) = tick()
    assert run.error.startswith("KeyError in stumble (sample.py:")
    assert "Wang" not in str(office.db["job_run"].find_one())


def test_an_error_meant_for_the_history_is_shown_in_full(office: Office) -> None:
    tick = office.open(table("quarrel"))
    office.clock.turn(minutes=1)
    assert [r.error for r in tick()] == ["the ledger is closed"]


def test_a_job_that_is_switched_off_does_not_run_and_misses_nothing_later(office: Office) -> None:
    tick = office.open(table("add"))
    office.db["job_schedule"].update_one({"_id": "sample"}, {"$set": {"enabled": False}})
    office.clock.turn(hours=5)
    assert tick() == []
    office.db["job_schedule"].update_one({"_id": "sample"}, {"$set": {"enabled": True}})
    assert tick() == []
    office.clock.turn(minutes=1)
    assert len(tick()) == 1


def test_set_work_outside_a_transaction_runs_and_is_recorded(office: Office) -> None:
    office.db[EFFECTS].insert_many([{}, {}, {}])
    tick = office.open(table("copy", transactional=False))
    office.clock.turn(minutes=1)
    assert [(r.state, r.counts) for r in tick()] == [(State.DONE, {"copied": 3})]


def test_the_same_occurrence_cannot_be_taken_twice(office: Office) -> None:
    lease = leases.acquire("first")
    assert lease
    planned = office.clock.now
    runs.take("sample", planned, lease=lease, now=planned, late=False)
    with pytest.raises(AlreadyRun):
        runs.take("sample", planned, lease=lease, now=planned, late=False)


def test_an_occurrence_that_has_run_before_is_left_out_when_the_schedule_forgot_it(office: Office) -> None:
    tick = office.open(table("add"))
    planned = service.schedules()[0].next_planned
    office.clock.turn(minutes=1)
    tick()
    office.db["job_schedule"].update_one({"_id": "sample"}, {"$set": {"next_planned": planned}})
    assert tick() == []
    assert office.effects() == 1
    assert service.schedules()[0].next_planned == planned + timedelta(minutes=1)


def test_a_former_holder_of_the_lease_can_neither_take_nor_settle(office: Office) -> None:
    old = leases.acquire("first")
    assert old
    taken = office.clock.now
    leases.release(old)
    new = leases.acquire("second")
    assert new
    assert new.token > old.token
    with pytest.raises(LeaseLost):
        runs.take("sample", taken, lease=old, now=taken, late=False)
    assert office.runs() == []


def test_a_run_that_was_taken_over_cannot_be_settled_by_the_one_who_began_it(office: Office) -> None:
    first = leases.acquire("first")
    assert first
    begun = runs.take("sample", office.clock.now, lease=first, now=office.clock.now, late=False)
    leases.release(first)
    second = leases.acquire("second")
    assert second
    taken_over = runs.take_over(begun, second)
    outcome = runs.Outcome(State.DONE, office.clock.now, timedelta(days=1), {})
    with pytest.raises(LeaseLost):
        runs.settle(begun, outcome)
    assert runs.settle(taken_over, outcome).attempts == 2


def test_a_run_that_keeps_killing_its_process_is_given_up(office: Office) -> None:
    tick = office.open(table("add"))
    office.clock.turn(minutes=1)
    lease = leases.acquire("first")
    assert lease
    run = runs.take("sample", office.clock.now, lease=lease, now=office.clock.now, late=False)
    for _ in range(MAX_ATTEMPTS - 1):
        run = runs.take_over(run, lease)
    assert tick() == []
    assert [(r.state, r.error) for r in office.runs()] == [(State.FAILED, runs.LOST)]
    office.clock.turn(minutes=1)
    assert [r.state for r in tick()] == [State.DONE]


def test_a_run_from_the_command_line_acts_as_of_its_time_and_leaves_the_schedule_alone(
    office: Office,
) -> None:
    tick = office.open(table("add", minutes=60))
    desk = office.desk(table("add", minutes=60), "console")
    at = office.clock.now - timedelta(days=40)
    first = execution.run_now(desk, "sample", at, "Li")
    second = execution.run_now(desk, "sample", at, "Li")
    assert [(r.state, r.kind, r.planned, r.by) for r in (first, second)] == [(State.DONE, Kind.DIRECT, at, "Li")] * 2
    assert first.key != second.key
    assert tick() == []
    assert service.schedules()[0].next_planned == office.clock.now + timedelta(hours=1)
    assert service.schedules()[0].last == second


def test_an_unknown_job_is_refused_before_anything_is_stored(office: Office) -> None:
    with pytest.raises(UnknownJob):
        execution.run_now(office.desk(table("add")), "sampel", office.clock.now, "Li")
    assert office.runs() == []


def test_a_run_from_the_command_line_whose_process_died_does_not_stay_open_for_ever(office: Office) -> None:
    tick = office.open(table("add", minutes=60))
    runs.take_direct("sample", office.clock.now, worker="console", by="Li", now=office.clock.now)
    office.clock.turn(minutes=50)
    tick()
    assert [r.state for r in office.runs()] == [State.RUNNING]
    office.clock.turn(hours=7)
    tick()
    assert [r.state for r in office.runs() if r.kind is Kind.DIRECT] == [State.FAILED]


def test_work_that_lost_the_database_is_taken_up_again(office: Office) -> None:
    tick = office.open(table("lose_the_database_once"))
    office.clock.turn(minutes=1)
    with pytest.raises(AutoReconnect):
        tick()
    assert office.effects() == 0
    assert [(r.state, r.attempts) for r in tick()] == [(State.DONE, 2)]
    assert office.effects() == 1


def test_copies_are_made_once_however_often_set_work_is_repeated(office: Office) -> None:
    office.db[EFFECTS].insert_many([{}, {}, {}])
    desk = office.desk(table("copy", transactional=False))
    for _ in range(3):
        execution.run_now(desk, "sample", office.clock.now, "Li")
    assert office.db[COPIES].count_documents({}) == 3
