"""`backoffice jobs`: what a person at the command line sees and gets."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from click.testing import CliRunner, Result

from backoffice import cli
from backoffice.commands import jobs as commands
from config.settings import Settings
from jobs.table import Table
from models.job import service
from models.job.rules import State
from tests.integration.jobs import sample
from tests.integration.jobs.conftest import Office

Command = Callable[..., Result]


@pytest.fixture
def command(office: Office, monkeypatch: pytest.MonkeyPatch) -> Command:
    """`backoffice jobs ...` on the test's database; the first argument is the work of the one job."""

    @contextmanager
    def connected() -> Iterator[Settings]:
        yield office.settings

    def call(work: str, *arguments: str) -> Result:
        table: Table = sample.table(work, minutes=60)
        monkeypatch.setattr(commands, "connected", connected)
        monkeypatch.setattr(commands, "JOBS", table)
        return CliRunner().invoke(cli.main, ["jobs", *arguments])

    return call


@pytest.mark.parametrize("at", ["2026-10-08T09:00", "2026-10-08T09:00+08:00", "2026-10-08T01:00Z"])
def test_a_job_runs_as_of_the_time_given_which_is_shanghai_time_without_an_offset(
    command: Command, office: Office, at: str
) -> None:
    result = command("add", "run", "sample", "--at", at)
    assert result.exit_code == 0, result.output
    assert result.stdout == "sample as of 2026-10-08 09:00:00: added 1\n"
    assert [e["planned"] for e in office.db[sample.EFFECTS].find()] == [datetime(2026, 10, 8, 1, tzinfo=UTC)]


def test_a_job_that_fails_is_one_line_and_exit_code_1(command: Command, office: Office) -> None:
    result = command("quarrel", "run", "sample")
    assert (result.exit_code, result.stderr) == (1, "Error: sample failed: the ledger is closed\n")
    assert [run.state for run in office.runs()] == [State.FAILED]


@pytest.mark.parametrize("arguments", [("run", "sampel"), ("history", "sampel")])
def test_an_unknown_job_is_one_line_and_exit_code_1(command: Command, arguments: tuple[str, ...]) -> None:
    result = command("add", *arguments)
    assert (result.exit_code, result.stderr) == (1, "Error: There is no job named 'sampel'.\n")


@pytest.mark.parametrize("at", ["yesterday", "2026-13-01", "", "0001-01-01T00:00+23:00", "2026-10-08T09:00[Mars]"])
def test_a_time_that_is_none_is_wrong_usage(command: Command, office: Office, at: str) -> None:
    assert command("add", "run", "sample", "--at", at).exit_code == 2
    assert office.runs() == []


def test_the_list_shows_jobs_that_no_scheduler_has_seen_yet(command: Command) -> None:
    result = command("add", "list")
    assert "Every 60 minutes; next " in result.stdout
    assert "has not run yet" in result.stdout
    assert "No scheduler is running." in result.stdout


def test_the_list_shows_the_last_result_and_who_is_active(command: Command, office: Office) -> None:
    tick = office.open(sample.table("add", minutes=60), "desk-7")
    office.clock.turn(hours=3)
    tick()
    result = command("add", "list")
    assert "last: 2026-11-23 13:00:00 done, late, added 1" in result.stdout
    assert "Active scheduler: desk-7" in result.stdout


def test_the_history_is_newest_first_and_says_when_it_is_empty(command: Command) -> None:
    assert command("add", "history").stdout == "No job has run yet.\n"
    command("add", "run", "sample", "--at", "2026-10-08T09:00")
    command("quarrel", "run", "sample", "--at", "2026-10-09T09:00")
    lines = command("add", "history", "--limit", "5").stdout.splitlines()
    assert [line.split("planned ")[1][:10] for line in lines] == ["2026-10-09", "2026-10-08"]
    assert "failed, for command line, the ledger is closed" in lines[0]
    assert len(service.history()) == 2
