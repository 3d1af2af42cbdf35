"""`backoffice user`: accounts from the command line."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

import pytest
from click.testing import Result
from flask import Flask
from pymongo.database import Database

from backoffice.app import create_app
from config.settings import Settings
from models.person import acting
from models.person.roles import Role
from tests.factories.web import PASSWORD, Browser, account

Base = Database[dict[str, Any]]
Run = Callable[..., Result]
HEAD = ["--name", "李雷", "--role", "head"]


@pytest.fixture
def run(command: Run) -> Run:
    """`backoffice user …` on the tests' database."""
    return partial(command, "user")


@pytest.fixture
def app(connected: Settings, db: Base) -> Flask:
    return create_app(connected, connect=False)


def test_an_account_is_added_and_its_first_password_printed(run: Run, app: Flask, db: Base) -> None:
    done = run("add", "Head@Example.com", *HEAD, "--role", "specialist", "--department", "service")
    assert done.exit_code == 0, done.output
    stored = db["user"].find_one({"email": "head@example.com"})
    assert stored is not None
    assert stored["roles"] == ["head", "specialist"]
    assert stored["must_change"] is True
    password = done.output.split("first password: ")[1].strip()
    assert Browser(app.test_client()).sign_in("head@example.com", password).location == "/tf-setup"
    assert not acting.unclaimed(stored), "the machine vouches for them (docs/adr/0004)"
    entry = db["audit"].find_one({"action": "person_added"})
    assert entry is not None
    assert entry["actor_name"] == "system"


def test_a_password_may_be_given_on_standard_input_only(run: Run, app: Flask) -> None:
    assert run("add", "a@example.com", "--name", "甲", "--password", "-", text=PASSWORD + "\n").exit_code == 0
    assert Browser(app.test_client()).sign_in("a@example.com").location == "/"
    shown = run("add", "b@example.com", "--name", "乙", "--password", PASSWORD)
    assert shown.exit_code == 2
    weak = run("add", "c@example.com", "--name", "丙", "--password", "-", text="password1234\n")
    assert (weak.exit_code, weak.output.count("\n")) == (1, 1)
    assert "too easy to guess" in weak.output


@pytest.mark.parametrize(
    "arguments",
    [
        ("add", "not-an-email", "--name", "甲"),
        ("add", "a@example.com", "--name", "甲", "--manager", "nobody@example.com"),
        ("roles", "nobody@example.com", "--add", "head"),
        ("reset", "nobody@example.com"),
        ("move", "nobody@example.com", "--department", "sales"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_exit_code_1(run: Run, arguments: tuple[str, ...]) -> None:
    done = run(*arguments)
    assert done.exit_code == 1
    assert done.output.startswith("Error: ")
    assert done.output.count("\n") == 1


def test_an_email_is_used_once(run: Run, db: Base) -> None:
    assert run("add", "a@example.com", "--name", "甲").exit_code == 0
    again = run("add", "A@example.com", "--name", "乙")
    assert again.exit_code == 1
    assert "account with this email" in again.output
    assert db["user"].count_documents({}) == 1


def test_an_unknown_role_is_wrong_usage(run: Run) -> None:
    assert run("add", "a@example.com", "--name", "甲", "--role", "emperor").exit_code == 2


def test_roles_are_shown_given_and_taken(run: Run, app: Flask, now: datetime) -> None:
    account(app, Role.SALES, email="a@example.com", now=now)
    assert run("roles", "a@example.com").output == "sales\n"
    assert run("roles", "a@example.com", "--add", "head", "--remove", "sales").output == "head\n"


def test_a_person_is_moved_at_once_whatever_their_role(run: Run, app: Flask, db: Base, now: datetime) -> None:
    account(app, Role.HEAD, email="a@example.com", now=now)
    account(app, Role.GENERAL_MANAGER, email="m@example.com", now=now)
    done = run("move", "a@example.com", "--department", "sales", "--manager", "M@example.com")
    assert (done.exit_code, done.output) == (0, "a@example.com: department sales, manager m@example.com\n")
    assert run("move", "a@example.com").output == done.output
    assert run("move", "a@example.com", "--no-manager").output == "a@example.com: department sales, no manager\n"
    stored = db["user"].find_one({"email": "a@example.com"}) or {}
    assert (stored["department"], stored["manager"]) == ("sales", None)
    [first, last] = db["audit"].find({"action": "person_changed"}).sort("_id", 1)
    assert (first["actor_name"], first["detail"]["department"]) == ("system", "sales")
    assert last["detail"] == {"manager": "", "manager_id": ""}


def test_the_email_of_the_only_administrator_is_changed_on_the_machine(
    run: Run, app: Flask, db: Base, now: datetime
) -> None:
    account(app, Role.ADMINISTRATOR, email="a@example.com", now=now)
    done = run("move", "a@example.com", "--email", "B@example.com")
    assert done.output.startswith("b@example.com: department ")
    assert db["user"].find_one({"email": "a@example.com"}) is None
    [mail] = db["outbox_email"].find()
    assert (mail["to"], "b@example.com" in mail["text"]) == ("a@example.com", False)


def test_of_two_managers_neither_is_taken(run: Run, app: Flask, now: datetime) -> None:
    account(app, Role.HEAD, email="a@example.com", now=now)
    assert run("move", "a@example.com", "--manager", "a@example.com").exit_code == 1
    assert run("move", "a@example.com", "--manager", "a@example.com", "--no-manager").exit_code == 2


def test_the_last_administrator_stays(run: Run, app: Flask, now: datetime) -> None:
    account(app, Role.ADMINISTRATOR, email="a@example.com", now=now)
    done = run("roles", "a@example.com", "--remove", "administrator")
    assert done.exit_code == 1
    assert "last active administrator" in done.output


def test_a_reset_ends_the_old_password_and_can_enable(run: Run, app: Flask, db: Base, now: datetime) -> None:
    account(app, Role.SALES, email="a@example.com", now=now)
    db["user"].update_one({}, {"$set": {"active": False, "tf_totp_secret": "x", "tf_primary_method": "authenticator"}})
    done = run("reset", "a@example.com", "--enable")
    assert done.exit_code == 0, done.output
    password = done.output.split("first password: ")[1].strip()
    browser = Browser(app.test_client())
    assert browser.sign_in("a@example.com").status_code == 200
    assert browser.sign_in("a@example.com", password).location == "/"
    assert browser.get("/").location == "/change"
