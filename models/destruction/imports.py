"""Imported files that hold a record which is being destroyed, and what was said about their rows (D2)."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from itertools import chain
from typing import Any, BinaryIO

from bson import ObjectId

from config.database import database
from models.destruction import words
from models.exchange import uploads
from models.exchange.document import AT_WORK, BATCHES, CHUNKS, FILES, LINES, SEEN, State
from models.exchange.reading import open_table
from models.exchange.refusals import FileRefused, NoLongerKept, UnpacksTooBig
from models.exchange.table import MB, Limits
from models.exchange.workbook import Archive, Attributes, unescaped
from models.job.long import Overtaken
from models.key_vault.refusals import Unopened

NO_LIMIT = 2**40
LIMITS = Limits(file=NO_LIMIT, rows=NO_LIMIT, columns=2**20)
"""What was taken in once is read again, however long."""
CELLS = ("si", "is", "c", "comment", "row")
"""The elements of a workbook that end a text."""
AT_ONCE = 2_000
Upload = tuple[ObjectId, ...]
"""An uploaded file: its id, and that of its import if there is one."""
Tells = Callable[[Iterable[str]], bool]


def that_tell(
    batches: Iterable[ObjectId], numbers: Iterable[str], names: Iterable[str], keep: Callable[[], None]
) -> list[Upload]:
    """The files from which some records came (`batches` are their imports) and every kept file that holds one of some
    numbers anywhere, or one of some names as a whole value. One that cannot be read through may hold anything, and is
    among them. `keep` is asked between files, and in long ones."""
    wanted = list(batches)
    rows = database()[BATCHES].find({"_id": {"$in": wanted}}, {"file": 1})
    files = {row["_id"]: row["file"] for row in rows if row.get("file")}
    found: list[Upload] = [(one, files[one]) if one in files else (one,) for one in wanted]
    tells = words.in_cells(numbers, names)
    for file in list(database()[FILES].find({}, {"metadata.batch": 1})):
        keep()
        its = (file.get("metadata") or {}).get("batch")
        upload = (its, file["_id"]) if its else (file["_id"],)
        if upload not in found and _holds(file["_id"], its, tells, keep):
            found.append(upload)
    return found


def check_idle(uploads_found: Iterable[Upload]) -> None:
    """Make sure that none of some files is being imported at the moment. :raises Overtaken: one is."""
    ids = [one for upload in uploads_found for one in upload]
    at_work = {"_id": {"$in": ids}, "state": {"$in": [state.value for state in AT_WORK]}}
    if ids and database()[BATCHES].find_one(at_work, {"_id": 1}):
        raise Overtaken


def remove(upload: Upload) -> None:
    """Delete a file with the lines about it; its keys are gone already. Of its import the counts stay, and one that
    was not begun ends."""
    db, ids = database(), {"$in": list(upload)}
    for name in (LINES, SEEN):
        db[name].delete_many({"batch": ids})
    emptied: dict[str, Any] = {"reasons": {}, "mapping": {}, "found": {}, "file": None}
    open_states = [state.value for state in (State.UPLOADED, State.CHECKED, *AT_WORK)]
    db[BATCHES].update_many({"_id": ids, "state": {"$in": open_states}}, {"$set": {"state": State.FAILED.value}})
    db[BATCHES].update_many({"_id": ids}, {"$set": emptied})
    db[CHUNKS].delete_many({"files_id": ids})  # the content first: what is left is found again
    db[FILES].delete_many({"_id": ids})


def _holds(file: ObjectId, batch: Any, tells: Tells, keep: Callable[[], None]) -> bool:
    try:
        with uploads.fetched(file) as content:
            if zipfile.is_zipfile(content):
                return _in_workbook(content, tells, keep)
            return any(_in_table(content, way, tells, keep) for way in _read_as(batch))
    except NoLongerKept:
        return False
    except (FileRefused, Unopened):
        return True


def _read_as(batch: Any) -> list[dict[str, Any]]:
    """How a file may be read as a table: as people said, and as it seems."""
    row = database()[BATCHES].find_one({"_id": batch}, {"chosen": 1}) if batch else None
    chosen = (row or {}).get("chosen") or {}
    said = {name: chosen[name] for name in ("encoding", "delimiter") if chosen.get(name)}
    return [said, {}] if said else [{}]


def _in_table(content: BinaryIO, way: Mapping[str, Any], tells: Tells, keep: Callable[[], None]) -> bool:
    """:raises FileRefused: it is damaged, or no table."""
    content.seek(0)
    with open_table(content, "", LIMITS, **way) as table:
        if tells(table.heading):
            return True
        for place, row in enumerate(chain(table.preamble, table.rows())):
            if place % AT_ONCE == 0:
                keep()
            if tells(map(str, row.cells)):
                return True
    return False


def _in_workbook(content: BinaryIO, tells: Tells, keep: Callable[[], None]) -> bool:
    """Whether a workbook tells, in hidden sheets and comments as well. :raises FileRefused: it is damaged, protected,
    or too big."""
    with closing(Archive(content, Limits())) as archive:
        parts = [name for name in archive.names if name.endswith((".xml", ".rels", ".vml"))]
        if sum(map(archive.size, parts)) > archive.limits.unpacked:
            raise UnpacksTooBig(limit=archive.limits.unpacked // MB)
        for part in parts:
            texts = _Texts(tells, keep)
            archive.parse(part, texts.start, texts.end, texts.text)
            if texts.told():
                return True
    return False


class _Texts:
    """The texts in a part of a workbook as they go by: cells, comments, and what stands in attributes."""

    def __init__(self, tells: Tells, keep: Callable[[], None]) -> None:
        self._tells, self._keep = tells, keep
        self._found = self._own = self._phonetic = False
        self._pieces: list[str] = []
        self._texts: list[str] = []

    def start(self, element: str, attributes: Attributes) -> None:
        """An element begins."""
        self._own = False
        self._phonetic = self._phonetic or element == "rPh"
        if element not in CELLS:
            self._texts += attributes.values()

    def text(self, piece: str) -> None:
        """A piece of text; that of a cell may come in several runs."""
        if not self._phonetic:
            self._own = True
            self._pieces.append(piece)

    def end(self, element: str) -> None:
        """An element ends, and with most of them their text."""
        self._phonetic = self._phonetic and element != "rPh"
        if self._pieces and (element in CELLS or (self._own and element != "t")):
            self._texts.append(unescaped("".join(self._pieces)))
            self._pieces.clear()
        self._own = False
        if len(self._texts) >= AT_ONCE:
            self.told()

    def told(self) -> bool:
        """Whether what went by until now tells."""
        self._keep()
        self._found = self._found or self._tells(self._texts)
        self._texts.clear()
        return self._found
