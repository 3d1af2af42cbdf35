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


def test_all_tokens_of_a_person_are_revoked(run: Run, head: Program, db: Base) -> None:
    run("create", head.person.email, "--name", "Telephone")
    done = run("revoke", head.person.email, "--all")
    assert (done.exit_code, done.output) == (0, f"revoked 2 tokens of {head.person.email}\n")
    assert db[tokens.TOKENS].count_documents({"revoked": None}) == 0
    assert db["audit"].count_documents({"action": "token_revoked", "actor": None}) == 2
    assert "revoked 0 tokens" in run("revoke", head.person.email, "--all").output
    for wrong in ((), ("bo_nothing0", "--all")):
        assert run("revoke", head.person.email, *wrong).exit_code == 2


def test_how_far_the_tokens_of_a_person_read_is_shown_set_and_lifted(run: Run, head: Program, db: Base) -> None:
    email = head.person.email
    everything = "internal, secret, confidential, top_secret"
    assert run("level", email).output == f"{email}: policy (policy: top_secret); tokens read {everything}\n"
    done = run("level", email, "secret")
    assert done.output == f"{email}: secret (policy: top_secret); tokens read internal, secret\n"
    assert run("level", email, "policy").output.endswith(f"tokens read {everything}\n")
    told = [entry["detail"] for entry in db["audit"].find({"action": "api_level_changed"}).sort("_id")]
    assert [one["api_level"] for one in told] == ["secret", "policy"]
    assert run("level", email, "secrets").exit_code == 2
    db["user"].update_one({"email": email}, {"$set": {"api_level": "secrets"}})
    assert run("level", email).output == f"{email}: secrets (policy: top_secret); tokens read nothing\n"
