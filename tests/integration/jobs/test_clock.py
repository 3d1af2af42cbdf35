"""Three days without a machine, a clock that is set forward and back, the leap day and the turn of the year."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import pytest

from jobs import execution
from jobs.cadence import Daily, latest_until
from jobs.schedule import JOBS
from jobs.table import CatchUp, Job, Table
from models import catalogue, schema
from models.calendar import SHANGHAI, local
from models.job import service
from models.job.document import Run
from models.office import office_calendar
from models.outbox.document import EMAILS
from models.person.roles import Role
from models.reminder.document import REMINDERS
from tests.factories.people import person
from tests.integration.jobs.conftest import Office
from tests.integration.jobs.sample import EFFECTS, LABEL, add_effect, table
from tests.integration.reminder.conftest import revisit


@pytest.fixture
def shipped(office: Office) -> None:
    catalogue.load()
    schema.migrate()


def planned(office: Office) -> list[datetime]:
    return sorted(row["planned"] for row in office.db[EFFECTS].find())


def steps(office: Office) -> list[tuple[str, bool]]:
    """The steps of all reminders, and whether each stands, by deadline."""
    rows = office.db[REMINDERS].find().sort([("due", 1), ("created", 1)])
    return [(row["step"], "closed_at" not in row) for row in rows]


# --- three days down


@pytest.mark.usefixtures("shipped")
def test_what_fell_due_in_three_days_without_a_machine_is_told_once_each_and_marked_late(office: Office) -> None:
    owner, today = person(Role.SPECIALIST), local(office.clock.now).date()
    for days in (1, 2, 3, 4):
        revisit(owner, today + timedelta(days=days), office.clock.now)
    office.open(JOBS)()
    stopped = office.clock.now
    office.clock.turn(hours=72)
    runs = {run.job: run for run in office.open(JOBS)()}
    missed = [job for job in JOBS.jobs if latest_until(job.cadence, office.clock.now, office_calendar()) > stopped]
    caught_up = [job.name for job in missed if job.catch_up is CatchUp.ONCE]
    assert [name for name, run in runs.items() if run.late] == caught_up
    assert all(run.planned <= office.clock.now for run in runs.values())
    assert steps(office) == [("late", True), ("late", True), ("today", True), ("soon", True)]
    (message,) = office.db[EMAILS].find({"text": {"$regex": "Late"}})
    assert message["text"].count("- Late: ") == 2
    office.clock.turn(minutes=6)
    again = [run for run in office.open(JOBS)() if run.job == "deadline_reminders"]
    assert [(run.late, run.counts["new"]) for run in again] == [(False, 0)]


@pytest.mark.usefixtures("shipped")
def test_every_job_that_was_missed_for_three_days_runs_once_and_not_once_for_each_time(office: Office) -> None:
    office.open(JOBS)()
    office.clock.turn(hours=72)
    tick = office.open(JOBS)
    first = Counter(run.job for run in tick())
    assert set(first.values()) == {1}
    assert tick() == []


# --- a clock that is wrong


def ticks(office: Office, jobs: Table, hours: int = 0, minutes: int = 0) -> list[Run]:
    """Turn the clock, and do what a scheduler that starts then does."""
    office.clock.turn(hours=hours, minutes=minutes)
    return office.open(jobs)()


@pytest.mark.parametrize("ahead", [{"hours": 1}, {"hours": 24}])
def test_a_clock_that_was_ahead_repeats_nothing_and_stops_nothing(office: Office, ahead: dict[str, int]) -> None:
    jobs = table("add", minutes=10)
    ticks(office, jobs)
    ticks(office, jobs, **ahead)
    back = {name: -count for name, count in ahead.items()}
    assert ticks(office, jobs, **back) == []
    assert service.schedules()[0].next_planned == office.clock.now + timedelta(minutes=10)
    for _ in range(3):
        ticks(office, jobs, minutes=10)
    assert len(planned(office)) == len(set(planned(office))) == 4


def test_an_occurrence_that_ran_by_a_clock_that_was_ahead_does_not_run_again_at_its_time(office: Office) -> None:
    jobs = table("add", minutes=60)
    ticks(office, jobs)
    (early,) = ticks(office, jobs, hours=1)
    ticks(office, jobs, hours=-1, minutes=20)
    assert ticks(office, jobs, minutes=40) == []
    assert planned(office) == [early.planned]
    assert [run.planned for run in ticks(office, jobs, hours=1)] == [early.planned + timedelta(hours=1)]


@pytest.mark.parametrize("behind", [{"hours": 1}, {"hours": 24}])
def test_a_clock_that_was_behind_catches_up_once(office: Office, behind: dict[str, int]) -> None:
    jobs = table("add", minutes=10)
    ticks(office, jobs)
    ticks(office, jobs, minutes=10)
    before = {name: -count for name, count in behind.items()}
    ticks(office, jobs, **before)
    ticks(office, jobs, minutes=10)
    ticks(office, jobs, **behind)
    assert ticks(office, jobs) == []
    assert len(planned(office)) == len(set(planned(office)))
    assert max(planned(office)) == office.clock.now


def test_a_scheduler_at_work_notices_that_its_clock_was_set_back(office: Office) -> None:
    jobs = table("add", minutes=10)
    office.open(jobs, "yesterday")
    office.clock.turn(hours=24)
    scheduler, _ = office.scheduler(office.desk(jobs, "yesterday"))
    office.until_effects(1)
    office.clock.turn(hours=-24)
    office.until(lambda: service.schedules()[0].next_planned == office.clock.now + timedelta(minutes=10))
    office.clock.turn(minutes=10)
    office.until_effects(2)
    assert scheduler.ticker is not None


# --- days that are not in every year


@pytest.mark.parametrize(
    ("begins", "days"),
    [
        (datetime(2028, 2, 27, 12, tzinfo=SHANGHAI), ["02-28", "02-29", "03-01"]),
        (datetime(2027, 2, 27, 12, tzinfo=SHANGHAI), ["02-28", "03-01", "03-02"]),
        (datetime(2026, 12, 30, 12, tzinfo=SHANGHAI), ["12-31", "01-01", "01-02"]),
    ],
)
def test_a_daily_job_runs_once_on_each_day_around_the_leap_day_and_the_turn_of_the_year(
    office: Office, begins: datetime, days: list[str]
) -> None:
    office.clock.now = begins
    daily = Daily(begins.time().replace(hour=6))
    tick = office.open(Table([Job(name="daily", label=LABEL, cadence=daily, work=add_effect)]))
    for _ in range(12):
        office.clock.turn(hours=6)
        tick()
    assert [f"{local(at):%m-%d}" for at in planned(office)] == days
    assert [run.late for run in office.runs()] == [False] * 3


@pytest.mark.usefixtures("shipped")
def test_a_deadline_on_the_leap_day_is_told_before_on_and_after_it(office: Office) -> None:
    office.clock.now = datetime(2028, 2, 28, 10, tzinfo=SHANGHAI)  # a Monday
    owner = person(Role.SPECIALIST)
    made: dict[str, Any] = revisit(owner, datetime(2028, 2, 29, tzinfo=SHANGHAI).date(), office.clock.now)
    told = []
    for _ in range(3):
        execution.run_now(office.desk(JOBS), "deadline_reminders", office.clock.now, "Li")
        told.append([row["step"] for row in office.db[REMINDERS].find({"record": made["_id"], "closed_at": None})])
        office.clock.turn(days=1)
    assert told == [["soon"], ["today"], ["late"]]
