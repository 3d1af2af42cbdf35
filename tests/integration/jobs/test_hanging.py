"""Jobs that take too long: they are broken off, seen, tried again, and hold up nobody."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from threading import Event
from typing import Any

import pytest
from pymongo.errors import ExecutionTimeout, PyMongoError

from config.database import TransactionGaveUp
from jobs import runner, watch
from jobs.cadence import Daily, EveryMinutes
from jobs.context import JobContext, Report, Stopped
from jobs.execution import Desk, tick
from jobs.table import CatchUp, Job, Lane, Table
from models import audit
from models.job import lease as leases
from models.job import service
from models.job.document import Lease, Run
from models.job.rules import MAX_ATTEMPTS, Kind, State
from models.person.roles import Person, Role
from tests.integration.jobs.conftest import PATIENCE_SECONDS, Office
from tests.integration.jobs.sample import EFFECTS, LABEL, add_effect

SHORT = timedelta(seconds=0.3)
AMPLE = timedelta(minutes=1)
"""What a busy machine does all the same within its time."""
ADMINISTRATOR = Person(id=None, name="Chen", roles=frozenset({Role.ADMINISTRATOR}))


class Hung:
    """Work that hangs until it is released, and then tries to write."""

    def __init__(self) -> None:
        self.released, self.refused = Event(), Event()

    def __call__(self, context: JobContext) -> Report:
        self.released.wait(PATIENCE_SECONDS)
        try:
            return add_effect(context)
        except PyMongoError:
            self.refused.set()
            raise


@pytest.fixture
def hung() -> Iterator[Hung]:
    made = Hung()
    yield made
    made.released.set()


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "UNWINDING", 0.05)
    monkeypatch.setattr(watch, "LEAVING", 0.05)


def job(work: Callable[[JobContext], Report], name: str = "slow", *, often: bool = False, **more: object) -> Job:
    cadence = EveryMinutes(1) if often else EveryMinutes(12 * 60)
    declared: dict[str, object] = {
        "cadence": cadence,
        "transactional": False,
        "limit": SHORT,
        "lane": Lane.LONG,
        **more,
    }
    return Job(name=name, label=LABEL, work=work, **declared)  # type: ignore[arg-type]


def released(office: Office, hung: Hung, **more: Any) -> Callable[[], list[Run]]:
    """The tick of the next process, in which the same job hangs no more and has ample time."""
    hung.released.set()
    return office.open(Table([job(hung, limit=AMPLE, **more)]))


def quick(**more: object) -> Job:
    return job(add_effect, "quick", often=True, lane=Lane.PROMPT, limit=timedelta(minutes=1), **more)


@pytest.mark.parametrize("transactional", [True, False])
def test_a_job_that_hangs_is_broken_off_and_never_writes_again(office: Office, hung: Hung, transactional: bool) -> None:
    reached = timedelta(seconds=2)  # it is to get as far as hanging
    run_due = office.open(Table([job(hung, transactional=transactional, limit=reached)]))
    office.clock.turn(days=1)
    (run,) = run_due()
    assert (run.state, run.error) == (State.FAILED, "it took longer than 2 seconds and was broken off")
    hung.released.set()
    assert hung.refused.wait(PATIENCE_SECONDS)
    assert office.effects() == 0
    assert office.runs() == [run]


def test_a_job_that_writes_and_writes_ends_at_its_limit(office: Office) -> None:
    def write(context: JobContext) -> Report:
        while True:
            context.db[EFFECTS].insert_one({})

    run_due = office.open(Table([job(write), quick(catch_up="once")]))
    office.clock.turn(days=1)
    slow, other = run_due()
    assert (slow.state, other.state) == (State.FAILED, State.DONE)
    assert slow.error.endswith("was broken off")


def test_what_took_too_long_is_tried_again_for_its_own_time(office: Office, hung: Hung) -> None:
    run_due = office.open(Table([job(hung)]))
    office.clock.turn(days=1)
    (failed,) = run_due()
    assert [s.next_planned for s in service.schedules()] == [office.clock.now + timedelta(minutes=5)]
    assert [s.waiting for s in service.schedules()] == [False]
    office.clock.turn(minutes=4)
    assert run_due() == []
    run_due = released(office, hung)
    office.clock.turn(minutes=1)
    (again,) = run_due()
    assert (again.state, again.kind, again.planned, again.late, again.attempts) == (
        State.DONE,
        Kind.AGAIN,
        failed.planned,
        True,
        2,
    )
    assert office.effects() == 1
    assert [run.state for run in office.runs()] == [State.FAILED, State.DONE]
    office.clock.turn(hours=1)
    assert run_due() == []


def test_what_always_takes_too_long_is_given_up(office: Office, hung: Hung) -> None:
    run_due = office.open(Table([job(hung)]))
    office.clock.turn(hours=12)
    for _ in range(MAX_ATTEMPTS + 1):
        run_due()
        office.clock.turn(minutes=5)
    assert [run.attempts for run in office.runs()] == list(range(1, MAX_ATTEMPTS + 1))


def test_a_job_of_every_minute_waits_for_its_next_time(office: Office, hung: Hung) -> None:
    run_due = office.open(Table([job(hung, often=True)]))
    office.clock.turn(minutes=1)
    run_due()
    assert [s.next_planned for s in service.schedules()] == [office.clock.now + timedelta(minutes=1)]
    office.clock.turn(minutes=1)
    assert [run.kind for run in run_due()] == [Kind.SCHEDULED]


def test_a_job_that_was_switched_off_is_not_tried_again(office: Office, hung: Hung) -> None:
    run_due = office.open(Table([job(hung)]))
    office.clock.turn(days=1)
    run_due()
    service.set_enabled("slow", False, ADMINISTRATOR, office.clock.now)
    office.clock.turn(minutes=6)
    assert run_due() == []


def test_reminders_go_on_beside_a_job_that_takes_long(office: Office, hung: Hung) -> None:
    office.open(Table([job(hung, often=True), quick()]), "yesterday")
    held = leases.acquire("yesterday")
    assert held
    leases.release(held)
    office.clock.turn(minutes=1)
    slow = job(hung, often=True, limit=timedelta(minutes=1))
    office.scheduler(office.desk(Table([slow, quick()])))
    for count in (1, 2, 3):
        office.clock.turn(minutes=count > 1)
        office.until_effects(count)
    assert [run.state for run in office.runs() if run.job == "slow"] == [State.RUNNING]


def test_one_lane_leaves_the_work_of_another_alone(office: Office) -> None:
    desk = office.desk(Table([job(add_effect, often=True), quick()]))
    office.open(desk.table)
    lease = leases.acquire("first")
    assert lease
    office.clock.turn(minutes=1)
    assert [run.job for run in tick(desk, lease, lane=Lane.PROMPT)] == ["quick"]
    assert [run.job for run in tick(desk, lease, lane=Lane.LONG)] == ["slow"]


def left(office: Office, table: Table) -> tuple[Desk, Lease]:
    """A process that has left what hangs, and might tick again."""
    office.open(table)
    lease, desk = leases.acquire("first"), office.desk(table)
    assert lease
    office.clock.turn(days=1)
    with pytest.raises(Stopped):
        tick(desk, lease, lambda: False)
    return desk, lease


def test_a_process_that_is_to_end_leaves_what_hangs_to_the_next(office: Office, hung: Hung) -> None:
    left(office, Table([job(hung, limit=timedelta(minutes=1))]))
    assert [run.state for run in office.runs()] == [State.RUNNING]
    hung.released.set()
    office.until_effects(1)


def test_a_scheduler_with_too_many_hanging_jobs_ends_to_be_started_again(
    office: Office, hung: Hung, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "MOST_LEFT_BEHIND", 0)
    office.open(Table([job(hung, often=True)]), "yesterday")
    held = leases.acquire("yesterday")
    assert held
    leases.release(held)
    office.clock.turn(minutes=1)
    _, stop = office.scheduler(office.desk(Table([job(hung, often=True)])))
    assert stop.wait(PATIENCE_SECONDS)
    office.until(lambda: service.active_scheduler() is None)


def test_a_daily_job_that_took_too_long_is_not_left_for_a_day(office: Office, hung: Hung) -> None:
    made = Job(name="daily", label=LABEL, cadence=Daily(office.clock.now.time()), work=hung, limit=SHORT)
    run_due = office.open(Table([made]))
    office.clock.turn(days=1)
    run_due()
    hung.released.set()
    run_due = office.open(Table([replace(made, limit=AMPLE)]))
    office.clock.turn(minutes=5)
    assert [run.state for run in run_due()] == [State.DONE]


def test_work_whose_transaction_was_given_up_is_tried_again(office: Office) -> None:
    tries: list[int] = []

    def crowded(context: JobContext) -> Report:
        tries.append(1)
        if len(tries) == 1:
            raise TransactionGaveUp
        return add_effect(context)

    run_due = office.open(Table([job(crowded, limit=timedelta(minutes=1))]))
    office.clock.turn(days=1)
    assert [run.state for run in run_due()] == [State.FAILED]
    office.clock.turn(minutes=5)
    assert [(run.state, run.attempts) for run in run_due()] == [(State.DONE, 2)]


def test_a_moment_without_the_lease_leaves_the_work_alone(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "LOOK_SECONDS", 0.01)
    waited, asked, enough = [0.0], list[bool](), Event()
    monkeypatch.setattr(watch, "monotonic", lambda: waited[0])

    def is_active() -> bool:
        """The lease is gone at the first look and back at the second; the work lasts for longer than it is waited for
        without."""
        asked.append(len(asked) != 0)
        waited[0] += watch.LEAVING / 2
        if len(asked) == 5:
            enough.set()
        return asked[-1]

    def take_a_while(context: JobContext) -> Report:
        assert enough.wait(PATIENCE_SECONDS)
        return add_effect(context)

    table = Table([job(take_a_while, limit=timedelta(minutes=1))])
    office.open(table)
    lease = leases.acquire("first")
    assert lease
    office.clock.turn(days=1)
    assert [run.state for run in tick(office.desk(table), lease, is_active)] == [State.DONE]


def test_a_run_that_was_left_here_is_not_begun_a_second_time_beside_itself(office: Office, hung: Hung) -> None:
    table = Table([job(hung, limit=timedelta(minutes=1))])
    desk, lease = left(office, table)
    assert tick(desk, lease) == []
    hung.released.set()
    office.until_done(1)
    assert office.effects() == 1


@pytest.mark.parametrize("catch_up", [CatchUp.ONCE, CatchUp.EACH])
def test_no_other_run_of_a_job_is_begun_beside_one_that_was_left_here(
    office: Office, hung: Hung, catch_up: CatchUp
) -> None:
    table = Table([job(hung, cadence=EveryMinutes(24 * 60), limit=timedelta(minutes=1), catch_up=catch_up)])
    desk, lease = left(office, table)
    office.clock.turn(days=2)
    assert service.request_run("slow", ADMINISTRATOR, office.clock.now)
    assert tick(desk, lease) == []
    assert [schedule.waiting for schedule in service.schedules()] == [True]
    hung.released.set()
    office.until_done(1)
    while tick(desk, lease):
        pass
    planned = {run.planned for run in office.runs() if run.kind is Kind.SCHEDULED}
    assert len(planned) == (3 if catch_up is CatchUp.EACH else 2)


def test_a_limit_that_strikes_at_the_trail_is_a_limit(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "UNWINDING", PATIENCE_SECONDS)  # it ends by itself, and is not left behind

    def slow_trail(context: JobContext) -> Report:
        Event().wait(0.28)
        try:
            raise ExecutionTimeout("operation exceeded time limit", 50)
        except ExecutionTimeout as error:
            raise audit.NotAudited from error

    run_due = office.open(Table([job(slow_trail)]))
    office.clock.turn(days=1)
    assert [run.error for run in run_due()] == ["it took longer than 0.3 seconds and was broken off"]
    office.clock.turn(minutes=5)
    assert [(run.kind, run.attempts) for run in run_due()] == [(Kind.AGAIN, 2)]


def test_a_run_whose_thread_died_unseen_is_taken_up_again(office: Office) -> None:
    alone, died = Event(), Event()

    def die_once(context: JobContext) -> Report:
        if not died.is_set():
            assert alone.wait(PATIENCE_SECONDS)
            died.set()
            raise Stopped
        return add_effect(context)

    table = Table([job(die_once, limit=timedelta(minutes=1))])
    desk, lease = left(office, table)
    alone.set()
    assert died.wait(PATIENCE_SECONDS)
    office.until(lambda: desk.watch.left_behind() == 0)
    assert [(run.state, run.attempts) for run in tick(desk, lease)] == [(State.DONE, 2)]


def missed_twice(office: Office, hung: Hung, minutes: int = 12 * 60) -> Callable[[], list[Run]]:
    """Two periods whose work broke off, both to be tried again."""
    each: dict[str, Any] = {"cadence": EveryMinutes(minutes), "catch_up": CatchUp.EACH}
    run_due = office.open(Table([job(hung, **each)]))
    office.clock.turn(minutes=2 * minutes)
    assert [run_due()[0].state for _ in range(2)] == [State.FAILED, State.FAILED]
    return released(office, hung, **each)


@pytest.mark.parametrize("minutes", [12 * 60, 1])
def test_each_of_two_periods_that_broke_off_is_tried_again(office: Office, hung: Hung, minutes: int) -> None:
    run_due = missed_twice(office, hung, minutes)
    periods = [run.planned for run in office.runs()]
    assert len(set(periods)) == 2
    office.clock.turn(minutes=5)
    again = [run for run in run_due() if run.kind is Kind.AGAIN]
    assert [(run.state, run.planned) for run in again] == [(State.DONE, period) for period in periods]


def test_switched_off_none_of_them_is(office: Office, hung: Hung) -> None:
    run_due = missed_twice(office, hung)
    service.set_enabled("slow", False, ADMINISTRATOR, office.clock.now)
    office.clock.turn(minutes=5)
    assert run_due() == []


def test_run_now_does_not_wait_for_what_is_to_be_tried_again(office: Office, hung: Hung) -> None:
    run_due = missed_twice(office, hung)
    periods = [run.planned for run in office.runs()]
    assert service.request_run("slow", ADMINISTRATOR, office.clock.now)
    assert not service.request_run("slow", ADMINISTRATOR, office.clock.now)
    assert [s.waiting for s in service.schedules()] == [True]
    assert [entry["actor_name"] for entry in audit.entries({"action": "job_requested"})] == ["Chen"]
    assert [(run.planned, run.by) for run in run_due()] == [(period, "Chen") for period in periods]
    office.clock.turn(minutes=6)
    assert run_due() == []
