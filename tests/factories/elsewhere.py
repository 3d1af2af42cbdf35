"""Another place into which an installation is restored, and its keys carried there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from config.settings import Settings
from models.key_vault.keyring import COLLECTION


@pytest.fixture(name="there")
def another_place(saved: Settings, tmp_path: Path) -> Iterator[Settings]:
    """An empty place: another database, another folder, the same secrets as in `saved`, which each user declares."""
    settings = replace(saved, database=f"{saved.database}_there", data_dir=tmp_path / "there")
    client: MongoClient[dict[str, Any]] = MongoClient(settings.mongodb_uri)
    with client:
        for name in (settings.database, settings.keys.database):
            client.drop_database(name)
        yield settings
        for name in (settings.database, settings.keys.database):
            client.drop_database(name)


def carry_keys(saved: Settings, there: Settings) -> None:
    """Put the key vault, as it is now, into the other place: what its own backup and restore do."""
    client: MongoClient[dict[str, Any]] = MongoClient(saved.mongodb_uri)
    with client:
        target = client[there.keys.database][COLLECTION]
        target.delete_many({})
        keys = list(client[saved.keys.database][COLLECTION].find())
        if keys:
            target.insert_many(keys)
