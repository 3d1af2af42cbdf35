"""A trail of some hours: entries, seals, and checkpoints in a folder, made as the scheduler makes them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from config.settings import Settings
from models import audit, schema
from models.audit.keys import CURRENT, public_text
from models.audit.verification import Verdict
from models.person.roles import SYSTEM

Base = Database[dict[str, Any]]


@dataclass
class Chain:
    """A trail that grows by the minute."""

    db: Base
    folder: Path
    now: datetime
    writer: audit.Writer = field(init=False)
    numbers: int = 0

    def __post_init__(self) -> None:
        self.restart()

    @property
    def keys(self) -> audit.KeySource:
        return audit.KeySource(self.folder.parent / CURRENT)

    @property
    def public(self) -> str:
        return public_text(self.keys.current())

    @property
    def files(self) -> list[Path]:
        return sorted(self.folder.glob("*.jsonl"))

    def restart(self) -> None:
        """The sealer begins anew, as after a crash."""
        self.writer = audit.Writer(self.folder, self.keys)

    def grow(self, seals: int = 1, *, entries: int = 3, minutes: int = 4, event: str = "regular") -> None:
        """So many seals of some entries each, every one followed by a checkpoint, minutes apart."""
        for _ in range(seals):
            self.now += timedelta(minutes=minutes)
            self.append(entries)
            audit.seal(self.now)
            self.writer.write(self.now, event=event)

    def append(self, entries: int) -> None:
        for _ in range(entries):
            self.numbers += 1
            subject = audit.Subject("customer", number=f"C-{self.numbers}", level="secret")
            audit.append("view", SYSTEM, subject, now=self.now, fields=["name"], detail={"purpose": "view"})

    def verify(self, *keys: str) -> Verdict:
        return audit.verify(None, [self.folder], keys or [self.public])


@pytest.fixture(scope="session")
def migrated(connected: Settings) -> None:
    """The database has its collections and indexes."""
    schema.migrate()


@pytest.fixture
def chain(migrated: None, db: Base, tmp_path: Path, now: datetime) -> Chain:
    """Six seals of three entries, six checkpoints."""
    for name in audit.COLLECTIONS:  # another process of a test before may have left some
        db[name].delete_many({})
    made = Chain(db, tmp_path / "audit", now)
    made.grow(6)
    return made
