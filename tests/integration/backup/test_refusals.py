"""What cannot be restored is refused, and the place stays as it was."""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from errno import ENOSPC
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from pymongo.database import Database

from backoffice.app import create_app
from config import database as store
from config.settings import Settings
from jobs.runner import run_scheduler
from models import audit
from models.backup import archive, mark, restoring, snapshot
from models.backup.heap import Heap
from models.backup.manifest import BackupError, BadBackup
from models.backup.mark import HalfRestored
from models.backup.restoring import NotAsSaved, NotEmpty, Restored

Base = Database[dict[str, Any]]
Restore = Callable[..., Restored]


@pytest.fixture
def file(saved: Settings, db: Base, now: datetime, tmp_path: Path) -> Path:
    """A whole backup."""
    db["sample"].insert_many([{"_id": n, "text": "某某" * 50} for n in range(2_000)])
    snapshot.take(tmp_path / "one.zip", saved, now)
    return tmp_path / "one.zip"


def nothing_there(there: Settings) -> bool:
    base = store.connect(there)
    files = list(there.audit_dir.glob("*")) if there.audit_dir.exists() else []
    return base.list_collection_names() == [] and files == []


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])


def flip(path: Path) -> None:
    """A bit within what is packed; in some bytes of the directory one means nothing."""
    with zipfile.ZipFile(path) as packed:
        largest = max(packed.infolist(), key=lambda one: one.compress_size)
    content = bytearray(path.read_bytes())
    content[largest.header_offset + 30 + len(largest.filename) + largest.compress_size // 2] ^= 0x40
    path.write_bytes(content)


def empty(path: Path) -> None:
    path.write_bytes(b"")


def foreign(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as other:
        other.writestr("holiday.jpg", b"\xff\xd8")


def picture(path: Path) -> None:
    path.write_bytes(b"\x89PNG\r\n" * 1_000)


def rewrite(path: Path, change: Callable[[str, bytes], tuple[str, bytes]]) -> None:
    """The same file with its members changed, as somebody would who knows how to write a ZIP."""
    with zipfile.ZipFile(path) as source:
        members = [(info.filename, source.read(info)) for info in source.infolist()]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        for name, content in members:
            target.writestr(*change(name, content))


def changed_document(path: Path) -> None:
    rewrite(path, lambda name, body: (name, body[:-3] + b"x\0\0" if name.endswith("/sample.bson") else body))


def climbing_name(path: Path) -> None:
    rewrite(path, lambda name, body: (name.replace("audit/", "../../"), body.replace(b'"audit/', b'"../../')))


def server_database(path: Path) -> None:
    def change(name: str, body: bytes) -> tuple[str, bytes]:
        main = json.loads(whole)["parts"][0]["database"]
        return name.replace(f"/{main}/", "/admin/"), body.replace(main.encode(), b"admin")

    with zipfile.ZipFile(path) as source:
        whole = source.read("manifest.json")
    rewrite(path, change)


def later_format(path: Path) -> None:
    rewrite(path, lambda name, body: (name, body.replace(b'"version": 2', b'"version": 3')))


def unknown_version(path: Path) -> None:
    """What is needed to read the first member of the ZIP, as its directory tells it, is of a later time."""
    content = path.read_bytes()
    at = content.index(b"PK\x01\x02") + 6
    path.write_bytes(content[:at] + b"\xff\x00" + content[at + 2 :])


def other_packing(path: Path) -> None:
    """By the directory the manifest is packed in another way: one bit makes the one of the other."""
    content = bytearray(path.read_bytes())
    at = content.rindex(b"PK\x01\x02") + 10
    assert content[at] == zipfile.ZIP_DEFLATED
    content[at] = zipfile.ZIP_BZIP2
    path.write_bytes(content)


def elsewhere(path: Path) -> None:
    """The directory is said to begin behind the end of the file, so that everything lies before its beginning."""
    content = bytearray(path.read_bytes())
    content[-4] ^= 0x40
    path.write_bytes(content)


def one_more(path: Path) -> None:
    with zipfile.ZipFile(path, "a") as target:
        target.writestr("dump/x/y.bson", b"")


DAMAGES = (
    cut, flip, empty, foreign, picture, changed_document, climbing_name, server_database, later_format,
    unknown_version, other_packing, elsewhere, one_more,
)  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_a_file_that_is_not_a_whole_backup_is_refused_before_anything_is_touched(
    file: Path, there: Settings, restore: Restore, damage: Callable[[Path], None]
) -> None:
    damage(file)
    with pytest.raises(BadBackup) as refused:
        restore(file)
    assert 20 < len(str(refused.value)) < 200
    assert nothing_there(there)


def test_what_is_there_already_is_left_alone(file: Path, there: Settings, restore: Restore) -> None:
    store.connect(there)["something"].insert_one({"_id": 1})
    with pytest.raises(NotEmpty, match="not empty"):
        restore(file)
    assert store.database()["something"].count_documents({}) == 1
    store.database().drop_collection("something")
    there.audit_dir.mkdir(parents=True)
    other = there.audit_dir / "checkpoints-2026-01-01.jsonl"
    other.write_text("{}\n")
    with pytest.raises(NotEmpty, match="checkpoints"):
        restore(file)
    assert other.read_text() == "{}\n"


def test_other_secrets_are_refused_because_nobody_could_sign_in(file: Path, there: Settings, now: datetime) -> None:
    other = replace(there, password_salt="another-salt-" * 3, secret_key="another-key-" * 3)
    with archive.opened(file) as source:
        store.connect(other)
        with pytest.raises(BackupError, match=r"^PASSWORD_SALT differ"):
            restoring.restore(source, other, now)
        assert nothing_there(there)
        report = restoring.restore(source, other, now, despite=True)
    assert {note.split()[0] for note in report.notes} >= {"PASSWORD_SALT", "SECRET_KEY"}


def test_no_secret_can_be_read_from_the_file(file: Path, saved: Settings) -> None:
    with zipfile.ZipFile(file) as source:
        everything = b"".join(source.read(info) for info in source.infolist())
    for secret in (saved.secret_key, saved.password_salt, saved.totp_secret):
        assert secret.encode() not in everything


@pytest.mark.parametrize("meddle", ["entry", "tail"])
def test_a_trail_that_was_tampered_with_is_not_restored_in_silence(
    saved: Settings, db: Base, there: Settings, restore: Restore, now: datetime, tmp_path: Path, meddle: str
) -> None:
    if meddle == "entry":
        db["audit"].update_one({"number": "1"}, {"$set": {"actor_name": "nobody"}})
    else:
        db["audit_seal"].delete_many({})
        db["audit"].delete_many({})
    snapshot.take(tmp_path / "one.zip", saved, now)
    with pytest.raises(NotAsSaved, match="audit trail does not verify"):
        restore(tmp_path / "one.zip")
    assert nothing_there(there)
    report = restore(tmp_path / "one.zip", despite=True)
    assert any("audit trail:" in note for note in report.notes)


def test_a_folder_that_takes_no_checkpoints_is_noticed_before_anything_is_stored(
    file: Path, there: Settings, restore: Restore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(restoring, "_load", lambda *_: pytest.fail("the folder was not tried first"))
    there.data_dir.mkdir(parents=True)
    there.audit_dir.write_text("a file in the way")
    with pytest.raises(BackupError, match="the checkpoints cannot be written to"):
        restore(file)
    assert store.database().list_collection_names() == []


def test_a_folder_that_fills_up_meanwhile_ends_the_restore_in_words(
    file: Path, there: Settings, restore: Restore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(BackupError, match=r"cannot be written to .*No space left"):
        restore(file)
    assert nothing_there(there)


def test_a_restore_that_breaks_off_leaves_nothing(
    file: Path, there: Settings, restore: Restore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(restoring, "_check_trail", die)
    with pytest.raises(KeyboardInterrupt):
        restore(file)
    assert nothing_there(there)


def test_somebody_who_writes_meanwhile_is_noticed(
    file: Path, there: Settings, restore: Restore, monkeypatch: pytest.MonkeyPatch
) -> None:
    compare = restoring._compare

    def late(target: Any, part: Any, wanted: Heap) -> None:
        store.database()["sample"].update_one({"_id": 7}, {"$set": {"text": "other"}})
        compare(target, part, wanted)

    monkeypatch.setattr(restoring, "_compare", late)
    with pytest.raises(NotAsSaved, match="sample"):
        restore(file)
    assert nothing_there(there)


@pytest.fixture
def half(there: Settings, now: datetime) -> None:
    """What a restore left that was killed."""
    base = store.connect(there)
    assert mark.set_at(now)
    base["sample"].insert_one({"_id": "half"})
    there.audit_dir.mkdir(parents=True)
    (there.audit_dir / "checkpoints-2026-01-01.jsonl").write_text("half\n")


def test_what_a_killed_restore_left_is_cleared_away_by_the_next_when_it_is_told_to(
    file: Path, half: None, restore: Restore
) -> None:
    with pytest.raises(NotEmpty, match=rf"2026-11-23 .* \(process {os.getpid()} on .*--clear"):
        restore(file)
    assert store.database()["sample"].find_one() == {"_id": "half"}
    report = restore(file, clear=True)
    assert not mark.is_there()
    assert store.database()["sample"].count_documents({}) == 2_000
    assert report.checkpoints == 1
    assert audit.entries({"action": "backup_restored"})[0]["number"] == report.manifest.taken


def test_nobody_works_with_what_a_killed_restore_left(
    half: None, there: Settings, now: datetime, tmp_path: Path
) -> None:
    with pytest.raises(HalfRestored, match="has not ended here"):
        create_app(there)
    with pytest.raises(HalfRestored):
        run_scheduler(there, Event())
    store.connect(there)
    with pytest.raises(BackupError, match="nothing whole"):
        snapshot.take(tmp_path / "half.zip", there, now)
    assert not (tmp_path / "half.zip").exists()


def test_of_two_restores_at_once_one_begins(there: Settings, now: datetime) -> None:
    store.connect(there)
    assert [mark.set_at(now), mark.set_at(now)] == [True, False]
