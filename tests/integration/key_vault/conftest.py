"""The application, programs that act for people, and a vault with a file of master keys."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from config import database as store
from config.keys import KeySettings
from config.settings import Settings
from models.person.roles import Person, Role
from tests.factories.people import person
from tests.factories.web_fixtures import add, app, browser, clock, demo_app, prepared, sit
from tests.integration.api.conftest import start

__all__ = ["add", "app", "browser", "clock", "demo_app", "prepared", "sit", "start"]


@pytest.fixture
def head(db: object) -> Person:
    """Who owns, heads and keeps."""
    return person(Role.SPECIALIST, Role.HEAD, Role.CUSTODIAN)


@pytest.fixture
def own(
    connected: Settings, db: Database[dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[KeySettings]:
    """A vault of its own, with a master key in a file."""
    name = f"{connected.database}_rotated_keys"
    settings = replace(connected.keys, database=name, given="", path=tmp_path / "master-key", makes=True)
    monkeypatch.setitem(store._keys, connected.database, settings)
    db.client.drop_database(name)
    vault_again()
    yield settings
    monkeypatch.undo()
    vault_again()
    db.client.drop_database(name)


def vault_again() -> None:
    """Begin with the vault as another process would."""
    __import__("models.key_vault.vault", fromlist=["_vaults"])._vaults.clear()
