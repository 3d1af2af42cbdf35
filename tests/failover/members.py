"""A replica set of three members on unix sockets, whose primary can be lost."""

from __future__ import annotations

import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote

from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError

from config.embedded import REPLICA_SET, find_mongods
from config.parent_death import end_with_parent

COUNT = 3
PATIENCE_SECONDS = 90.0
CACHE_GB = 0.25
Row = dict[str, Any]


class Members:
    """Three servers and how to disturb them. Used from the main thread: the servers end with whoever started them."""

    def __init__(self, folder: Path, election: float) -> None:
        self.folder = folder
        self.election = election
        self.sockets = Path(tempfile.mkdtemp(prefix="backoffice-trial-"))
        self.binary = find_mongods()[0]
        self.processes: dict[int, subprocess.Popen[bytes]] = {}

    @property
    def uri(self) -> str:
        """The connection string of the set."""
        hosts = ",".join(quote(self._host(number), safe="") for number in range(COUNT))
        return f"mongodb://{hosts}/?replicaSet={REPLICA_SET}"

    def start(self) -> None:
        """Start all of them and make them a replica set; returns when one is primary."""
        for number in range(COUNT):
            self.launch(number)
        members = [{"_id": number, "host": self._host(number)} for number in range(COUNT)]
        settings = {"electionTimeoutMillis": int(self.election * 1000)}
        config = {"_id": REPLICA_SET, "members": members, "settings": settings}
        self._until(lambda: self._initiated(config))
        self.until_primary()

    def launch(self, number: int) -> None:
        """Start one member, or start it again."""
        data = self.folder / f"member{number}"
        data.mkdir(parents=True, exist_ok=True)
        arguments = [
            str(self.binary),
            *("--dbpath", str(data), "--logpath", str(data / "log"), "--logappend"),
            *("--bind_ip", self._host(number), "--unixSocketPrefix", str(self.sockets), "--filePermissions", "0600"),
            *("--replSet", REPLICA_SET, "--oplogSize", "256", "--wiredTigerCacheSizeGB", str(CACHE_GB), "--quiet"),
            *("--setParameter", "transactionLifetimeLimitSeconds=20"),  # as the product's own server has it
            *("--setParameter", "diagnosticDataCollectionEnabled=false"),
        ]
        self.processes[number] = subprocess.Popen(
            arguments,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            preexec_fn=end_with_parent(),  # noqa: PLW1509 - one system call, no lock is taken
        )

    def kill_primary(self) -> None:
        """kill -9 of the primary; it comes back as a follower once another one leads."""
        number = self.until_primary()
        self.processes[number].send_signal(signal.SIGKILL)
        self.processes[number].wait()
        self.until_primary()
        self.launch(number)

    def step_down(self) -> None:
        """Have the primary give up its place in an orderly way."""
        number = self.until_primary()
        try:
            with self._client(number) as client:
                client.admin.command("replSetStepDown", 20, secondaryCatchUpPeriodSecs=10)
        except PyMongoError:
            pass  # its connections may end with its place
        self.until_primary()

    def until_primary(self) -> int:
        """Wait until a member takes writes; which one."""
        self._until(lambda: self._primary() is not None)
        found = self._primary()
        return self.until_primary() if found is None else found

    def stop(self) -> None:
        """End them all; their data stays where it is."""
        for process in self.processes.values():
            process.kill()
            process.wait()
        shutil.rmtree(self.sockets, ignore_errors=True)

    def _host(self, number: int) -> str:
        return str(self.sockets / f"member{number}.sock")

    def _client(self, number: int) -> MongoClient[Row]:
        host = quote(self._host(number), safe="")
        return MongoClient(f"mongodb://{host}/?directConnection=true", serverSelectionTimeoutMS=500)

    def _initiated(self, config: Row) -> bool:
        try:
            with self._client(0) as client:
                client.admin.command("replSetInitiate", config)
        except OperationFailure as error:
            name = (error.details or {}).get("codeName")
            if name not in ("AlreadyInitialized", "NodeNotFound"):
                raise
            return bool(name == "AlreadyInitialized")  # else another member does not answer yet
        except PyMongoError:
            return False
        return True

    def _primary(self) -> int | None:
        for number, process in self.processes.items():
            if process.poll() is None and self._leads(number):
                return number
        return None

    def _leads(self, number: int) -> bool:
        try:
            with self._client(number) as client:
                return bool(client.admin.command("hello")["isWritablePrimary"])
        except PyMongoError:
            return False

    def _until(self, condition: Any) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not condition():
            if time.monotonic() > deadline:
                raise RuntimeError("the replica set is not as it should be")
            time.sleep(0.05)
