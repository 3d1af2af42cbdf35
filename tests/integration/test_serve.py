"""`backoffice serve` as a person starts it: parts that die come back, and the end is clean."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from config import embedded
from config.database import COMMIT_SECONDS

PATIENCE = 120.0
PORTS = range(20_000, 32_000)
"""Below those that the system gives to whoever asks for any: nobody takes one between its choice and its use."""
CACHE = {"BACKOFFICE_DATABASE_CACHE_GB": "0.3125"}


@dataclass
class Installation:
    """A running `backoffice serve`."""

    process: subprocess.Popen[bytes]
    port: int
    data_dir: Path
    said: Path
    """What it prints."""

    def is_ready(self) -> bool:
        """Whether web and database work."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:  # nobody answers, or with an error
            return False

    def log(self, name: str) -> str:
        path = self.data_dir / "log" / f"{name}.log"
        return path.read_text() if path.exists() else ""

    def child(self, word: str) -> int:
        """The process id of the child whose command holds `word`; one that is being started again is waited for."""
        eventually(lambda: any(word in command_of(pid) for pid in self.children()), f"{word} runs")
        return next(pid for pid in self.children() if word in command_of(pid))

    def children(self) -> list[int]:
        own = self.process.pid
        return [int(pid) for pid in Path(f"/proc/{own}/task/{own}/children").read_text().split()]


def command_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


def still_there(parts: Mapping[int, str]) -> list[str]:
    """The commands of those processes that run still; a number may be another process's by now."""
    return [command for pid, command in parts.items() if command and command_of(pid) == command]


def eventually(
    condition: Callable[[], bool], what: str, why: Callable[[], str] = str, *, wait: float = PATIENCE
) -> None:
    """Wait until `condition` holds, `wait` seconds at most."""
    deadline = time.monotonic() + wait
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail(f"never came true: {what} {why()}")
        time.sleep(0.1)


def free_port() -> int:
    while True:
        port = secrets.choice(PORTS)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def environment(data_dir: Path, port: int) -> dict[str, str]:
    outside = {key: value for key, value in os.environ.items() if key in ("PATH", "HOME", "LANG")}
    return outside | {"BACKOFFICE_DATA": str(data_dir), "PORT": str(port), "WEB_WORKERS": "1", **CACHE}


@contextmanager
def serve(data_dir: Path) -> Iterator[Installation]:
    """A `backoffice serve` that is ready; ended with the block, however the block ends."""
    port = free_port()
    command = [sys.executable, "-m", "backoffice", "serve"]
    said = data_dir.with_suffix(".txt")
    with said.open("wb") as output:
        process = subprocess.Popen(
            command,
            env=environment(data_dir, port),
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=Path(__file__).parents[2],
        )
    installation = Installation(process, port, data_dir, said)
    with process:
        try:
            eventually(lambda: process.poll() is not None or installation.is_ready(), "it is ready")
            if process.poll() is not None:
                pytest.fail(f"serve ended: {said.read_text()}\n{installation.log('web')}")
            yield installation
        finally:
            process.terminate()


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with serve(tmp_path_factory.mktemp("serve") / "var") as running:
        yield running


@pytest.mark.parametrize("part", ["mongod", "gunicorn", "scheduler"])
def test_a_part_that_is_killed_comes_back(installation: Installation, part: str) -> None:
    killed = installation.child(part)
    os.kill(killed, signal.SIGKILL)
    eventually(
        lambda: any(pid != killed and part in command_of(pid) for pid in installation.children()),
        f"{part} runs again",
    )
    eventually(installation.is_ready, "the web works again")


def test_the_log_is_followed_so_that_writes_are_acknowledged_at_once(installation: Installation) -> None:
    with MongoClient[dict[str, Any]](embedded.uri(installation.data_dir)) as connection:

        def is_followed() -> bool:
            running = connection.admin.command("currentOp")["inprog"]
            return any(one.get("op") == "getmore" and one.get("ns") == "local.oplog.rs" for one in running)

        eventually(is_followed, "somebody waits at the end of the log")


def test_the_database_has_the_cache_that_the_settings_say(installation: Installation) -> None:
    with MongoClient[dict[str, Any]](embedded.uri(installation.data_dir)) as connection:
        cache = connection.admin.command("serverStatus")["wiredTiger"]["cache"]
    assert cache["maximum bytes configured"] == 320 * 2**20


def test_a_second_serve_on_the_same_port_says_so(installation: Installation, tmp_path: Path) -> None:
    second = subprocess.run(
        [sys.executable, "-m", "backoffice", "serve"],
        env=environment(tmp_path / "var", installation.port),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert second.returncode == 1
    assert second.stderr.startswith(f"Error: PORT: 127.0.0.1:{installation.port} cannot be used")
    assert second.stderr.count("\n") == 1


def test_a_command_uses_the_running_database(installation: Installation) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "backoffice", "migrate"],
        env=environment(installation.data_dir, installation.port),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "The database is up to date.\n"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_cleanly_and_says_how_to_sign_in(tmp_path: Path, number: signal.Signals) -> None:
    with serve(tmp_path / "var") as running:
        eventually(lambda: len(running.children()) == 3, "database, web and scheduler run")
        eventually(lambda: "Sign in:" in running.said.read_text(), "it has said how to sign in")
        parts = {pid: command_of(pid) for pid in running.children()}
        running.process.send_signal(number)
        running.process.wait(timeout=PATIENCE)
    output = running.said.read_text()
    assert running.process.returncode == 0
    assert f"http://127.0.0.1:{running.port}" in output
    assert "Sign in:" in output
    assert output.startswith("Starting the database")
    assert "Stopping; the database writes out what has changed" in output
    assert output.endswith("Stopped.\n")
    assert (len(parts), still_there(parts)) == (3, [])
    assert embedded.running(running.data_dir) is None
    assert not embedded.socket_path(running.data_dir).exists()
    assert '"exitCode":0' in running.log("mongod")


def test_its_parts_end_with_a_supervisor_that_was_killed(tmp_path: Path) -> None:
    with serve(tmp_path / "var") as running:
        parts = {pid: command_of(pid) for pid in running.children()}
        running.process.kill()
        running.process.wait(timeout=PATIENCE)
    eventually(
        lambda: not still_there(parts),
        "all parts have ended",
        lambda: str(still_there(parts)),
        wait=COMMIT_SECONDS + PATIENCE,
    )
    # A process that ends loses its command before the files that it holds.
    eventually(lambda: embedded.running(running.data_dir) is None, "the data folder is free")
    shutil.rmtree(embedded.socket_path(running.data_dir).parent)  # a killed supervisor leaves the empty folder
