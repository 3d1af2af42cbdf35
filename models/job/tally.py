"""What is to be noted of a chunk of long work: counts, how many rows share a reason, lines about single rows."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from bson import ObjectId

from models.errors import Sentence

LINES_KEPT = 200
MOST_REASONS = 100
OTHER = ("", "其他原因。", "Other reasons.")
_QUOTED = re.compile(r"“[^”]*”")
Said = tuple[str, Sentence]
"""A reason, with the column or field that it is about ('' for the row as a whole)."""


class Tally:
    """Counts and lines of one chunk. `counted` and `known` are what was counted, and the reasons that were met, in the
    chunks before. Of each kind the first 200 lines are kept, and all of the kinds named in `whole`. `own` are the words
    of the work itself, which reasons quote for every row alike; `labels` what each field is called, which the reasons
    about it do."""

    def __init__(
        self,
        counted: Mapping[str, int],
        known: Iterable[tuple[str, str, str]],
        *,
        whole: Iterable[str] = (),
        own: Iterable[str] = (),
        labels: Mapping[str, Collection[str]] = MappingProxyType({}),
    ) -> None:
        self.counted, self.whole, self.own, self.labels = counted, frozenset(whole), frozenset(own), labels
        self.known = {_key(*one) for one in known}
        self.counts: dict[str, int] = {}
        self.lines: list[dict[str, Any]] = []
        self.groups: dict[str, dict[str, Any]] = {}
        self._noted: dict[tuple[str, int | ObjectId], dict[str, Any] | None] = {}

    def count(self, **counts: int) -> None:
        """Add to counts by name."""
        for name, number in counts.items():
            self.counts[name] = self.counts.get(name, 0) + number

    def note(
        self,
        kind: str,
        row: int | ObjectId,
        said: Sequence[Said],
        line: Mapping[str, Any],
        values: Collection[str] = (),
    ) -> None:
        """Note something about a row, which is kept as `line`; more of the same kind about the same row joins it. Where
        a reason quotes one of the row's `values`, all rows together are told the name of the column instead."""
        if (kind, row) not in self._noted:
            keep = kind in self.whole or self.counted.get(kind, 0) + self.counts.get(kind, 0) < LINES_KEPT
            self.count(**{kind: 1})
            kept = {**line, "kind": kind, "reasons": []} if keep else None
            self._noted[kind, row] = kept
            if kept is not None:
                self.lines.append(kept)
        if (known := self._noted[kind, row]) is not None:
            known["reasons"] += [{"column": column, "zh": text.zh, "en": text.en} for column, text in said]
        both = ((one, *(self._general(one, side, values) for side in (text.zh, text.en))) for one, text in said)
        for column, zh, en in set(both):
            self._group(kind, column, zh, en)

    def _group(self, kind: str, column: str, zh: str, en: str) -> None:
        key = _key(kind, column, zh)
        if key not in self.known and len(self.known) >= MOST_REASONS:
            column, zh, en = OTHER
            key = _key(kind, column, zh)
        self.known.add(key)
        group = self.groups.setdefault(key, {"kind": kind, "column": column, "zh": zh, "en": en, "count": 0})
        group["count"] += 1

    def _general(self, column: str, text: str, values: Collection[str]) -> str:
        """A reason without the values of the row that it quotes."""
        kept = {column, *self.own, *self.labels.get(column, ())}

        def told(quoted: re.Match[str]) -> str:
            said = quoted[0][1:-1]
            if column and said in values:
                return f"“{column}”"
            return quoted[0] if said in kept else "“…”"

        return _QUOTED.sub(told, text)

    def update(self, change: Mapping[str, Any]) -> dict[str, Any]:
        """The update of the work's document: `change` is set, counts are added."""
        increased = {f"counts.{name}": number for name, number in self.counts.items()}
        changed = dict(change)
        for key, group in self.groups.items():
            increased[f"reasons.{key}.count"] = group["count"]
            changed |= {f"reasons.{key}.{name}": group[name] for name in ("kind", "column", "zh", "en")}
        return {"$set": changed, **({"$inc": increased} if increased else {})}


def _key(kind: str, column: str, zh: str) -> str:
    same = re.sub(r"\d[\d,]*", "#", zh)
    return hashlib.blake2b("\x00".join((kind, column, same)).encode(), digest_size=9).hexdigest()
