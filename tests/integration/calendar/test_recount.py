"""Deadlines after a change of the calendar: what lies ahead moves once, what is late or set by hand stays (J)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from pymongo.database import Database

from models import records, store
from models.calendar import local
from models.calendar_day import service
from models.deadline import recount
from models.job import service as jobs
from models.job.long import Overtaken
from models.office import refresh
from models.person.roles import SYSTEM, Person, Role
from models.registry import UNDER_WAY
from tests.factories.customers import customer
from tests.factories.people import person

Base = Database[dict[str, Any]]
THURSDAY = date(2026, 11, 26)
File = Callable[..., dict[str, Any]]


@pytest.fixture
def file(owner: Person, now: datetime) -> File:
    """A customer whose contract was signed on the day of the test: the first fill is due on 26 November."""

    def make(**values: Any) -> dict[str, Any]:
        return customer(owner, now, **{"contract_signed": local(now).date(), **values})

    return make


def day_off(admin: Person, now: datetime, day: date = THURSDAY) -> None:
    service.set_day(admin, day, working=False, reason="停电", now=now)


def worked(now: datetime, holder: str = "one") -> int:
    refresh()
    moved, left = recount.work(holder, now + UNDER_WAY, lambda: True)
    assert not left
    return moved


def now_of(record: dict[str, Any], slug: str = "customer") -> dict[str, Any]:
    return store.fetch(slug, record["_id"])


def test_a_day_off_moves_what_was_due_on_it_and_history_keeps_the_former_day(
    file: File, admin: Person, now: datetime, db: Base
) -> None:
    record = file()
    assert (record["first_fill_due"], record["next_due"]) == (THURSDAY, THURSDAY)
    day_off(admin, now)
    assert worked(now) == 1
    after = now_of(record)
    assert after["first_fill_due"] == after["next_due"] == date(2026, 11, 27)
    assert local(after["due_at"]).date() == date(2026, 11, 27)
    version = db[store.VERSIONS].find_one({"record": record["_id"], "rev": after["rev"]})
    assert version is not None
    changes = {c["field"]: c["before"].date() for c in version["changes"]}
    assert changes == {"first_fill_due": THURSDAY, "next_due": THURSDAY}
    assert (version["action"], version["by_name"]) == ("calendar_moved", SYSTEM.name)


def test_it_is_told_in_one_entry_with_what_became_of_it(file: File, admin: Person, now: datetime, db: Base) -> None:
    for _ in range(3):
        file()
    file(contract_signed=None)
    day_off(admin, now)
    worked(now)
    (entry,) = db["audit"].find({"action": "deadlines_recounted"})
    told = {name: entry["detail"][name] for name in ("version", "looked_at", "moved", "refused")}
    assert told == {"version": 1, "looked_at": 3, "moved": 3, "refused": 0}
    assert recount.latest() is not None


def test_taking_the_day_back_moves_them_back(file: File, admin: Person, now: datetime) -> None:
    record = file()
    day_off(admin, now)
    worked(now)
    service.remove_day(admin, THURSDAY, now=now)
    assert worked(now) == 1
    assert now_of(record)["first_fill_due"] == THURSDAY


def test_doing_it_again_moves_nothing(file: File, admin: Person, now: datetime) -> None:
    record = file()
    day_off(admin, now)
    worked(now)
    rev = now_of(record)["rev"]
    assert worked(now) == 0
    assert now_of(record)["rev"] == rev


def test_what_is_late_already_does_not_move(file: File, admin: Person, now: datetime) -> None:
    record = file()
    later = now + timedelta(days=4)
    day_off(admin, later)
    assert worked(later) == 0
    assert now_of(record)["first_fill_due"] == THURSDAY


def test_nobody_becomes_late_by_a_change(file: File, admin: Person, now: datetime) -> None:
    day_off(admin, now)
    refresh()
    record = file()
    assert record["first_fill_due"] == date(2026, 11, 27)
    worked(now)
    friday = datetime(2026, 11, 27, 2, tzinfo=now.tzinfo)
    service.remove_day(admin, THURSDAY, now=friday)
    assert worked(friday) == 0
    assert now_of(record)["first_fill_due"] == date(2026, 11, 27)


def test_what_a_person_set_stays(owner: Person, admin: Person, now: datetime) -> None:
    values = {"occasion": "festival", "due_on": THURSDAY, "customer": None, "complaint_closed": None}
    record = store.create("revisit", {**values, "customer": customer(owner, now)["_id"]}, actor=owner, now=now)
    closed = {"complaint_closed": now, "due_on": None}
    booked = store.create("revisit", {**values, **closed, "customer": record["customer"]}, actor=SYSTEM, now=now)
    assert booked["due_on"] == THURSDAY
    store.change("revisit", booked["_id"], {"due_on": date(2026, 12, 3)}, actor=owner, now=now)
    day_off(admin, now)
    day_off(admin, now, date(2026, 12, 3))
    assert worked(now) == 0
    assert now_of(booked, "revisit")["due_on"] == date(2026, 12, 3)
    assert now_of(record, "revisit")["due_on"] == THURSDAY


def test_hours_run_on_over_a_day_off_and_an_agreed_date_stands(admin: Person, owner: Person, now: datetime) -> None:
    raw = {"subject": "灯具破损", "channel": "phone", "facts": "三箱", "complainant": "李女士"}
    record = records.create(owner, "complaint", raw, now=now)
    assert local(record["answer_due"]).isoformat()[:16] == "2026-11-25T16:00"
    day_off(admin, now, date(2026, 11, 24))
    worked(now)
    after = now_of(record, "complaint")
    assert local(after["answer_due"]).isoformat()[:16] == "2026-11-26T16:00"
    assert after["due_at"] == after["next_due"] == after["answer_due"]


def test_a_contract_and_a_regular_revisit_follow_too(file: File, admin: Person, now: datetime) -> None:
    delivered = date(2026, 10, 26)
    record = file(contract_signed=None, state="active", delivered=delivered)
    assert record["next_revisit_due"] == THURSDAY
    day_off(admin, now)
    worked(now)
    assert now_of(record)["next_revisit_due"] == date(2026, 11, 27)


def test_a_later_write_about_something_else_leaves_a_deadline_where_it_is(
    file: File, admin: Person, owner: Person, now: datetime
) -> None:
    record = file()
    day_off(admin, now)
    refresh()
    changed = store.change("customer", record["_id"], {"industry": "灯具"}, actor=owner, now=now)
    assert changed["first_fill_due"] == THURSDAY
    changed = store.change("customer", record["_id"], {"contract_signed": date(2026, 11, 22)}, actor=owner, now=now)
    assert changed["first_fill_due"] == date(2026, 11, 25)


# --- in chunks, exactly once


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recount, "CHUNK", 2)


def moved_versions(db: Base) -> list[Any]:
    return [row["record"] for row in db[store.VERSIONS].find({"action": "calendar_moved"})]


def test_a_change_asks_for_the_job(admin: Person, now: datetime) -> None:
    day_off(admin, now)
    assert jobs.requests(now) == []
    assert [request.job for request in jobs.requests(now + UNDER_WAY)] == [recount.JOB]


def test_what_is_stored_meanwhile_by_the_former_calendar_moves_as_well(
    file: File, admin: Person, now: datetime
) -> None:
    day_off(admin, now)  # this process does not know it yet: it goes by what it has read
    early = recount.work("one", now + timedelta(seconds=5), lambda: True)
    record = file()
    assert record["first_fill_due"] == THURSDAY
    assert early == (0, False)
    assert worked(now) == 1
    assert now_of(record)["first_fill_due"] == date(2026, 11, 27)


def test_broken_off_it_goes_on_behind_the_last_chunk(
    file: File, admin: Person, now: datetime, db: Base, small_chunks: None
) -> None:
    files = [file()["_id"] for _ in range(5)]
    day_off(admin, now)
    refresh()
    turns = iter([True, True, False])
    moved, left = recount.work("one", now + UNDER_WAY, lambda: next(turns))
    assert (moved, left) == (4, True)
    assert worked(now, "two") == 1
    assert sorted(moved_versions(db)) == sorted(files)


def test_a_worker_that_was_overtaken_stores_nothing_of_its_chunk(
    file: File, admin: Person, now: datetime, db: Base, small_chunks: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = [file()["_id"] for _ in range(3)]
    day_off(admin, now)
    refresh()
    note = recount.WORK.note

    def overtaken(*_: Any) -> Any:
        raise Overtaken

    monkeypatch.setattr(type(recount.WORK), "note", overtaken)
    assert recount.work("paused", now + UNDER_WAY, lambda: True) == (0, True)
    assert moved_versions(db) == []
    monkeypatch.setattr(type(recount.WORK), "note", lambda self, *a: note(*a))
    assert worked(now, "next") == 3
    assert sorted(moved_versions(db)) == sorted(files)


def test_a_second_change_meanwhile_begins_anew_and_still_moves_everything(
    file: File, admin: Person, now: datetime, db: Base, small_chunks: None
) -> None:
    files = [file() for _ in range(5)]
    day_off(admin, now)
    refresh()
    turns = iter([True, False])
    assert recount.work("one", now + UNDER_WAY, lambda: next(turns)) == (2, True)
    day_off(admin, now, date(2026, 11, 27))
    assert worked(now) == 5
    assert {now_of(one)["first_fill_due"] for one in files} == {date(2026, 11, 30)}
    assert db[recount.RECOUNTS].count_documents({"state": recount.REPLACED}) == 1


def test_an_owner_who_left_keeps_no_deadline_from_moving(admin: Person, now: datetime, db: Base) -> None:
    gone = person(Role.SPECIALIST, name="gone")
    record = customer(gone, now, contract_signed=local(now).date())
    db["user"].update_one({"_id": gone.id}, {"$set": {"active": False}})
    day_off(admin, now)
    assert worked(now) == 1
    assert now_of(record)["first_fill_due"] == date(2026, 11, 27)
