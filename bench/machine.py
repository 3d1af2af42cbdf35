"""The machine under the measurements: a database server of our own, processors, memory."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from pymongo import MongoClient

from config import database_cache, embedded, policy
from config.oplog_follower import following
from config.settings import Settings

SECRET = "measured-and-kept-nowhere-" * 2
CACHE_GB = database_cache.usual_gb()
"""What the product gives its embedded database here."""

PAGE = os.sysconf("SC_PAGE_SIZE")


READING = "[reading]\nrecords = 1000000\n"


def allow_reading(data: Path) -> None:
    """Let one person read as fast as the program can: else what is measured is the pause that the policy makes (X7)."""
    data.mkdir(parents=True, exist_ok=True)
    path = data / "policy.toml"
    path.write_text(READING, encoding="utf-8")
    os.environ[policy.VARIABLE] = str(path.absolute())


def processors() -> tuple[int, int]:
    """The processor of the measured process and that of everything else; the same when there is but one."""
    known = sorted(os.sched_getaffinity(0))
    return known[0], known[-1]


def pin(core: int, pid: int = 0) -> None:
    """Keep a process, with all its threads, on one processor."""
    for task in Path(f"/proc/{pid or os.getpid()}/task").iterdir():
        with suppress(ProcessLookupError):  # a thread that has just ended
            os.sched_setaffinity(int(task.name), {core})


def resident(pid: int = 0) -> float:
    """The memory of a process at this moment, in MB."""
    return int(Path(f"/proc/{pid or os.getpid()}/statm").read_text().split()[1]) * PAGE / 2**20


def peak(pid: int = 0) -> float:
    """The most memory that a process has had since `forget_peak`, in MB."""
    status = Path(f"/proc/{pid or os.getpid()}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def forget_peak(pid: int = 0) -> None:
    """Begin to look for the peak anew."""
    Path(f"/proc/{pid or os.getpid()}/clear_refs").write_text("5")


def load() -> str:
    """The load of the machine: processes that want to run, over 1, 5 and 15 minutes."""
    return " ".join(f"{average:.2f}" for average in os.getloadavg())


def settings(data: Path, size: int) -> Settings:
    """The settings of the measured installation of a size."""
    return Settings(
        secret_key=SECRET,
        password_salt=SECRET,
        totp_secret=SECRET,
        data_dir=data,
        database=f"bench_{size}",
        log_level="ERROR",
        max_upload_bytes=1 << 30,
    )


@contextmanager
def server(data: Path, cache_gb: float = CACHE_GB) -> Iterator[embedded.Mongod]:
    """The embedded database of `data`, on the processor beside the measured process, its log followed as by the
    scheduler."""
    data.mkdir(parents=True, exist_ok=True)
    found = embedded.start(data, cache_gb=cache_gb)
    try:
        if found.pid is not None:
            pin(processors()[1], found.pid)
        client: MongoClient[dict[str, Any]] = MongoClient(found.uri)
        with client, following(client):
            yield found
    finally:
        found.stop()
