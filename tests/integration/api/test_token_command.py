"""`backoffice token`: tokens from the command line."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest
from click.testing import Result
from pymongo.database import Database

from models.token import service as tokens
from tests.integration.api.conftest import Program

Base = Database[dict[str, Any]]
Run = Callable[..., Result]


@pytest.fixture
def run(command: Run) -> Run:
    """`backoffice token …` on the tests' database."""
    return partial(command, "token")


def test_a_token_is_made_listed_and_revoked(run: Run, head: Program, db: Base) -> None:
    email = head.person.email
    made = run("create", email, "--name", "Telephone", "--days", "30", "--type", "customer", "--read-only")
    assert made.exit_code == 0, made.output
    secret = made.stdout.strip()
    assert secret.startswith("bo_")
    listed = run("list", email).output
    line = next(line for line in listed.splitlines() if "Telephone" in line)
    assert secret not in listed
    assert line.split()[0] == secret[:11]
    assert "reads" in line
    assert "customer" in line
    done = run("revoke", email, secret)
    assert (done.exit_code, done.output) == (0, f"revoked {secret[:11]}\n")
    stored = db[tokens.TOKENS].find_one({"prefix": secret[:11]})
    assert stored is not None
    assert stored["revoked"] is not None


def test_moments_are_those_of_clocks_in_shanghai(run: Run, head: Program, db: Base) -> None:
    run("create", head.person.email, "--name", "Telephone")
    moments = {"last_used": datetime(2026, 11, 23, 17, 30, tzinfo=UTC), "expires": datetime(2099, 1, 1, 17, tzinfo=UTC)}
    db[tokens.TOKENS].update_many({}, {"$set": moments})
    line = next(line for line in run("list", head.person.email).output.splitlines() if "Telephone" in line)
    assert "ends 2099-01-02  2026-11-24 01:30" in line


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("create", "nobody@example.com", "--name", "x"), "there is no account"),
        (("create", "EMAIL", "--name", "x", "--days", "9999"), "days:"),
        (("create", "EMAIL", "--name", "x", "--type", "nothing"), "They reach customer, "),
        (("revoke", "EMAIL", "bo_nothing0"), "has no token that begins with bo_nothing0"),
    ],
)
def test_what_makes_no_sense_is_refused_in_a_line(
    run: Run, head: Program, arguments: tuple[str, ...], said: str
) -> None:
    done = run(*(head.person.email if one == "EMAIL" else one for one in arguments))
    assert done.exit_code == 1
    assert said in done.output
