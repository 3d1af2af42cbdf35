"""Who is reminded of which deadline, when, and when it stops (J, F5, X3, X6)."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from bson import ObjectId

from models import store
from models.office import office_calendar
from models.person import rights
from models.person.roles import Person, Role
from models.reminder import chasing
from models.reminder.chasing import Chased
from models.reminder.document import REMINDERS
from models.reminder.rules import Matter, Step
from tests.factories.customers import customer
from tests.factories.people import person
from tests.integration.reminder.conftest import Base, change, chase, open_steps, revisit, submitted

MONDAY = date(2026, 11, 23)
DAY = timedelta(days=1)
AT_ONCE = 4


@pytest.mark.parametrize(
    ("due", "steps"),
    [
        (MONDAY + 2 * DAY, []),
        (MONDAY + DAY, [Step.SOON]),
        (MONDAY, [Step.TODAY]),
        (MONDAY - 3 * DAY, [Step.LATE]),
    ],
)
def test_the_step_follows_from_the_deadline(
    db: Base, owner: Person, now: datetime, due: date, steps: list[Step]
) -> None:
    revisit(owner, due, now)
    assert chase(now) == Chased(len(steps), 0)
    assert open_steps(db, owner) == steps


def test_a_moment_that_passes_during_the_day_makes_it_late_the_same_day(db: Base, owner: Person, now: datetime) -> None:
    revisit(owner, MONDAY, now)
    db["record_revisit"].update_one({}, {"$set": {"due_at": now + timedelta(hours=2)}})
    chase(now)
    chase(now + timedelta(hours=3))
    assert open_steps(db, owner) == [Step.LATE]


def test_each_step_comes_once_and_takes_the_place_of_the_one_before(db: Base, owner: Person, now: datetime) -> None:
    revisit(owner, MONDAY + DAY, now)
    made = []
    for hours in (0, 1, 2, 24, 25, 48, 49, 72):
        made.append(chase(now + timedelta(hours=hours)).new)
        assert len(open_steps(db, owner)) == 1
    assert made == [1, 0, 0, 1, 0, 1, 0, 1]
    assert [row["step"] for row in db[REMINDERS].find().sort("created")] == ["soon", "today", "late", "late"]


def test_nothing_happens_on_a_day_off_not_even_closing(db: Base, owner: Person, now: datetime) -> None:
    record = revisit(owner, MONDAY, now)
    chase(now)
    change(record, "revisit", now, state="reached")
    assert chase(now - DAY) == Chased()
    assert open_steps(db, owner) == [Step.TODAY]


def test_it_stops_when_the_matter_is_done_put_off_or_archived(db: Base, owner: Person, now: datetime) -> None:
    done, put_off, archived = (revisit(owner, MONDAY, now) for _ in range(3))
    assert chase(now) == Chased(3, 0)
    change(done, "revisit", now, state="reached")
    change(put_off, "revisit", now, due_on=MONDAY + 10 * DAY)
    change(archived, "revisit", now, archived_at=now)
    assert chase(now + timedelta(hours=1)) == Chased(0, 3)
    assert open_steps(db, owner) == []


def test_a_matter_that_comes_back_opens_its_reminder_again(db: Base, owner: Person, now: datetime) -> None:
    record = revisit(owner, MONDAY, now)
    chase(now)
    change(record, "revisit", now, archived_at=now)
    chase(now + timedelta(hours=1))
    change(record, "revisit", now, archived_at=None)
    assert chase(now + timedelta(hours=2)) == Chased(0, 0)
    assert open_steps(db, owner) == [Step.TODAY]


def test_it_moves_with_the_work_to_whoever_takes_over(db: Base, owner: Person, now: datetime) -> None:
    record, colleague = revisit(owner, MONDAY, now), person(Role.SPECIALIST)
    chase(now)
    change(record, "revisit", now, owner=colleague.id)
    assert chase(now + timedelta(hours=1)) == Chased(1, 1)
    assert (open_steps(db, owner), open_steps(db, colleague)) == ([], [Step.TODAY])


def test_a_record_that_waits_for_a_role_reminds_each_of_its_holders(db: Base, owner: Person, now: datetime) -> None:
    first, second = (person(Role.FINANCE_REVIEWER, department="finance") for _ in range(2))
    submitted(owner, MONDAY, now, "confidential")
    chase(now)
    assert open_steps(db, first) == open_steps(db, second) == [Step.TODAY]
    assert open_steps(db, owner) == []


def test_a_top_secret_record_reminds_no_role_but_its_owner(db: Base, owner: Person, now: datetime) -> None:
    reviewer = person(Role.FINANCE_REVIEWER, department="finance")
    submitted(owner, MONDAY, now, "top_secret")
    chase(now)
    assert (open_steps(db, reviewer), open_steps(db, owner)) == ([], [Step.TODAY])


def test_a_record_that_waits_for_nobody_is_its_owners(db: Base, owner: Person, now: datetime) -> None:
    customer(owner, now, next_report_due=MONDAY)
    chase(now)
    assert open_steps(db, owner) == [Step.TODAY]


def test_who_has_left_is_not_reminded(db: Base, owner: Person, now: datetime) -> None:
    revisit(owner, MONDAY, now)
    chase(now)
    rights.set_active(person(Role.ADMINISTRATOR), owner.id, False, now)  # type: ignore[arg-type]
    assert chase(now + timedelta(hours=1)) == Chased(0, 1)


def test_what_is_late_for_days_goes_to_the_head_once(db: Base, owner: Person, head: Person, now: datetime) -> None:
    revisit(owner, MONDAY, now)
    steps = []
    for days in range(5):
        chase(now + days * DAY)
        steps.append(open_steps(db, head))
    assert steps == [[], [], [], [Step.CLIMBED], [Step.CLIMBED]]
    assert db[REMINDERS].count_documents({"person": head.id}) == 1


def test_a_head_sees_climb_only_what_is_in_their_department_and_reach(db: Base, owner: Person, now: datetime) -> None:
    other = person(Role.HEAD, department="sales")
    revisit(owner, MONDAY - 30 * DAY, now)
    chase(now)
    assert open_steps(db, other) == []


def test_a_top_secret_matter_climbs_to_its_head(db: Base, owner: Person, head: Person, now: datetime) -> None:
    revisit(owner, MONDAY - 30 * DAY, now, level="top_secret")
    chase(now)
    assert open_steps(db, head) == [Step.CLIMBED]


def test_a_heads_own_late_work_does_not_climb_to_them(db: Base, head: Person, now: datetime) -> None:
    revisit(head, MONDAY - 30 * DAY, now)
    chase(now)
    assert open_steps(db, head) == [Step.LATE]


def test_a_reminder_holds_no_content(db: Base, owner: Person, now: datetime) -> None:
    file = customer(owner, now, level="secret")
    record = revisit(owner, MONDAY, now, customer=file["_id"])
    chase(now)
    (row,) = db[REMINDERS].find()
    told = {"person": owner.id, "type": "revisit", "record": record["_id"], "matter": "deadline", "step": "today"}
    assert {name: row[name] for name in told} == told
    assert set(row) == {*told, "_id", "due", "created", "seen"}
    assert "远山" not in str(row)


# --- broken off, repeated, several at once


def test_several_at_once_remind_once(db: Base, owner: Person, head: Person, now: datetime) -> None:
    for days in range(40):
        revisit(owner, MONDAY - days * DAY, now)
    start = Barrier(AT_ONCE)

    def work() -> None:
        start.wait()
        chase(now)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        for future in [pool.submit(work) for _ in range(AT_ONCE)]:
            future.result()
    assert db[REMINDERS].count_documents({"person": owner.id, "closed_at": None}) == 40
    assert chase(now) == Chased(db[REMINDERS].count_documents({"created": now}), 0)


def test_a_run_broken_off_between_two_people_is_completed_by_the_next(
    db: Base, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = [person(Role.SPECIALIST) for _ in range(3)]
    for one in people:
        revisit(one, MONDAY, now)
    follow, calls = chasing._follow, iter(range(1000))

    def die_later(*args: Any) -> Iterator[Any]:
        if next(calls) == 2:
            raise KeyboardInterrupt
        return follow(*args)

    with monkeypatch.context() as patch:
        patch.setattr(chasing, "_follow", die_later)
        with pytest.raises(KeyboardInterrupt):
            chase(now)
    assert db[REMINDERS].count_documents({}) == 2, "whom it came to before was told"
    chase(now)
    assert [open_steps(db, one) for one in people] == [[Step.TODAY]] * 3


def test_a_run_for_an_earlier_time_closes_nothing_of_a_later_one(db: Base, owner: Person, now: datetime) -> None:
    revisit(owner, MONDAY, now)
    chase(now + timedelta(hours=1))
    chase(now)
    assert open_steps(db, owner) == [Step.TODAY]
    assert store.fetch("revisit", db["record_revisit"].find_one({})["_id"])["rev"] == 1  # type: ignore[index]


def test_what_stands_already_costs_no_write(db: Base, owner: Person, now: datetime) -> None:
    for days in range(3):
        revisit(owner, MONDAY - days * DAY, now)
    chase(now)
    before = list(db[REMINDERS].find())
    assert chase(now + timedelta(hours=1)) == Chased(0, 0)
    assert list(db[REMINDERS].find()) == before


def test_what_is_looked_at_follows_what_is_due_and_not_what_a_person_owns(
    db: Base, owner: Person, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    of_others = customer(person(Role.SPECIALIST), now, next_report_due=MONDAY)
    calm = customer(owner, now, level="top_secret")
    files = db["record_customer"]
    for year, file, count in ((2020, of_others, 400), (2021, calm, 200)):
        row = files.find_one({"_id": file["_id"]}, {"keys": 0, "licence_no": 0}) or {}
        files.insert_many([{**row, "_id": ObjectId(), "number": f"KH-{year}-{n:06}"} for n in range(count)])
    for days in range(3):
        customer(owner, now, level="top_secret", next_report_due=MONDAY - days * DAY)
    asked, found = [], chasing._found

    def watched(who: Person, matter: Matter, source: chasing.Source) -> Iterator[chasing.Found]:
        if who.id == owner.id and source.rt.slug == "customer":
            asked.append(source.found)
        return found(who, matter, source)

    monkeypatch.setattr(chasing, "_found", watched)
    assert chase(now) == Chased(404, 0)
    (condition,) = asked
    looked = files.find(condition).explain()["executionStats"]
    assert (looked["nReturned"], looked["totalDocsExamined"] < 30) == (3, True)


def test_a_run_that_is_to_end_leaves_the_rest_of_the_people_to_the_next(db: Base, now: datetime) -> None:
    people = [person(Role.SPECIALIST) for _ in range(3)]
    for one in people:
        revisit(one, MONDAY, now)
    answers = iter([True, False])
    first = chasing.chase_deadlines(now, office_calendar(), lambda: next(answers))
    assert first == Chased(1, 0)
    assert chase(now) == Chased(3, 0)


def test_a_thousand_and_more_reminders_of_a_person_are_stored_in_parts(
    db: Base, owner: Person, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chasing, "AT_ONCE", 2)
    made = [revisit(owner, MONDAY, now) for _ in range(5)]
    assert chase(now) == Chased(5, 0)
    change(made[0], "revisit", now, state="reached")
    assert chase(now + timedelta(hours=1)) == Chased(0, 1)
