"""`backoffice calendar`: what a person at the command line sees and gets."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from pymongo.database import Database

from backoffice import cli
from backoffice.commands import calendar as commands
from models import office
from models.calendar_day import stored

Call = Callable[..., Result]
NEW_YEAR = {"name": "元旦", "date": "2027-01-04", "isOffDay": True}


@pytest.fixture
def call(db: Database[dict[str, Any]], monkeypatch: pytest.MonkeyPatch) -> Call:
    @contextmanager
    def connected() -> Iterator[None]:
        office.refresh()
        yield

    monkeypatch.setattr(commands, "connected", connected)
    return lambda *arguments: CliRunner().invoke(cli.main, ["calendar", *map(str, arguments)])


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "2027.json"
    path.write_text(json.dumps({"year": 2027, "papers": [], "days": [NEW_YEAR]}), "utf-8")
    return path


def test_a_year_is_previewed_imported_and_shown(call: Call, table: Path) -> None:
    seen = call("import", table, "--preview")
    assert seen.exit_code == 0, seen.output
    assert "Mon 4 Jan 2027 becomes a day off (New Year's Day)" in seen.stdout
    assert seen.stdout.endswith("Nothing was stored.\n")
    assert stored.version() == 0
    assert "It is in force." in call("import", table).stdout
    assert "nothing to do" in call("import", table).stdout
    shown = call("show", "2027").stdout
    assert "not announced" not in shown
    assert "( 4)" in shown
    assert "Mon 4 Jan 2027   off     New Year's Day" in shown


def test_a_year_that_is_not_announced_says_so(call: Call) -> None:
    assert "The holidays of 2027 are not announced yet" in call("show", "2027").stdout


def test_what_is_no_published_year_is_one_line_and_exit_code_1(call: Call, tmp_path: Path) -> None:
    for content in (b"{", b"\xff", b"{}"):
        file = tmp_path / "bad.json"
        file.write_bytes(content)
        result = call("import", file)
        assert (result.exit_code, len(result.stderr.splitlines())) == (1, 1), result.output


@pytest.mark.parametrize("year", ["1999", "2101", "soon"])
def test_years_out_of_reach_are_wrong_usage(call: Call, year: str) -> None:
    assert call("show", year).exit_code == 2
