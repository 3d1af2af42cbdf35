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
from tests.factories.clamd import clamd

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


@pytest.mark.parametrize("there", [[], ["database", "log"]])
def test_check_begins_no_installation(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, there: list[str]) -> None:
    """In an empty folder, and in one whose secrets are gone: what it would make nobody asked for."""
    for variable in (*SECRET_VARIABLES.values(), "MONGODB_URI", "BACKOFFICE_DATA", "MASTER_KEY"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.chdir(tmp_path)
    for name in there:
        (tmp_path / "var" / name).mkdir(parents=True)
    before = sorted(tmp_path.rglob("*"))
    result = CliRunner().invoke(main, ["check"])
    said = "secrets.json is gone: put it back" if there else "there is no installation in"
    assert (result.exit_code, said in result.stderr, len(result.stderr.splitlines())) == (1, True, 1)
    assert sorted(tmp_path.rglob("*")) == before
    wrong = CliRunner().invoke(main, ["check"], env={"PORT": "x"})
    assert (wrong.exit_code, "PORT" in wrong.stderr) == (2, True)
    assert sorted(tmp_path.rglob("*")) == before


def test_check_makes_no_key(run: Run, db: Database[dict[str, Any]], connected: Settings) -> None:
    assert run("migrate").exit_code == 0
    base = connect(connected)
    before = base.client[connected.keys.database]["key"].count_documents({}), base["key_vault"].count_documents({})
    assert run("check").exit_code == 0
    base = connect(connected)
    after = base.client[connected.keys.database]["key"].count_documents({}), base["key_vault"].count_documents({})
    assert after == before


def test_check_says_that_the_virus_scanner_does_not_answer(run: Run) -> None:
    assert run("migrate").exit_code == 0
    assert "virus scanner" not in run("check").stdout
    with clamd() as scanner:
        found = run("check", CLAMD_URL=scanner.url)
        assert (found.exit_code, "virus scanner   ok\n" in found.stdout) == (0, True)
    found = run("check", CLAMD_URL="unix:///nowhere/clamd.ctl")
    assert (found.exit_code, "virus scanner   does not answer\n" in found.stdout) == (1, True)
    assert "no file is taken, as the virus scanner (CLAMD_URL) does not answer: " in found.stderr


def test_check_says_that_the_key_service_does_not_answer(run: Run, tmp_path: Path) -> None:
    """New keys would be wrapped by it, though a master key opens those that there are."""
    assert run("migrate").exit_code == 0
    service = tmp_path / "service.toml"
    service.write_text(
        'provider = "kmip"\n[providers.kmip]\nendpoint = "127.0.0.1:9"\n[master_key]\nkeyId = "1"\n', "utf-8"
    )
    found = run("check", BACKOFFICE_KEY_SERVICE=str(service))
    assert (found.exit_code, "keys            cannot be used\n" in found.stdout) == (1, True)
    assert "127.0.0.1:9" in found.stderr
    assert "calendar" in found.stdout, "the rest is looked at all the same"
