"""What is stored about bulk changes: the plan, which records it is about, what is said about single ones.

A plan walks through its states. The records are noted with their versions when it is checked, so that what is carried
out is what was previewed; `at_row` says how many of them are done in the present step.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from bson import ObjectId
from pymongo import ASCENDING, DESCENDING, IndexModel

from models import schema, sealing

PLANS, TARGETS, LINES = "bulk_change", "bulk_change_target", "bulk_change_line"

schema.declare(
    {
        PLANS: [
            IndexModel([("owner", ASCENDING), ("_id", DESCENDING)], name="owner"),
            IndexModel([("department", ASCENDING), ("_id", DESCENDING)], name="department"),
            IndexModel([("state", ASCENDING), ("_id", ASCENDING)], name="state"),
        ],
        TARGETS: [IndexModel([("plan", ASCENDING), ("first", ASCENDING)], unique=True, name="first")],
        LINES: [
            IndexModel(
                [("plan", ASCENDING), ("step", ASCENDING), ("kind", ASCENDING), ("record", ASCENDING)],
                unique=True,
                name="line",
            )
        ],
    }
)


class State(StrEnum):
    """How far a bulk change is."""

    DRAFT = "draft"
    CHECKING = "checking"
    CHECKED = "checked"
    RUNNING = "running"
    DONE = "done"
    STOPPED = "stopped"
    UNDOING = "undoing"
    UNDONE = "undone"
    FAILED = "failed"


AT_WORK = (State.CHECKING, State.RUNNING, State.UNDOING)
OPEN = (State.DRAFT, State.CHECKED)
CARRIED_OUT = (State.DONE, State.STOPPED, State.FAILED)


class Kind(StrEnum):
    """What is done to every record."""

    CHANGE = "change"
    HAND_OVER = "hand_over"
    ARCHIVE = "archive"
    RESTORE = "restore"
    MOVE = "move"


EMPTIED: Mapping[str, Any] = {"values": {}, "reasons": {}, "note": "", "picked": None, "address": [], "swept": True}
"""A plan that has forgotten what it held: who did what, when, and to how many, stays. Nobody could tell any more which
of its words are about a record that is destroyed."""

UNDOABLE = (Kind.CHANGE, Kind.HAND_OVER, Kind.ARCHIVE, Kind.RESTORE)
"""A move has consequences of its own (signatures, revisits, deadlines) that no former value takes back."""


class Said(StrEnum):
    """What is said about a record: it is refused, somebody changed it meanwhile, or an undo leaves it alone."""

    REFUSED = "refused"
    MOVED = "moved"
    KEPT = "kept"


@dataclass(frozen=True)
class Reason:
    """How many records share a reason. `field` is the name of the field it is about, '' for the record as a whole."""

    kind: Said
    field: str
    zh: str
    en: str
    count: int


@dataclass(frozen=True)
class Plan:
    """A bulk change. Its records are the `picked` ones, or all of the list at `address`, as read at the time `at`.

    `values` are what the fields are set to, in stored form; `stamp` is what a preview is confirmed with, once.
    Counts: `matching` records, of which `changeable`, `refused`, `same` (hold the values already) were found by the
    check; `changed`, `refused`, `same`, `moved` by the run, `added` after the preview, `left_out` beyond the tolerance;
    `undone` and `kept` by an undo. `found` are the counts that were confirmed. `at_row` of `total` records are done in
    the present step.
    """

    id: ObjectId
    type: str
    owner: ObjectId
    owner_name: str
    department: str
    kind: Kind
    state: State
    at: datetime
    move: str = ""
    picked: tuple[ObjectId, ...] | None = None
    address: tuple[tuple[str, str], ...] = ()
    values: Mapping[str, Any] = field(default_factory=dict)
    note: str = ""
    stamp: str = ""
    checked_at: datetime | None = None
    at_row: int = 0
    total: int = 0
    since: ObjectId | None = None
    joined: bool = False
    undone_to: ObjectId | None = None
    undo_by: ObjectId | None = None
    counts: Mapping[str, int] = field(default_factory=dict)
    found: Mapping[str, int] = field(default_factory=dict)
    reasons: tuple[Reason, ...] = ()
    failure: Mapping[str, str] = field(default_factory=dict)
    finished: datetime | None = None

    @classmethod
    def read(cls, row: Mapping[str, Any]) -> Plan:
        """The plan in a stored document."""
        known = {name: row[name] for name in cls.__dataclass_fields__ if row.get(name) is not None}
        picked = row.get("picked")
        known |= {
            "id": row["_id"],
            "kind": Kind(row["kind"]),
            "state": State(row["state"]),
            "picked": None if picked is None else tuple(picked),
            "address": sealing.address_in(row.get("address")),
            "reasons": tuple(_reason(one) for one in (row.get("reasons") or {}).values()),
        }
        return cls(**known)

    def count(self, name: str) -> int:
        """One of the counts; 0 until there is something to count."""
        return self.counts.get(name, 0)

    @property
    def percent(self) -> int:
        """How far the present step is, 0 to 100."""
        if self.state not in AT_WORK:
            return 100
        done = self.count("undone") + self.count("kept") if self.state is State.UNDOING else self.at_row
        return min(99, 100 * done // self.total) if self.total else 0

    @property
    def handled(self) -> int:
        """How many records were taken up in this step and in an undo after it."""
        return self.at_row + self.count("undone") + self.count("kept")

    @property
    def carried_out(self) -> bool:
        """Whether it was confirmed, however far it came."""
        return bool(self.found)


def _reason(one: Mapping[str, Any]) -> Reason:
    return Reason(Said(one["kind"]), one["column"], one["zh"], one["en"], one["count"])


@dataclass(frozen=True)
class Line:
    """What is said about one record: each reason with its field's name ('' for the record)."""

    record: ObjectId
    kind: Said
    reasons: tuple[tuple[str, str, str], ...]

    @classmethod
    def read(cls, row: Mapping[str, Any]) -> Line:
        """The line in a stored document."""
        reasons = tuple((r["column"], r["zh"], r["en"]) for r in row["reasons"])
        return cls(row["record"], Said(row["kind"]), reasons)
