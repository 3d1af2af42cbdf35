"""Every test here works with the shipped record types on an empty, migrated database."""

from __future__ import annotations

from typing import Any

import pytest
from pymongo.database import Database

from models import catalogue, schema


@pytest.fixture(autouse=True)
def shipped(db: Database[dict[str, Any]]) -> None:
    catalogue.load()
    schema.migrate()
