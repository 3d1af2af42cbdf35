"""Imports that are broken off, taken up again and worked on by several: every row once."""

from __future__ import annotations

from datetime import datetime, timedelta
from io import BytesIO
from typing import Any

import pytest
from bson import ObjectId
from pymongo.database import Database
from pymongo.errors import AutoReconnect

from config.database import TransactionGaveUp
from config.settings import Settings
from jobs import imports
from jobs.context import JobContext
from models import bulk, registry, store
from models.errors import Refusal
from models.exchange import running, service, uploads
from models.exchange.document import Batch, State
from models.exchange.refusals import NoLongerKept
from models.job import long
from models.key_vault.refusals import KeysUnusable
from models.office import office_calendar
from models.person.roles import Person
from models.registry import Draft, Hooks
from tests.factories.imports import HOLDER, checked, imported, reasons, worked

Base = Database[dict[str, Any]]
ROWS = 25
MANY = "公司名称\n" + "".join(f"第{n}公司\n" for n in range(ROWS))


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "CHUNK", 10)


def confirmed(person: Person, now: datetime, text: str = MANY) -> Batch:
    batch = checked(person, text, now)
    return service.confirm(person, batch.id, batch.stamp, now)


def rows_of(db: Base) -> list[int]:
    return [son["batch_row"] for son in db["record_customer"].find().sort("batch_row", 1)]


ALL = list(range(2, ROWS + 2))


def test_an_outage_of_the_keys_refuses_no_row_and_ends_nothing(
    custodian: Person, now: datetime, db: Base, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = confirmed(custodian, now)

    def away(_: Any) -> None:
        raise KeysUnusable("the key service does not answer")

    for _ in range(long.MOST_ATTEMPTS + 1):
        with monkeypatch.context() as patched:
            patched.setattr("models.sealing.take_keys", away)
            with pytest.raises(KeysUnusable):
                running.advance(batch.id, holder="one", now=now)
    left = service.get(batch.id)
    assert (left.state, left.count("refused"), rows_of(db)) == (State.RUNNING, 0, [])
    assert not running.advance(batch.id, holder="one", now=now)
    assert rows_of(db) == ALL


def test_it_goes_on_behind_the_last_stored_chunk(custodian: Person, now: datetime, db: Base) -> None:
    batch = confirmed(custodian, now)
    turns = iter([True, True])
    assert running.advance(batch.id, holder="one", now=now, go_on=lambda: next(turns, False))
    part = service.get(batch.id)
    assert (part.state, part.count("taken"), part.at_row) == (State.RUNNING, 10, 11)
    assert 0 < part.percent < 100
    assert not running.advance(batch.id, holder="two", now=now)
    assert rows_of(db) == ALL
    assert service.get(batch.id).count("taken") == ROWS


def test_a_chunk_that_breaks_off_leaves_nothing_and_is_done_again(
    custodian: Person, now: datetime, db: Base, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = confirmed(custodian, now)
    whole, calls = bulk.create_many, []

    def broken(*args: Any, **kwargs: Any) -> Any:
        calls.append(1)
        made = whole(*args, **kwargs)
        if len(calls) == 2:
            raise AutoReconnect("gone")
        return made

    monkeypatch.setattr(bulk, "create_many", broken)
    with pytest.raises(AutoReconnect):
        running.advance(batch.id, holder="one", now=now)
    assert len(rows_of(db)) == service.get(batch.id).count("taken") == 10
    worked(service.get(batch.id), now)
    assert rows_of(db) == ALL
    numbers = sorted(son["number"] for son in db["record_customer"].find())
    assert numbers == [f"KH-2026-{n:06d}" for n in range(1, ROWS + 1)]
    assert db["audit"].count_documents({"action": "create"}) == ROWS


def test_who_holds_an_import_is_not_disturbed(custodian: Person, now: datetime, db: Base) -> None:
    batch = confirmed(custodian, now)
    seen: list[int] = []

    def told(_: Batch) -> None:
        running.advance(batch.id, holder="other", now=now)
        seen.append(len(rows_of(db)))

    running.advance(batch.id, holder="one", now=now, told=told)
    assert seen[:3] == [10, 20, 25]
    assert rows_of(db) == ALL


def test_what_changed_hands_meanwhile_is_not_stored(custodian: Person, now: datetime, db: Base) -> None:
    batch = confirmed(custodian, now)

    def lose(_: Batch) -> None:
        db["import_batch"].update_one({"_id": batch.id}, {"$set": {"holder": "other", "held_until": now}})

    assert running.advance(batch.id, holder="one", now=now, told=lose) is True
    assert len(rows_of(db)) == 10
    db["import_batch"].update_one({"_id": batch.id}, {"$unset": {"holder": "", "held_until": ""}})
    worked(service.get(batch.id), now)
    assert rows_of(db) == ALL


def test_the_database_itself_refuses_a_row_that_is_stored_already(custodian: Person, now: datetime, db: Base) -> None:
    batch = imported(custodian, MANY, now)
    again = {"state": "running", "at_row": 0, "counts": {}}
    db["import_batch"].update_one({"_id": batch.id}, {"$set": again})
    after = worked(service.get(batch.id), now)
    assert rows_of(db) == ALL
    assert (after.count("taken"), after.count("refused")) == (0, ROWS)


def test_a_slow_machine_stores_fewer_rows_at_once(
    custodian: Person, now: datetime, db: Base, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch, whole, sizes = confirmed(custodian, now), bulk.create_many, []

    def slow(slug: str, wanted: Any, **kwargs: Any) -> Any:
        sizes.append(len(wanted))
        if len(wanted) > 4:
            raise TransactionGaveUp
        return whole(slug, wanted, **kwargs)

    monkeypatch.setattr(running, "FEWEST", 2)
    monkeypatch.setattr(bulk, "create_many", slow)
    worked(batch, now)
    assert rows_of(db) == ALL
    assert sizes == [10, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1]
    numbers = sorted(son["number"] for son in db["record_customer"].find())
    assert numbers == [f"KH-2026-{n:06d}" for n in range(1, ROWS + 1)]


def test_rows_follow_a_record_that_changes_while_they_wait(
    custodian: Person, head: Person, now: datetime, db: Base
) -> None:
    """A complaint is never less secret than its customer's file, however early it was made ready (X1)."""
    customer = store.create("customer", {"name": "远山机械有限公司"}, actor=head, now=now)
    text = "客户,主题,事实\n" + "".join(f"{customer['number']},主题{n},事实\n" for n in range(ROWS))
    batch = checked(custodian, text, now, slug="complaint")
    batch = service.confirm(custodian, batch.id, batch.stamp, now)
    asked: list[int] = []

    def go_on() -> bool:
        asked.append(1)
        if len(asked) == 2:  # the first rows are ready, and nothing is stored
            store.change("customer", customer["_id"], {"level": "secret"}, actor=head, now=now)
        return True

    running.advance(batch.id, holder=HOLDER, now=now, go_on=go_on)
    assert [son["level"] for son in db["record_complaint"].find()] == ["secret"] * ROWS


class Odd(Refusal):
    """Said by the hook of the test."""

    code = "odd"
    en = "No number seven."


def test_a_record_that_a_rule_refuses_after_storing_is_refused_alone(
    custodian: Person, now: datetime, db: Base
) -> None:
    entry = registry.get("customer")

    def after(draft: Draft) -> None:
        if draft.values["name"] == "第7公司":
            raise Odd

    hooks = Hooks(**{**vars(entry.hooks), "after": (*entry.hooks.after, after)})
    registry.register(entry.rt, hooks)
    try:
        batch = imported(custodian, MANY, now)
    finally:
        registry.register(entry.rt, entry.hooks)
    assert rows_of(db) == [n for n in ALL if n != 9]
    assert reasons(batch) == {"No number seven.": 1}


def test_a_person_who_lost_the_right_imports_no_more(custodian: Person, now: datetime, db: Base) -> None:
    batch = confirmed(custodian, now)
    db["user"].update_one({"_id": custodian.id}, {"$set": {"roles": ["specialist"]}})
    running.advance(batch.id, holder=HOLDER, now=now)
    failed = service.get(batch.id)
    assert (failed.state, failed.failure["code"]) == (State.FAILED, "right_lost")
    assert rows_of(db) == []


def test_the_job_carries_an_import_from_check_to_end(
    custodian: Person, now: datetime, db: Base, connected: Settings
) -> None:
    context = JobContext(now=now, db=db, settings=connected, calendar=office_calendar())
    batch = service.start(custodian, "customer", _file(MANY), "a.csv", now=now)
    service.check(custodian, batch.id, batch.mapping, batch.options, now)
    assert db["job_request"].count_documents({"_id": "imports"}) == 1
    assert imports.carry_on(context).counts == {"rows": ROWS}
    batch = service.get(batch.id)
    service.confirm(custodian, batch.id, batch.stamp, now)
    assert imports.carry_on(context).counts == {"rows": ROWS}
    assert service.get(batch.id).state is State.DONE
    assert imports.carry_on(context).counts == {}


def test_the_job_asks_for_another_turn_when_its_time_is_over(
    custodian: Person, now: datetime, db: Base, connected: Settings
) -> None:
    context = JobContext(now=now, db=db, settings=connected, calendar=office_calendar(), turn_seconds=-1)
    confirmed(custodian, now)
    db["job_request"].delete_many({})
    assert imports.carry_on(context).counts == {}
    assert db["job_request"].count_documents({"_id": "imports"}) == 1


def test_an_import_that_never_gets_on_is_given_up_and_stops_nobody(
    custodian: Person, now: datetime, db: Base, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, good = confirmed(custodian, now), confirmed(custodian, now, MANY + "另一家公司\n")
    whole = bulk.create_many

    def broken(*args: Any, **kwargs: Any) -> Any:
        if kwargs["batch"] == bad.id:
            raise AutoReconnect("gone")
        return whole(*args, **kwargs)

    monkeypatch.setattr(bulk, "create_many", broken)
    for _ in range(long.MOST_ATTEMPTS):
        with pytest.raises(AutoReconnect):
            running.work("job", now, lambda: True)
    running.work("job", now, lambda: True)
    assert (service.get(bad.id).state, service.get(bad.id).failure["code"]) == (State.FAILED, "gave_up")
    assert service.get(good.id).state is State.DONE


def test_the_trail_names_the_stored_record_after_an_attempt_that_was_rolled_back(
    custodian: Person, now: datetime, db: Base
) -> None:
    batch = ObjectId()
    rows = [bulk.Wanted(row, {"name": f"第{row}公司"}) for row in (2, 3)]
    ready = bulk.numbered(bulk.prepared("customer", rows, actor=custodian, now=now), batch, behind=0)
    # Somebody takes the first number, and the first row is no longer free.
    bulk.create_many("customer", rows[:1], actor=custodian, now=now, batch=batch)
    with pytest.raises(store.AlreadyUsed):
        bulk.create_many("customer", rows, actor=custodian, now=now, batch=batch, ready=ready)
    bulk.create_many("customer", rows[1:], actor=custodian, now=now, batch=batch, ready=ready[1:])
    stored = [(son["_id"], son["number"]) for son in db["record_customer"].find().sort("number", 1)]
    told = [(entry["record"], entry["number"]) for entry in db["audit"].find({"action": "create"}).sort("number", 1)]
    assert [number for _, number in stored] == ["KH-2026-000001", "KH-2026-000002"]
    assert told == stored


def test_a_record_that_got_another_number_than_expected_is_found_by_its_own(
    custodian: Person, now: datetime, db: Base
) -> None:
    rows = [bulk.Wanted(2, {"name": "第七公司", "phone": "0571-88801234"})]
    batch = ObjectId()
    ready = bulk.numbered(bulk.prepared("customer", rows, actor=custodian, now=now), batch, behind=0)
    other = store.create("customer", {"name": "第八公司"}, actor=custodian, now=now)
    bulk.create_many("customer", rows, actor=custodian, now=now, batch=batch, ready=ready)
    son = db["record_customer"].find_one({"batch": batch}) or {}
    alone = store.create("customer", rows[0].values, actor=custodian, now=now)
    assert (other["number"], son["number"]) == ("KH-2026-000001", "KH-2026-000002")
    own = (db["record_customer"].find_one({"_id": alone["_id"]}) or {})["haystack"]
    assert son["haystack"] == own.replace(alone["number"].casefold(), "kh-2026-000002")
    assert {"00001", "00002"} & set(son["grams"]) == {"00002"}
    assert store.fetch("customer", son["_id"])["phone"] == "0571-88801234"


def test_files_are_forgotten_after_thirty_days_and_loose_ones_after_one(
    custodian: Person, now: datetime, db: Base
) -> None:
    batch = imported(custodian, MANY + '"\n', now)
    uploads.put(_file("x"), "loose.csv", person=custodian, now=now, limit=10)
    assert uploads.sweep(now + timedelta(hours=23)) == 0
    assert uploads.sweep(now + timedelta(days=2)) == 1
    assert db["import_line"].count_documents({"batch": batch.id}) > 0
    assert uploads.sweep(now + timedelta(days=31)) == 1
    assert db["import_line"].count_documents({}) == db["import_seen"].count_documents({}) == 0
    with pytest.raises(NoLongerKept):
        service.bad_rows(custodian, batch.id, "zh")
    assert service.see(custodian, batch.id).count("taken") == ROWS


def test_there_is_no_import_of_an_unknown_id(custodian: Person) -> None:
    with pytest.raises(Refusal, match="no such page"):
        service.see(custodian, ObjectId())


def _file(text: str) -> BytesIO:
    return BytesIO(text.encode())
