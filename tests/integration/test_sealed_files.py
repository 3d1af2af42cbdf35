"""Stored files are sealed: unreadable without their key, and whatever is done to their pieces shows."""

from __future__ import annotations

import io
import os
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from bson import Binary, ObjectId, encode
from gridfs import GridFSBucket
from pymongo.database import Database

from config.settings import Settings
from jobs import attachment as jobs
from jobs.context import JobContext, Stopped
from models import records
from models.attachment import sealed
from models.attachment import service as attachment
from models.attachment.rules import FileDamaged, FileTooLarge
from models.calendar import WorkingCalendar
from models.errors import NotFound
from models.exchange import uploads
from models.exchange.refusals import FileTooBig
from models.key_vault import copies
from models.key_vault import service as key_vault
from models.key_vault.refusals import KeyGone, KeysUnusable
from models.person.roles import Person

DB = Database[dict[str, Any]]

pytestmark = pytest.mark.usefixtures("sample")
WORD = b"planted-5f0c2a"
SIZES = (1, 16, sealed.PIECE - 1, sealed.PIECE, sealed.PIECE + 1, 3 * sealed.PIECE, 3 * sealed.PIECE + 5)


def send(who: Person, now: datetime, data: bytes, name: str = "planted-name.bin") -> ObjectId:
    row = attachment.put(io.BytesIO(data), name, person=who, now=now, limit=10**8)
    file_id: ObjectId = row["file"]
    return file_id


def content(size: int) -> bytes:
    return (WORD + os.urandom(max(0, size - len(WORD))))[:size] if size > len(WORD) else b"x" * size


def read(file_id: ObjectId) -> bytes:
    return attachment.content(file_id).read()


@pytest.mark.parametrize("size", SIZES)
def test_a_file_comes_back_as_it_was_sent(owner: Person, now: datetime, size: int) -> None:
    data = content(size)
    assert read(send(owner, now, data)) == data


def test_nothing_readable_of_a_file_is_stored(owner: Person, now: datetime, db: DB) -> None:
    send(owner, now, content(600_000))
    for name in (attachment.FILES, attachment.CHUNKS):
        for row in db[name].find():
            assert WORD not in encode(row)
            assert b"planted-name" not in encode(row)


def test_a_file_without_its_key_is_gone(owner: Person, now: datetime) -> None:
    mine, other = send(owner, now, content(1000)), send(owner, now, content(1000))
    made = records.create(owner, "sample", {"name": "Lamp", "scans": [mine]}, now=now)
    assert attachment.keys_of([made["_id"]]) == [mine]
    key_vault.destroy(attachment.keys_of([made["_id"]]))
    with pytest.raises(KeyGone):
        attachment.content(mine)
    assert len(read(other)) == 1000


def test_the_files_of_a_destroyed_record_vanish_with_their_keys(owner: Person, now: datetime, db: DB) -> None:
    first, second = send(owner, now, content(1000)), send(owner, now, content(600_000))
    made = records.create(owner, "sample", {"name": "Lamp", "scans": [first]}, now=now)
    records.change(owner, "sample", made["number"], {"scans": [second]}, rev=made["rev"], now=now)
    assert sorted(attachment.keys_of([made["_id"]])) == sorted([first, second])
    assert [attachment.remove(one) for one in (first, second, first)] == [True, True, False]
    assert db[attachment.CHUNKS].count_documents({}) == 0
    assert key_vault.held_keys([first, second]) == {}
    with pytest.raises(NotFound):
        attachment.content(first)


def flip(db: DB, file_id: ObjectId, n: int, at: int) -> None:
    chunk = db[attachment.CHUNKS].find_one({"files_id": file_id, "n": n})
    assert chunk is not None
    data = bytearray(chunk["data"])
    data[at] ^= 1
    db[attachment.CHUNKS].update_one({"_id": chunk["_id"]}, {"$set": {"data": Binary(bytes(data), 6)}})


def swap(db: DB, one: dict[str, Any], other: dict[str, Any]) -> None:
    chunks = db[attachment.CHUNKS]
    first, second = chunks.find_one(one), chunks.find_one(other)
    assert first is not None
    assert second is not None
    chunks.update_one({"_id": first["_id"]}, {"$set": {"data": second["data"]}})
    chunks.update_one({"_id": second["_id"]}, {"$set": {"data": first["data"]}})


def cut(db: DB, file_id: ObjectId) -> None:
    db[attachment.CHUNKS].delete_one({"files_id": file_id, "n": 2})
    db[attachment.FILES].update_one({"_id": file_id}, {"$set": {"length": 2 * sealed.PIECE}})


def plain(db: DB, file_id: ObjectId) -> None:
    db[attachment.CHUNKS].update_one({"files_id": file_id, "n": 1}, {"$set": {"data": b"z" * sealed.PIECE}})


@pytest.mark.parametrize(
    "harm",
    [
        lambda db, mine, _other: flip(db, mine, 1, 5),
        lambda db, mine, _other: flip(db, mine, 1, 60_000),
        lambda db, mine, _other: flip(db, mine, 2, -1),
        lambda db, mine, _other: swap(db, {"files_id": mine, "n": 0}, {"files_id": mine, "n": 1}),
        lambda db, mine, other: swap(db, {"files_id": mine, "n": 1}, {"files_id": other, "n": 1}),
        lambda db, mine, _other: cut(db, mine),
        lambda db, mine, _other: plain(db, mine),
        lambda db, mine, _other: db[attachment.CHUNKS].delete_many({"files_id": mine}),
        lambda db, mine, _other: db[attachment.FILES].update_one({"_id": mine}, {"$set": {"length": 7}}),
    ],
    ids=["key id", "byte", "end", "order", "another file's", "cut", "plain", "none", "length"],
)
def test_pieces_that_are_not_as_they_were_sealed_show(owner: Person, now: datetime, db: DB, harm: Any) -> None:
    mine, other = send(owner, now, content(3 * sealed.PIECE)), send(owner, now, content(3 * sealed.PIECE))
    harm(db, mine, other)
    with pytest.raises(FileDamaged):
        read(mine)


def former(db: DB, who: Person, now: datetime, data: bytes) -> ObjectId:
    """A file as it was stored before files were sealed."""
    metadata = {"by": who.id, "at": now, "type": "text/plain", "record": None}
    bucket = GridFSBucket(db, "attachment")
    return bucket.upload_from_stream("合同.txt", io.BytesIO(data), metadata=metadata)


def test_former_files_are_read_as_they_are_and_sealed_step_by_step(
    owner: Person, now: datetime, db: DB, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "AT_ONCE", 2)
    data = [content(700_000 + i) for i in range(3)]
    files = [former(db, owner, now, one) for one in data]
    made = records.create(owner, "sample", {"name": "Lamp", "scans": files}, now=now)
    assert [row["name"] for row in made["scans"]] == ["合同.txt"] * 3
    assert [read(one) for one in files] == data
    context = JobContext(now, db, settings, WorkingCalendar())
    with pytest.raises(Stopped):
        jobs.seal(replace(context, go_on=lambda: False))
    assert [jobs.seal(context).counts, jobs.seal(context).counts] == [{"sealed": 1}, {"sealed": 0}]
    assert [read(one) for one in files] == data
    assert db[attachment.CHUNKS].count_documents({"data": {"$type": "binData"}}) == 9
    for chunk in db[attachment.CHUNKS].find():
        assert WORD not in chunk["data"]
    assert sealed.name_of(db[attachment.FILES].find_one({"_id": files[0]}) or {}) == "合同.txt"


def test_a_file_that_was_sealed_half_way_is_read_and_finished(
    owner: Person, now: datetime, db: DB, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = content(700_000)
    file_id = former(db, owner, now, data)
    seal, calls = key_vault.seal, iter(range(100))

    def breaking(plain: bytes, key: Any) -> Binary:
        if next(calls) == 2:
            raise KeyboardInterrupt
        return seal(plain, key)

    monkeypatch.setattr(key_vault, "seal", breaking)
    with pytest.raises(KeyboardInterrupt):
        sealed.seal_former(1)
    monkeypatch.setattr(key_vault, "seal", seal)
    assert read(file_id) == data
    assert sealed.seal_former(1) == 1
    assert read(file_id) == data
    flip(db, file_id, 0, 100)
    with pytest.raises(FileDamaged):
        read(file_id)


@pytest.fixture
def backups(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """How often the keys' own backup was brought up to date."""
    made: list[str] = []
    monkeypatch.setattr(copies, "keep_up", lambda: made.append("written"))
    return made


def test_what_is_swept_is_found_again_until_its_keys_are_gone_from_their_backup(
    owner: Person, now: datetime, db: DB, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = [send(owner, now, content(1000)) for _ in range(3)]
    late = now + timedelta(hours=25)

    def full() -> None:
        raise KeysUnusable("no space left")

    with monkeypatch.context() as patched:
        patched.setattr(copies, "keep_up", full)
        with pytest.raises(KeysUnusable):
            attachment.sweep(late)
    assert db[attachment.CHUNKS].count_documents({}) == 0
    assert attachment.rows(owner, files[:1], []) is None
    assert attachment.sweep(late) == 3
    assert db[attachment.FILES].count_documents({}) == 0
    assert key_vault.held_keys(files) == {}


def test_what_a_process_left_that_died_over_a_file_is_swept(
    owner: Person, now: datetime, db: DB, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sealed, "remove", lambda *_, **__: 0)
    seal, calls = key_vault.seal, iter(range(100))
    monkeypatch.setattr(key_vault, "seal", lambda plain, key: seal(plain, key) if next(calls) < 4 else 1 / 0)
    with pytest.raises(ZeroDivisionError):
        send(owner, now, content(900_000))
    monkeypatch.undo()
    assert db[attachment.CHUNKS].count_documents({}) == 2
    left = db[attachment.FILES].distinct("_id")
    assert attachment.rows(owner, left, []) is None
    assert attachment.sweep(now + timedelta(hours=23)) == 0
    assert attachment.sweep(now + timedelta(hours=25)) == 1
    assert db[attachment.CHUNKS].count_documents({}) == 0
    assert key_vault.held_keys(left) == {}


def test_the_backup_of_the_keys_is_written_once_for_all_that_is_swept_and_never_for_a_refused_upload(
    owner: Person, now: datetime, backups: list[str]
) -> None:
    for _ in range(3):
        send(owner, now, content(1000))
        uploads.put(io.BytesIO(b"a,b"), "a.csv", person=owner, now=now, limit=100)
    with pytest.raises(FileTooLarge):
        attachment.put(io.BytesIO(content(3000)), "a.bin", person=owner, now=now, limit=2000)
    with pytest.raises(FileTooBig):
        uploads.put(io.BytesIO(b"a" * 200), "a.csv", person=owner, now=now, limit=100)
    assert backups == []
    late = now + timedelta(days=2)
    assert (attachment.sweep(late), uploads.sweep(late), len(backups)) == (3, 3, 2)
    assert (attachment.sweep(late), uploads.sweep(late), len(backups)) == (0, 0, 2)


def test_a_file_that_breaks_off_while_it_is_sent_leaves_nothing(owner: Person, now: datetime, db: DB) -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            if self.tell() > 500_000:
                raise OSError("the line broke")
            return super().read(size)

    with pytest.raises(OSError, match="broke"):
        attachment.put(Broken(content(900_000)), "a.bin", person=owner, now=now, limit=10**8)
    assert db[attachment.FILES].count_documents({}) == db[attachment.CHUNKS].count_documents({}) == 0
