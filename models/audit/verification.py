"""Verification: everything is read and computed again. Needs the database (or a dump), the checkpoint files and a
public key; no running product.

Findings are what does not fit, each with the entry, seal or checkpoint that it is about. Notes are what a reader should
know and what is nobody's doing: a time without a sealer, or that no key was given to hold the signatures against.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

from bson import ObjectId

from config.database import audit_database
from models.audit.checkpoints import LONGEST, Checkpoint, lines_in
from models.audit.sealing import FIRST, hash_of, seal_hash
from models.audit.stored import StoredTrail
from models.audit.writing import UNWRITTEN

Row = Mapping[str, Any]
SLACK = timedelta(minutes=1)


class Trail(Protocol):
    """A trail to verify. `seals` comes first and is read to its end, then the rest."""

    def seals(self) -> Iterator[Row]:
        """Every seal, in order."""

    def entries(self, ids: Sequence[ObjectId]) -> Mapping[ObjectId, Row]:
        """Those of the entries of the seal at hand that are there."""

    def waiting(self) -> int:
        """How many entries wait for their seal."""

    def strangers(self, sealed: int, last: int) -> Iterable[ObjectId]:
        """Entries neither sealed nor waiting; `sealed` is how many were found under the seals up to number `last`."""

    def checkpoints(self) -> Iterable[str]:
        """The lines of the checkpoints that the trail itself holds."""


@dataclass(frozen=True)
class Verdict:
    """The outcome: entries checked, entries waiting for their seal, findings and notes in words. `unfiled` are the
    findings that only say that files lack checkpoints which the database knows."""

    checked: int
    waiting: int
    findings: tuple[str, ...]
    notes: tuple[str, ...] = field(default=(), compare=False)
    checkpoints: int = field(default=0, compare=False)
    unfiled: tuple[str, ...] = field(default=(), compare=False)


def verify(trail: Trail | None = None, folders: Iterable[Path] | None = None, keys: Collection[str] = ()) -> Verdict:
    """Walk a whole trail (the connected database's own when none is given) and recompute every hash and signature.

    `folders` hold checkpoint files; with None there are none at hand. `keys` are public keys that the auditor trusts;
    without any, that of the first checkpoint is.

    :raises OSError: a checkpoint file cannot be read.
    """
    examined = trail or StoredTrail(audit_database())
    desk = _Desk(tuple(keys))
    desk.gather(examined.checkpoints, folders)
    desk.follow_checkpoints()
    desk.walk(examined)
    waiting = examined.waiting()
    desk.findings.extend(
        f"entry {entry} was inserted: it is neither sealed nor waiting for a seal"
        for entry in examined.strangers(desk.present, desk.last)
    )
    found, notes = tuple(desk.findings), tuple(desk.notes)
    return Verdict(desk.checked, waiting, found, notes, len(desk.checkpoints), tuple(desk.unfiled))


@dataclass
class _Desk:
    """What is known so far."""

    keys: tuple[str, ...]
    findings: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    unfiled: list[str] = field(default_factory=list)
    checkpoints: dict[int, Checkpoint] = field(default_factory=dict)
    vouched: dict[int, list[Checkpoint]] = field(default_factory=dict)
    retired: set[str] = field(default_factory=set)
    checked: int = 0
    present: int = 0
    last: int = 0

    # --- checkpoints

    def gather(self, stored: Callable[[], Iterable[str]], folders: Iterable[Path] | None) -> None:
        """Take the checkpoints of the database and of the files together and compare the two."""
        # The files first: a checkpoint that is written meanwhile lies in the database before it lies in them.
        lines = list(lines_in(folders)) if folders is not None else []
        here = self._read([("the database", line) for line in stored()])
        if folders is None:
            self.checkpoints = here
            if here:
                self.notes.append("no checkpoint file was looked at: the copies in the database alone prove little")
            return
        files = self._read(lines)
        for number in sorted(here.keys() & files.keys()):
            if here[number].line != files[number].line:
                self.findings.append(f"checkpoint {number} in the database is not the one in the files")
        last = max(here, default=0)
        if last and last not in files:
            self.notes.append(f"checkpoint {last} is not yet in the files")
        lacking = [number for number in here if number not in files and number != last]
        self.unfiled = [f"{span} removed from the files" for span in _spans(lacking)]
        self.findings.extend(self.unfiled)
        gone = [number for number in files if number not in here]
        self.findings.extend(f"{span} removed from the database" for span in _spans(gone))
        self.checkpoints = {**here, **files}

    def _read(self, lines: Sequence[tuple[str, str]]) -> dict[int, Checkpoint]:
        found: dict[int, Checkpoint] = {}
        for where, line in lines:
            made = Checkpoint.read(line)
            if made is None:
                if not any(other.startswith(line) and other != line for _, other in lines):
                    self.findings.append(f"a line of {where} is no checkpoint: {line[:40]!r}")
            elif found.setdefault(made.number, made).line != made.line:
                self.findings.append(f"there are two different checkpoints {made.number}")
        return found

    def follow_checkpoints(self) -> None:
        """Signatures, keys, numbers and times, from the first checkpoint to the last."""
        before: Checkpoint | None = None
        for number in sorted(self.checkpoints):
            made = self.checkpoints[number]
            self._check_order(before, made)
            if not made.is_genuine():
                self.findings.append(f"checkpoint {number} of {made.at} carries a bad signature")
            elif self._check_key(before, made):
                self.vouched.setdefault(made.seq, []).append(made)
            before = made

    def _check_order(self, before: Checkpoint | None, made: Checkpoint) -> None:
        expected = before.number + 1 if before else 1
        if made.number != expected:
            since = f"after {before.at} and " if before else ""
            missing = _spans(range(expected, made.number))[0]
            self.findings.append(f"{missing} missing: nothing vouches for the time {since}before {made.at}")
            return
        if made.previous != (before.digest if before else FIRST):
            self.findings.append(f"checkpoint {made.number} does not follow from the one before it")
        if before is None:
            return
        if made.moment < before.moment:
            self.findings.append(f"checkpoint {made.number} is earlier than the one before it")
        elif made.moment - before.moment > LONGEST + SLACK:
            how = "was stopped" if before.event == "stopped" else "ended without its last checkpoint"
            span = f"no checkpoint from {before.at} to {made.at}"
            if made.resumed:
                self.notes.append(f"{span}: the sealer {how} and began again")
            else:
                self.findings.append(f"{span}, and nothing says why")

    def _check_key(self, before: Checkpoint | None, made: Checkpoint) -> bool:
        if before is None and not self.keys:
            self.notes.append(f"no key was given: that of checkpoint {made.number} is trusted, {made.key}")
            return True
        if before is not None and before.key != made.key:
            self.retired.add(before.key)
        if made.key in self.retired:
            self.findings.append(f"checkpoint {made.number} of {made.at} is signed with a key whose time was over")
            return False
        if made.key in self.keys or (before is not None and before.follower == made.key):
            return True
        self.findings.append(f"checkpoint {made.number} of {made.at} is signed with a key that nobody vouches for")
        return False

    # --- seals and entries

    def walk(self, trail: Trail) -> None:
        """Every seal with its entries, in order, and against the checkpoints."""
        previous, expected, at = FIRST, 1, None
        for seal in trail.seals():
            number = seal["seq"]
            if number > expected:
                self.findings.append(f"{_spans(range(expected, number), 'seal')[0]} missing")
            elif number < expected:
                self.findings.append(f"seal {number} stands behind seal {expected - 1}")
            elif seal["previous"] != previous:
                self.findings.append(f"seal {number} does not follow from the one before it")
            if seal_hash(seal) != seal["hash"]:
                self.findings.append(f"seal {number} was altered")
            self._check_entries(seal, trail.entries(seal["entries"]))
            self._check_vouched(seal)
            previous, expected, at = seal["hash"], number + 1, seal["at"] if "form" in seal else at
        self.last = expected - 1
        self._check_end(self.last, at)

    def _check_entries(self, seal: Row, entries: Mapping[ObjectId, Row]) -> None:
        ids, hashes = seal["entries"], seal["hashes"]
        odd: list[tuple[ObjectId, str, str]] = []
        for entry_id, expected in zip(ids, hashes, strict=False):
            self.checked += 1
            if entry_id not in entries:
                self.findings.append(f"entry {entry_id} of seal {seal['seq']} was removed")
                continue
            self.present += 1
            actual = hash_of(entries[entry_id])
            if actual != expected:
                odd.append((entry_id, expected, actual))
            elif entries[entry_id].get("action") == UNWRITTEN:
                self._note_unwritten(entry_id, seal)
        if len(ids) != len(hashes):
            self.findings.append(f"seal {seal['seq']} was altered: {len(ids)} entries and {len(hashes)} hashes")
        elsewhere = Counter(expected for _, expected, _ in odd)
        for entry_id, _, actual in odd:
            how = "changed its place" if elsewhere[actual] else "was altered"
            self.findings.append(f"entry {entry_id} of seal {seal['seq']} {how}")

    def _note_unwritten(self, entry_id: ObjectId, seal: Row) -> None:
        self.notes.append(
            f"entry {entry_id} of seal {seal['seq']} was announced at {entry_id.generation_time.isoformat()} and never "
            "came: a program ended at that moment, or it was taken out before its seal"
        )

    def _check_vouched(self, seal: Row) -> None:
        for made in self.vouched.pop(seal["seq"], ()):
            if made.hash != seal["hash"]:
                self.findings.append(
                    f"the chain up to seal {made.seq} is not the one that checkpoint {made.number} of {made.at} signed"
                )
            elif made.total != self.checked:
                self.findings.append(
                    f"{self.checked} entries up to seal {made.seq}, but checkpoint {made.number} signed {made.total}"
                )

    def _check_end(self, last: int, at: datetime | None) -> None:
        self.vouched.pop(0, None)  # signed before the first seal
        for seq in sorted(self.vouched):
            if seq > last:
                made = self.vouched[seq][0]
                self.findings.append(
                    f"the tail was cut: the trail ends with seal {last}, but checkpoint {made.number} of {made.at} "
                    f"signed seal {seq}"
                )
                return
        newest = max((made.moment for made in self.checkpoints.values()), default=None)
        if at is not None and newest is not None and at - newest > LONGEST + SLACK:
            self.findings.append(f"no checkpoint after {newest.isoformat()}, but entries were sealed until {at}")
        if at is not None and newest is None:
            self.notes.append("there is no checkpoint: a trail that was cut or rebuilt would not show")


def _spans(numbers: Iterable[int], noun: str = "checkpoint") -> list[str]:
    """Numbers in words: `checkpoints 3 to 5 were`, `checkpoint 9 was`."""
    spans: list[list[int]] = []
    for number in sorted(numbers):
        if spans and spans[-1][1] == number - 1:
            spans[-1][1] = number
        else:
            spans.append([number, number])
    return [f"{noun} {a} is" if a == b else f"{noun}s {a} to {b} are" for a, b in spans]
