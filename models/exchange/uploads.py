"""Uploaded files, kept in the database until their import is over and forgotten: each sealed, piece by piece, under a
key of its own that goes with it."""

from __future__ import annotations

import hashlib
import struct
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import IO, Any, BinaryIO, cast

from bson import ObjectId
from gridfs import GridFSBucket, GridOut
from gridfs.errors import CorruptGridFile, NoFile

from config.database import database
from models.attachment import scanner
from models.attachment.rules import safe_name
from models.exchange.document import BUCKET, CHUNKS, FILES, LINES, SEEN
from models.exchange.refusals import EmptyFile, FileTooBig, NoLongerKept
from models.exchange.table import MB
from models.key_vault import service as key_vault
from models.key_vault.refusals import SealDamaged
from models.person.roles import Person

PIECE = 255 * 1024
LENGTH = struct.Struct(">I")
"""Before each sealed piece: how long it is."""
IN_MEMORY = 4 * MB
KEPT = timedelta(days=30)
UNTAKEN = timedelta(days=1)
SWEPT_AT_ONCE = 200


def put(stream: IO[bytes], name: str, *, person: Person, now: datetime, limit: int, clamd: str = "") -> dict[str, Any]:
    """Store a file of at most `limit` bytes and return `{file, name, size, sha256}`. With a virus scanner at `clamd`
    nothing is stored before it has found nothing.

    :raises FileTooBig: :raises EmptyFile: and nothing stays stored.
    :raises InfectedFile: :raises NotScanned:
    """
    name = safe_name(name)
    with scanner.clean(stream, name, address=clamd, limit=limit, person=person, now=now) as scanned:
        return _stored(scanned, name, person=person, now=now, limit=limit)


def _stored(stream: IO[bytes], name: str, *, person: Person, now: datetime, limit: int) -> dict[str, Any]:
    file_id = ObjectId()
    key = key_vault.record_key(file_id)
    metadata = {"by": person.id, "at": now, "sealed": True}
    target = _bucket().open_upload_stream_with_id(file_id, name, chunk_size_bytes=PIECE, metadata=metadata)
    size, digest, done = 0, hashlib.sha256(), False
    try:
        while piece := stream.read(PIECE):
            size += len(piece)
            if size > limit:
                raise FileTooBig(size=-(-size // MB), limit=max(1, limit // MB))
            digest.update(piece)
            sealed = key_vault.seal(piece, key)
            target.write(LENGTH.pack(len(sealed)) + sealed)
        if not size:
            raise EmptyFile
        target.close()
        done = True
    finally:
        if not done:
            target.abort()
            key_vault.destroy([file_id], backup=False)  # a key of a moment ago
    return {"file": file_id, "name": name, "size": size, "sha256": digest.hexdigest()}


@contextmanager
def fetched(file: ObjectId | None) -> Iterator[BinaryIO]:
    """The stored file, seekable; a copy that nobody else can open. :raises NoLongerKept: :raises Unopened:"""
    with tempfile.SpooledTemporaryFile(IN_MEMORY) as copy:
        try:
            if file is None:
                raise NoLongerKept
            with _bucket().open_download_stream(file) as stored:
                for piece in _pieces(stored):
                    copy.write(piece)
        except NoFile:
            raise NoLongerKept from None
        except (CorruptGridFile, struct.error):
            raise SealDamaged from None
        copy.seek(0)
        yield cast(BinaryIO, copy)


def _pieces(stored: GridOut) -> Iterator[bytes]:
    """The pieces of a file as it was uploaded."""
    if not (stored.metadata or {}).get("sealed"):  # uploaded before files were sealed
        while piece := stored.read(PIECE):
            yield piece
        return
    while head := stored.read(LENGTH.size):
        (length,) = LENGTH.unpack(head)
        yield key_vault.unseal(stored.read(length))


def require(file: ObjectId | None) -> None:
    """:raises NoLongerKept: when the file is gone."""
    if file is None or database()[FILES].find_one({"_id": file}, {"_id": 1}) is None:
        raise NoLongerKept


def belongs(file: ObjectId, batch: ObjectId) -> None:
    """Note that an import uses the file, so that it is kept for 30 days and not for one."""
    database()[FILES].update_one({"_id": file}, {"$set": {"metadata.batch": batch}})


def sweep(now: datetime) -> int:
    """Forget what is older than 30 days: files, and what was said about their rows; the counts of each import stay.
    Files of no import go after a day. Returns how many files went."""
    db = database()
    alone = {"metadata.batch": None, "metadata.at": {"$lt": now - UNTAKEN}}
    condition = {"$or": [{"metadata.at": {"$lt": now - KEPT}}, alone]}
    found = list(db[FILES].find(condition, {"metadata.batch": 1}).limit(SWEPT_AT_ONCE))
    of_batches = {"batch": {"$in": [son["metadata"]["batch"] for son in found if son["metadata"].get("batch")]}}
    for name in (LINES, SEEN):
        db[name].delete_many(of_batches)
    return _remove([son["_id"] for son in found])


def remove(file: ObjectId | None) -> None:
    """Delete a stored file, if there is one. Its key leaves the keys' own backup when that is written next, once a day:
    nobody waits here for all keys to be written."""
    if file is not None:
        _remove([file], backup=False)


def _remove(files: Sequence[ObjectId], *, backup: bool = True) -> int:
    """Delete files with their keys, the documents by which they are found last."""
    if not files:
        return 0
    try:
        key_vault.destroy(files, backup=backup)
    finally:
        database()[CHUNKS].delete_many({"files_id": {"$in": list(files)}})
    return database()[FILES].delete_many({"_id": {"$in": list(files)}}).deleted_count


def _bucket() -> GridFSBucket:
    return GridFSBucket(database(), BUCKET)
