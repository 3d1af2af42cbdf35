"""An installation to save, another place to restore into, and writers that do not stand still meanwhile."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from config import database as store
from config.settings import Settings
from models import audit, catalogue, schema
from models.audit.keys import CURRENT
from models.backup import archive, restoring
from models.backup.restoring import Restored
from models.person.roles import SYSTEM
from tests.factories.elsewhere import another_place, carry_keys

__all__ = ["another_place"]

Base = Database[dict[str, Any]]
PATIENCE = 120.0


@pytest.fixture
def saved(connected: Settings, db: Base, tmp_path: Path, now: datetime) -> Iterator[Settings]:
    """An installation with a sealed trail, a signed checkpoint and one entry that waits for its seal. Collections that
    the test makes are dropped after it."""
    catalogue.load()
    schema.migrate()
    known = set(db.list_collection_names())
    settings = replace(connected, data_dir=tmp_path / "here")
    for number in range(3):
        audit.append("sample", SYSTEM, audit.Subject("sample", number=str(number)), now=now)
    audit.seal(now)
    audit.Writer(settings.audit_dir, audit.KeySource(settings.data_dir / CURRENT)).write(now)
    audit.append("sample", SYSTEM, audit.Subject("sample", number="waiting"), now=now)
    yield settings
    base = store.connect(settings)
    for name in set(base.list_collection_names()) - known:
        base.drop_collection(name)


@pytest.fixture
def restore(saved: Settings, there: Settings, now: datetime) -> Callable[..., Restored]:
    """Restore a file as the command does, and stay connected to the restored database."""

    def work(path: Path, **more: Any) -> Restored:
        with archive.opened(path) as source:
            source.verify()
            carry_keys(saved, there)
            store.connect(there)
            return restoring.restore(source, there, now, **more)

    return work


def reached(done: list[int], count: int) -> None:
    """Wait until what goes on was done so often."""
    deadline = time.monotonic() + PATIENCE
    while done[0] < count:
        assert time.monotonic() < deadline, "it does not go on"
        time.sleep(0.01)


@contextmanager
def going_on(work: Callable[[], None]) -> Iterator[list[int]]:
    """Repeat `work` in a thread for the time of the block; the list holds how often it was done. Its error comes up."""
    stop, done = threading.Event(), [0]

    def repeat() -> None:
        while not stop.is_set():
            work()
            done[0] += 1

    with ThreadPoolExecutor(1) as threads:
        repeating = threads.submit(repeat)
        try:
            yield done
        finally:
            stop.set()
        repeating.result()
