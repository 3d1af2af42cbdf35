"""A span of time is played through on a copy; the database itself does not learn of it."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable, Generator
from contextlib import nullcontext
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from bson import ObjectId
from click.testing import CliRunner, Result
from pymongo.errors import OperationFailure

from backoffice.commands import jobs as command
from config.database import database
from jobs.cadence import Daily, EveryMinutes
from jobs.context import JobContext, JobError, Report
from jobs.copies import MADE, MARK, drop_left_behind, prefix
from jobs.schedule import JOBS
from jobs.simulation import NoCopy, Played, simulate
from jobs.table import Job, Table
from models import catalogue, schema
from models.backup.rules import JOB as BACKUP
from models.calendar import SHANGHAI, local
from models.declarations import Label
from models.destruction import removal
from models.errors import Refusal
from models.key_vault import service as keys
from models.person.roles import Role
from tests.factories.customers import customer
from tests.factories.people import person
from tests.integration.jobs.conftest import Office

SINCE = datetime(2026, 12, 31, tzinfo=SHANGHAI)
UNTIL = SINCE + timedelta(days=6)
LEFT_OUT = [job.name for job in JOBS.jobs if not job.simulated]
FIRST_WORKING_DAY = datetime(2027, 1, 4, 6, tzinfo=SHANGHAI)


@pytest.fixture(autouse=True)
def shipped(office: Office) -> None:
    catalogue.load()
    schema.migrate()


def copies() -> list[str]:
    return [name for name in database().client.list_database_names() if MARK in name]


def by_job(office: Office, table: Table = JOBS) -> dict[str, list[Played]]:
    found: dict[str, list[Played]] = {}
    for played in simulate(office.desk(table).settings, table, SINCE, UNTIL):
        found.setdefault(played.job.name, []).append(played)
    return found


def test_the_quarters_reviews_would_open_on_the_first_working_day_and_nothing_is_stored(office: Office) -> None:
    customer(person(Role.SPECIALIST), SINCE - timedelta(days=100), state="active")
    before = {name: database()[name].count_documents({}) for name in database().list_collection_names()}
    played = by_job(office)
    opened = [one for one in played["quarterly_review"] if one.counts]  # the present quarter's, then the next
    assert [one.planned for one in opened] == [SINCE + timedelta(hours=6), FIRST_WORKING_DAY]
    reminded = [one for runs in played.values() for run in runs for one in run.reminders]
    assert reminded
    assert len({one.id for one in reminded}) == len(reminded)
    after = {name: database()[name].count_documents({}) for name in database().list_collection_names()}
    assert after == before
    assert copies() == []


def test_what_reaches_beyond_the_database_is_left_out(office: Office) -> None:
    played = by_job(office)
    assert set(played) == {job.name for job in JOBS.jobs if job.simulated}
    assert not {"mail_delivery", BACKUP} & set(played)
    assert not [one.error for runs in played.values() for one in runs if one.error]


def test_no_key_of_the_original_is_destroyed_in_a_copy(office: Office) -> None:
    record = ObjectId()
    sealed = keys.seal(b"kept", keys.record_key(record))

    def destroy(_: JobContext) -> Report:
        return Report({"swept": keys.destroy([record])})

    job = Job(name="sweep", label=Label("清", "Sweep"), cadence=Daily(time(7)), work=destroy, transactional=False)
    played = by_job(office, Table([job]))
    assert {(one.error, tuple(one.counts)) for one in played["sweep"]} == {("keys_unusable", ())}
    assert keys.unseal(sealed) == b"kept"
    assert not {"attachment_sweep", "import_sweep"} & {job.name for job in JOBS.jobs if job.simulated}


def test_jobs_of_minutes_run_once_a_day_and_those_of_office_hours_once_an_hour(office: Office) -> None:
    played = by_job(office)
    assert len(played["access_expiry"]) == 6
    hours = [local(one.planned) for one in played["deadline_reminders"]]
    assert {moment.day for moment in hours} == {31, 4, 5}  # 1 to 3 January are the holiday
    assert {moment.hour for moment in hours} == set(range(9, 19))


def test_a_failing_job_is_told_and_the_others_go_on(office: Office) -> None:
    class Broken(Refusal):
        code, zh, en = "broken", "坏了。", "Broken."

    def refuse(_: JobContext) -> Report:
        raise Broken

    def fail(_: JobContext) -> Report:
        raise JobError("no paper")

    works = {"refusing": refuse, "failing": fail, "working": lambda _: Report({"done": 1})}
    table = Table(
        [Job(name=name, label=Label("试", "Trial"), cadence=Daily(time(7)), work=work) for name, work in works.items()]
    )
    played = by_job(office, table)
    told = {name: {(one.error, one.counts.get("done", 0)) for one in runs} for name, runs in played.items()}
    assert told == {"refusing": {("broken", 0)}, "failing": {("no paper", 0)}, "working": {("", 1)}}


def test_a_simulation_that_is_broken_off_leaves_no_copy(office: Office) -> None:
    name = database().name

    def stop(_: JobContext) -> Report:
        raise KeyboardInterrupt

    table = Table([Job(name="stopped", label=Label("停", "Stopped"), cadence=EveryMinutes(60), work=stop)])
    with pytest.raises(KeyboardInterrupt):
        by_job(office, table)
    assert copies() == []
    assert database().name == name


def test_what_the_database_refuses_is_told_by_its_name_and_the_others_go_on(office: Office) -> None:
    def fail(_: JobContext) -> Report:
        raise OperationFailure("a text that quotes a record")

    works = {"failing": fail, "working": lambda _: Report({"done": 1})}
    table = Table(
        [Job(name=name, label=Label("试", "Trial"), cadence=Daily(time(7)), work=work) for name, work in works.items()]
    )
    played = by_job(office, table)
    assert {one.error for one in played["failing"]} == {"OperationFailure"}
    assert {one.error for one in played["working"]} == {""}


def test_who_reads_a_simulation_keeps_the_errors_of_its_own(office: Office) -> None:
    table = Table([Job(name="one", label=Label("试", "Trial"), cadence=Daily(time(7)), work=lambda _: Report())])
    played = simulate(office.desk(table).settings, table, SINCE, UNTIL)
    next(played)
    with pytest.raises(OperationFailure, match="the reader's own"):
        played.throw(OperationFailure("the reader's own"))
    assert copies() == []


def test_a_copy_of_yesterday_goes_and_one_that_may_be_at_work_stays(office: Office) -> None:
    client, now = database().client, datetime.now(UTC)
    for name, age in (("old", timedelta(days=2)), ("new", timedelta(hours=2))):
        client[prefix() + name][MADE].insert_one({"at": now - age})
    assert drop_left_behind() == 1
    assert copies() == [prefix() + "new"]
    client.drop_database(prefix() + "new")


def test_no_copy_is_made_while_records_are_destroyed(office: Office) -> None:
    database()[removal.WORK_DOCUMENTS].insert_one({"state": removal.REMOVING})
    with pytest.raises(NoCopy, match="being destroyed"):
        by_job(office)
    assert copies() == []


def test_a_simulation_whose_copy_a_destruction_dropped_ends(office: Office) -> None:
    table = Table([Job(name="one", label=Label("试", "Trial"), cadence=Daily(time(7)), work=lambda _: Report())])
    played = simulate(office.desk(table).settings, table, SINCE, UNTIL)
    next(played)
    database().client.drop_database(database().name)
    with pytest.raises(NoCopy, match="dropped"):
        next(played)
    assert copies() == []


def simulated(
    monkeypatch: pytest.MonkeyPatch, office: Office, result: Callable[..., Generator[Played, None, None]]
) -> Result:
    monkeypatch.setattr(command, "connected", lambda: nullcontext(office.settings))
    monkeypatch.setattr(command, "simulate", result)
    return CliRunner().invoke(command.jobs, ["simulate", "--from", "2026-12-31", "--to", "2027-01-05"])


def test_the_command_says_in_words_that_no_copy_can_be_made(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    def none(*_: object) -> Generator[Played, None, None]:
        raise NoCopy("no copy of the database can be made: 13")

    result = simulated(monkeypatch, office, none)
    assert (result.exit_code, result.stderr) == (1, "Error: no copy of the database can be made: 13\n")


def test_sigterm_ends_the_command_and_its_copy(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    def ended(*arguments: Any) -> Generator[Played, None, None]:
        for played in simulate(*arguments):
            assert len(copies()) == 1
            os.kill(os.getpid(), signal.SIGTERM)
            yield played

    before = signal.getsignal(signal.SIGTERM)
    result = simulated(monkeypatch, office, ended)
    assert result.exit_code == 128 + signal.SIGTERM
    assert copies() == []
    assert signal.getsignal(signal.SIGTERM) == before


def test_the_command_prints_what_would_run_and_the_sums(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "connected", lambda: nullcontext(office.settings))
    customer(person(Role.SPECIALIST), SINCE - timedelta(days=100), state="active")
    span = ["simulate", "--from", "2026-12-31", "--to", "2027-01-05"]
    result = CliRunner().invoke(command.jobs, span)
    assert result.exit_code == 0, result.output
    assert "2027-01-04 06:00:00  quarterly_review       opened 1" in result.output
    assert "2027-01-03 06:00:00  quarterly_review       nothing to count" in result.output
    assert re.search(r"    \S.*  late  1: HD-2026Q4-KH-\S+", result.output)
    assert "0 failed" in result.output
    assert re.search(r"  quarterly_review +5 runs: opened 2\n", result.output)
    assert f"Left out, since they reach beyond the database: {', '.join(LEFT_OUT)}" in result.output
    quiet = CliRunner().invoke(command.jobs, [*span, "--quiet"])
    assert "HD-2026Q4" not in quiet.output
    assert re.search(r"  quarterly_review +5 runs: opened 2\n", quiet.output)
    backwards = CliRunner().invoke(command.jobs, ["simulate", "--from", "2027-01-05", "--to", "2026-12-31"])
    assert backwards.exit_code != 0


def run_at(monkeypatch: pytest.MonkeyPatch, office: Office, *arguments: str) -> Result:
    monkeypatch.setattr(command, "connected", lambda: nullcontext(office.settings))
    return CliRunner().invoke(command.jobs, ["run", *arguments])


def test_a_job_as_of_a_time_to_come_runs_on_a_copy(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    customer(person(Role.SPECIALIST), office.clock.now - timedelta(days=100), state="active")
    to_come = "2099-01-05T06:00"
    result = run_at(monkeypatch, office, "quarterly_review", "--at", to_come)
    assert result.exit_code == 0, result.output
    assert "on a copy that is gone again: opened 1" in result.output
    assert database()["record_review"].count_documents({}) == 0
    assert (copies(), office.runs()) == ([], [])
    result = run_at(monkeypatch, office, "quarterly_review", "--at", to_come, "--for-real")
    assert result.exit_code == 0, result.output
    assert database()["record_review"].count_documents({}) == 1
    assert [run.job for run in office.runs()] == ["quarterly_review"]


def test_what_reaches_beyond_the_database_does_not_run_as_of_a_time_to_come(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = run_at(monkeypatch, office, "destruction", "--at", "2099-01-05T06:00")
    assert result.exit_code == 1
    assert "--for-real" in result.stderr
    assert office.runs() == []


def test_a_job_that_would_fail_on_the_copy_is_told(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: JobContext) -> Report:
        raise JobError("no paper")

    monkeypatch.setattr(
        command, "JOBS", Table([Job(name="one", label=Label("试", "Trial"), cadence=Daily(time(7)), work=fail)])
    )
    result = run_at(monkeypatch, office, "one", "--at", "2099-01-05T06:00")
    assert (result.exit_code, result.stderr) == (1, "Error: one would fail: no paper\n")
