"""Files that stand on the disk whole or not at all, for their owner only."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO


@contextmanager
def whole(path: Path, *, keep: bool = False) -> Iterator[IO[bytes]]:
    """A file to be written, which stands at `path` when the block ends and outlives a power cut; when the block fails,
    what was there before stays. With `keep` so does any file that is there: of two processes at once both use the first
    one's. What a process left behind that was killed meanwhile goes with `sweep`.

    :raises OSError:
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=_beginning(path))
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if keep:
            with suppress(FileExistsError):
                os.link(name, path)
        else:
            os.replace(name, path)
    finally:
        Path(name).unlink(missing_ok=True)
    sync_folder(path.parent)


def sweep(path: Path) -> None:
    """Remove the unfinished forms of a file that nobody writes at the moment. :raises OSError:"""
    for one in path.parent.iterdir():
        if one.name.startswith(_beginning(path)):
            one.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Make sure that a file's new name in a folder outlives a power cut. :raises OSError:"""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _beginning(path: Path) -> str:
    return f".{path.name}~"
