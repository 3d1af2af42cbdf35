"""Files in the database, sealed piece by piece under a key of their own, in the layout of GridFS.

Each piece bears its file's id, its place and whether it is the last, so that pieces that were changed, exchanged, moved
or cut off show. Files of the time before are read as they are until `seal_former` has reached them.
"""

from __future__ import annotations

import io
import logging
import struct
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from bson import Binary, ObjectId

from config.database import database
from models.attachment.rules import FileDamaged
from models.errors import NotFound
from models.key_vault import service as key_vault
from models.key_vault.refusals import KeysUnusable, Unopened

log = logging.getLogger(__name__)

FILES, CHUNKS = "attachment.files", "attachment.chunks"
PIECE = 255 * 1024
UNFINISHED = "unfinished"
"""Stands in place of the record while a file is being stored."""
PLACE = struct.Struct(">12sIB")
"""Before each piece: the file's id, the piece's number from 0, 1 at the last one."""

Row = dict[str, Any]


def write(pieces: Iterable[bytes], name: str, metadata: Mapping[str, Any], now: datetime) -> Row:
    """Store a file, sealed, and return its document; what fails midway leaves nothing. Of a process that dies over it
    an `UNFINISHED` one is left, by which the rest is found.

    The pieces may be of any size; one at a time is held.
    """
    file_id = ObjectId()
    key = key_vault.record_key(file_id)
    row = _document(file_id, 0, now, {**metadata, **_told(file_id, name, key), "record": UNFINISHED})
    size, done = 0, False
    try:
        database()[FILES].insert_one(row)
        for n, (piece, last) in enumerate(_with_last(_even(pieces))):
            sealed = key_vault.seal(_place(file_id, n, last) + piece, key)
            database()[CHUNKS].insert_one({"files_id": file_id, "n": n, "data": sealed})
            size += len(piece)
        row["length"], row["metadata"]["record"] = size, metadata.get("record")
        database()[FILES].update_one({"_id": file_id}, {"$set": {"length": size, "metadata": row["metadata"]}})
        done = True
    finally:
        if not done:
            remove([file_id], backup=False)  # a key of a moment ago
    return row


def _told(file_id: ObjectId, name: str, key: UUID) -> Row:
    """What a file's document says of its sealing: by `proof` a key that is not the right one is told from damage."""
    return {"name": key_vault.seal(name.encode(), key), "proof": key_vault.seal(file_id.binary, key)}


def _document(file_id: ObjectId, size: int, now: datetime, metadata: Row) -> Row:
    return {
        "_id": file_id,
        "filename": "",
        "length": size,
        "chunkSize": PIECE,
        "uploadDate": now,
        "metadata": metadata,
    }


def _even(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in pieces of one size, the last one apart."""
    rest = bytearray()
    for piece in pieces:
        rest += piece
        while len(rest) >= PIECE:
            yield bytes(rest[:PIECE])
            del rest[:PIECE]
    if rest:
        yield bytes(rest)


def _with_last(pieces: Iterable[bytes]) -> Iterator[tuple[bytes, bool]]:
    """Each piece, and whether it is the last one."""
    before: bytes | None = None
    for piece in pieces:
        if before is not None:
            yield before, False
        before = piece
    yield before or b"", True


def _place(file_id: ObjectId, n: int, last: bool) -> bytes:
    return PLACE.pack(file_id.binary, n, last)


def name_of(row: Mapping[str, Any]) -> str:
    """The name of a stored file, from its document. :raises KeyGone: :raises KeysUnusable:"""
    sealed = row["metadata"].get("name")
    return row["filename"] if sealed is None else key_vault.unseal(sealed).decode()


class Content(io.RawIOBase):
    """A stored file as a stream from some byte on; of its pieces one at a time is held, and those before that byte are
    not read. The first is read at once, so that what cannot be read is refused before anything of it goes out.

    :raises NotFound: :raises KeyGone: :raises KeysUnusable: :raises FileDamaged: here, or later while it is read.
    """

    def __init__(self, file_id: ObjectId, start: int = 0) -> None:
        row = database()[FILES].find_one({"_id": file_id})
        if row is None:
            raise NotFound()
        self.row: Row = row
        piece, within = divmod(start, row["chunkSize"])
        self._pieces = _read(row, piece)
        self._rest = next(self._pieces, b"")[within:]

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill the buffer as far as a piece goes; 0 at the end."""
        if not self._rest:
            self._rest = next(self._pieces, b"")
        taken = min(len(buffer), len(self._rest))
        buffer[:taken] = self._rest[:taken]
        self._rest = self._rest[taken:]
        return taken


def _read(row: Row, first: int = 0) -> Iterator[bytes]:
    """The pieces of a file from one of them on."""
    size = first * row["chunkSize"]
    sealed = "proof" in row["metadata"]
    ended = False
    wanted = {"files_id": row["_id"], "n": {"$gte": first}}
    for n, chunk in enumerate(database()[CHUNKS].find(wanted).sort("n", 1), first):
        data = chunk["data"]
        if ended or chunk["n"] != n or (sealed and not key_vault.is_sealed(data)):
            raise _damaged(row)
        piece = data
        if key_vault.is_sealed(data):
            piece, ended = _unsealed(row, n, data)
        size += len(piece)
        yield bytes(piece)
    if size != row["length"] or (sealed and not ended):
        raise _damaged(row)


def _unsealed(row: Row, n: int, data: Binary) -> tuple[bytes, bool]:
    """A piece, and whether it is the last one of its file. :raises FileDamaged: :raises KeyGone: and so on."""
    try:
        plain = key_vault.unseal(data)
    except (Unopened, KeysUnusable):
        _prove(row)
        raise _damaged(row) from None
    if len(plain) < PLACE.size:
        raise _damaged(row)
    file_id, place, last = PLACE.unpack_from(plain)
    if file_id != row["_id"].binary or place != n:
        raise _damaged(row)
    return plain[PLACE.size :], bool(last)


def _prove(row: Row) -> None:
    """Make sure that the file's key is there and right, so that what cannot be unsealed is damaged.

    :raises KeyGone: :raises KeysUnusable:
    """
    proof = row["metadata"].get("proof")
    if proof is not None and key_vault.unseal(proof) != row["_id"].binary:
        raise _damaged(row)


def _damaged(row: Row) -> FileDamaged:
    log.error("the stored file %s is not as it was sealed", row["_id"])
    return FileDamaged()


def remove(file_ids: Iterable[ObjectId], *, backup: bool = True) -> int:
    """Delete files and their keys for good, the documents by which they are found last; returns how many there were.
    `backup` is that of `key_vault.destroy`.

    :raises KeysUnusable: the backup of the keys cannot be written; the documents stay, and this is to be repeated.
    """
    ids = list(file_ids)
    if not ids:
        return 0
    try:
        key_vault.destroy(ids, backup=backup)
    finally:
        database()[CHUNKS].delete_many({"files_id": {"$in": ids}})
    return database()[FILES].delete_many({"_id": {"$in": ids}}).deleted_count


def seal_former(limit: int) -> int:
    """Seal files of the time before, at most `limit`; returns how many. Broken off, it goes on where it stood."""
    done = 0
    for row in list(database()[FILES].find({"metadata.proof": None}).limit(limit)):
        done += _seal_in_place(row)
    return done


def _seal_in_place(row: Row) -> bool:
    """Seal a file's pieces where they lie. The document says last that it is sealed: until then plain pieces count."""
    file_id: ObjectId = row["_id"]
    key = key_vault.record_key(file_id)
    chunks = database()[CHUNKS]
    last = -(-row["length"] // row["chunkSize"]) - 1
    for chunk in chunks.find({"files_id": file_id}).sort("n", 1):
        if not key_vault.is_sealed(chunk["data"]):
            n = chunk["n"]
            sealed = key_vault.seal(_place(file_id, n, n == last) + bytes(chunk["data"]), key)
            chunks.update_one({"_id": chunk["_id"], "data": chunk["data"]}, {"$set": {"data": sealed}})
    told = {f"metadata.{name}": value for name, value in _told(file_id, row["filename"], key).items()}
    found = database()[FILES].update_one({"_id": file_id, "metadata.proof": None}, {"$set": {**told, "filename": ""}})
    return found.modified_count == 1
