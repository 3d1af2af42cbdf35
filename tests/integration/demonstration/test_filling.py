"""The demonstration fills an empty database only, and is not mixed with another version's."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from click.testing import CliRunner
from pymongo.database import Database

from backoffice.cli import main
from backoffice.demonstration import department
from config.settings import SECRET_VARIABLES, Settings
from models import catalogue
from models.person.roles import Role
from tests.factories.people import person


def test_a_database_with_people_of_its_own_is_refused(db: Database[dict[str, Any]], now: datetime) -> None:
    catalogue.load()
    person(Role.HEAD)
    with pytest.raises(department.InUse):
        department.fill(now)
    assert db["user"].count_documents({}) == 1
    assert not department.is_begun()


@pytest.mark.parametrize(("arguments", "code"), [([], 1), (["--if-empty"], 0)])
def test_the_command_says_that_the_database_is_in_use(
    connected: Settings, db: Database[dict[str, Any]], arguments: list[str], code: int
) -> None:
    person(Role.HEAD)
    environ = {
        **{variable: getattr(connected, key) for key, variable in SECRET_VARIABLES.items()},
        "MONGODB_URI": str(connected.mongodb_uri),
        "BACKOFFICE_DATABASE": connected.database,
        "BACKOFFICE_DATA": str(connected.data_dir),
    }
    result = CliRunner().invoke(main, ["demo", *arguments], env=environ)
    assert result.exit_code == code
    assert "Error: The database has people" in result.stderr or "no demonstration was added" in result.stdout
    assert "Traceback" not in result.output


def test_half_of_another_versions_demonstration_is_not_completed(db: Database[dict[str, Any]], now: datetime) -> None:
    catalogue.load()
    db[department.KEPT].insert_one({"_id": department.PROGRESS, "since": now, "done": 10, "steps": 99})
    with pytest.raises(department.OtherVersion):
        department.fill(now)


def test_a_whole_demonstration_of_another_version_stays_as_it_is(db: Database[dict[str, Any]], now: datetime) -> None:
    catalogue.load()
    db[department.KEPT].insert_one({"_id": department.PROGRESS, "since": now, "done": 99, "steps": 99})
    assert department.fill(now) == department.Filled(0, now)
    assert db["user"].count_documents({}) == 0
