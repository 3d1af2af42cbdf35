"""Saved and restored on a replica set of three members that loses its primary in the middle."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from config import database as store
from config.database import database, transaction
from config.settings import Settings
from models import audit, catalogue, schema
from models.audit.stored import StoredTrail
from models.backup import archive, restoring, snapshot
from models.person.roles import SYSTEM, Role
from models.record import collection_name
from tests.factories.customers import customer
from tests.factories.elsewhere import carry_keys
from tests.factories.people import person
from tests.failover.members import Members
from tests.integration.backup.conftest import going_on, reached
from tests.integration.backup.test_round import contents

ELECTION_SECONDS = 1.0
FILLERS, PART_WAY = 6_000, 2_000
ACCOUNTS, EACH = 20, 1_000
Row = dict[str, Any]


@pytest.fixture
def members(connected: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Members]:
    """Three servers, one of them primary; afterwards the tests' own database is connected again."""
    made = Members(tmp_path_factory.mktemp("members"), ELECTION_SECONDS)
    try:
        made.start()
        yield made
    finally:
        store.disconnect()
        made.stop()
        store.connect(connected)


@pytest.fixture
def office(members: Members, connected: Settings, tmp_path: Path, now: datetime) -> Settings:
    """An installation on the set, with sealed records, a trail and accounts between which money moves."""
    settings = replace(connected, mongodb_uri=members.uri, database="office", data_dir=tmp_path / "here")
    store.connect(settings)
    catalogue.load()
    schema.migrate()
    person(Role.ADMINISTRATOR)
    owner = person(Role.SPECIALIST)
    for _ in range(3):
        customer(owner, now, level="secret", level_basis="议价资料")
    base = database()
    base["filler"].insert_many([{"_id": n, "text": "x" * 500} for n in range(FILLERS)])
    for name in ("left", "right"):
        base[name].insert_many([{"_id": n, "balance": EACH} for n in range(ACCOUNTS)])
    base["moved"].insert_one({"number": "first"})
    audit.seal(now)
    return settings


def once(work: Callable[[], None]) -> Callable[[str, int], None]:
    """Do something the first time that a part of the large collection is done."""
    left = [work]

    def tell(collection: str, done: int) -> None:
        if collection == "filler" and done >= PART_WAY and left:
            left.pop()()

    return tell


def mover(now: datetime) -> Callable[[], None]:
    """Move money from one collection to the other, with an audit entry in the same transaction."""
    serial = count()

    def move() -> None:
        number, base = next(serial), database()

        def work() -> None:
            base["left"].update_one({"_id": number % ACCOUNTS}, {"$inc": {"balance": -1}})
            base["right"].update_one({"_id": number % ACCOUNTS}, {"$inc": {"balance": 1}})
            base["moved"].insert_one({"number": number})
            audit.append("moved", SYSTEM, audit.Subject("move", number=str(number)), now=now)

        transaction(work)

    return move


def test_a_backup_and_a_restore_outlive_the_loss_of_the_primary(
    members: Members, office: Settings, now: datetime, tmp_path: Path
) -> None:
    path, there = tmp_path / "one.zip", replace(office, database="office_there", data_dir=tmp_path / "there")
    with going_on(mover(now)) as moves:
        reached(moves, 5)
        made = snapshot.take(path, office, now, tell=once(members.kill_primary))
    files = contents(database())[collection_name("customer")]
    with archive.opened(path) as source:
        source.verify()
        carry_keys(office, there)
        store.connect(there)
        report = restoring.restore(source, there, now, tell=once(members.step_down))
    restored = database()
    total = sum(row["balance"] for name in ("left", "right") for row in restored[name].find())
    moved = restored["moved"].count_documents({}) - 1
    assert total == 2 * ACCOUNTS * EACH
    assert 5 <= moved <= moves[0]
    assert restored["audit"].count_documents({"action": "moved"}) == moved
    assert restored["filler"].count_documents({}) == FILLERS
    assert contents(restored)[collection_name("customer")] == files
    assert report.entries == made.head["total"]
    assert audit.verify(StoredTrail(restored)).findings == ()
