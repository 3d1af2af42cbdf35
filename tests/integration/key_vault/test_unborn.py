"""Keys of records that never came to be go a day later, and no others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from bson import ObjectId
from pymongo.database import Database

from models import bulk, store, unborn
from models.bulk import Wanted
from models.declarations import RecordType
from models.key_vault import service as keys
from models.person.roles import Person
from tests.factories.registering import registered
from tests.factories.types import SAMPLE

Base = Database[dict[str, Any]]
SEALED: RecordType = replace(
    SAMPLE, fields=tuple(replace(field, encrypted=field.name == "notes") for field in SAMPLE.fields)
)


class Broken(Exception):
    """What breaks a write off."""


@pytest.fixture(autouse=True)
def sealed(db: Base) -> Iterator[None]:
    with registered(SEALED):
        yield


def noted(db: Base) -> list[ObjectId]:
    return [row["_id"] for row in db[unborn.NOTED].find()]


def later(hours: int = 25) -> datetime:
    """After what is made at this moment: ids tell the time of the clock."""
    return datetime.now(UTC) + timedelta(hours=hours)


@pytest.fixture
def server_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server's clock is as far as that of whoever sweeps."""
    monkeypatch.setattr(unborn, "server_time", lambda: later(48))


def test_a_clock_that_is_ahead_of_the_servers_takes_no_key(db: Base) -> None:
    kept = ObjectId()
    unborn.expect([kept])
    keys.record_key(kept)
    assert unborn.sweep(later()) == 0
    assert keys.held_keys([kept])
    assert noted(db) == [kept]


@pytest.mark.usefixtures("server_goes_on")
def test_the_key_of_a_record_whose_making_failed_goes(
    head: Person, db: Base, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_args: Any) -> None:
        raise Broken

    with monkeypatch.context() as patched:
        patched.setattr("models.store.writing._insert", breaks)
        with pytest.raises(Broken):
            store.create("sample", {"name": "灯", "notes": "不", "level": "secret"}, actor=head, now=now)
    [failed] = noted(db)
    assert keys.held_keys([failed])
    assert unborn.sweep(later(23)) == 0
    assert keys.held_keys([failed])
    assert unborn.sweep(later()) == 1
    assert keys.held_keys([failed]) == {}
    assert noted(db) == []


@pytest.mark.usefixtures("server_goes_on")
def test_the_keys_of_records_that_there_are_or_were_stay(head: Person, db: Base, now: datetime) -> None:
    one = store.create("sample", {"name": "灯", "notes": "不", "level": "secret"}, actor=head, now=now)["_id"]
    wanted = [Wanted(row, {"name": f"灯{row}", "notes": "x", "level": "secret"}) for row in (1, 2)]
    made = [
        o.draft.values["_id"]
        for o in bulk.create_many("sample", wanted, actor=head, now=now, batch=ObjectId())
        if o.draft
    ]
    db["record_sample"].delete_one({"_id": made[0]})  # its key may open what lies in a backup
    assert sorted(noted(db)) == sorted([one, *made])
    assert unborn.sweep(later()) == 0
    assert len(keys.held_keys([one, *made])) == 3
    assert noted(db) == []


@pytest.mark.usefixtures("server_goes_on")
def test_keys_that_nobody_noted_are_not_looked_at(db: Base) -> None:
    kept = ObjectId()
    keys.record_key(kept)
    assert unborn.sweep(later()) == 0
    assert keys.held_keys([kept])


def test_records_without_a_key_of_their_own_note_nothing(head: Person, db: Base, now: datetime) -> None:
    store.create("sample", {"name": "灯", "notes": "不"}, actor=head, now=now)
    assert noted(db) == []
