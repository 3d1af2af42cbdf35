"""The jobs of the product, as the scheduler runs them."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from jobs import execution
from jobs.context import JobContext, Stopped
from jobs.schedule import JOBS
from models import catalogue, opening, schema
from models.calendar import SHANGHAI
from models.job import lease as leases
from models.job import service
from models.job.rules import State
from models.person.roles import Person, Role
from tests.factories.customers import customer
from tests.factories.people import person
from tests.integration.jobs.conftest import Office

ADMINISTRATOR = Person(id=None, name="Chen", roles=frozenset({Role.ADMINISTRATOR}))
BEFORE_THE_HOLIDAY = datetime(2026, 9, 30, 20, tzinfo=SHANGHAI)


@pytest.fixture(autouse=True)
def shipped(office: Office) -> None:
    catalogue.load()
    schema.migrate()


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
    assert office.db["record_review"].count_documents({}) == 1


def test_a_long_opening_gives_other_jobs_their_turn_and_goes_on_when_asked_again(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = person(Role.SPECIALIST)
    for _ in range(3):
        customer(owner, office.clock.now - timedelta(days=100), state="active")
    monkeypatch.setattr(opening, "OPENED_AT_ONCE", 1)
    monkeypatch.setattr(JobContext, "turn", lambda context: lambda: False)
    tick = office.open(JOBS)
    service.request_run("quarterly_review", ADMINISTRATOR, office.clock.now)
    told = [[run.counts for run in tick() if run.job == "quarterly_review"] for _ in range(5)]
    assert told == [[{"opened": 1}], [{"opened": 2}], [{"opened": 3}], [{"opened": 3}], []]
    assert office.db["record_review"].count_documents({}) == 3


def test_an_opening_whose_process_is_to_end_is_left_to_the_next_scheduler(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = person(Role.SPECIALIST)
    for _ in range(2):
        customer(owner, office.clock.now - timedelta(days=100), state="active")
    monkeypatch.setattr(opening, "OPENED_AT_ONCE", 1)
    desk = office.desk(JOBS)
    office.open(JOBS)
    service.request_run("quarterly_review", ADMINISTRATOR, office.clock.now)
    lease = leases.acquire("first")
    assert lease
    with pytest.raises(Stopped):
        execution.tick(desk, lease, lambda: False)
    assert [run.state for run in office.runs()] == [State.RUNNING]
    taken = [run for run in execution.tick(desk, lease) if run.job == "quarterly_review"]
    assert [(run.attempts, run.counts) for run in taken] == [(2, {"opened": 2})]
