"""The jobs of the product, as the scheduler runs them."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from jobs import execution
from jobs.schedule import JOBS
from models import catalogue, schema
from models.calendar import SHANGHAI
from models.job.rules import State
from models.person.roles import Role
from tests.factories.customers import customer
from tests.factories.people import person
from tests.integration.jobs.conftest import Office

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
