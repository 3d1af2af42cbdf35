"""Attached files in GridFS: sealed, never changed, and nobody's until a record points to them.

A file is written before the record's transaction and taken by the record inside it; what no record took is swept a
day later. A record's former files stay for its history.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import IO, Any

from bson import ObjectId
from pymongo import ASCENDING, IndexModel

from config.database import database
from models.attachment import pdf, rules, scanner, sealed
from models.declarations import Field
from models.errors import Invalid, NotFound
from models.person.roles import Person
from models.watermark import is_marked

FILES, CHUNKS = sealed.FILES, sealed.CHUNKS
CHUNK = 255 * 1024
KEPT_UNTAKEN = timedelta(hours=24)
SWEPT_AT_ONCE = 500
TRIED_AGAIN = timedelta(hours=1)
"""So long what a PDF could not bear is not tried again: it may hold a program for as long as that may run."""
SWEPT = "swept"
"""Stands in place of the record when nobody may take the file any more."""

Row = dict[str, Any]

INDEXES: dict[str, list[IndexModel]] = {
    FILES: [
        IndexModel([("metadata.record", ASCENDING), ("uploadDate", ASCENDING)], name="record"),
        IndexModel([("filename", ASCENDING), ("uploadDate", ASCENDING)], name="filename_1_uploadDate_1"),
    ],
    CHUNKS: [IndexModel([("files_id", ASCENDING), ("n", ASCENDING)], unique=True, name="files_id_1_n_1")],
}


def put(stream: IO[bytes], name: str, *, person: Person, now: datetime, limit: int, clamd: str = "") -> Row:
    """Store a file of at most `limit` bytes and return the row `{file, name, size, type}` that a record may keep. With
    a virus scanner at `clamd` nothing is stored before it has found nothing.

    :raises FileTooLarge: :raises EmptyFile: :raises ProgramFile: and nothing stays stored.
    :raises InfectedFile: :raises NotScanned: :raises PdfsBusy: a PDF cannot be checked now; nothing stays either.
    """
    name = rules.safe_name(name)
    with scanner.clean(stream, name, address=clamd, limit=limit, person=person, now=now) as scanned:
        return _stored(scanned, name, person=person, now=now, limit=limit)


def _stored(stream: IO[bytes], name: str, *, person: Person, now: datetime, limit: int) -> Row:
    head = stream.read(rules.HEAD_BYTES)
    rules.check(name, head)
    found = rules.content_type(head)
    metadata = {"by": person.id, "at": now, "type": found, "record": None}
    row = sealed.write(_limited(_pieces(head, stream), name, limit), name, metadata, now)
    if found == rules.PDF and not _is_markable(row["_id"], name):
        database()[FILES].update_one({"_id": row["_id"]}, {"$set": {"metadata.unmarkable": True}})
    return {"file": row["_id"], "name": name, "size": row["length"], "type": found}


def _is_markable(file_id: ObjectId, name: str) -> bool:
    """Whether a stored PDF can bear a watermark, as far as its pages tell. :raises PdfsBusy: it is not stored then."""
    with content(file_id) as stored:
        held = stored.read(pdf.MOST_BYTES + 1)
    try:
        pdf.check_markable(held, name)
    except rules.NotMarkable:
        return False
    except rules.PdfsBusy:
        sealed.remove([file_id], backup=False)  # a key of a moment ago
        raise
    return True


def marked_pdf(row: Mapping[str, Any], text: str, now: datetime) -> bytes:
    """A stored PDF with `text` on each page (X1). :raises NotMarkable: :raises PdfsBusy:"""
    with _tried(row, "marked", now) as held:
        return pdf.marked_pdf(held, text, row["name"])


def page_of_pdf(row: Mapping[str, Any], number: int, now: datetime) -> tuple[bytes, int]:
    """A page of a stored PDF as a PNG, without a mark, and how many pages there are.

    :raises NotFound: no such page. :raises NotMarkable: :raises PdfsBusy:
    """
    if number > pdf.MOST_PAGES:  # else what is noted on the file would grow with each number that is asked for
        raise NotFound()
    with _tried(row, f"page_{number}", now) as held:
        return pdf.page_picture(held, number, row["name"])


@contextmanager
def _tried(row: Mapping[str, Any], what: str, now: datetime) -> Iterator[bytes]:
    """The content of a stored PDF, for something that may fail. That it did is noted on the file, and said at once to
    whoever asks again within an hour; it is no word for ever, as it may have been the machine that was slow.

    :raises NotMarkable:
    """
    stored = sealed.Content(row["file"])
    failed = stored.row["metadata"].get("failed", {}).get(what)
    if failed is not None and now - failed < TRIED_AGAIN:
        raise rules.NotMarkable(name=row["name"])
    with io.BufferedReader(stored, CHUNK) as reader:
        held = reader.read(pdf.MOST_BYTES + 1)
    try:
        yield held
    except rules.NotMarkable:
        database()[FILES].update_one({"_id": row["file"]}, {"$set": {f"metadata.failed.{what}": now}})
        raise


def _limited(pieces: Iterable[bytes], name: str, limit: int) -> Iterator[bytes]:
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > limit:
            raise rules.FileTooLarge(name=name, limit=rules.in_megabytes(limit))
        yield piece


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
        row = {"file": son["_id"], "name": sealed.name_of(son), "size": son["length"], "type": son["metadata"]["type"]}
        have[son["_id"]] = row
    return have


def rows(person: Person, wanted: Iterable[ObjectId], kept: Iterable[Mapping[str, Any]]) -> list[Row] | None:
    """The rows of some files, in their order; None when one is neither kept nor this person's to give: a pointer to
    a file of another record opens nothing."""
    ids = list(wanted)
    have = known(person, ids, kept)
    return [have[i] for i in ids] if all(i in have for i in ids) else None


def claim(fields: Iterable[Field], values: Mapping[str, Any]) -> None:
    """Give the files that a record points to to that record; to be called in the transaction that stores it.

    A classified record takes no PDF that cannot bear its watermark; one that it has already stays.

    :raises Invalid: naming the field whose file became another record's since `rows` was asked, or is not taken.
    """
    pointers = {row["file"]: (f.name, row) for f in fields if f.kind == "files" for row in values.get(f.name) or ()}
    if not pointers:
        return
    among, mine = {"_id": {"$in": list(pointers)}}, {"metadata.record": None}
    wrong: list[dict[str, Any]] = [{"metadata.record": {"$nin": [None, values["_id"]]}}]
    if is_marked(values.get("level") or ""):
        wrong.append({**mine, "metadata.unmarkable": True})
    found = database()[FILES].find_one(among | {"$or": wrong}, {"metadata.record": 1})
    if found is not None:
        field, row = pointers[found["_id"]]
        if found["metadata"]["record"] is None:
            raise rules.NotTaken(field, found["_id"], row["name"])
        raise Invalid({field: rules.GONE})
    database()[FILES].update_many(among | mine, {"$set": {"metadata.record": values["_id"]}})


def hand_over(fields: Iterable[Field], values: Mapping[str, Any], former: ObjectId, to: ObjectId) -> None:
    """Give those of a record's files that were the record `former`'s to the record `to`, in the same transaction."""
    ids = [row["file"] for f in fields if f.kind == "files" for row in values.get(f.name) or ()]
    if ids:
        condition = {"_id": {"$in": ids}, "metadata.record": former}
        database()[FILES].update_many(condition, {"$set": {"metadata.record": to}})


def content(file_id: ObjectId, start: int = 0) -> IO[bytes]:
    """A stored file, for reading from its beginning or from a later byte of it. :raises NotFound: and what
    `sealed.Content` raises."""
    return io.BufferedReader(sealed.Content(file_id, start), CHUNK)


def keys_of(record_ids: Iterable[ObjectId]) -> list[ObjectId]:
    """Under whose ids the key vault has the keys of the records' files, former ones included: what is destroyed with
    a record's own key (D2)."""
    query = {"metadata.record": {"$in": list(record_ids)}}
    return [son["_id"] for son in database()[FILES].find(query, {"_id": 1})]


def remove(*file_ids: ObjectId) -> int:
    """Delete files and their keys for good; returns how many were there (D2). The keys' own backup is brought up to
    date by the caller, who destroys the record's key last."""
    return sealed.remove(file_ids, backup=False)


def sweep(now: datetime) -> int:
    """Delete files that no record took within a day of their sending, with their keys; returns how many. Broken off, it
    goes on where it stood."""
    files, late = database()[FILES], {"metadata.at": {"$lt": now - KEPT_UNTAKEN}}
    idle = {"metadata.record": {"$in": [None, sealed.UNFINISHED]}, **late}
    found = [son["_id"] for son in files.find(idle, {"_id": 1}).limit(SWEPT_AT_ONCE)]
    # A record may take one at this moment: each goes only as nobody's.
    files.update_many({"_id": {"$in": found}, **idle}, {"$set": {"metadata.record": SWEPT}})
    return sealed.remove(son["_id"] for son in files.find({"metadata.record": SWEPT}, {"_id": 1}))
