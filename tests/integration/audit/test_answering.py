"""Readings that belong to an answer, and the acts of the same request."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from bson import ObjectId
from pymongo.errors import AutoReconnect

from config.database import TRANSIENT, transaction
from models import audit
from models.person.roles import SYSTEM
from tests.integration.audit.conftest import Base


@pytest.fixture
def record(migrated: None, db: Base) -> Iterator[audit.Subject]:
    """A record that an open answer shows."""
    audit.begin()
    yield audit.Subject("customer", ObjectId(), "C-1", "secret")
    audit.begin()
    audit.settle()


def fail(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    """From now on the trail takes no reading, which shows only when it is waited for."""

    def follow(*_: Any) -> None:
        raise error

    monkeypatch.setattr("models.audit.writing._follow", follow)


def lost() -> AutoReconnect:
    error = AutoReconnect("the server is gone")
    error._add_error_label(TRANSIENT)
    return error


@pytest.mark.parametrize("error", [audit.NotAudited(), lost()], ids=["refused", "lost"])
def test_an_act_is_not_stored_without_the_readings_before_it(
    record: audit.Subject, db: Base, now: datetime, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    fail(monkeypatch, error)
    audit.append("view", SYSTEM, record, now=now)

    def act() -> None:
        db["thing"].insert_one({"_id": 1})
        audit.append("change", SYSTEM, record, now=now)

    with pytest.raises(audit.NotAudited):
        transaction(act)
    assert db["thing"].count_documents({}) == 0
    assert db[audit.ENTRIES].count_documents({"action": "change"}) == 0


def test_a_reading_that_is_rolled_back_tells_of_nothing(record: audit.Subject, db: Base, now: datetime) -> None:
    def read() -> None:
        audit.append("view", SYSTEM, record, now=now)
        raise KeyError

    with pytest.raises(KeyError):
        transaction(read)
    assert record.id is not None
    assert not audit.tells_of(record.id)
    audit.append("view", SYSTEM, record, now=now)
    assert audit.tells_of(record.id)
