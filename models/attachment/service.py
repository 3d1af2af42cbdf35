"""Attached files in GridFS: never changed, and nobody's until a record points to them.

A file is written before the record's transaction and taken by the record inside it; what no record took is swept a
day later. A record's former files stay for its history.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import IO, Any

from bson import ObjectId
from gridfs import GridFSBucket, GridOut
from gridfs.errors import NoFile
from pymongo import ASCENDING, IndexModel

from config.database import database
from models.attachment import rules, scanner
from models.declarations import Field
from models.errors import NotFound
from models.person.roles import Person

BUCKET = "attachment"
FILES = f"{BUCKET}.files"
CHUNK = 255 * 1024
KEPT_UNTAKEN = timedelta(hours=24)
SWEPT_AT_ONCE = 500

Row = dict[str, Any]

INDEXES: dict[str, list[IndexModel]] = {
    FILES: [
        IndexModel([("metadata.record", ASCENDING), ("uploadDate", ASCENDING)], name="record"),
        IndexModel([("filename", ASCENDING), ("uploadDate", ASCENDING)], name="filename_1_uploadDate_1"),
    ],
    f"{BUCKET}.chunks": [IndexModel([("files_id", ASCENDING), ("n", ASCENDING)], unique=True, name="files_id_1_n_1")],
}


def put(stream: IO[bytes], name: str, *, person: Person, now: datetime, limit: int, clamd: str = "") -> Row:
    """Store a file of at most `limit` bytes and return the row `{file, name, size, type}` that a record may keep. With
    a virus scanner at `clamd` nothing is stored before it has found nothing.

    :raises FileTooLarge: :raises EmptyFile: :raises ProgramFile: and nothing stays stored.
    :raises InfectedFile: :raises NotScanned:
    """
    name = rules.safe_name(name)
    with scanner.clean(stream, name, address=clamd, limit=limit, person=person, now=now) as scanned:
        return _stored(scanned, name, person=person, now=now, limit=limit)


def _stored(stream: IO[bytes], name: str, *, person: Person, now: datetime, limit: int) -> Row:
    head = stream.read(rules.HEAD_BYTES)
    rules.check(name, head)
    found = rules.content_type(head)
    metadata = {"by": person.id, "at": now, "type": found, "record": None}
    target = _bucket().open_upload_stream(name, chunk_size_bytes=CHUNK, metadata=metadata)
    size = 0
    for piece in _pieces(head, stream):
        size += len(piece)
        if size > limit:
            target.abort()
            raise rules.FileTooLarge(name=name, limit=limit // (1024 * 1024) or 1)
        target.write(piece)
    target.close()
    return {"file": target._id, "name": name, "size": size, "type": found}


def _pieces(head: bytes, stream: IO[bytes]) -> Iterator[bytes]:
    yield head
    while piece := stream.read(CHUNK):
        yield piece


def known(person: Person, wanted: Iterable[ObjectId], kept: Iterable[Mapping[str, Any]]) -> dict[ObjectId, Row]:
    """The rows that the record keeps and, of the files wanted, those that this person has sent and no record took."""
    have: dict[ObjectId, Row] = {row["file"]: dict(row) for row in kept}
    fresh = [i for i in wanted if i not in have]
    if not fresh:
        return have
    query = {"_id": {"$in": fresh}, "metadata.by": person.id, "metadata.record": None}
    for son in database()[FILES].find(query):
        row = {"file": son["_id"], "name": son["filename"], "size": son["length"], "type": son["metadata"]["type"]}
        have[son["_id"]] = row
    return have


def rows(person: Person, wanted: Iterable[ObjectId], kept: Iterable[Mapping[str, Any]]) -> list[Row] | None:
    """The rows of some files, in their order; None when one is neither kept nor this person's to give: a pointer to
    a file of another record opens nothing."""
    ids = list(wanted)
    have = known(person, ids, kept)
    return [have[i] for i in ids] if all(i in have for i in ids) else None


def claim(fields: Iterable[Field], values: Mapping[str, Any]) -> None:
    """Give the files that a record points to to that record; to be called in the transaction that stores it."""
    ids = [row["file"] for f in fields if f.kind == "files" for row in values.get(f.name) or ()]
    if ids:
        condition = {"_id": {"$in": ids}, "metadata.record": None}
        database()[FILES].update_many(condition, {"$set": {"metadata.record": values["_id"]}})


def hand_over(fields: Iterable[Field], values: Mapping[str, Any], former: ObjectId, to: ObjectId) -> None:
    """Give those of a record's files that were the record `former`'s to the record `to`, in the same transaction."""
    ids = [row["file"] for f in fields if f.kind == "files" for row in values.get(f.name) or ()]
    if ids:
        condition = {"_id": {"$in": ids}, "metadata.record": former}
        database()[FILES].update_many(condition, {"$set": {"metadata.record": to}})


def content(file_id: ObjectId) -> GridOut:
    """A stored file, for reading. :raises NotFound:"""
    try:
        return _bucket().open_download_stream(file_id)
    except NoFile:
        raise NotFound() from None


def sweep(now: datetime) -> int:
    """Delete files that no record took within a day of their sending; returns how many."""
    condition = {"metadata.record": None, "metadata.at": {"$lt": now - KEPT_UNTAKEN}}
    bucket, swept = _bucket(), 0
    for son in database()[FILES].find(condition, {"_id": 1}).limit(SWEPT_AT_ONCE):
        try:
            bucket.delete(son["_id"])
        except NoFile:  # another sweeper was first
            continue
        swept += 1
    return swept


def _bucket() -> GridFSBucket:
    return GridFSBucket(database(), BUCKET)
