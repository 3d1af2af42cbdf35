"""One process at a time over a file, on this machine."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from models.key_vault.refusals import KeysUnusable


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Wait for whoever works on the file, and let others wait for the end of the block. :raises KeysUnusable:"""
    lock = path.with_name(f".{path.name}.lock")
    try:
        lock.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = lock.open("ab")
    except OSError as error:
        raise KeysUnusable(f"{lock.parent} cannot be written: {error.strerror}") from error
    with file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
