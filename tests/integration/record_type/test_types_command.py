"""`backoffice types`: record types from the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from models.record_type import service
from tests.factories.definitions import visit, visit_with

Run = Callable[..., Result]


@pytest.fixture
def run(command: Run) -> Run:
    """`backoffice types …` on the tests' database."""
    return partial(command, "types")


@pytest.fixture
def written(tmp_path: Path) -> Callable[[Any], str]:
    """A file with a definition in it."""

    def write(data: Any) -> str:
        path = tmp_path / "type.json"
        path.write_text(data if isinstance(data, str) else json.dumps(data), "utf-8")
        return str(path)

    return write


def test_a_type_is_put_listed_shown_and_withdrawn(run: Run, written: Callable[[Any], str]) -> None:
    assert run("put", written(visit())).output == "visit version 1 is in force\n"
    assert run("put", written(visit_with())).output == "visit version 2 is in force\n"
    listed = run("list").output
    assert "customer             shipped" in listed
    assert "visit                version 2    Visit" in listed
    shown = json.loads(run("show", "visit").output)
    assert shown == visit_with() | {"version": 2}
    assert run("withdraw", "visit").output == "visit is withdrawn\n"
    assert "visit                withdrawn" in run("list").output


def test_what_was_shown_can_be_put_again(run: Run, written: Callable[[Any], str]) -> None:
    run("put", written(visit()))
    shown = run("show", "visit").output
    assert run("put", written(shown)).output == "visit version 1 is in force\n"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (visit_with(kind="colour"), "E002 visit.badge: there is no kind “colour”"),
        (visit(colour=1), "E031 visit.colour: nothing reads this key"),
        ("{", "holds no JSON"),
        ("[" * 100_000, "holds no JSON"),
    ],
)
def test_a_wrong_file_is_refused_with_what_is_wrong(
    run: Run, written: Callable[[Any], str], data: Any, message: str
) -> None:
    result = run("put", written(data))
    assert result.exit_code == 1
    assert message in result.output
    assert service.stored_types() == []


@pytest.mark.parametrize("arguments", [("show", "nothing"), ("withdraw", "nothing"), ("withdraw", "customer")])
def test_a_type_that_is_not_there_is_said_in_one_line(run: Run, arguments: tuple[str, ...]) -> None:
    result = run(*arguments)
    assert result.exit_code == 1
    assert len(result.output.splitlines()) == 1


def test_why_a_type_cannot_be_withdrawn_is_said(run: Run, written: Callable[[Any], str]) -> None:
    run("put", written(visit()))
    assert "“customer” comes with the program and is not withdrawn" in run("withdraw", "customer").output
    assert "no stored record type “nothing” in force; `types list`" in run("withdraw", "nothing").output
    run("withdraw", "visit")
    assert "no stored record type “visit” in force" in run("withdraw", "visit").output
    assert "customer             shipped" in run("list").output
