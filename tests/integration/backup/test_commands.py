"""The two commands, as an operator uses them; the drill ends with somebody signing in."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from backoffice.app import create_app
from backoffice.cli import main
from config import database as store
from config.settings import Settings
from models.audit.keys import CURRENT
from models.backup.rules import NAME, RESTORING
from models.person.roles import Role
from tests.factories.web import Browser, account

Run = Callable[..., Result]


def environment(settings: Settings) -> dict[str, str]:
    return {
        "MONGODB_URI": settings.mongodb_uri or "",
        "BACKOFFICE_DATABASE": settings.database,
        "BACKOFFICE_DATA": str(settings.data_dir),
        "SECRET_KEY": settings.secret_key,
        "PASSWORD_SALT": settings.password_salt,
        "TOTP_SECRET": settings.totp_secret,
        "MASTER_KEY": settings.master_key,
    }


def run(settings: Settings, *arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [*map(str, arguments)], env=environment(settings))


@pytest.fixture
def file(saved: Settings, now: datetime, tmp_path: Path) -> Path:
    """A backup of an installation with one administrator, made by the command."""
    app = create_app(saved, clock=lambda: now, connect=False)
    account(app, Role.SALES, email="sales@example.com", now=now)
    account(app, Role.ADMINISTRATOR, email="admin@example.com", now=now)
    result = run(saved, "backup", tmp_path / "one.zip")
    assert result.exit_code == 0, result.stderr
    assert re.search(r"\d+ documents of \d+ collections, [\d.]+ MB, as of 2", result.stdout)
    assert re.search(r"one\.zip: [\d.]+ MB, [\d.]+ s, at most \d+ MB of memory", result.stdout)
    return tmp_path / "one.zip"


def test_the_drill(file: Path, there: Settings, saved: Settings, now: datetime) -> None:
    """Restored, verified, and somebody signs in with the old password; then a backup of the copy."""
    result = run(there, "restore", file)
    assert result.exit_code == 0, result.stderr
    for line in (
        "stored, read again and found the same",
        "audit trail: 3 sealed entries and 1 checkpoints verified",
        "2 accounts can sign in with a password, 1 of them administrators",
        f"note: {there.data_dir / CURRENT} is missing",
    ):
        assert line in result.stdout, result.stdout
    store.connect(there)
    browser = Browser(create_app(there, clock=lambda: now, connect=False).test_client())
    browser.sign_in("sales@example.com", "some other umbrellas")
    assert not browser.inside()
    browser.sign_in("sales@example.com")
    assert browser.inside()
    shutil.copy(saved.data_dir / CURRENT, there.data_dir / CURRENT)
    verified = run(there, "audit", "verify")
    assert verified.exit_code == 0, verified.stderr + verified.stdout
    second = run(there, "backup")
    assert second.exit_code == 0, second.stderr
    assert [bool(NAME.fullmatch(path.name)) for path in (there.data_dir / "backup").iterdir()] == [True]


def test_a_second_restore_into_the_same_place_is_refused_in_one_line(file: Path, there: Settings) -> None:
    assert run(there, "restore", file).exit_code == 0
    again = run(there, "restore", file)
    assert again.exit_code == 1
    assert re.fullmatch(r"Error: the database \S+ is not empty \(\d+ collections\); .*\n", again.stderr)


def test_a_cut_file_is_refused_without_a_database_and_without_making_secrets(file: Path, tmp_path: Path) -> None:
    file.write_bytes(file.read_bytes()[:-100])
    result = CliRunner().invoke(
        main, ["restore", str(file)], env={"MONGODB_URI": "", "BACKOFFICE_DATA": str(tmp_path / "new")}
    )
    assert (result.exit_code, result.stderr) == (1, "Error: one.zip is no backup, or its end is missing\n")
    assert not (tmp_path / "new").exists()


def test_a_file_is_verified_without_restoring(file: Path, there: Settings, tmp_path: Path) -> None:
    result = run(there, "restore", "--verify-only", file)
    assert result.exit_code == 0
    assert "all hashes right" in result.stdout
    assert "The file is whole" in result.stdout
    assert store.connect(there).list_collection_names() == []


def test_migrate_does_not_serve_half_a_restore(saved: Settings, there: Settings) -> None:
    store.connect(there).create_collection(RESTORING)
    result = run(there, "migrate")
    assert result.exit_code == 1
    assert "a restore has not ended here" in result.stderr
