"""Each entry is sealed once, in one chain, by the scheduler that holds the lease."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from bson import ObjectId
from pymongo.errors import AutoReconnect, DuplicateKeyError

from config.database import TransactionGaveUp, transaction
from config.settings import Settings
from jobs.audit_seal import Sealer
from jobs.execution import Desk, utc_now
from jobs.runner import Scheduler
from models import audit
from models.audit import sealing
from models.audit.trail import NEWEST
from models.audit.writing import ALONE
from models.job import lease as leases
from models.job.document import LEASES, Lease
from models.job.rules import LeaseLost
from models.person.roles import SYSTEM, Person
from tests.integration.audit.conftest import Base, Chain

SUBJECT = audit.Subject("customer", number="C-1", level="secret")
PATIENCE = 120.0
FREED = 120.0
SEALS_FOR_EVER = """
import sys
from datetime import UTC, datetime
from config import database
from config.settings import Settings
from models import audit
made = Settings(secret_key="x" * 40, password_salt="x" * 40, totp_secret="x" * 40,
                mongodb_uri=sys.argv[1], database=sys.argv[2])
database.SELECTION_TIMEOUT_MS = 120_000
database.connect(made)
while True:
    try:
        if audit.seal(datetime.now(UTC), limit=3):
            print("sealed", flush=True)
    except database.TransactionGaveUp:  # what the killed one held is freed by the server half a minute later at most
        pass
"""


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


def append(count: int, now: datetime) -> None:
    for _ in range(count):
        audit.append("view", SYSTEM, SUBJECT, now=now)


def seal_when_free(chain: Chain) -> None:
    """Seal all, as the scheduler does: a transaction that a killed sealer left open holds the line for some rounds."""
    deadline = time.monotonic() + FREED
    while True:
        try:
            if not audit.seal(chain.now):
                return
        except TransactionGaveUp:
            assert time.monotonic() < deadline, "the killed sealer's transaction was never ended"


def take_lease(worker: str) -> Lease:
    made = leases.acquire(worker)
    assert made is not None
    return made


@pytest.fixture
def settings(connected: Settings, tmp_path: Path) -> Settings:
    return replace(connected, data_dir=tmp_path)


def test_an_entry_and_its_place_in_the_queue_stand_or_fall_together(chain: Chain) -> None:
    """Else a process that dies between the two would leave an entry that looks slipped in."""
    chain.db.command("collMod", audit.QUEUE, validator={"nothing": {"$exists": True}})
    try:
        with pytest.raises(audit.NotAudited):
            audit.append("view", SYSTEM, SUBJECT, now=chain.now)
    finally:
        chain.db.command("collMod", audit.QUEUE, validator={})
    assert chain.verify().findings == ()


def test_an_entry_of_a_transaction_that_broke_off_does_not_exist(chain: Chain) -> None:
    def work() -> None:
        audit.append("view", SYSTEM, SUBJECT, now=chain.now)
        raise LeaseLost

    with pytest.raises(LeaseLost):
        transaction(work)
    assert (chain.verify().findings, chain.verify().waiting) == ((), 0)


def test_sealers_at_the_same_time_make_one_chain_with_each_entry_once(chain: Chain) -> None:
    append(40, chain.now)

    def seal_all(_: int) -> int:
        sealed = 0
        while count := audit.seal(chain.now, limit=3):
            sealed += count
        return sealed

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(seal_all, range(4))) == 40
    assert (chain.verify().findings, chain.verify().checked) == ((), 58)


def test_a_sealer_killed_while_it_works_leaves_a_whole_chain(chain: Chain, connected: Settings) -> None:
    arguments = [connected.mongodb_uri or "", connected.database]
    for _ in range(2):
        append(30, chain.now)
        command = [sys.executable, "-c", SEALS_FOR_EVER, *arguments]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            try:
                assert process.stdout.readline() == "sealed\n"
            finally:
                process.kill()
    seal_when_free(chain)
    verdict = chain.verify()
    assert (verdict.findings, verdict.checked, verdict.waiting) == ((), 78, 0)


def test_the_scheduler_seals_and_signs_while_it_runs_and_once_more_at_its_end(
    db: Base, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jobs.runner.GOODBYE_SECONDS", PATIENCE)
    desk = Desk(worker="first", settings=settings)
    scheduler = Scheduler(desk, ttl=PATIENCE, sealer=Sealer(settings, utc_now), seal=0.05)
    stop = Event()
    thread = Thread(target=scheduler.run, args=(stop,))
    thread.start()
    try:
        append(5, utc_now())
        until(lambda: audit.sealing_state().waiting == 0 and any(settings.audit_dir.glob("*.jsonl")))
    finally:
        stop.set()
        thread.join()
    append(2, utc_now())
    verdict = audit.verify(None, [settings.audit_dir])
    assert (verdict.findings, verdict.checked, verdict.waiting) == ((), 5, 2)
    [first, *_, last] = db[audit.CHECKPOINTS].find().sort("_id", 1)
    assert '"event":"regular"' in first["line"]
    assert '"event":"stopped"' in last["line"]
    db[LEASES].delete_many({})


def test_a_sealer_that_lost_the_lease_seals_and_signs_nothing(db: Base, settings: Settings, now: datetime) -> None:
    lost = take_lease("paused")
    leases.release(lost)
    lease = take_lease("next")
    append(3, now)
    paused = Sealer(settings, lambda: now)
    with pytest.raises(LeaseLost):
        paused.round(lost)
    with pytest.raises(LeaseLost):
        paused.finish(lost)
    assert audit.sealing_state().waiting == 3
    assert Sealer(settings, lambda: now).round(lease) == 3
    assert audit.verify(None, [settings.audit_dir]).findings == ()


def test_signing_does_not_wait_for_the_end_of_a_long_queue(
    db: Base, settings: Settings, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jobs.audit_seal.BATCH", 2)
    lease = take_lease("first")
    append(5, now)
    assert Sealer(settings, lambda: now).round(lease, lambda: False) == 2
    assert db[audit.CHECKPOINTS].count_documents({}) == 1
    assert Sealer(settings, lambda: now).round(lease) == 3


def test_a_key_that_cannot_be_read_hinders_no_sealing(db: Base, settings: Settings, now: datetime) -> None:
    lease = take_lease("first")
    append(3, now)
    assert Sealer(replace(settings, audit_key="no key"), lambda: now).round(lease) == 3
    assert db[audit.CHECKPOINTS].count_documents({}) == 0


def test_sealing_stands_still_when_an_entry_waits_for_over_a_minute(chain: Chain) -> None:
    assert not audit.sealing_state().stands_still(chain.now)
    append(1, chain.now)
    state = audit.sealing_state()
    assert (state.waiting, state.seq, state.total) == (1, 6, 18)
    written = audit.waiting_since()
    assert written is not None
    assert not state.stands_still(written + timedelta(minutes=1))
    assert state.stands_still(written + timedelta(minutes=1, seconds=1))


@pytest.mark.parametrize("late", [timedelta(days=-2), timedelta(days=2)])
def test_an_entry_waits_since_it_was_written_whatever_moment_it_tells_of(chain: Chain, late: timedelta) -> None:
    written = utc_now()
    append(1, written + late)  # as a job that is caught up writes as of its planned time
    state = audit.sealing_state()
    assert not state.stands_still(written + timedelta(seconds=30))
    assert state.stands_still(written + timedelta(minutes=3))
    assert "at" not in (chain.db[audit.QUEUE].find_one() or {})


@pytest.mark.parametrize("condition", [{"type": "job"}, {"level": "secret"}, {"action": "view"}, {"type": "nothing"}])
def test_a_page_of_the_trail_is_found_by_an_index_whatever_it_is_filtered_by(
    chain: Chain, condition: dict[str, str]
) -> None:
    audit.append("done", SYSTEM, audit.Subject("job"), now=chain.now)
    matching = chain.db[audit.ENTRIES].count_documents(condition)
    told = chain.db[audit.ENTRIES].find({"$and": [condition]}).sort(list(NEWEST)).limit(50).explain()
    stats = told["executionStats"]
    assert stats["totalKeysExamined"] <= matching + 1
    assert stats["totalDocsExamined"] == matching


def test_an_entry_about_several_records_is_found_by_each_of_them_by_an_index(chain: Chain) -> None:
    subjects = [audit.Subject("customer", ObjectId(), f"KH-{i}", "secret" if i else "top_secret") for i in range(3)]
    audit.append_many("listed", SYSTEM, [(audit.Several.of(subjects), ())], now=chain.now)
    audit.append("view", SYSTEM, subjects[1], now=chain.now + timedelta(hours=1))
    assert [row["action"] for row in audit.readings(subjects[1].id or ObjectId())] == ["view", "listed"]
    assert [(one["count"], one["last"]) for one in audit.readers(subjects[0].id or ObjectId())] == [(1, chain.now)]
    for condition in ({"record": subjects[2].id}, {"number": "KH-2"}, {"level": "top_secret"}):
        told = chain.db[audit.ENTRIES].find({"$and": [condition]}).sort(list(NEWEST)).limit(50).explain()
        assert "SORT" not in str(told["queryPlanner"]["winningPlan"])
        assert told["executionStats"]["totalDocsExamined"] == 1
    while audit.seal(chain.now):
        pass
    assert not [text for text in audit.verify().findings if "entry" in text]


def test_readers_are_named_as_at_their_last_reading_in_whatever_order_it_was_stored(chain: Chain) -> None:
    record, who = ObjectId(), ObjectId()
    subject = audit.Subject("customer", record, "KH-1", "secret")
    for name, hours in (("Wang Min (new)", 2), ("Wang Min", 1)):
        audit.append("view", Person(who, name), subject, now=chain.now + timedelta(hours=hours))
    [reader] = audit.readers(record)
    assert (reader["name"], reader["count"]) == ("Wang Min (new)", 2)
    assert reader["last"] == chain.now + timedelta(hours=2)


def announce(db: Base) -> ObjectId:
    """What a program leaves that dies between the line and its entry."""
    line = ObjectId()
    db[audit.QUEUE].insert_one({"_id": line, ALONE: True})
    return line


def give_up(chain: Chain, lacking: audit.Lacking) -> None:
    """The sealer meets lines without entry, and half a minute later still."""
    for seconds in (0, 30):
        audit.seal(chain.now + timedelta(seconds=seconds), lacking=lacking)


def test_a_line_whose_entry_never_came_is_given_up_after_a_while_and_is_no_alarm(chain: Chain) -> None:
    line, lacking = announce(chain.db), audit.Lacking()
    append(2, chain.now)
    assert audit.seal(chain.now, lacking=lacking) == 2
    assert audit.seal(chain.now + timedelta(seconds=29), lacking=lacking) == 0
    assert (chain.verify().findings, chain.verify().waiting) == ((), 1)
    assert audit.seal(chain.now + timedelta(seconds=30), lacking=lacking) == 1
    verdict = chain.verify()
    assert (verdict.findings, verdict.checked, verdict.waiting) == ((), 21, 0)
    assert [str(line) in note and "never came" in note for note in verdict.notes] == [True]


def test_an_entry_that_comes_a_moment_after_its_line_is_sealed_as_any_other(chain: Chain) -> None:
    line, lacking = announce(chain.db), audit.Lacking()
    assert audit.seal(chain.now, lacking=lacking) == 0
    entry = chain.db[audit.ENTRIES].find_one({}, {"_id": 0}) or {}
    chain.db[audit.ENTRIES].insert_one({**entry, "_id": line})
    assert audit.seal(chain.now + timedelta(seconds=40), lacking=lacking) == 1
    assert (chain.verify().findings, chain.verify().notes) == ((), ())


def test_a_place_that_was_given_up_takes_no_entry_and_an_exchange_shows(chain: Chain) -> None:
    line, lacking = announce(chain.db), audit.Lacking()
    give_up(chain, lacking)
    entry = chain.db[audit.ENTRIES].find_one({}, {"_id": 0}) or {}
    with pytest.raises(DuplicateKeyError):
        chain.db[audit.ENTRIES].insert_one({**entry, "_id": line})
    [filled] = audit.entries({"action": "unwritten"})
    assert (filled["_id"], filled["actor_name"], filled["type"]) == (line, "system", "audit")
    chain.db[audit.ENTRIES].replace_one({"_id": line}, entry)
    assert chain.verify().findings == (f"entry {line} of seal 7 was altered",)


def test_an_entry_of_a_transaction_that_is_taken_out_before_its_seal_is_missed(chain: Chain) -> None:
    transaction(lambda: append(1, chain.now))
    [line] = chain.db[audit.QUEUE].find()
    chain.db[audit.ENTRIES].delete_one({"_id": line["_id"]})
    assert audit.seal(chain.now, lacking=audit.Lacking()) == 1
    assert chain.verify().findings == (f"entry {line['_id']} of seal 7 was removed",)


def test_a_bogus_line_hides_no_inserted_entry(chain: Chain) -> None:
    announce(chain.db)
    entry = chain.db[audit.ENTRIES].find_one({}, {"_id": 0}) or {}
    slipped = chain.db[audit.ENTRIES].insert_one(entry).inserted_id
    assert chain.verify().findings == (f"entry {slipped} was inserted: it is neither sealed nor waiting for a seal",)


class Elsewhere:
    """The audit database while its server changes: told how each of the plain writes fares."""

    def __init__(self, db: Base, *fates: str) -> None:
        self.db, self.fates = db, list(fates)

    def __getitem__(self, name: str) -> Any:
        return self.db[name]

    def command(self, command: dict[str, Any]) -> dict[str, Any]:
        fate = self.fates.pop(0)
        if fate == "away":
            raise AutoReconnect("the primary stepped down")
        told = {"electionId": ObjectId()} if fate == "lost" else dict(self.db.command(command))
        if fate == "answer lost":
            raise AutoReconnect("the connection broke off")
        return told


@pytest.mark.parametrize(
    "fates",
    [("kept", "kept"), ("lost", "kept"), ("away",), ("answer lost",), ("kept", "away"), ("kept", "answer lost")],
    ids=" then ".join,
)
def test_an_entry_is_there_once_with_its_line_whatever_becomes_of_the_server(
    chain: Chain, monkeypatch: pytest.MonkeyPatch, fates: tuple[str, ...]
) -> None:
    changing = Elsewhere(chain.db, *fates)
    with monkeypatch.context() as patched:
        patched.setattr("models.audit.writing.audit_database", lambda: changing)
        append(1, chain.now)
    assert changing.fates == []
    assert (chain.verify().findings, chain.verify().waiting) == ((), 1)
    assert audit.seal(chain.now) == 1
    assert (chain.verify().findings, chain.verify().checked) == ((), 19)


class Paused(Elsewhere):
    """The sealer gives the lines up right behind the first of the plain writes."""

    def __init__(self, chain: Chain, *fates: str) -> None:
        super().__init__(chain.db, *fates)
        self.chain, self.lacking = chain, audit.Lacking()

    def command(self, command: dict[str, Any]) -> dict[str, Any]:
        told = super().command(command)
        if command["insert"] == audit.QUEUE:
            give_up(self.chain, self.lacking)
        return told


@pytest.mark.parametrize("fate", ["kept", "away", "answer lost"])
def test_an_entry_that_comes_too_late_for_its_line_is_not_taken(
    chain: Chain, monkeypatch: pytest.MonkeyPatch, fate: str
) -> None:
    """Its program, the machine or the server was paused between the two for so long that the sealer gave the line up,
    and no clock told."""
    with monkeypatch.context() as patched:
        patched.setattr("models.audit.writing.audit_database", lambda: Paused(chain, "kept", fate))
        with pytest.raises(audit.NotAudited):
            append(1, chain.now)
    verdict = chain.verify()
    assert (verdict.findings, verdict.checked, verdict.waiting) == ((), 19, 0)
    assert ["never came" in note for note in verdict.notes] == [True]
    assert [row["action"] for row in audit.entries({"at": {"$gt": chain.now}})] == ["unwritten"]


class Overtaken(Elsewhere):
    """The sealer gives the lines up while a transaction that completes them has read and not yet written."""

    def __init__(self, chain: Chain, *fates: str) -> None:
        super().__init__(chain.db, *fates)
        self.chain, self.sealed = chain, False

    def __getitem__(self, name: str) -> Any:
        if name == audit.SEALS and not self.sealed:  # the last of what it reads
            self.sealed = True
            self.db[name].find_one()
            with ThreadPoolExecutor(1) as pool:
                pool.submit(give_up, self.chain, audit.Lacking()).result()
        return super().__getitem__(name)


def test_an_entry_is_completed_or_given_up_and_never_both(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    overtaken = Overtaken(chain, "kept", "away")
    with monkeypatch.context() as patched:
        patched.setattr("models.audit.writing.audit_database", lambda: overtaken)
        with pytest.raises(audit.NotAudited):
            append(1, chain.now)
    assert overtaken.sealed
    assert (chain.verify().findings, chain.verify().checked) == ((), 19)


def test_a_sealer_that_gives_up_an_entry_which_comes_at_that_moment_seals_it(
    chain: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    line, lacking, fill = announce(chain.db), audit.Lacking(), sealing._fill
    entry = chain.db[audit.ENTRIES].find_one({}, {"_id": 0}) or {}
    came: list[ObjectId] = []

    def slow(places: Any, now: datetime) -> Any:
        if not came:
            came.append(line)
            with ThreadPoolExecutor(1) as pool:
                pool.submit(chain.db[audit.ENTRIES].insert_one, {**entry, "_id": line}).result()
        return fill(places, now)

    audit.seal(chain.now, lacking=lacking)
    monkeypatch.setattr("models.audit.sealing._fill", slow)
    assert audit.seal(chain.now + timedelta(seconds=30), lacking=lacking) == 1
    assert came == [line]
    assert chain.verify().checked == 19
    assert (chain.verify().findings, chain.verify().notes) == ((), ())
