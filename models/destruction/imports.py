"""Imported files that hold a record which is being destroyed, and what was said about their rows (D2)."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any, BinaryIO

from bson import ObjectId

from config.database import database
from models.exchange import uploads
from models.exchange.document import AT_WORK, BATCHES, CHUNKS, FILES, LINES, SEEN, State
from models.exchange.refusals import NoLongerKept
from models.key_vault import service as key_vault

ENCODINGS = ("utf-8", "gb18030", "utf-16-le", "utf-16-be")
PIECE = 2**20
Upload = tuple[ObjectId, ...]
"""An uploaded file: its id, and that of its import if there is one."""


def that_tell(batch: Any, words: Iterable[str]) -> list[Upload]:
    """The file from which a record came (`batch` is its import) and every kept file that holds one of the words."""
    found: list[Upload] = []
    if batch is not None:
        row = database()[BATCHES].find_one({"_id": batch}, {"file": 1}) or {}
        found.append((batch, row["file"]) if row.get("file") else (batch,))
    marks = tuple({word.encode(one) for word in words for one in ENCODINGS})
    for file in list(database()[FILES].find({}, {"metadata.batch": 1})):
        its = (file.get("metadata") or {}).get("batch")
        upload = (its, file["_id"]) if its else (file["_id"],)
        if upload not in found and _holds(file["_id"], marks):
            found.append(upload)
    return found


def remove(upload: Upload) -> None:
    """Delete a file with the lines about it; of its import the counts stay, and one at work or not begun ends."""
    db, ids = database(), {"$in": list(upload)}
    for name in (LINES, SEEN):
        db[name].delete_many({"batch": ids})
    emptied: dict[str, Any] = {"reasons": {}, "mapping": {}, "found": {}, "file": None}
    open_states = [state.value for state in (State.UPLOADED, State.CHECKED, *AT_WORK)]
    db[BATCHES].update_many({"_id": ids, "state": {"$in": open_states}}, {"$set": {"state": State.FAILED.value}})
    db[BATCHES].update_many({"_id": ids}, {"$set": emptied})
    db[CHUNKS].delete_many({"files_id": ids})  # the content first: what is left is found again
    db[FILES].delete_many({"_id": ids})
    key_vault.destroy(upload)


def _holds(file: ObjectId, marks: tuple[bytes, ...]) -> bool:
    with suppress(NoLongerKept), uploads.fetched(file) as content:
        longest = max(map(len, marks), default=1)
        for stream in _streams(content):
            tail = b""
            while piece := stream.read(PIECE):
                if any(mark in tail + piece for mark in marks):
                    return True
                tail = piece[-longest:]
    return False


def _streams(content: BinaryIO) -> Iterator[Any]:
    """The texts of a file: of a workbook its parts."""
    if not zipfile.is_zipfile(content):
        content.seek(0)
        yield content
        return
    with zipfile.ZipFile(content) as packed:
        for name in packed.namelist():
            with packed.open(name) as part:
                yield part
