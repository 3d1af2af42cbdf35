"""The `backoffice` command: it explains itself, and says no in one line with the right exit code."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result
from pymongo.database import Database

from backoffice.cli import main
from config import policy as policies
from config.settings import SECRET_VARIABLES, Settings
from models import audit, schema
from models.key_vault import service as key_vault
from models.person.roles import SYSTEM

Run = Callable[..., Result]


@pytest.fixture
def run(connected: Settings, db: Database[dict[str, Any]]) -> Iterator[Run]:
    """Runs a command against the session's database; keyword arguments are further variables."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    environ = {
        **{variable: getattr(connected, key) for key, variable in SECRET_VARIABLES.items()},
        "MONGODB_URI": str(connected.mongodb_uri),
        "BACKOFFICE_DATABASE": connected.database,
        "BACKOFFICE_DATA": str(connected.data_dir),
        "MASTER_KEY": connected.master_key,
    }

    def runner(*arguments: str, **more: str) -> Result:
        return CliRunner().invoke(main, arguments, env=environ | more)

    policies.policy.cache_clear()
    yield runner
    policies.policy.cache_clear()
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(False)


def commands(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    for name, command in group.commands.items():
        yield (*path, name), command
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))


@pytest.mark.parametrize(("path", "command"), list(commands(main)), ids=str)
def test_every_command_and_option_explains_itself(path: tuple[str, ...], command: click.Command) -> None:
    shown = CliRunner().invoke(main, [*path, "--help"])
    assert shown.exit_code == 0
    assert command.help
    short = command.get_short_help_str(limit=70)
    assert short.endswith(".")
    assert not short.endswith("...")
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help, f"{' '.join(path)} {parameter.opts[0]} has no help"


@pytest.mark.parametrize("path", [(), *(path for path, one in commands(main) if isinstance(one, click.Group))], ids=str)
def test_no_summary_of_a_command_is_cut_off_on_a_narrow_terminal(path: tuple[str, ...]) -> None:
    wide = 78  # of 80 columns click leaves two free
    shown = CliRunner().invoke(main, [*path, "--help"], terminal_width=wide).stdout
    listed = shown.partition("Commands:\n")[2].partition("\n\n")[0]
    assert listed
    assert [line for line in listed.splitlines() if line.endswith("...")] == []


def test_the_help_names_every_variable_that_is_read() -> None:
    shown = CliRunner().invoke(main, ["--help"]).stdout
    for module in ("config/settings.py", "config/policy.py"):
        text = (Path(__file__).parents[2] / module).read_text()
        for word in set(text.replace('"', " ").replace(":", " ").split()):
            if word.isupper() and word.startswith("BACKOFFICE_"):
                assert word in shown


@pytest.mark.parametrize(
    ("variables", "code", "line"),
    [
        ({"PORT": "x"}, 2, "Error: PORT: 'x' is not a whole number from 1 to 65535\n"),
        ({"SECRET_KEY": ""}, 2, "Error: SECRET_KEY: must be set when MONGODB_URI is"),
        ({"MONGODB_URI": "mongodb://me:hunter2/@x"}, 1, "Error: the database cannot be reached"),
        ({"MONGODB_URI": ""}, 1, "Error: no mongod of version 6.0"),
    ],
)
def test_a_wrong_installation_is_told_in_one_line(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], code: int, line: str
) -> None:
    monkeypatch.setattr("config.embedded.BUNDLED_PACKAGE", "no-such-distribution")
    result = run("migrate", **variables, BACKOFFICE_DATA=str(tmp_path / "var"), PATH=str(tmp_path))
    assert result.exit_code == code
    assert result.stderr.startswith(line)
    assert result.stderr.count("\n") == 1
    assert result.stdout == ""
    assert "hunter2" not in result.stderr


def test_wrong_usage_is_exit_code_2(run: Run) -> None:
    assert run("migrate", "--loud").exit_code == 2
    assert run("migrat").exit_code == 2


def test_migrating_twice_changes_nothing(run: Run) -> None:
    assert run("migrate").exit_code == 0
    again = run("migrate")
    assert (again.exit_code, again.stdout) == (0, "The database is up to date.\n")


def test_nothing_is_migrated_under_another_master_key(run: Run, db: Database[dict[str, Any]]) -> None:
    key_vault.require()
    schema.migrate()
    db["reminder"].drop()
    other = run("keys", "new").stdout.strip()
    refused = run("migrate", MASTER_KEY=other)
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert refused.stderr.splitlines()[-1].startswith("Error: the master key is not the one")
    assert run("migrate").stdout.splitlines()[-1].endswith("changes to the database.")


def test_check_names_what_is_right(run: Run) -> None:
    result = run("check")
    assert result.exit_code == 0, result.stderr
    assert "MongoDB 6" in result.stdout or "MongoDB 7" in result.stdout or "MongoDB 8" in result.stdout


def test_check_refuses_a_policy_with_a_slip(run: Run, tmp_path: Path) -> None:
    (tmp_path / "policy.toml").write_text("[acess]\n")
    result = run("check", BACKOFFICE_POLICY=str(tmp_path / "policy.toml"))
    assert result.exit_code == 2
    assert "acess" in result.stderr


@pytest.fixture
def trail(now: datetime, db: Database[dict[str, Any]]) -> Database[dict[str, Any]]:
    """A sealed audit trail of three entries."""
    for action in ("read", "change", "export"):
        audit.append(action, SYSTEM, audit.Subject("customer", number="C-1"), now=now)
    assert audit.seal(now) == 3
    return db


def test_an_untouched_audit_trail_is_verified(run: Run, trail: Database[dict[str, Any]]) -> None:
    result = run("audit", "verify")
    assert result.exit_code == 0
    assert "3 sealed entries checked" in result.stdout


def test_a_changed_audit_trail_ends_with_exit_code_1(run: Run, trail: Database[dict[str, Any]]) -> None:
    trail[audit.ENTRIES].update_one({"action": "export"}, {"$set": {"action": "read"}})
    result = run("audit", "verify")
    assert result.exit_code == 1
    assert "was altered" in result.stdout
    assert result.stderr.startswith("Error: the audit trail was tampered with")
