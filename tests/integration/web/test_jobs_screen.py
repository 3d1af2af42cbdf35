"""The Jobs screen: next run, last result, run now, history (J)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from html import unescape
from typing import Any

import pytest
from flask import Flask
from pymongo.database import Database

from backoffice.screens.jobs import PAGE, count_words
from config.settings import Settings
from jobs import execution
from jobs.execution import Desk as Runner
from jobs.schedule import JOBS
from models import schema
from models.job import lease as leases
from models.job import runs, service
from models.job.document import RUNS
from models.job.rules import State
from models.person.roles import PERMISSIONS, Permission, Role
from tests.factories.desks import Desk

Base = Database[dict[str, Any]]
Sit = Callable[..., Desk]
READERS = [role for role in Role if Permission.JOBS_READ in PERMISSIONS.get(role, frozenset())]


@pytest.fixture
def runner(demo_app: Flask, prepared: Settings, now: datetime) -> Runner:
    """A scheduler that has brought the schedules in line and waits."""
    schema.migrate()  # the application has loaded the record types
    made = Runner(worker="first", settings=prepared, clock=lambda: now)
    lease = leases.acquire("first")
    assert lease is not None
    execution.sync(made, lease)
    return made


def test_each_job_shows_its_cadence_next_run_and_last_result(sit: Sit, runner: Runner, now: datetime) -> None:
    execution.run_now(runner, "quarterly_review", now, "Li")
    page = sit(Role.ADMINISTRATOR).text("/jobs/")
    for words in ("Open the quarter&#39;s reviews", "Daily at 06:00", "24 Nov 2026 06:00", "done", "nothing to do"):
        assert words in page, words
    assert "has not run yet" in page
    assert "No scheduler is at work" not in page


def test_a_stopped_scheduler_is_told(sit: Sit, db: Base, runner: Runner) -> None:
    db["lease"].delete_many({})
    assert "No scheduler is at work" in sit(Role.ADMINISTRATOR).text("/jobs/")


def test_run_now_writes_the_request_and_its_audit_entry_once(sit: Sit, db: Base, runner: Runner, now: datetime) -> None:
    admin = sit(Role.ADMINISTRATOR, name="吴七")
    for _ in range(2):
        admin.send("/jobs/secrecy_end/run")
    assert [(request.job, request.by) for request in service.requests(now)] == [("secrecy_end", "吴七")]
    entries = list(db["audit"].find({"action": "job_requested"}))
    assert [(entry["actor"], entry["number"]) for entry in entries] == [(admin.person.id, "secrecy_end")]
    lease = leases.acquire("first")
    assert lease is not None
    (run,) = execution.tick(runner, lease)
    assert (run.job, run.state, run.by) == ("secrecy_end", State.DONE, "吴七")
    assert "asked for · 吴七" in admin.text("/jobs/history")


def test_who_may_not_read_or_run_jobs_is_refused(sit: Sit, db: Base, runner: Runner, now: datetime) -> None:
    for role in Role:
        desk, reads, may_run = sit(role), role in READERS, role is Role.ADMINISTRATOR
        assert [desk.get(path).status_code for path in ("/jobs/", "/jobs/history")] == [200 if reads else 403] * 2, role
        assert not reads or ("Run now" in desk.text("/jobs/")) is may_run, role
        if not may_run:
            desk.send("/jobs/secrecy_end/run", 403)
            desk.send("/jobs/secrecy_end/switch", 403, on="")
    assert service.requests(now) == []
    assert all(schedule.enabled for schedule in service.schedules())


def test_a_job_is_switched_off_and_on_again(sit: Sit, runner: Runner) -> None:
    admin = sit(Role.ADMINISTRATOR)
    admin.send("/jobs/revisit_due/switch", on="")
    assert "switched off" in admin.text("/jobs/")
    admin.send("/jobs/revisit_due/switch", on="1")
    assert "switched off" not in admin.text("/jobs/").replace("The job is switched off.", "")


def test_a_schedule_whose_job_is_missing_shows_an_error_and_can_be_removed(sit: Sit, db: Base, runner: Runner) -> None:
    db["job_schedule"].update_one({"_id": "revisit_due"}, {"$set": {"retired": True}})
    admin = sit(Role.ADMINISTRATOR)
    assert "this version has no such job" in admin.text("/jobs/")
    sit(Role.HEAD).send("/jobs/revisit_due/forget", 403)
    admin.send("/jobs/revisit_due/forget")
    assert "this version has no such job" not in admin.text("/jobs/")
    admin.send("/jobs/secrecy_end/forget", 404)
    assert service.schedule("secrecy_end") is not None


@pytest.mark.parametrize("name", ["revue", "$where", "a" * 500, "../people"])
def test_a_job_that_there_is_not_is_not_found(sit: Sit, runner: Runner, name: str, now: datetime) -> None:
    answer = sit(Role.ADMINISTRATOR).post(f"/jobs/{name}/run")
    assert answer.status_code in (404, 405)
    assert service.requests(now) == []


# --- history


def started(lines: str) -> list[str]:
    return re.findall(r'data-label="Planned for"><time[^>]*title="([^"]+)"', lines)


def test_history_goes_page_by_page_and_loses_no_run_not_even_of_one_moment(
    sit: Sit, db: Base, runner: Runner, now: datetime
) -> None:
    for index in range(PAGE + 10):
        planned = now + timedelta(minutes=index)
        runs.take_direct("access_expiry", planned, worker="w", by="Li", now=now)
    admin = sit(Role.ADMINISTRATOR)
    page, seen = "/jobs/history?job=access_expiry", []
    for expected in (PAGE, 10):
        text = admin.text(page)
        seen += started(text)
        assert len(started(text)) == expected
        following = re.search(r'href="([^"]+)" rel="next"', text)
        page = unescape(following.group(1)) if following else ""
    assert page == ""
    assert len(set(seen)) == PAGE + 10


def test_history_of_one_job_shows_no_other(sit: Sit, runner: Runner, now: datetime) -> None:
    for name in ("access_expiry", "secrecy_end"):
        execution.run_now(runner, name, now, "Li")
    page = sit(Role.HEAD).text("/jobs/history?job=secrecy_end")
    body = page.partition("<tbody>")[2]
    assert "Declassify what has ended" in body
    assert "End access that is over" not in body


def test_a_failed_run_says_what_went_wrong_in_a_line(sit: Sit, db: Base, runner: Runner, now: datetime) -> None:
    execution.run_now(runner, "secrecy_end", now, "Li")
    db[RUNS].update_one({}, {"$set": {"state": "failed", "error": "KeyError in work (secrecy.py:12)"}})
    page = sit(Role.AUDITOR).text("/jobs/history")
    assert "failed" in page
    assert "KeyError in work (secrecy.py:12)" in page


@pytest.mark.parametrize(
    "query", ["job=revue", "before=x", "before=1.", "before=99999999999999.a@b", "before=1.$where", "before=-1.a@0"]
)
def test_an_address_that_makes_no_sense_is_refused(sit: Sit, runner: Runner, query: str) -> None:
    assert sit(Role.ADMINISTRATOR).get(f"/jobs/history?{query}").status_code == 400


def test_every_number_that_a_job_reports_has_a_word(demo_app: Flask, runner: Runner, now: datetime) -> None:
    done = [execution.run_now(runner, job.name, now, "Li") for job in JOBS.jobs]
    counted = {name for run in done for name in run.counts}
    assert {run.state for run in done} == {State.DONE}
    with demo_app.test_request_context():
        assert counted <= set(count_words())
