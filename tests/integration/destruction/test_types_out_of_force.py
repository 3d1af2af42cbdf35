"""D2: a stored type that is out of force keeps no copies of what is destroyed; and its own records, for whose
destruction three people have signed, are destroyed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest

from models import records, registry, store
from models.destruction import removal
from models.destruction.document import SLUG
from models.errors import Spoken
from models.person.roles import SYSTEM
from models.record_type import service
from tests.factories.definitions import visit_with
from tests.integration.destruction.conftest import SETTLED, WEEK, YEARS, Base, Cast, carried_out, old_file, signed

NAME = "Plantedname"
RIGHTS = {"create": ["specialist", "head"], "edit": [{"relation": "own"}]}


def definition() -> dict[str, Any]:
    copy = {"name": "called", "kind": "text", "label": {"zh": "客户名称", "en": "Called"}}
    return {**visit_with(**copy, copied_from=["customer.name"]), "classified": True, "rights": RIGHTS}


@pytest.fixture(autouse=True)
def put(types: None, db: Base, now: datetime) -> Iterator[None]:
    service.put(definition(), actor=SYSTEM, now=now)
    yield
    db[service.TYPES].delete_many({})
    service.refresh()


@pytest.fixture
def file(cast: Cast, now: datetime) -> dict[str, Any]:
    return old_file(cast, now, name=NAME)


@pytest.fixture
def copy(cast: Cast, file: dict[str, Any], now: datetime) -> dict[str, Any]:
    raw = {"visitor": "Guest", "customer": str(file["_id"]), "called": NAME}
    return records.create(cast.owner, "visit", raw, now=now - YEARS)


def of_copy(copy: dict[str, Any], db: Base) -> str:
    """All that is stored of a record, and its history."""
    kept = [db["record_visit"].find_one({"_id": copy["_id"]}), *db["record_version"].find({"record": copy["_id"]})]
    return str(kept)


def leave_out(db: Base) -> None:
    db[service.TYPES].update_one({"_id": "visit"}, {"$set": {"definition.title": "nosuch"}})
    registry.unregister("visit")
    service._adopted.clear()
    service.refresh()
    assert list(service.left_out()) == ["visit"]


def test_a_withdrawn_type_loses_its_copies(
    cast: Cast, file: dict[str, Any], copy: dict[str, Any], now: datetime, db: Base
) -> None:
    asked = signed(cast, [file], now)
    service.withdraw("visit", actor=SYSTEM, now=now)
    carried_out(now + WEEK)
    assert store.fetch(SLUG, asked["_id"])["state"] == "destroyed"
    assert NAME not in of_copy(copy, db)


def test_nothing_is_destroyed_while_nobody_knows_what_bears_copies(
    cast: Cast, file: dict[str, Any], copy: dict[str, Any], now: datetime, db: Base
) -> None:
    asked = signed(cast, [file], now)
    leave_out(db)
    told: list[Spoken] = []
    assert removal.begin_due(now + WEEK, lambda _, why: told.append(why)) == 0
    assert [why.code for why in told] == ["definition_unread"]
    assert "visit" in told[0].text("zh")
    assert store.fetch(SLUG, asked["_id"])["state"] == "cooling"
    service.put(definition(), actor=SYSTEM, now=now)
    carried_out(now + WEEK)
    assert store.fetch(SLUG, asked["_id"])["state"] == "destroyed"
    assert NAME not in of_copy(copy, db)


def test_what_was_begun_waits_for_it_too(
    cast: Cast, file: dict[str, Any], copy: dict[str, Any], now: datetime, db: Base
) -> None:
    asked = signed(cast, [file], now)
    removal.begin_due(now + WEEK)
    leave_out(db)
    told: list[Spoken] = []
    removal.work("test", now + WEEK + SETTLED, settled=SETTLED - SETTLED, tell=lambda _, why: told.append(why))
    assert [why.code for why in told] == ["definition_unread"]
    service.put(definition(), actor=SYSTEM, now=now)
    carried_out(now + WEEK)
    assert store.fetch(SLUG, asked["_id"])["state"] == "destroyed"
    assert NAME not in of_copy(copy, db)


def test_records_of_a_withdrawn_type_are_destroyed_as_it_was_signed(cast: Cast, now: datetime, db: Base) -> None:
    old = store.create("visit", {"visitor": "Plantedguest"}, actor=cast.owner, now=now - YEARS)
    asked = signed(cast, [old], now, "visit")
    service.withdraw("visit", actor=SYSTEM, now=now)
    carried_out(now + WEEK)
    assert store.fetch(SLUG, asked["_id"])["state"] == "destroyed"
    assert "Plantedguest" not in of_copy(old, db)
