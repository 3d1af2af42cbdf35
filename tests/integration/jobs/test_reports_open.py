"""The jobs that open reports: at their time, once, and once more when the machine was down (F4, T8, B)."""

from __future__ import annotations

from datetime import datetime

import pytest

from jobs.schedule import JOBS
from models import catalogue, schema
from models.calendar import SHANGHAI
from models.person.roles import Role
from tests.factories.people import person
from tests.integration.jobs.conftest import Office

NAMES = ("change_report", "weekly_report", "monthly_report")


@pytest.fixture(autouse=True)
def shipped(office: Office) -> None:
    catalogue.load()
    schema.migrate()


def opened(office: Office) -> dict[str, int]:
    return {run.job: run.counts["opened"] for run in office.open(JOBS)() if run.job in NAMES}


def test_reports_open_on_their_day_and_once(office: Office) -> None:
    for _ in range(2):
        person(Role.SALES, department="sales")
    office.clock.now = datetime(2026, 10, 29, 20, tzinfo=SHANGHAI)
    assert opened(office) == {}
    office.clock.now = datetime(2026, 10, 30, 7, tzinfo=SHANGHAI)  # Friday
    assert opened(office) == {"weekly_report": 1}
    office.clock.now = datetime(2026, 11, 1, 7, tzinfo=SHANGHAI)
    assert opened(office) == {"monthly_report": 2}
    office.clock.now = datetime(2026, 11, 2, 7, tzinfo=SHANGHAI)  # the first Monday
    assert opened(office) == {"change_report": 2}
    assert opened(office) == {}


def test_each_period_that_was_missed_is_opened_once_in_its_order_and_marked_late(office: Office) -> None:
    person(Role.SALES, department="sales")
    office.clock.now = datetime(2026, 9, 2, 20, tzinfo=SHANGHAI)
    tick = office.open(JOBS)
    tick()
    office.clock.now = datetime(2026, 11, 18, 9, tzinfo=SHANGHAI)
    ran = [run for _ in range(15) for run in tick() if run.job in NAMES]
    assert all(run.late for run in ran)
    rows = list(office.db["record_service_report"].find().sort("begins", 1))
    weeks = [row["occasion"] for row in rows if row["kind"] == "weekly"]
    assert weeks == [f"2026-W{number} 周报" for number in range(36, 47)]
    months = [row["occasion"] for row in rows if row["kind"] == "monthly"]
    assert months == ["2026-09 投诉月报", "2026-10 投诉月报"]
    assert sorted(row["month"] for row in office.db["record_change_report"].find()) == ["2026-09", "2026-10", "2026-11"]
    assert opened(office) == {}
