"""What is stored about imports: the batch, the rows that were refused or marked, what rows were seen, the file itself.

A batch walks through its states; whoever works on it (the scheduler, or a command) takes it by a claim that lasts
half a minute and notes, in the transaction of each chunk of rows, the last row that is done. A broken-off import
therefore goes on where it stopped, and no row is taken twice.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from bson import ObjectId
from pymongo import ASCENDING, DESCENDING, IndexModel

from models import schema
from models.declarations import Level
from models.key_vault import service as keys

BATCHES, LINES, SEEN = "import_batch", "import_line", "import_seen"
BUCKET = "import_file"
FILES, CHUNKS = f"{BUCKET}.files", f"{BUCKET}.chunks"

schema.declare(
    {
        BATCHES: [
            IndexModel([("type", ASCENDING), ("_id", DESCENDING)], name="type"),
            IndexModel([("owner", ASCENDING), ("_id", DESCENDING)], name="owner"),
            IndexModel([("state", ASCENDING), ("_id", ASCENDING)], name="state"),
        ],
        LINES: [
            IndexModel(
                [("batch", ASCENDING), ("step", ASCENDING), ("kind", ASCENDING), ("row", ASCENDING)],
                unique=True,
                name="line",
            )
        ],
        SEEN: [IndexModel([("batch", ASCENDING)], name="batch")],
        FILES: [IndexModel([("filename", ASCENDING), ("uploadDate", ASCENDING)], name="filename_1_uploadDate_1")],
        CHUNKS: [IndexModel([("files_id", ASCENDING), ("n", ASCENDING)], unique=True, name="files_id_1_n_1")],
    }
)


class State(StrEnum):
    """How far an import is."""

    UPLOADED = "uploaded"
    CHECKING = "checking"
    CHECKED = "checked"
    RUNNING = "running"
    DONE = "done"
    UNDOING = "undoing"
    UNDONE = "undone"
    FAILED = "failed"


AT_WORK = (State.CHECKING, State.RUNNING, State.UNDOING)


class Kind(StrEnum):
    """What is said about a row."""

    REFUSED = "refused"
    EMPTIED = "emptied"
    WARNED = "warned"


@dataclass(frozen=True)
class Options:
    """What a person chose beside columns. `level` '' leaves each record the default of its type; `empty_bad` takes rows
    with a bad value in an optional field and leaves that field empty; `keep_repeats` takes rows that repeat another
    row of the file or a record that is already here."""

    level: str = ""
    empty_bad: bool = False
    keep_repeats: bool = False


@dataclass(frozen=True)
class Count:
    """How many rows share a reason. `column` is the file's heading, '' for the row as a whole."""

    kind: Kind
    column: str
    zh: str
    en: str
    count: int


@dataclass(frozen=True)
class Batch:
    """An import. `chosen` is how a person said the file is to be read, `found` how it is read; `at_row` the last row
    that is done in the present step, `done` of `total` bytes how far that is. Counts are those of the present step:
    rows seen, taken (would be taken, while it is only checked), refused; undone by all undos, and kept by the last one.
    `checked` are those of the check before the run."""

    id: ObjectId
    type: str
    owner: ObjectId
    owner_name: str
    department: str
    name: str
    file: ObjectId | None
    size: int
    state: State
    at: datetime
    chosen: dict[str, Any] = field(default_factory=dict)
    found: dict[str, Any] = field(default_factory=dict)
    mapping: dict[str, Any] = field(default_factory=dict)
    options: Options = field(default_factory=Options)
    stamp: str = ""
    at_row: int = 0
    done: int = 0
    total: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    checked: dict[str, int] = field(default_factory=dict)
    reasons: tuple[Count, ...] = ()
    failure: dict[str, str] = field(default_factory=dict)
    finished: datetime | None = None
    attempts: int = 0

    @classmethod
    def read(cls, row: dict[str, Any]) -> Batch:
        """The batch in a stored document."""
        return cls(
            id=row["_id"],
            type=row["type"],
            owner=row["owner"],
            owner_name=row["owner_name"],
            department=row["department"],
            name=row["name"],
            file=row.get("file"),
            size=row["size"],
            state=State(row["state"]),
            at=row["at"],
            chosen=dict(row.get("chosen") or {}),
            found=dict(row.get("found") or {}),
            mapping=dict(row.get("mapping") or {}),
            options=Options(**(row.get("options") or {})),
            stamp=row.get("stamp") or "",
            at_row=row.get("at_row") or 0,
            done=row.get("done") or 0,
            total=row.get("total") or 0,
            counts=dict(row.get("counts") or {}),
            checked=dict(row.get("checked") or {}),
            reasons=tuple(_count(one) for one in (row.get("reasons") or {}).values()),
            failure=dict(row.get("failure") or {}),
            finished=row.get("finished"),
            attempts=row.get("attempts") or 0,
        )

    def count(self, name: str) -> int:
        """One of the counts; 0 until there is something to count."""
        return self.counts.get(name, 0)

    @property
    def left(self) -> int:
        """How many records were stored and not taken back."""
        return self.count("taken") - self.count("undone")

    @property
    def handled(self) -> int:
        """How many rows were taken up in this step and in an undo after it."""
        return sum(self.count(name) for name in ("rows", "undone", "kept"))

    @property
    def percent(self) -> int:
        """How far the present step is, 0 to 100."""
        if self.state not in AT_WORK:
            return 100
        return min(99, 100 * self.done // self.total) if self.total else 0

    @property
    def level(self) -> str:
        """The level that was chosen for the records, for the audit trail and for who may see the import."""
        return self.options.level or Level.INTERNAL.value


def _count(one: dict[str, Any]) -> Count:
    return Count(Kind(one["kind"]), one["column"], one["zh"], one["en"], one["count"])


@dataclass(frozen=True)
class Line:
    """What is said about one row of the file: each reason with the heading of its column ('' for the row). `start` is
    how the row begins, to know it by; only who uploaded the file sees it."""

    row: int
    kind: Kind
    reasons: tuple[tuple[str, str, str], ...]
    start: str = ""

    @classmethod
    def read(cls, row: dict[str, Any]) -> Line:
        """The line in a stored document."""
        told = keys.unseal_value(row["told"]) if "told" in row else row
        reasons = tuple((r["column"], r["zh"], r["en"]) for r in told["reasons"])
        return cls(row["row"], Kind(row["kind"]), reasons, told.get("start", ""))


def sealed_lines(rows: Iterable[dict[str, Any]], file: ObjectId | None) -> list[dict[str, Any]]:
    """Lines as they are stored: what they quote of the file is sealed under the file's key."""
    if file is None:
        return list(rows)
    key = keys.record_key(file)
    made = []
    for row in rows:
        told = {name: row[name] for name in ("start", "reasons") if name in row}
        rest = {name: value for name, value in row.items() if name not in told}
        made.append({**rest, "told": keys.seal_value(told, key)})
    return made
