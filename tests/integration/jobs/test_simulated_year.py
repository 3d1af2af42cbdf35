"""The year 2026 played through, against the decree alone: which days are worked, and when quarters open."""

from __future__ import annotations

import json
from datetime import date, datetime, time, timedelta
from pathlib import Path

import pytest

from jobs.cadence import Daily, EveryMinutes, QuarterStart
from jobs.context import JobContext, Report
from jobs.schedule import JOBS
from jobs.simulation import simulate
from jobs.table import Job, Table
from models import catalogue, schema
from models.calendar import SHANGHAI, local
from models.declarations import Label
from models.person.roles import Role
from tests import unit
from tests.factories.customers import customer
from tests.factories.people import person
from tests.integration.jobs.conftest import Office

YEAR = 2026
DECREE = json.loads((Path(unit.__file__).parent / "decrees" / f"decree_{YEAR}.json").read_text("utf-8"))["days"]
SPECIAL = {date.fromisoformat(day["date"]): not day["isOffDay"] for day in DECREE}
DAYS = [date(YEAR, 1, 1) + timedelta(days=n) for n in range(365)]
WORKED = [day for day in DAYS if SPECIAL.get(day, day.weekday() < 5)]
QUARTERS = [next(day for day in WORKED if day >= date(YEAR, month, 1)) for month in (1, 4, 7, 10)]


def idle(_: JobContext) -> Report:
    return Report({"done": 1})


@pytest.fixture
def year(office: Office) -> dict[str, list[datetime]]:
    """When each job would have run with something to do, in Shanghai."""
    catalogue.load()
    schema.migrate()
    customer(person(Role.SPECIALIST), datetime(YEAR - 1, 9, 1, tzinfo=SHANGHAI), state="active")
    label = Label("试", "Trial")
    hourly = Job(name="hourly", label=label, cadence=EveryMinutes(60), work=idle)
    daily = Job(name="daily", label=label, cadence=Daily(time(6)), work=idle)
    opening = Job(name="quarter", label=label, cadence=QuarterStart(time(6)), work=idle)
    table = Table([hourly, daily, opening, JOBS.get("quarterly_review")])
    since, until = datetime(YEAR, 1, 1, tzinfo=SHANGHAI), datetime(YEAR, 12, 31, 23, 59, tzinfo=SHANGHAI)
    found: dict[str, list[datetime]] = {job.name: [] for job in table.jobs}
    for played in simulate(office.desk(table).settings, table, since, until):
        assert played.error == ""
        if played.counts:
            found[played.job.name].append(local(played.planned))
    return found


def test_the_simulated_year_keeps_to_the_decree_and_opens_quarters_on_their_first_day_worked(
    year: dict[str, list[datetime]],
) -> None:
    assert len(WORKED) == 248
    assert sorted({at.date() for at in year["hourly"]}) == WORKED
    assert {at.hour for at in year["hourly"]} == set(range(9, 19))
    assert [at.date() for at in year["daily"]] == DAYS
    assert [f"{day:%m-%d %a}" for day in QUARTERS] == ["01-04 Sun", "04-01 Wed", "07-01 Wed", "10-08 Thu"]
    assert [at.date() for at in year["quarter"]] == QUARTERS
    assert year["quarterly_review"] == year["quarter"]
