"""The daily backup as a job: kept, counted, audited, and noticed when it fails."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from backoffice.app import create_app
from config.settings import Settings
from jobs import execution
from jobs.cadence import EveryMinutes
from jobs.context import Stopped
from jobs.execution import Desk
from jobs.schedule import JOBS
from jobs.table import Table
from models import audit, catalogue, schema
from models.backup import archive, beside
from models.backup.rules import JOB, OVERDUE, name_at
from models.job import lease as leases
from models.job import service
from models.job.document import Run
from models.job.rules import State
from models.key_vault import copies
from models.person.roles import Role
from tests.factories.customers import customer
from tests.factories.people import person

Base = Database[dict[str, Any]]
RunAt = Callable[[datetime], Run]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "safe"


@pytest.fixture
def run(saved: Settings, folder: Path) -> RunAt:
    """The job, with two backups kept."""
    desk = Desk(worker="first", settings=replace(saved, backup_folder=folder, backup_keep=2))
    return lambda moment: execution.run_now(desk, JOB, moment, "test")


def test_each_day_makes_one_and_the_newest_are_kept(run: RunAt, folder: Path, now: datetime) -> None:
    folder.mkdir()
    (folder / "letter.zip").write_text("not ours")
    runs = [run(now + timedelta(days=day)) for day in range(4)]
    assert [(one.state, one.counts["swept"]) for one in runs] == [(State.DONE, n) for n in (0, 0, 1, 1)]
    assert sorted(path.name for path in folder.iterdir()) == [
        "backoffice-20261125T020000Z.zip",
        "backoffice-20261126T020000Z.zip",
        "letter.zip",
    ]
    with archive.opened(folder / "backoffice-20261126T020000Z.zip") as source:
        source.verify()
        digest = source.manifest.digest
    entry = audit.entries({"action": "backup_made"})[0]
    assert (entry["number"], entry["detail"]["digest"]) == ("backoffice-20261126T020000Z.zip", digest)


def test_the_same_occurrence_twice_makes_one(run: RunAt, folder: Path, now: datetime) -> None:
    assert [run(now).state, run(now).state] == [State.DONE, State.DONE]
    assert len(list(folder.iterdir())) == 1


def test_one_that_was_killed_behind_its_file_is_noted_and_its_keys_are_saved(
    run: RunAt, folder: Path, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved: list[int] = []

    def dies() -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as killed:
        killed.setattr(copies, "keep_up", dies)
        with pytest.raises(KeyboardInterrupt):
            run(now)
    assert len(list(folder.iterdir())) == 1
    assert audit.entries({"action": "backup_made"}) == []
    monkeypatch.setattr(copies, "keep_up", lambda: saved.append(1))
    for _ in range(2):
        assert run(now).state is State.DONE
    (entry,) = audit.entries({"action": "backup_made"})
    with archive.opened(folder / entry["number"]) as source:
        assert entry["detail"]["digest"] == source.manifest.digest
    assert saved == [1]


def test_a_run_tells_how_much_was_left_out_because_it_is_being_destroyed(
    run: RunAt, saved: Settings, now: datetime, db: Base
) -> None:
    catalogue.load()
    made = customer(person(Role.SPECIALIST), now, level="secret", level_basis="x")
    assert "left_out" not in run(now).counts
    db["destroyed_part"].insert_one({"_id": made["_id"], "of": made["_id"], "at": None})
    assert run(now + timedelta(days=1)).counts["left_out"] == 2  # the file, and its version


def test_what_a_dead_process_left_goes_after_a_day(run: RunAt, folder: Path, now: datetime) -> None:
    folder.mkdir()
    for name, age in (("old", timedelta(days=2)), ("at_work", timedelta(minutes=1))):
        path = folder / f".backoffice-20261120T020000Z.zip.{name}.part"
        path.touch()
        os.utime(path, times=((now - age).timestamp(),) * 2)
    run(now)
    assert {path.name.split(".")[3] for path in folder.glob(".*.part")} == {"at_work"}


def test_one_that_gives_way_to_the_end_of_its_scheduler_is_made_by_the_next(
    saved: Settings, folder: Path, now: datetime
) -> None:
    (job,) = (job for job in JOBS.jobs if job.name == JOB)
    table = Table([replace(job, cadence=EveryMinutes(5))])

    def desk(at: datetime) -> Desk:
        return Desk(worker="first", settings=replace(saved, backup_folder=folder), table=table, clock=lambda: at)

    lease = leases.acquire("first")
    assert lease is not None
    execution.sync(desk(now), lease)
    later = desk(now + timedelta(minutes=6))
    with pytest.raises(Stopped):
        execution.tick(later, lease, lambda: False)
    assert list(folder.iterdir()) == []
    (run,) = execution.tick(later, lease)
    assert (run.state, run.attempts) == (State.DONE, 2)
    assert len(list(folder.iterdir())) == 1


def test_a_folder_that_cannot_be_written_fails_the_run_and_says_so(run: RunAt, folder: Path, now: datetime) -> None:
    folder.write_text("a file in the way")
    failed = run(now)
    assert failed.state is State.FAILED
    assert str(folder) in failed.error
    assert "cannot be written" in failed.error
    assert audit.entries({"action": "backup_made"}) == []


@pytest.mark.parametrize(
    ("change", "later", "warning"),
    [
        ({}, timedelta(), None),
        ({}, timedelta(days=1) + OVERDUE, "the daily backup is overdue"),
        ({"last.state": "failed"}, timedelta(), "the last backup failed"),
        ({"last.state": "failed", "enabled": False}, timedelta(days=9), None),
    ],
)
def test_readyz_warns(
    saved: Settings,
    db: Base,
    now: datetime,
    tmp_path: Path,
    change: dict[str, Any],
    later: timedelta,
    warning: str | None,
) -> None:
    schema.migrate()
    audit.seal(now)
    desk = Desk(worker="first", settings=saved, clock=lambda: now)
    lease = leases.acquire("first")
    assert lease is not None
    execution.sync(desk, lease)
    done = execution.run_now(desk, "import_sweep", now, "test")
    db["job_schedule"].update_one({"_id": JOB}, {"$set": {"last": done.row()}})
    db["job_schedule"].update_one({"_id": JOB}, {"$set": {"retired": False, **change}})
    db["audit_queue"].delete_many({})
    keys = tmp_path / "keys.json"
    keys.touch()
    app = create_app(replace(saved, keys_backup=keys), clock=lambda: now + later, connect=False)
    answer = app.test_client().get("/readyz")
    assert answer.status_code == 200
    body = answer.get_json()
    assert body.get("warnings", []) == ([warning] if warning else [])
    assert service.schedule("no_such_job") is None


@pytest.mark.parametrize(
    ("named", "age", "warning"),
    [
        (False, None, "the key vault has no backup: name a file in BACKOFFICE_KEYS_BACKUP"),
        (True, None, "the backup of the key vault is missing"),
        (True, timedelta(minutes=1), "the backup of the key vault is older than the newest backup"),
        (True, timedelta(minutes=-1), ""),
    ],
)
def test_a_backup_whose_keys_are_not_saved_is_warned_of(
    saved: Settings, folder: Path, tmp_path: Path, now: datetime, named: bool, age: timedelta | None, warning: str
) -> None:
    folder.mkdir()
    (folder / name_at(now - timedelta(days=1))).touch()
    (folder / name_at(now)).touch()
    keys = tmp_path / "keys.json"
    if age is not None:
        keys.touch()
        os.utime(keys, times=((now - age).timestamp(),) * 2)
    settings = replace(saved, backup_folder=folder, keys_backup=keys if named else None)
    assert beside.keys_warning(settings) == warning


def test_readyz_says_that_the_keys_are_not_saved_unless_backups_are_made_in_another_way(
    saved: Settings, db: Base, now: datetime
) -> None:
    schema.migrate()
    audit.seal(now)
    lease = leases.acquire("first")
    assert lease is not None
    execution.sync(Desk(worker="first", settings=saved, clock=lambda: now), lease)
    db["audit_queue"].delete_many({})
    client = create_app(saved, clock=lambda: now, connect=False).test_client()
    assert "key vault has no backup" in client.get("/readyz").get_json()["warnings"][0]
    db["job_schedule"].update_one({"_id": JOB}, {"$set": {"enabled": False}})
    assert client.get("/readyz").get_json() == {"status": "ready"}
