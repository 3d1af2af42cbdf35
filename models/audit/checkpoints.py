"""Checkpoints: the head of the chain, signed, and written to a file outside the database.

Whoever rules the database can rebuild the whole chain, or cut its end; a signed head that lies elsewhere tells. Each
checkpoint is one line of JSON with its number and the hash of the line before, so that a missing one shows as well. The
database keeps a copy, from which a scheduler on another machine goes on.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from pymongo import DESCENDING, IndexModel

from config.database import audit_database, transaction
from config.files import sync_folder
from models.audit.keys import KeySource, is_signed, public_text, sign
from models.audit.sealing import FIRST, head

CHECKPOINTS = "audit_checkpoint"
EVERY = timedelta(minutes=4)
LONGEST = timedelta(minutes=5)
"""Between two checkpoints, while the sealer works."""

INDEXES: dict[str, list[IndexModel]] = {CHECKPOINTS: []}


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """The chain as it stood at a moment: its last seal, that seal's hash, and how many entries are sealed.

    `event` is `regular`, `stopped` (the sealer's last) or `key`: then `next` is the public key of those that follow.
    `resumed` says that no sealer worked in the time before. `key` is the public key of the signature.
    """

    number: int
    event: str
    at: str
    seq: int
    hash: str
    total: int
    previous: str
    key: str
    next: str = ""
    resumed: bool = False
    signature: str = ""

    @property
    def moment(self) -> datetime:
        """When it was signed, aware."""
        return datetime.fromisoformat(self.at)

    @property
    def line(self) -> str:
        """The checkpoint as it is written."""
        return json.dumps(asdict(self), sort_keys=True, separators=(",", ":"))

    @property
    def digest(self) -> str:
        """The hash that the next checkpoint carries."""
        return hashlib.sha256(self.line.encode()).hexdigest()

    @property
    def message(self) -> bytes:
        """What is signed: everything but the signature."""
        return replace(self, signature="").line.encode()

    @property
    def follower(self) -> str:
        """The public key of the checkpoint after this one."""
        return self.next or self.key

    def is_genuine(self) -> bool:
        """Whether the owner of `key` signed it as it is."""
        return is_signed(self.key, self.message, self.signature)

    @classmethod
    def read(cls, line: str) -> Checkpoint | None:
        """The checkpoint in a line, None when it is none."""
        try:
            made = cls(**json.loads(line))
            numbers = (made.number, made.seq, made.total)
            whole = all(type(one) is int for one in numbers) and made.moment.tzinfo is not None
        except (ValueError, TypeError):
            return None
        texts = (made.event, made.hash, made.previous, made.key, made.next, made.signature)
        return made if whole and all(isinstance(text, str) for text in texts) else None


class Writer:
    """Writes checkpoints: into the database, then into the file of the day (UTC) in `folder`. One at a time."""

    def __init__(self, folder: Path, keys: KeySource) -> None:
        self.folder = folder
        self.keys = keys
        self._wrote: datetime | None = None

    def is_due(self, now: datetime) -> bool:
        """Whether it is time for the next one; a clock that was put back makes it so."""
        return self._wrote is None or not timedelta() <= now - self._wrote < EVERY

    def write(self, now: datetime, *, event: str = "regular", fence: Callable[[], None] | None = None) -> Checkpoint:
        """Sign the head of the chain as it stands.

        `fence` is called inside the transaction and raises when somebody else has become the sealer.

        :raises KeyUnreadable: there is no key to sign with.
        :raises OSError: the file cannot be written; the same checkpoint is written at the next call.
        """
        last, key = latest(), self.keys.current()
        if last is not None:
            self._file(last)
        if last is not None and last.follower != public_text(key):
            before = self.keys.before()
            if before is not None and public_text(before) == last.follower:
                last = self._store(
                    lambda: _signed(before, last, "key", now, self._is_resumed(last, now), public_text(key)), fence
                )
                self._file(last)
        made = self._store(lambda: _signed(key, last, event, now, self._is_resumed(last, now)), fence)
        self._file(made)
        # Only now: whatever broke off before, the next call comes here again and nothing is left lying about.
        self.keys.vouched(public_text(key))
        self._wrote = now
        return made

    def _is_resumed(self, last: Checkpoint | None, now: datetime) -> bool:
        return last is None or now - last.moment > LONGEST or (self._wrote is None and last.event != "key")

    def _store(self, sign_head: Callable[[], Checkpoint], fence: Callable[[], None] | None) -> Checkpoint:
        def work() -> Checkpoint:
            if fence is not None:
                fence()
            made = sign_head()
            row = {"_id": made.number, "at": made.moment, "line": made.line}
            audit_database()[CHECKPOINTS].insert_one(row)
            return made

        return transaction(work)

    def _file(self, made: Checkpoint) -> None:
        """Append the line and have it on the disk, unless it is there."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self.folder / f"checkpoints-{made.moment:%Y-%m-%d}.jsonl"
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT
        with os.fdopen(os.open(path, flags, 0o600), "r+b") as file:
            there = file.read()
            if made.line.encode() in there.splitlines():
                return
            # A line that a crash broke off stays as it is; the whole one follows.
            broken = b"\n" if there and not there.endswith(b"\n") else b""
            file.write(broken + made.line.encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        if not there:
            sync_folder(self.folder)


def _signed(
    key: Any, last: Checkpoint | None, event: str, now: datetime, resumed: bool, follower: str = ""
) -> Checkpoint:
    at_head = head()
    made = Checkpoint(
        number=last.number + 1 if last else 1,
        event=event,
        at=now.isoformat(timespec="milliseconds"),
        seq=at_head["seq"],
        hash=at_head["hash"],
        total=at_head["total"],
        previous=last.digest if last else FIRST,
        key=public_text(key),
        next=follower,
        resumed=resumed,
    )
    return replace(made, signature=sign(key, made.message))


def latest() -> Checkpoint | None:
    """The newest checkpoint that the database knows."""
    row = audit_database()[CHECKPOINTS].find_one(sort=[("_id", DESCENDING)])
    return Checkpoint.read(row["line"]) if row else None


def lines_in(folders: Iterable[Path]) -> Iterator[tuple[str, str]]:
    """Every line of the checkpoint files in some folders, with its file's name. :raises OSError:"""
    for folder in folders:
        for path in sorted(folder.glob("checkpoints-*.jsonl")):
            for line in path.read_text("utf-8", errors="replace").splitlines():
                if line:
                    yield path.name, line
