"""What every test may use. A machine without a database fails these tests; it never skips them."""

from __future__ import annotations

import base64
import os
import pickle
import shutil
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient, monitoring
from pymongo.database import Database

from config import database as store
from config import embedded
from config.settings import Settings
from tests.factories import thrift
from tests.factories.commands import Begun
from tests.factories.proofs import Proofs, noted

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)  # Monday, 10:00 in Shanghai
MASTER_KEY = base64.b64encode(b"test-master-key-" * 6).decode()
MEMORY = Path("/dev/shm")
MEMORY_NEEDED = 3 * 2**30
CACHE_GB = 0.5  # there may be as many servers as processes
WRITES = {"insert", "update", "findAndModify", "findandmodify", "aggregate", "bulkWrite"}


class TouchedCollections(Begun):
    """Remembers which collections were written to, so that only those are emptied."""

    def __init__(self) -> None:
        self.names: set[tuple[str, str]] = set()

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        if event.command_name not in WRITES:
            return
        self.names.add((event.database_name, str(event.command[event.command_name])))
        for stage in event.command.get("pipeline", ()):
            target = stage.get("$merge", stage.get("$out"))
            while isinstance(target, dict):
                target = target.get("into", target.get("coll"))
            if target is not None:
                self.names.add((event.database_name, str(target)))


touched = TouchedCollections()
monitoring.register(touched)


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--proofs`: where to write what the walks have seen. `--everyone`: nobody is left out of them."""
    parser.addoption("--proofs", type=Path, help="a folder for the tables of what was searched and found")
    parser.addoption("--everyone", action="store_true", help="walks let nobody stand for others who see the same")


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """One of several processes has ended: what it has seen is added."""
    noted.add(pickle.loads(node.workeroutput["noted"]) if "noted" in getattr(node, "workeroutput", {}) else Proofs())


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Where everything is required (REQUIRE_ALL_TESTS), a test that was skipped has not been done."""
    folder = session.config.getoption("--proofs")
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["noted"] = pickle.dumps(noted)
    if folder and reporter is not None:
        for path in noted.write(folder):
            reporter.write_line(f"\n{path}\n\n{path.read_text('utf-8')}")
    if os.environ.get("REQUIRE_ALL_TESTS") and reporter is not None and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture(scope="session", autouse=True)
def thrifty() -> Iterator[None]:
    """What costs much and says nothing is done once."""
    with pytest.MonkeyPatch.context() as patch:
        thrift.begin(patch)
        yield


@pytest.fixture(scope="session")
def fast_dir() -> Iterator[Path]:
    """A directory for the session's database: in memory where there is room, because every commit syncs."""
    roomy = MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > MEMORY_NEEDED
    path = Path(tempfile.mkdtemp(prefix="backoffice-test-", dir=MEMORY if roomy else None))
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture(scope="session")
def mongodb_uri(fast_dir: Path) -> Iterator[str]:
    """A real replica set: TEST_MONGODB_URI if set, else a server of this session's own."""
    given = os.environ.get("TEST_MONGODB_URI")
    if given:
        yield given
        return
    server = embedded.start(fast_dir, cache_gb=CACHE_GB)
    # Tests make and drop collections by the thousand: files of those that are gone are closed at once, or there would
    # be more open ones than the server may have.
    with MongoClient[dict[str, Any]](server.uri) as client:
        files = "file_manager=(close_idle_time=20,close_scan_interval=5)"
        client.admin.command({"setParameter": 1, "wiredTigerEngineRuntimeConfig": files})
        # Sessions, keys and messages end by the tests' clock, which stands still. The server's goes on, and would have
        # swept them away in the middle of a test once it is past theirs.
        client.admin.command({"setParameter": 1, "ttlMonitorEnabled": False})
    yield server.uri
    server.stop()


@pytest.fixture(scope="session")
def database_name(worker_id: str) -> str:
    """One database per test process."""
    return f"backoffice_test_{worker_id}"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings of an installation in a directory of its own, without a database connection."""
    return Settings(
        secret_key="test-secret-key-" * 3,
        password_salt="test-password-salt-" * 3,
        totp_secret="test-totp-secret-" * 3,
        data_dir=tmp_path / "var",
        trusted_hosts=("127.0.0.1", "localhost"),
    )


@pytest.fixture(scope="session")
def connected(mongodb_uri: str, database_name: str, fast_dir: Path) -> Iterator[Settings]:
    """The settings under which the session's database is connected."""
    made = Settings(
        secret_key="test-secret-key-" * 3,
        password_salt="test-password-salt-" * 3,
        totp_secret="test-totp-secret-" * 3,
        mongodb_uri=mongodb_uri,
        database=database_name,
        data_dir=fast_dir,
        master_key=MASTER_KEY,
        trusted_hosts=("127.0.0.1", "localhost"),
    )
    _drop(made)
    yield made
    _drop(made)
    store.disconnect()


def _drop(settings: Settings) -> None:
    client = store.connect(settings).client
    for name in (settings.database, settings.keys.database):
        client.drop_database(name)


@pytest.fixture
def db(connected: Settings) -> Iterator[Database[dict[str, Any]]]:
    """The connected, empty database. Collections written to are emptied afterwards; indexes stay."""
    touched.names.clear()
    yield _connected_again(connected)
    base = _connected_again(connected)
    for name, collection in sorted(touched.names):
        if name == base.name and not collection.startswith("system."):
            base[collection].delete_many({})


def _connected_again(settings: Settings) -> Database[dict[str, Any]]:
    """The database; a test about connections or commands may have taken or closed the connection."""
    try:
        base = store.database()
    except store.DatabaseUnreachable:
        return store.connect(settings)
    return base if base.name == settings.database else store.connect(settings)


@pytest.fixture
def now() -> datetime:
    """Monday, 23 November 2026, 10:00 in Shanghai."""
    return NOW
