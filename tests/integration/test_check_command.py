"""`backoffice check` and wrong declarations: coded lines, the right exit code, nothing started."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from pymongo.database import Database

from backoffice.app import create_app
from backoffice.cli import main
from backoffice.commands import checks as command
from config.database import connect
from config.settings import SECRET_VARIABLES, Settings
from models import catalogue, checks, registry
from models.customer.document import CUSTOMER
from models.registry import Hooks

Run = Callable[..., Result]
LONG_AFTER = datetime(2090, 1, 1, tzinfo=UTC).timestamp()


@pytest.fixture
def run(connected: Settings, db: Database[dict[str, Any]]) -> Run:
    """Runs a command against the session's database."""
    environ = {
        **{variable: getattr(connected, key) for key, variable in SECRET_VARIABLES.items()},
        "MONGODB_URI": str(connected.mongodb_uri),
        "BACKOFFICE_DATABASE": connected.database,
        "BACKOFFICE_DATA": str(connected.data_dir),
        "MASTER_KEY": connected.master_key,
    }
    return lambda *arguments, **more: CliRunner().invoke(main, arguments, env=environ | more)


@pytest.fixture
def slip(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The shipped customer file with a field of an unknown kind and a title that is none."""
    fields = (replace(CUSTOMER.fields[1], kind="colour"), *CUSTOMER.fields)
    wrong = replace(CUSTOMER, fields=fields, title="heading")
    monkeypatch.setattr(catalogue, "SHIPPED", ((wrong, Hooks()), *catalogue.SHIPPED[1:]))
    yield
    monkeypatch.undo()
    catalogue.load()


@pytest.mark.usefixtures("slip")
@pytest.mark.parametrize("arguments", [["check"], ["migrate"], ["jobs", "list"]])
def test_a_wrong_declaration_stops_every_command_with_coded_lines(run: Run, arguments: list[str]) -> None:
    result = run(*arguments)
    assert result.exit_code == 1
    assert "E002 customer.short_name: there is no kind “colour”\n" in result.stderr
    assert "E005 customer.title: “heading” is no field of text and no reference\n" in result.stderr
    assert result.stderr.splitlines()[-1].endswith("wrong declarations")
    assert "Traceback" not in result.output


@pytest.mark.usefixtures("slip", "db")
def test_a_wrong_declaration_stops_the_web(connected: Settings) -> None:
    with pytest.raises(checks.WrongDeclarations, match=r"E002 customer\.short_name"):
        create_app(connected, connect=False)


@pytest.mark.usefixtures("db")
def test_a_wrong_declaration_leaves_the_types_in_force_as_they_were(slip: None) -> None:
    with pytest.raises(checks.WrongDeclarations):
        catalogue.load()
    assert registry.get("customer").rt is CUSTOMER


def test_check_says_what_the_database_lacks(run: Run, connected: Settings) -> None:
    assert run("migrate").exit_code == 0
    assert run("check").exit_code == 0
    base = connect(connected)  # a command ends its connection
    base["record_customer"].drop_index("owner")
    base["record_contract"].drop_index("number")
    base["record_contract"].create_index("number", name="number")
    lacking = run("check")
    assert lacking.exit_code == 1
    assert "  index owner of record_customer is missing\n" in lacking.stdout
    assert "  index number of record_contract is different\n" in lacking.stdout
    assert run("migrate").exit_code == 0
    assert run("check").exit_code == 0


def test_check_warns_of_keys_that_nobody_saves(run: Run, tmp_path: Path) -> None:
    assert run("migrate").exit_code == 0
    warned = run("check")
    assert (warned.exit_code, "  the key vault has no backup: name a file" in warned.stdout) == (0, True)
    file = tmp_path / "keys.json"
    file.touch()
    os.utime(file, (LONG_AFTER, LONG_AFTER))  # later than any backup that other tests have made
    assert "key vault" not in run("check", BACKOFFICE_KEYS_BACKUP=str(file)).stdout


def test_check_says_that_the_master_key_is_missing(run: Run) -> None:
    result = run("check", MASTER_KEY="")
    assert (result.exit_code, "there is no master key: set MASTER_KEY" in result.stderr) == (1, True)
    assert "Traceback" not in result.output


def test_the_coming_year_is_asked_about_when_its_holidays_should_be_known() -> None:
    assert list(command._unannounced(datetime(2025, 6, 1, tzinfo=UTC))) == []
    summer, autumn = (list(command._unannounced(datetime(2090, month, 22, tzinfo=UTC))) for month in (6, 11))
    assert [line.split()[3] for line in summer] == ["2090"]
    assert [line.split()[3] for line in autumn] == ["2090", "2091"]
