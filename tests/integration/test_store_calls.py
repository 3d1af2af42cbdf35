"""A write asks the database as little as it can, and what it gives back is what is stored."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from bson import ObjectId
from pymongo.database import Database

from models import access, records, registry, store
from models.declarations import Relation
from models.errors import StaleRecord
from models.person.roles import Person
from models.registry import Draft, Hooks
from tests.factories.commands import commands
from tests.factories.samples import sample as make
from tests.factories.types import SAMPLE

DB = Database[dict[str, Any]]
LATER = timedelta(minutes=1, microseconds=1_234)

pytestmark = pytest.mark.usefixtures("sample")


def edit(owner: Person, record: dict[str, Any], raw: dict[str, Any], now: datetime) -> dict[str, Any]:
    """A save of a record that the request has read: it is given along."""
    found = records.read(owner, "sample", record["number"], access.Purpose.VIEW, now)
    return records.change_seen(owner, found, raw, rev=record["rev"], now=now, current=record)


def test_a_save_of_what_was_read_is_five_commands(owner: Person, now: datetime) -> None:
    record = make(owner, now)
    with commands.heard() as asked:
        store.change("sample", record["_id"], {"name": "Lamp 2"}, actor=owner, now=now, rev=1, seen=record)
    written = ["update record_sample", "insert record_version", "insert audit", "insert audit_queue"]
    assert asked == [*written, "commitTransaction 1"]


@pytest.mark.parametrize(
    "values", [{"name": "Lamp 2"}, {"amount": None}, {"archived_at": True}, {"state": "submitted"}]
)
def test_what_a_write_gives_back_is_what_is_stored(owner: Person, now: datetime, values: dict[str, Any]) -> None:
    raw = {"name": "Lamp", "amount": "1.50", "made_on": "2026-01-05", "people": [{"name": "Zhao", "wage": "1.5"}]}
    record = records.create(owner, "sample", raw, now=now + LATER)
    assert record == store.fetch("sample", record["_id"])
    values = {name: now + LATER if value is True else value for name, value in values.items()}
    changed = store.change("sample", record["_id"], values, actor=owner, now=now + 2 * LATER, rev=1, seen=record)
    assert changed == store.fetch("sample", record["_id"])
    assert changed["rev"] == 2


def test_what_a_hook_writes_of_the_same_record_is_given_back_too(owner: Person, now: datetime) -> None:
    def tell(draft: Draft) -> None:
        if draft.action == "change":
            store.change(
                "sample", draft.values["_id"], {"notes": "told"}, actor=owner, now=now, rev=None, action="told"
            )

    record = make(owner, now)
    registry.register(SAMPLE, Hooks(after=(tell,)))
    changed = edit(owner, record, {"name": "Lamp 2"}, now)
    assert (changed["name"], changed["notes"], changed["rev"]) == ("Lamp 2", "told", 3)


def test_a_grant_given_since_the_record_was_read_is_kept(owner: Person, now: datetime, db: DB) -> None:
    record, grant = make(owner, now), ObjectId()
    store.add_grant("sample", record["_id"], grant)
    changed = edit(owner, record, {"name": "Lamp 2"}, now)
    assert changed["name"] == "Lamp 2"
    assert access.token("internal", Relation.GRANT, grant) in changed["acl"]
    assert changed == store.fetch("sample", record["_id"])
    assert db["record_version"].count_documents({"record": record["_id"]}) == 2


def test_a_version_stored_since_the_record_was_read_is_not_overwritten(owner: Person, now: datetime, db: DB) -> None:
    record = make(owner, now)
    store.change("sample", record["_id"], {"name": "Theirs"}, actor=owner, now=now)
    with pytest.raises(StaleRecord) as stale:
        edit(owner, record, {"name": "Mine"}, now)
    assert stale.value.current["name"] == "Theirs"
    assert db["record_version"].count_documents({"record": record["_id"]}) == 2
