"""How much memory the embedded database takes for its cache, and how much that changed may wait in it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

SMALLEST_GB, LARGEST_GB = 0.25, 8.0
MOST_WAITING_MB = 400
"""Whoever stops the database waits until so much is written, at most twice as much."""
OWN_GROUPS, GROUPS = Path("/proc/self/cgroup"), Path("/sys/fs/cgroup")


def usual_gb() -> float:
    """The cache in GB unless told otherwise: a quarter of the memory that we may use, from a quarter to eight.

    The server itself would take half. A quarter leaves room for the web processes and for the files, which the
    operating system keeps in memory as well; eight hold the indexes of a million customers and as many complaints.
    """
    return round(min(max(_memory() / 2**30 / 4, SMALLEST_GB), LARGEST_GB), 2)


def eviction(cache_gb: float) -> str:
    """From which size on the server writes changed pages out, in the words of its storage engine.

    A record stands in a hundred places of its collection's indexes. As shipped the server begins when a twentieth of
    the cache has changed, again and again while an import changes the same pages; here at a fifth, `MOST_WAITING_MB`
    at most, and whoever writes must help only at twice that. The server refuses sizes beyond its cache.
    """
    waiting = min(int(cache_gb * 1024 / 5), MOST_WAITING_MB)
    return f"eviction_dirty_target={waiting}MB,eviction_dirty_trigger={2 * waiting}MB"


def _memory() -> int:
    """The bytes of memory of the machine, or of the container or service that we run in, whichever is less."""
    machine = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return min([machine, *limits(OWN_GROUPS, GROUPS)])


def limits(own: Path, groups: Path) -> Iterator[int]:
    """The memory in bytes that each control group allows us: the one that we are in and those around it. `own` is the
    list of our groups, `groups` the folder where they are found; in a container that is often only the container's."""
    for path, name in _places(own):
        for around in (path, *path.parents):
            try:
                yield int((groups / str(around).lstrip("/") / name).read_text(encoding="ascii"))
            except (OSError, ValueError):  # there is no such file, or it says "max"
                continue


def _places(own: Path) -> Iterator[tuple[PurePosixPath, str]]:
    """For each kind of groups the path of ours, and in which file a limit stands."""
    try:
        lines = own.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:  # another system
        return
    for line in lines:
        _, kinds, path = line.split(":", 2)
        if not kinds:
            yield PurePosixPath(path), "memory.max"
        elif "memory" in kinds.split(","):
            yield PurePosixPath(f"/memory{path}"), "memory.limit_in_bytes"
