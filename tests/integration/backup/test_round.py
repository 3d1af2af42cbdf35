"""The drill: saved while people write, restored elsewhere, one moment, everything proven."""

from __future__ import annotations

import stat
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from random import Random
from typing import Any, cast

import gridfs
import pytest
from bson import ObjectId
from pymongo import ASCENDING
from pymongo.database import Database
from pymongo.errors import AutoReconnect

from config import database as store
from config.database import transaction
from config.settings import Settings
from models import audit, schema
from models.audit.keys import CURRENT
from models.audit.stored import StoredTrail
from models.backup import snapshot
from models.backup.manifest import BackupError
from models.backup.restoring import Restored
from models.person.roles import SYSTEM, Role
from tests.factories.people import person
from tests.integration.backup.conftest import going_on, reached

Base = Database[dict[str, Any]]
Restore = Callable[..., Restored]
ACCOUNTS, EACH = 40, 1_000


def contents(db: Base) -> dict[str, list[bytes]]:
    """Every document of a database as it lies there, by collection."""
    names = sorted(name for name in db.list_collection_names() if not name.startswith("system."))
    return {name: [bytes(chunk) for chunk in cast("Any", db[name].find_raw_batches({}))] for name in names}


def indexes(db: Base) -> dict[str, Any]:
    names = sorted(name for name in db.list_collection_names() if not name.startswith("system."))
    return {name: sorted(map(str, db[name].list_indexes())) for name in names}


def test_what_is_restored_is_what_was_saved_with_its_indexes_files_and_trail(
    saved: Settings, db: Base, restore: Restore, now: datetime, tmp_path: Path
) -> None:
    person(Role.ADMINISTRATOR)
    db["sample"].insert_many([{"_id": n, "text": "某某" * n, "when": now, "id": ObjectId()} for n in range(3_000)])
    db["sample"].create_index([("text", ASCENDING), ("when", ASCENDING)], unique=True, name="both", sparse=True)
    db["sample"].create_index([("text", "text")], name="words")
    db.create_collection("checked", validator={"x": {"$type": "int"}})
    gridfs.GridFS(db, "attachment").put(b"\x00scan" * 100_000, filename="scan.pdf")
    before, shape = contents(db), indexes(db)
    made = snapshot.take(tmp_path / "one.zip", saved, now)
    report = restore(tmp_path / "one.zip")
    after = contents(store.database())
    after["audit"], after["audit_queue"] = before["audit"], before["audit_queue"]  # the restore is an entry of its own
    left_out: dict[str, list[bytes]] = {name: [] for name in before if name in made.left_out}
    assert after == before | left_out
    assert indexes(store.database()) == shape
    assert store.database()["checked"].options() == {"validator": {"x": {"$type": "int"}}}
    assert (report.entries, report.waiting, report.checkpoints) == (3, 1, 1)
    assert not any("backup" in note for note in report.notes)


def test_a_backup_under_writes_is_one_moment(
    saved: Settings, db: Base, restore: Restore, now: datetime, tmp_path: Path
) -> None:
    """Money moves between accounts that lie in two collections; each move leaves an audit entry in its transaction."""
    halves = [db["left"], db["right"]]
    for half in halves:
        half.insert_many([{"_id": n, "balance": EACH, "filler": "x" * 20_000} for n in range(ACCOUNTS)])
    chance, serial = Random(7), count()

    def move() -> None:
        number, amount = str(next(serial)), chance.randrange(1, 50)
        source, target = chance.sample(halves, 2)
        payer, payee = chance.randrange(ACCOUNTS), chance.randrange(ACCOUNTS)

        def work() -> None:
            source.update_one({"_id": payer}, {"$inc": {"balance": -amount}})
            target.update_one({"_id": payee}, {"$inc": {"balance": amount}})
            db["moved"].insert_one({"number": number})
            audit.append("moved", SYSTEM, audit.Subject("move", number=number), now=now)

        transaction(work)

    def seal() -> None:
        audit.seal(now)

    db["moved"].insert_one({"number": "first"})
    with going_on(move) as moves, going_on(seal):
        reached(moves, 20)
        begun = moves[0]
        made = snapshot.take(tmp_path / "busy.zip", saved, now, tell=lambda *_: reached(moves, begun + 1))
        during = moves[0] - begun
    report = restore(tmp_path / "busy.zip")
    restored = store.database()
    total = sum(row["balance"] for name in ("left", "right") for row in restored[name].find({}, {"balance": 1}))
    moved = restored["moved"].count_documents({}) - 1
    assert during > 0
    assert total == 2 * ACCOUNTS * EACH
    assert 20 <= moved <= moves[0]
    assert restored["audit"].count_documents({"action": "moved"}) == moved
    assert report.entries + report.waiting == made.head["total"] + report.waiting
    assert audit.verify(StoredTrail(restored)).findings == ()


def test_a_collection_made_meanwhile_does_not_break_the_backup(
    saved: Settings, db: Base, restore: Restore, now: datetime, tmp_path: Path
) -> None:
    serial = count()

    def grow() -> None:
        name = f"made_{next(serial)}"
        db.create_collection(name)
        db[name].insert_one({"_id": 1})

    grow()
    calls = iter(range(100))
    take = snapshot._sources

    def listing() -> list[snapshot.Source]:
        if next(calls) < 3:
            grow()
        return take()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(snapshot, "_sources", listing)
        made = snapshot.take(tmp_path / "one.zip", saved, now)
    names = [part.collection for part in made.parts if part.collection.startswith("made_")]
    restore(tmp_path / "one.zip")
    assert len(names) == next(serial) > 2
    assert {store.database()[name].count_documents({}) for name in names} == {1}


def test_our_own_server_remembers_the_moment_for_one_backup_at_a_time_and_forgets_it_again(
    saved: Settings, db: Base, now: datetime, tmp_path: Path
) -> None:
    settings = replace(saved, mongodb_uri=None)

    def remembered() -> int:
        found: int = db.client.admin.command({"getParameter": 1, snapshot.WINDOW: 1})[snapshot.WINDOW]
        return found

    usual = remembered()
    seen: list[int] = []

    def another(*_: object) -> None:
        if not seen:
            seen.append(remembered())
            with pytest.raises(BackupError, match="another backup"):
                snapshot.take(tmp_path / "two.zip", settings, now)

    snapshot.take(tmp_path / "one.zip", settings, now, another)
    assert (seen, remembered()) == ([snapshot.WINDOW_SECONDS], usual)
    db.client.admin.command({"setParameter": 1, snapshot.WINDOW: snapshot.WINDOW_SECONDS})  # as a killed one leaves it
    snapshot.take(tmp_path / "three.zip", settings, now)
    assert remembered() == usual


def test_a_server_that_was_started_again_remembers_the_moment_of_the_next_attempt(
    saved: Settings, db: Base, now: datetime, tmp_path: Path
) -> None:
    seen: list[int] = []

    def restarted_once(*_: object) -> None:
        admin = db.client.admin
        seen.append(admin.command({"getParameter": 1, snapshot.WINDOW: 1})[snapshot.WINDOW])
        if len(seen) == 1:
            admin.command({"setParameter": 1, snapshot.WINDOW: snapshot.USUAL_WINDOW_SECONDS})
            raise AutoReconnect("the server is started again")

    snapshot.take(tmp_path / "one.zip", replace(saved, mongodb_uri=None), now, restarted_once)
    assert set(seen) == {snapshot.WINDOW_SECONDS}


def test_that_the_server_is_away_does_not_hide_why_the_backup_failed(
    saved: Settings, now: datetime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = {"setParameter": 1, snapshot.WINDOW: snapshot.USUAL_WINDOW_SECONDS}
    command = Database.command

    def away(self: Any, asked: Any, *args: Any, **more: Any) -> Any:
        if asked == usual:
            raise AutoReconnect("connection closed")
        return command(self, asked, *args, **more)

    def full(*_: object) -> None:
        raise BackupError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(Database, "command", away)
        with pytest.raises(BackupError, match="the disk is full"):
            snapshot.take(tmp_path / "one.zip", replace(saved, mongodb_uri=None), now, full)
    store.database().client.admin.command(usual)


def test_checkpoints_that_lie_with_another_scheduler_are_noted_and_do_not_end_the_restore(
    saved: Settings, restore: Restore, now: datetime, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    key = audit.KeySource(saved.data_dir / CURRENT)
    other = audit.Writer(tmp_path / "other", key)
    for minute in (1, 2, 3):
        other.write(now + timedelta(minutes=minute))
    audit.Writer(saved.audit_dir, key).write(now + timedelta(minutes=4))  # takes the one before into its own file
    snapshot.take(tmp_path / "one.zip", saved, now)
    assert "lacks 2 checkpoints" in caplog.text
    report = restore(tmp_path / "one.zip")
    assert report.checkpoints == 5
    assert "audit trail: checkpoints 2 to 3 are removed from the files" in report.notes
    assert any("put the checkpoint files of all schedulers" in note for note in report.notes)


def test_a_copy_that_somebody_put_beside_the_checkpoints_is_left_out(
    saved: Settings, restore: Restore, now: datetime, tmp_path: Path
) -> None:
    (own,) = saved.audit_dir.glob("checkpoints-*.jsonl")
    (saved.audit_dir / f"{own.stem}.old.jsonl").write_bytes(own.read_bytes())
    made = snapshot.take(tmp_path / "one.zip", saved, now)
    assert [one.name for one in made.files if one.name.startswith("audit/")] == [f"audit/{own.name}"]
    assert restore(tmp_path / "one.zip").checkpoints == 1


def test_the_file_is_for_its_owner_only_and_replaces_none(saved: Settings, now: datetime, tmp_path: Path) -> None:
    path = tmp_path / "new" / "one.zip"
    snapshot.take(path, saved, now)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [one.name for one in path.parent.iterdir()] == ["one.zip"]
    kept = path.read_bytes()
    with pytest.raises(BackupError, match="replaces no file"):
        snapshot.take(path, saved, now)
    assert path.read_bytes() == kept


def test_a_backup_that_breaks_off_leaves_nothing(
    saved: Settings, now: datetime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_: object) -> None:
        raise KeyboardInterrupt

    folder = tmp_path / "new"
    monkeypatch.setattr(snapshot, "_checkpoints", die)
    with pytest.raises(KeyboardInterrupt):
        snapshot.take(folder / "one.zip", saved, now)
    assert list(folder.iterdir()) == []


def test_sessions_tries_and_leases_stay_out(saved: Settings, db: Base, now: datetime, tmp_path: Path) -> None:
    for name in ("session", "sign_in_try", "lease"):
        db[name].insert_one({"_id": "planted", "ends": now + timedelta(days=400)})
    made = snapshot.take(tmp_path / "one.zip", saved, now)
    assert {part.collection for part in made.parts}.isdisjoint(made.left_out)
    assert {"audit", "user", "attachment.files", "attachment.chunks"} <= {part.collection for part in made.parts}


def test_checkpoints_after_the_moment_are_not_saved(saved: Settings, now: datetime, tmp_path: Path) -> None:
    """They would say of the restored trail that its end was cut."""
    file = next(saved.audit_dir.glob("*.jsonl"))
    later = file.read_text().replace('"number":1', '"number":2')
    file.write_text(file.read_text() + later)
    made = snapshot.take(tmp_path / "one.zip", saved, now)
    sizes = [small.size for small in made.files if small.name.startswith("audit/")]
    assert sizes == [len(later)]


def test_the_moment_is_told_in_utc(saved: Settings, now: datetime, tmp_path: Path) -> None:
    made = snapshot.take(tmp_path / "one.zip", saved, now)
    assert made.moment == now
    assert made.moment.utcoffset() == UTC.utcoffset(None)
    assert schema.missing() == []
