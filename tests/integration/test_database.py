"""One transaction holds everything that a use case writes, through whichever library."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import gridfs
import mongoengine
import pytest
from pymongo import MongoClient
from pymongo.database import Database
from pymongo.errors import DuplicateKeyError, PyMongoError

from config import database as store
from config import embedded
from config.settings import Settings

Base = Database[dict[str, Any]]
STARTS_WITHIN_MS = 120_000


class Counter(mongoengine.Document):
    """A document for these tests only."""

    name = mongoengine.StringField(required=True)
    value = mongoengine.IntField(default=0)
    meta = {"collection": "test_counter", "auto_create_index": False}


@pytest.fixture
def counters(db: Base) -> Base:
    Counter.ensure_indexes()
    db["test_counter"].create_index("name", unique=True)
    return db


def test_everything_written_in_a_transaction_is_kept_together(counters: Base) -> None:
    def work() -> str:
        Counter(name="a").save()
        counters["test_log"].insert_one({"about": "a"})
        gridfs.GridFS(counters).put(b"scan" * 100_000, filename="a")
        return "done"

    assert store.transaction(work) == "done"
    assert Counter.objects(name="a").count() == 1
    assert counters["test_log"].count_documents({"about": "a"}) == 1
    stored = gridfs.GridFS(counters).find_one({"filename": "a"})
    assert stored is not None
    assert len(stored.read()) == 400_000


def test_an_exception_takes_everything_back(counters: Base) -> None:
    def work() -> None:
        Counter(name="a").save()
        counters["test_log"].insert_one({"about": "a"})
        gridfs.GridFS(counters).put(b"scan" * 100_000, filename="lost")
        assert Counter.objects(name="a").count() == 1
        raise KeyError("no")

    with pytest.raises(KeyError, match="no"):
        store.transaction(work)
    assert Counter.objects(name="a").count() == 0
    assert counters["test_log"].find_one() is None
    assert counters["fs.files"].find_one({"filename": "lost"}) is None
    assert counters["fs.chunks"].find_one() is None
    assert not store.in_transaction()


def test_an_inner_transaction_is_part_of_the_outer_one(counters: Base) -> None:
    def outer() -> None:
        store.transaction(lambda: Counter(name="inner").save())
        assert store.in_transaction()
        raise KeyError("outer")

    with pytest.raises(KeyError, match="outer"):
        store.transaction(outer)
    assert Counter.objects(name="inner").count() == 0


def test_work_is_tried_again_when_another_writer_was_first(counters: Base) -> None:
    Counter(name="shared").save()
    tries = []

    def work() -> None:
        tries.append(1)
        counter = Counter.objects.get(name="shared")
        if len(tries) == 1:
            outsider = threading.Thread(target=lambda: Counter.objects(name="shared").update(inc__value=10))
            outsider.start()
            outsider.join()
        counter.value += 1
        counter.save()

    store.transaction(work)
    assert len(tries) == 2
    assert Counter.objects.get(name="shared").value == 11


def test_concurrent_increments_are_all_counted(counters: Base) -> None:
    Counter(name="shared").save()
    ready = threading.Barrier(4)

    def increment() -> None:
        counter = Counter.objects.get(name="shared")
        counters["test_log"].insert_one({"saw": counter.value})
        counter.value += 1
        counter.save()

    def writer() -> None:
        ready.wait()
        for _ in range(5):
            store.transaction(increment)

    threads = [threading.Thread(target=writer) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Counter.objects.get(name="shared").value == 20
    assert sorted(row["saw"] for row in counters["test_log"].find()) == list(range(20))


def test_another_thread_stands_outside(counters: Base) -> None:
    def work() -> None:
        Counter(name="inside").save()
        outsider = threading.Thread(target=lambda: Counter(name="outside").save())
        outsider.start()
        outsider.join()
        raise KeyError

    with pytest.raises(KeyError):
        store.transaction(work)
    assert [counter.name for counter in Counter.objects] == ["outside"]


def test_a_duplicate_is_refused_and_not_tried_again(counters: Base) -> None:
    Counter(name="a").save()
    tries = []

    def work() -> None:
        tries.append(1)
        counters["test_log"].insert_one({"about": "a"})
        Counter(name="a").save()

    with pytest.raises(mongoengine.NotUniqueError) as caught:
        store.transaction(work)
    assert isinstance(caught.value.__context__, DuplicateKeyError)
    assert len(tries) == 1
    assert counters["test_log"].find_one() is None


def test_a_swallowed_database_error_does_not_let_half_the_work_through(
    counters: Base, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "TRANSACTION_SECONDS", 0.2)
    Counter(name="a").save()

    def work() -> None:
        counters["test_log"].insert_one({"about": "a"})
        with contextlib.suppress(mongoengine.NotUniqueError):
            Counter(name="a").save()

    with pytest.raises(store.TransactionGaveUp):
        store.transaction(work)
    assert counters["test_log"].find_one() is None


def test_a_transaction_begins_anew_to_do_something_otherwise(counters: Base) -> None:
    tries: list[bool] = []

    def work() -> None:
        tries.append(store.does_otherwise("by and by"))
        counters["test_log"].insert_one({"try": len(tries), "elsewhere": store.does_otherwise("never")})
        if not tries[-1]:
            store.begin_anew("by and by")

    store.transaction(work)
    assert tries == [False, True]
    assert counters["test_log"].find_one({}, {"_id": 0}) == {"try": 2, "elsewhere": False}
    assert counters["test_log"].count_documents({}) == 1, "what the first try wrote is gone"

    tries.clear()
    store.transaction(work)
    assert tries == [False, True], "the next transaction knows nothing of it"


def test_a_transaction_does_not_begin_anew_twice_for_the_same(counters: Base) -> None:
    def work() -> None:
        counters["test_log"].insert_one({})
        store.begin_anew("by and by")

    with pytest.raises(AssertionError, match="by and by"):
        store.transaction(work)
    assert counters["test_log"].find_one() is None
    with pytest.raises(AssertionError, match="by and by"):
        store.begin_anew("by and by")  # outside of any


def test_times_come_back_aware_and_in_utc(counters: Base, now: datetime) -> None:
    counters["test_log"].insert_one({"at": now})
    row = counters["test_log"].find_one()
    assert row is not None
    assert row["at"] == now
    assert row["at"].utcoffset() == timedelta(0)


@pytest.fixture
def apart(connected: Settings) -> Iterator[Settings]:
    """Settings for a test that connects elsewhere; the session's connection is restored."""
    yield connected
    store.connect(connected)


def test_an_unreachable_server_is_refused_without_its_password(
    apart: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "SELECTION_TIMEOUT_MS", 100)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound but not listening: nobody else gets this port
        port = taken.getsockname()[1]
        elsewhere = replace(apart, mongodb_uri=f"mongodb://me:hunter2@127.0.0.1:{port}/?replicaSet=rs")
        with pytest.raises(store.DatabaseUnreachable) as caught:
            store.connect(elsewhere)
    assert "hunter2" not in str(caught.value)
    assert "\n" not in str(caught.value)
    with pytest.raises(store.DatabaseUnreachable, match="not connected"):
        store.database()


def test_a_malformed_address_is_refused_without_repeating_it(apart: Settings) -> None:
    with pytest.raises(store.DatabaseUnreachable) as caught:
        store.connect(replace(apart, mongodb_uri="mongodb://me:hunter2/@x"))
    assert "hunter2" not in str(caught.value)


def test_an_embedded_database_that_does_not_run_says_how_to_start_it(apart: Settings, tmp_path: Path) -> None:
    with pytest.raises(store.DatabaseUnreachable, match="backoffice serve"):
        store.connect(replace(apart, mongodb_uri=None, data_dir=tmp_path))


@pytest.mark.timeout(100)  # the driver's own limit is two minutes
def test_a_commit_of_which_nothing_is_heard_is_not_asked_for_for_minutes(
    apart: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "COMMIT_SECONDS", 1.0)
    server = embedded.start(tmp_path / "var")
    store.connect(replace(apart, mongodb_uri=server.uri))

    def work() -> None:
        store.database()["test_log"].insert_one({"n": 1})
        assert server.process is not None
        server.process.kill()
        server.process.wait()

    try:
        with pytest.raises(PyMongoError) as caught:
            store.transaction(work)
    finally:
        server.launch()  # who disconnects says goodbye, and would wait for it
        store.disconnect()
        server.stop()
    assert caught.value.has_error_label("UnknownTransactionCommitResult")


@pytest.fixture
def standalone(tmp_path: Path) -> Iterator[str]:
    """A mongod outside any replica set; yields its address."""
    path = tmp_path / "mongodb-27017.sock"
    process = subprocess.Popen(
        [
            *(str(embedded.find_mongods()[0]), "--dbpath", str(tmp_path), "--bind_ip", str(path)),
            *(
                "--unixSocketPrefix",
                str(tmp_path),
                "--logpath",
                str(tmp_path / "log"),
                "--wiredTigerCacheSizeGB",
                "0.25",
            ),
        ]
    )
    address = "mongodb://" + str(path).replace("/", "%2F")
    with process:
        try:
            with MongoClient[dict[str, Any]](address, serverSelectionTimeoutMS=STARTS_WITHIN_MS) as client:
                client.admin.command("ping")
            yield address
        finally:
            process.terminate()


def test_a_standalone_server_is_refused_with_the_reason(apart: Settings, standalone: str) -> None:
    with pytest.raises(store.NotAReplicaSet, match="needs a replica set"):
        store.connect(replace(apart, mongodb_uri=standalone))


def test_the_setting_decides_the_database_name(apart: Settings, mongodb_uri: str) -> None:
    named = mongodb_uri.replace("/?", "/elsewhere?")
    assert store.connect(replace(apart, mongodb_uri=named)).name == apart.database
