"""What many tests on the real database share: people of a department, the sample type, commands, a fresh calendar."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from click.testing import CliRunner, Result
from pymongo.database import Database

from backoffice.cli import main
from config.settings import Settings
from models import catalogue, office, schema
from models.access_request import service as access_request
from models.access_request.document import ACCESS_REQUEST
from models.person.roles import Person, Role
from models.record import collection_name
from tests.factories.people import person
from tests.factories.registering import registered
from tests.factories.types import SAMPLE

Base = Database[dict[str, Any]]
Run = Callable[..., Result]


@pytest.fixture
def owner(db: Base) -> Person:
    return person(Role.SPECIALIST, name="Owner")


@pytest.fixture
def clerk(db: Base) -> Person:
    return person(Role.SPECIALIST, name="Clerk")


@pytest.fixture
def head(db: Base) -> Person:
    return person(Role.HEAD, name="Head")


@pytest.fixture
def sample(db: Base) -> Iterator[None]:
    """The sample type is in force."""
    with registered(SAMPLE):
        yield


@pytest.fixture
def cards(sample: None) -> None:
    """The sample type and the cards that open its records are in force."""
    catalogue.register(SAMPLE)
    catalogue.register(ACCESS_REQUEST, access_request.HOOKS)
    schema.migrate()


@pytest.fixture
def fresh_calendar() -> Iterator[None]:
    """Nothing is remembered of the working calendar, before and after."""
    office.forget()
    yield
    office.forget()


@pytest.fixture
def command(connected: Settings, db: Base, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The product's command on the tests' database, whose connection it may end: `command("user", "list")`."""
    schema.migrate()
    monkeypatch.setenv("MONGODB_URI", str(connected.mongodb_uri))
    monkeypatch.setenv("BACKOFFICE_DATABASE", connected.database)
    monkeypatch.setenv("SECRET_KEY", connected.secret_key)
    monkeypatch.setenv("PASSWORD_SALT", connected.password_salt)
    monkeypatch.setenv("TOTP_SECRET", connected.totp_secret)
    monkeypatch.setenv("MASTER_KEY", connected.master_key)
    monkeypatch.setattr("backoffice.logging.configure", lambda _settings: None)
    monkeypatch.setattr("config.database.connect", lambda _settings: db)
    monkeypatch.setattr("config.database.disconnect", lambda: None)

    def run(*arguments: str, text: str = "") -> Result:
        return CliRunner().invoke(main, arguments, input=text)

    return run


@pytest.fixture
def named_once(db: Base) -> Iterator[None]:
    """No two sample records have one name."""
    samples = db[collection_name("sample")]
    index = samples.create_index("name", unique=True)
    yield
    samples.drop_index(index)
