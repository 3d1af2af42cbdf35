"""Schedulers that stand by, die, hang and come back: each occurrence has one effect."""

from __future__ import annotations

import signal
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from apscheduler.schedulers import SchedulerNotRunningError

from jobs import runner
from jobs.table import Job, Table
from models import audit
from models.errors import Forbidden
from models.job import lease as leases
from models.job import service
from models.job.rules import UnknownJob
from models.person.roles import Person, Role
from tests.integration.jobs import sample
from tests.integration.jobs.conftest import LASTING, Office

ADMINISTRATOR = Person(id=None, name="Chen", roles=frozenset({Role.ADMINISTRATOR}))


def due_a_minute_ago(office: Office, minutes: int = 1) -> None:
    """Schedules as a scheduler of yesterday would have left them."""
    desk_table = sample.table("add", minutes=minutes)
    office.open(desk_table, "yesterday")
    lease = leases.acquire("yesterday")
    assert lease
    leases.release(lease)
    office.clock.turn(minutes=minutes)


def test_of_two_schedulers_one_works_and_the_other_takes_over_when_it_stops(office: Office) -> None:
    due_a_minute_ago(office)
    _, stop_first = office.scheduler(office.desk(sample.table("add"), "first"))
    office.until_effects(1)
    office.scheduler(office.desk(sample.table("add"), "second"), ttl=sample.SHORT_LEASE)  # it looks often
    for expected in range(2, 8):
        office.clock.turn(minutes=1)
        office.until_effects(expected)
    stop_first.set()
    office.until(lambda: (found := service.active_scheduler()) is not None and found.worker == "second")
    office.clock.turn(minutes=1)
    office.until_done(8)
    assert [r.worker for r in office.runs()] == ["first"] * 7 + ["second"]
    assert (office.effects(), office.counter()) == (8, 8)


@pytest.mark.usefixtures("short_transactions")
def test_a_scheduler_killed_in_the_middle_of_its_work_is_replaced_with_one_effect(office: Office) -> None:
    due_a_minute_ago(office)
    killed = office.process("dawdle")
    (begun,) = office.runs()
    killed.send_signal(signal.SIGKILL)
    office.until_nobody_is_active()
    assert office.effects() == 0
    office.scheduler(office.desk(sample.table("add")))
    office.until_done(1)
    (run,) = office.runs()
    assert (run.attempts, run.worker) == (begun.attempts + 1, "first")
    assert (office.effects(), office.counter()) == (1, 1)


@pytest.mark.usefixtures("short_transactions")
@pytest.mark.parametrize("work", ["dawdle", "dawdle_copying"])
def test_a_scheduler_paused_for_longer_than_its_lease_does_not_repeat_what_was_done(office: Office, work: str) -> None:
    due_a_minute_ago(office)
    paused = office.process(work)
    (begun,) = office.runs()
    paused.send_signal(signal.SIGSTOP)
    office.until_nobody_is_active()
    office.scheduler(office.desk(sample.table("add")))
    office.until_done(1)
    done = office.runs()
    office.let_go_on(paused)
    office.until_it_says("no longer the active one", paused)
    assert office.runs() == done
    office.clock.turn(minutes=1)
    office.until_done(2)
    assert [(r.worker, r.attempts) for r in office.runs()] == [("first", begun.attempts + 1), ("first", 1)]
    assert (office.effects(), office.counter()) == (2, 2)


def test_set_work_that_was_killed_half_way_is_completed_without_duplicates(office: Office) -> None:
    office.db[sample.EFFECTS].insert_many([{}, {}, {}])
    due_a_minute_ago(office)
    office.process("dawdle_copying").send_signal(signal.SIGKILL)
    office.until_nobody_is_active()
    office.db[sample.EFFECTS].insert_one({})
    office.scheduler(office.desk(sample.table("copy", transactional=False)))
    office.until_done(1)
    assert office.runs()[0].counts == {"copied": 4}
    assert office.db[sample.COPIES].count_documents({}) == 4


def test_a_dead_ticker_is_noticed_and_replaced(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "RENEWALS", 10 * LASTING)
    monkeypatch.setattr(runner, "STALLED_LIVES", 2 / LASTING)  # two seconds without a pulse of a tenth
    due_a_minute_ago(office)
    scheduler, _ = office.scheduler(office.desk(sample.table("add")))
    office.until_effects(1)
    first = scheduler.ticker
    assert first
    with suppress(SchedulerNotRunningError):  # a machine that pauses has it replaced already
        first.shutdown(wait=False)
    office.until(lambda: scheduler.ticker is not first)
    office.clock.turn(minutes=1)
    office.until_effects(2)


def test_a_new_version_of_the_table_keeps_what_is_due_and_retires_what_is_gone(office: Office) -> None:
    office.open(sample.table("add", minutes=60))
    missed = office.clock.now + timedelta(hours=1)
    office.clock.turn(hours=1, minutes=20)
    (old,) = sample.table("add", minutes=30).jobs
    other = Job(name="other", label=sample.LABEL, cadence=old.cadence, work=sample.add_effect)
    office.open(Table([old, other]))
    assert [(s.name, s.next_planned) for s in service.schedules()] == [
        ("sample", missed),
        ("other", missed + timedelta(minutes=30)),
    ]
    office.open(Table([other]))
    assert [(s.name, s.missing) for s in service.schedules()] == [("other", False), ("sample", True)]


def test_a_job_renamed_in_code_keeps_its_schedule_shows_an_error_and_does_not_run(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    office.open(sample.table("add", minutes=60))
    service.set_enabled("sample", False, ADMINISTRATOR, office.clock.now)
    kept = office.db["job_schedule"].find_one({"_id": "sample"})
    (job,) = sample.table("add", minutes=60).jobs
    office.clock.turn(hours=3)
    tick = office.open(Table([replace(job, name="renamed")]))
    assert "schedule sample has no job in this version" in caplog.text
    assert office.db["job_schedule"].find_one({"_id": "sample"}) == {**(kept or {}), "retired": True}
    assert [run.job for run in tick()] == []
    with pytest.raises(UnknownJob):
        service.request_run("sample", ADMINISTRATOR, office.clock.now)
    office.open(Table([job]))
    back = service.schedule("sample")
    assert back is not None
    assert (back.missing, back.enabled, back.next_planned) == (False, False, (kept or {})["next_planned"])


def test_a_schedule_without_a_job_is_removed_by_an_administrator_and_its_history_stays(office: Office) -> None:
    tick = office.open(sample.table("add"))
    office.clock.turn(minutes=1)
    tick()
    with pytest.raises(UnknownJob):
        service.forget("sample", ADMINISTRATOR, office.clock.now)
    (job,) = sample.table("add").jobs
    office.open(Table([replace(job, name="renamed")]))
    with pytest.raises(Forbidden):
        service.forget("sample", Person(id=None, name="Li"), office.clock.now)
    service.forget("sample", ADMINISTRATOR, office.clock.now)
    assert [s.name for s in service.schedules()] == ["renamed"]
    assert [run.job for run in office.runs()] == ["sample"]
    assert audit.entries({"action": "job_forgotten"})[0]["number"] == "sample"


def test_a_changed_cadence_counts_from_now(office: Office) -> None:
    office.open(sample.table("add", minutes=60))
    office.open(sample.table("add", minutes=15))
    (schedule,) = service.schedules()
    assert schedule.next_planned == office.clock.now + timedelta(minutes=15)
    assert schedule.cadence.en == "Every 15 minutes"


def test_nobody_is_active_after_the_last_scheduler_has_stopped(office: Office) -> None:
    _, stop = office.scheduler(office.desk(sample.table("add")))
    office.until(lambda: service.active_scheduler() is not None)
    stop.set()
    office.until_nobody_is_active()


def test_the_token_of_the_lease_grows_with_each_holder_and_not_with_renewals(office: Office) -> None:
    first = leases.acquire("first")
    again = leases.acquire("first")
    assert first
    assert again
    assert leases.acquire("second") is None
    assert again.token == first.token
    leases.release(again)
    second = leases.acquire("second")
    assert second
    assert second.token == first.token + 1
    assert second.until > datetime.now(UTC)
