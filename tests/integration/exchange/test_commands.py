"""`backoffice import` and `backoffice export`: what a person at the command line sees and gets."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from pymongo.database import Database

from backoffice import cli
from backoffice.commands import exchange as commands
from config.settings import Settings
from models.exchange.reading import open_table
from models.person.roles import Person, Role
from tests.factories.people import person

Base = Database[dict[str, Any]]
Command = Callable[..., Result]
TEXT = "单位,建立,网址\n远山机械有限公司,03/04/2001,#A#\n近水电子有限公司,25/12/1998,https://b.example\n,1,2\n"


@pytest.fixture
def command(connected: Settings, custodian: Person, monkeypatch: pytest.MonkeyPatch) -> Command:
    """`backoffice ...` on the test's database, as the custodian."""

    @contextmanager
    def here() -> Iterator[Settings]:
        yield connected

    monkeypatch.setattr(commands, "connected", here)

    def call(*arguments: str, who: str = "") -> Result:
        return CliRunner().invoke(cli.main, [*arguments, "--as", who or f"{custodian.id}@example.test"])

    return call


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "客户.csv"
    path.write_text(TEXT, "utf-8")
    return str(path)


def test_an_import_says_what_goes_where_and_what_became_of_every_row(
    command: Command, file: str, tmp_path: Path, db: Base
) -> None:
    bad = tmp_path / "bad.csv"
    result = command("import", "customer", file, "--map", "建立=founded", "--date", "建立=dmy", "--rejects", str(bad))
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert "  单位 -> name" in lines
    assert "3 rows: 1 stored, 2 refused" in lines
    assert "  2 refused: 网址: A link starts with http:// or https://." in lines
    assert [son["name"] for son in db["record_customer"].find()] == ["近水电子有限公司"]
    with open_table(bad) as table:
        assert [row.cells[0] for row in table.rows()] == ["2", "4"]


def test_rows_to_be_looked_at_are_told_when_they_are_stored(command: Command, tmp_path: Path) -> None:
    path = tmp_path / "alike.csv"
    path.write_text("公司名称,城市\n远山机械有限公司,上海\n远山机械,杭州\n", "utf-8")
    result = command("import", "customer", str(path))
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines()[-2:] == [
        "2 rows: 2 stored, 0 refused",
        "  1 to be looked at: This may repeat “…”.",
    ]


def test_a_dry_run_stores_nothing_and_leaves_nothing(command: Command, file: str, db: Base) -> None:
    result = command("import", "customer", file, "--dry-run", "--empty-bad-values", "--map", "建立=")
    assert result.exit_code == 0, result.output
    assert "3 rows: 2 would be stored, 1 refused" in result.stdout
    assert "  建立 -> (not imported)" in result.stdout
    for collection in ("record_customer", "import_batch", "import_file.files"):
        assert db[collection].count_documents({}) == 0


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (("import", "nosuch", "FILE"), 2, "there is no record type 'nosuch'"),
        (("import", "customer", "/no/such/file.csv"), 2, "does not exist"),
        (("import", "customer", "FILE", "--map", "无=name"), 2, "the file has no column '无'"),
        (("import", "customer", "FILE", "--map", "建立=acl"), 2, "has no field 'acl'"),
        (("import", "customer", "FILE", "--date", "网=dmy"), 2, "goes to no field"),
        (("import", "customer", "FILE", "--date", "单位=never"), 1, "date order"),
        (("import", "customer", "FILE", "--encoding", "klingon"), 1, "not an encoding that can be chosen"),
        (("import", "customer", "FILE", "--map", "单位="), 1, "is required: choose a column"),
        (("import", "customer", "FILE", "--level", "cosmic"), 2, "Invalid value"),
        (("export", "customer", "--format", "pdf"), 2, "Invalid value"),
        (("export", "customer", "--query", "acl=x"), 1, "“acl” is not valid"),
        (("export", "access_request"), 1, "You may not do this"),
    ],
)
def test_wrong_usage_and_refusals_end_with_one_line_and_their_code(
    command: Command, file: str, db: Base, arguments: tuple[str, ...], status: int, words: str
) -> None:
    result = command(*(file if one == "FILE" else one for one in arguments))
    assert result.exit_code == status, result.output
    assert words in result.stderr
    assert "Traceback" not in result.output
    assert db["record_customer"].count_documents({}) == 0


def test_a_file_of_bad_rows_only_is_a_failure(command: Command, tmp_path: Path, db: Base) -> None:
    path = tmp_path / "bad.csv"
    path.write_text("单位,电话\n,1\n", "utf-8")
    result = command("import", "customer", str(path))
    assert result.exit_code == 1
    assert "no row can be imported; nothing was stored" in result.stderr
    assert "  1 refused: 单位: This is required." in result.stdout


def test_who_may_not_import_is_refused(command: Command, file: str) -> None:
    clerk = person(Role.SPECIALIST)
    assert command("import", "customer", file, who=f"{clerk.id}@example.test").exit_code == 1
    assert "nobody who is active" in command("import", "customer", file, who="x@example.test").stderr
    nobody = CliRunner().invoke(cli.main, ["import", "customer", file])
    assert (nobody.exit_code, "Missing option '--as'" in nobody.stderr) == (2, True)


def test_a_list_is_written_to_a_file_or_to_the_terminal(command: Command, file: str, tmp_path: Path) -> None:
    command("import", "customer", file, "--empty-bad-values", "--date", "建立=dmy", "--map", "建立=founded")
    out = tmp_path / "out.xlsx"
    result = command("export", "customer", "--format", "xlsx", "--output", str(out), "--query", "name=contains:近水")
    assert result.exit_code == 0, result.output
    with open_table(out) as table:
        assert [row.cells[1] for row in table.rows()] == ["近水电子有限公司"]
    result = command("export", "customer")
    assert result.exit_code == 0
    with open_table(BytesIO(result.stdout_bytes)) as table:
        assert len(list(table.rows())) == 2
