"""What is to be noted of a chunk of rows: counts, rows per reason, and the lines about single rows."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from typing import Any

from models.exchange.document import Batch, Kind, State
from models.exchange.problem import quoted
from models.exchange.table import Row, is_blank
from models.exchange.taking import Said

LINES_KEPT = 200
MOST_REASONS = 100
BEGINNING = 40
OTHER = ("", "其他原因。", "Other reasons.")
_QUOTED = re.compile(r"“[^”]*”")


class Tally:
    """Counts and lines of one chunk. Of a check only the first 200 lines of each kind are kept; of a run every
    refused row, because it is handed back."""

    def __init__(self, batch: Batch) -> None:
        self.batch = batch
        self.step = "check" if batch.state is State.CHECKING else "run"
        self.counts: dict[str, int] = {}
        self.lines: list[dict[str, Any]] = []
        self._noted: dict[tuple[Kind, int], dict[str, Any] | None] = {}
        self.groups: dict[str, dict[str, Any]] = {}
        self.known = {_key(r.kind, r.column, r.zh) for r in batch.reasons}

    def count(self, **counts: int) -> None:
        """Add to counts by name."""
        for name, number in counts.items():
            self.counts[name] = self.counts.get(name, 0) + number

    def add(self, kind: Kind, row: Row, said: Sequence[Said]) -> None:
        """Note something about a row; more of the same kind about the same row joins it."""
        if (kind, row.number) not in self._noted:
            self._note(kind, row)
        if (line := self._noted[kind, row.number]) is not None:
            line["reasons"] += [{"column": column, "zh": text.zh, "en": text.en} for column, text in said]
        for column, zh, en in {(column, general(text.zh), general(text.en)) for column, text in said}:
            self._group(kind, column, zh, en)

    def _note(self, kind: Kind, row: Row) -> None:
        before = self.batch.count(kind.value) + self.counts.get(kind.value, 0)
        self.count(**{kind.value: 1})
        line: dict[str, Any] | None = None
        if before < LINES_KEPT or (self.step == "run" and kind is Kind.REFUSED):
            start = beginning(row) if before < LINES_KEPT else ""
            line = {"batch": self.batch.id, "step": self.step, "kind": kind.value, "row": row.number}
            line |= {"reasons": [], "start": start}
            self.lines.append(line)
        self._noted[kind, row.number] = line

    def _group(self, kind: Kind, column: str, zh: str, en: str) -> None:
        key = _key(kind, column, zh)
        if key not in self.known and len(self.known) >= MOST_REASONS:
            column, zh, en = OTHER
            key = _key(kind, column, zh)
        self.known.add(key)
        group = self.groups.setdefault(key, {"kind": kind.value, "column": column, "zh": zh, "en": en, "count": 0})
        group["count"] += 1

    def update(self, change: dict[str, Any]) -> dict[str, Any]:
        """The update of the batch: `change` is set, counts are added."""
        increased = {f"counts.{name}": number for name, number in self.counts.items()}
        changed = dict(change)
        for key, group in self.groups.items():
            increased[f"reasons.{key}.count"] = group["count"]
            changed |= {f"reasons.{key}.{name}": group[name] for name in ("kind", "column", "zh", "en")}
        return {"$set": changed, **({"$inc": increased} if increased else {})}


def beginning(row: Row) -> str:
    """The first cells of a row in one line."""
    texts = [quoted(cell, BEGINNING) for cell in row.cells[:10] if not is_blank(cell)]
    return quoted(" · ".join(texts[:3]), 2 * BEGINNING)


def general(text: str) -> str:
    """A reason without the values of the row that it quotes."""
    return _QUOTED.sub("“…”", text)


def _key(kind: str, column: str, zh: str) -> str:
    same = re.sub(r"\d[\d,]*", "#", zh)
    return hashlib.blake2b("\x00".join((kind, column, same)).encode(), digest_size=9).hexdigest()
