"""The jobs of the product, as the scheduler runs them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from jobs import execution
from jobs.context import JobContext, Stopped
from jobs.schedule import JOBS
from models import catalogue, opening, schema
from models.calendar import SHANGHAI
from models.job import lease as leases
from models.job import service
from models.job.document import Run
from models.job.rules import LeaseLost, State
from models.person.roles import Person, Role
from models.reminder.chasing import announce_declassification
from tests.factories.customers import customer
from tests.factories.people import person
from tests.integration.jobs.conftest import Office

ADMINISTRATOR = Person(id=None, name="Chen", roles=frozenset({Role.ADMINISTRATOR}))
BEFORE_THE_HOLIDAY = datetime(2026, 9, 30, 20, tzinfo=SHANGHAI)


@pytest.fixture(autouse=True)
def shipped(office: Office) -> None:
    catalogue.load()
    schema.migrate()


@pytest.fixture
def slow_opening(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reviews are opened one by one."""
    monkeypatch.setattr(opening, "OPENED_AT_ONCE", 1)


def with_files(office: Office, count: int) -> Callable[[], list[Run]]:
    """The tick of an office that is asked for the reviews of so many files."""
    owner = person(Role.SPECIALIST)
    for _ in range(count):
        customer(owner, office.clock.now - timedelta(days=100), state="active")
    tick = office.open(JOBS)
    service.request_run("quarterly_review", ADMINISTRATOR, office.clock.now)
    return tick


def reviews(office: Office) -> int:
    return office.db["record_review"].count_documents({})


def test_every_job_runs_on_an_empty_department(office: Office) -> None:
    for job in JOBS.jobs:
        run = execution.run_now(office.desk(JOBS), job.name, office.clock.now, "Li")
        assert (run.state, run.error) == (State.DONE, ""), job.name


def test_a_quarter_that_began_while_the_machine_was_down_is_opened_once_when_it_is_back(office: Office) -> None:
    office.clock.now = BEFORE_THE_HOLIDAY
    customer(person(Role.SPECIALIST), BEFORE_THE_HOLIDAY - timedelta(days=100), state="active")
    office.open(JOBS)()
    office.clock.turn(days=20)
    runs = [run for run in office.open(JOBS)() if run.job == "quarterly_review"]
    assert [(run.late, run.counts) for run in runs] == [(True, {"opened": 1})]
    office.clock.turn(days=1)
    runs = [run for run in office.open(JOBS)() if run.job == "quarterly_review"]
    assert [run.counts for run in runs] == [{"opened": 0}]
    assert reviews(office) == 1


def test_a_long_opening_gives_other_jobs_their_turn_and_goes_on_when_asked_again(
    office: Office, slow_opening: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(JobContext, "turn", lambda context: lambda: False)
    tick = with_files(office, 3)
    told = [[run.counts for run in tick() if run.job == "quarterly_review"] for _ in range(5)]
    so_far = [[{"opened": made, "looked_through": made, "in_all": 3}] for made in (1, 2, 3)]
    assert told == [*so_far, [{"opened": 3}], []]
    assert reviews(office) == 3


def test_a_long_opening_that_is_switched_off_ends_with_its_turn_and_goes_on_when_it_runs_next(
    office: Office, slow_opening: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    tick = with_files(office, 3)
    seen: list[dict[str, int]] = []

    def switched_off() -> bool:
        seen.extend(one.last.counts for one in service.schedules() if one.last and one.name == "quarterly_review")
        service.set_enabled("quarterly_review", False, ADMINISTRATOR, office.clock.now)
        return False

    with monkeypatch.context() as patch:
        patch.setattr(JobContext, "turn", lambda context: switched_off)
        tick()
    assert seen == [{"opened": 1, "looked_through": 1, "in_all": 3}]  # seen while it runs
    assert [run for run in tick() if run.job == "quarterly_review"] == []
    assert reviews(office) == 1
    service.set_enabled("quarterly_review", True, ADMINISTRATOR, office.clock.now)
    service.request_run("quarterly_review", ADMINISTRATOR, office.clock.now)
    tick()
    assert reviews(office) == 3


def test_a_long_declassification_gives_other_jobs_their_turn_and_goes_on_when_asked_again(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner, began = person(Role.SPECIALIST), office.clock.now - timedelta(days=355)
    for _ in range(3):
        customer(owner, began, level="secret", secret_until=office.clock.now.date() - timedelta(days=1))
    announce_declassification(office.clock.now - timedelta(days=10))
    monkeypatch.setattr(JobContext, "turn", lambda context: lambda: False)
    tick = office.open(JOBS)
    service.request_run("secrecy_end", ADMINISTRATOR, office.clock.now)
    told = [run.counts.get("declassified") for _ in range(4) for run in tick() if run.job == "secrecy_end"]
    assert told == [1, 1, 1]
    assert office.db["record_customer"].count_documents({"level": "internal"}) == 3


def test_an_opening_that_another_scheduler_has_overtaken_stores_nothing_more(
    office: Office, slow_opening: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    tick = with_files(office, 3)

    def overtaken() -> bool:
        office.db["lease"].update_one({}, {"$set": {"worker": "second"}, "$inc": {"token": 1}})
        return True

    monkeypatch.setattr(JobContext, "turn", lambda context: overtaken)
    with pytest.raises(LeaseLost):
        tick()
    assert reviews(office) == 1


def test_a_turn_that_long_work_has_asked_for_is_called_off_with_the_job(office: Office) -> None:
    office.open(JOBS)
    service.ask_again("quarterly_review", office.clock.now)
    service.set_enabled("quarterly_review", False, ADMINISTRATOR, office.clock.now)
    assert service.requests(office.clock.now) == []


def test_an_opening_whose_process_is_to_end_is_left_to_the_next_scheduler(office: Office, slow_opening: None) -> None:
    desk = office.desk(JOBS)
    with_files(office, 2)
    lease = leases.acquire("first")
    assert lease
    with pytest.raises(Stopped):
        execution.tick(desk, lease, lambda: False)
    assert [run.state for run in office.runs()] == [State.RUNNING]
    taken = [run for run in execution.tick(desk, lease) if run.job == "quarterly_review"]
    assert [(run.attempts, run.counts) for run in taken] == [(2, {"opened": 2})]
