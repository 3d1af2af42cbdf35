"""A trail as a file: one JSON document a line, the entries behind the seal that holds them.

The file can be verified on a machine that has neither the product's data nor its database, in one pass.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC
from pathlib import Path
from typing import Any, TextIO

from bson import ObjectId, json_util
from bson.json_util import CANONICAL_JSON_OPTIONS
from pymongo import ASCENDING

from models.audit.checkpoints import CHECKPOINTS
from models.audit.stored import StoredTrail

Row = dict[str, Any]
EXACT = CANONICAL_JSON_OPTIONS.with_options(tz_aware=True, tzinfo=UTC)
SEAL, ENTRY, WAITING, CHECKPOINT = "seal", "entry", "waiting", "checkpoint"


class BadDump(Exception):
    """The file is no dump of an audit trail; the text names the line."""


def write(trail: StoredTrail, file: TextIO) -> int:
    """Write a trail, and return how many entries it has. Entries without a seal come last."""
    written = 0
    for seal in trail.seals():
        _put(file, SEAL, seal)
        found = trail.entries(seal["entries"])
        for entry_id in seal["entries"]:
            if entry_id in found:
                _put(file, ENTRY, found[entry_id])
                written += 1
    for entry in trail.unsealed():
        _put(file, WAITING, entry)
        written += 1
    for row in trail.db[CHECKPOINTS].find().sort("_id", ASCENDING):
        _put(file, CHECKPOINT, {"line": row.get("line", "")})
    return written


def _put(file: TextIO, kind: str, row: Mapping[str, Any]) -> None:
    file.write(json_util.dumps({"kind": kind, "row": row}, json_options=EXACT) + "\n")


class DumpedTrail:
    """Reads a trail from its file. Lines are read once, in their order; only one seal's entries are kept at a time."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._here: dict[ObjectId, Row] = {}
        self._strange: list[ObjectId] = []
        self._waiting = 0

    def seals(self) -> Iterator[Mapping[str, Any]]:
        """Every seal, with its entries at hand until the next. :raises BadDump: :raises OSError:"""
        seal: Row | None = None
        for kind, row in self._rows():
            if kind == SEAL:
                if seal is not None:
                    yield seal
                    self._leave(seal)
                seal, self._here = row, {}
            elif kind == ENTRY and seal is not None:
                self._here[row["_id"]] = row
            elif kind == ENTRY:
                self._strange.append(row["_id"])
            elif kind == WAITING:
                self._waiting += 1
        if seal is not None:
            yield seal
            self._leave(seal)

    def entries(self, ids: Sequence[ObjectId]) -> Mapping[ObjectId, Row]:
        """The entries that follow the seal at hand."""
        return self._here

    def waiting(self) -> int:
        """How many entries waited for their seal."""
        return self._waiting

    def strangers(self, sealed: int, last: int) -> Iterable[ObjectId]:
        """Entries that stand behind a seal which does not name them."""
        return self._strange

    def checkpoints(self) -> Iterable[str]:
        """The lines of the checkpoints that the database knew."""
        return [str(row["line"]) for kind, row in self._rows() if kind == CHECKPOINT]

    def _leave(self, seal: Row) -> None:
        self._strange += sorted(self._here.keys() - set(seal["entries"]))

    def _rows(self) -> Iterator[tuple[str, Row]]:
        with self.path.open(encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                try:
                    made = json_util.loads(line, json_options=EXACT)
                    yield made["kind"], made["row"]
                except (json.JSONDecodeError, KeyError, TypeError, ValueError) as error:
                    raise BadDump(f"line {number} of {self.path} belongs to no dump of an audit trail") from error
