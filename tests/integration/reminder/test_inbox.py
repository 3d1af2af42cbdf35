"""What a person sees of their reminders: nothing that is done, and nothing out of their reach (X6)."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from models.person.roles import Person, Role
from models.reminder import service
from models.reminder.document import REMINDERS
from models.reminder.rules import Step
from tests.factories.customers import customer
from tests.factories.people import person
from tests.integration.reminder.conftest import Base, change, chase, open_steps, revisit, submitted

MONDAY = date(2026, 11, 23)


def titles(who: Person, now: datetime) -> list[tuple[Step, str]]:
    return [(told.reminder.step, told.title) for told in service.inbox(who, now, "zh")]


def test_title_and_number_are_looked_up_when_they_are_shown(owner: Person, now: datetime) -> None:
    file = customer(owner, now)
    record = revisit(owner, MONDAY, now, customer=file["_id"])
    chase(now)
    change(record, "revisit", now, customer_name="新名称有限公司")
    (told,) = service.inbox(owner, now, "zh")
    assert (told.title, told.number, told.reminder.type, told.level) == (
        "新名称有限公司",
        record["number"],
        "revisit",
        "internal",
    )


def test_what_is_due_first_comes_first(owner: Person, now: datetime) -> None:
    for days in (0, -5, 1, -1):
        revisit(owner, MONDAY + timedelta(days=days), now)
    chase(now)
    assert [step for step, _ in titles(owner, now)] == [Step.LATE, Step.LATE, Step.TODAY, Step.SOON]


def left_behind(db: Base, to: Person, owner: Person, now: datetime) -> str:
    """A reminder that a file has another owner, and that something of it stayed with the former one; its title."""
    former = person(Role.SPECIALIST, name="赵九")
    file = customer(owner, now, name="交接机械有限公司")
    revisit(former, MONDAY + timedelta(days=40), now, customer=file["_id"])
    assert to.id is not None
    service.tell_of_left([to.id], "customer", file["_id"], former.id, now)
    return str(file["name"])


def test_what_needs_a_decision_comes_before_what_is_late_and_both_before_the_rest(
    db: Base, owner: Person, head: Person, now: datetime
) -> None:
    for days in (-30, -20):
        revisit(owner, MONDAY + timedelta(days=days), now)
    for days in (1, 0, -1):
        revisit(head, MONDAY + timedelta(days=days), now)
    chase(now)
    title = left_behind(db, head, owner, now)
    found = titles(head, now)
    assert [step for step, _ in found] == [
        Step.LEFT,
        Step.CLIMBED,
        Step.CLIMBED,
        Step.LATE,
        Step.TODAY,
        Step.SOON,
    ]
    assert found[0][1] == title
    assert [told.reminder.step for told in service.inbox(head, now, "zh", 2)] == [Step.LEFT, Step.CLIMBED]


def test_what_needs_a_decision_is_read_however_much_is_late(
    db: Base, owner: Person, head: Person, now: datetime
) -> None:
    revisit(owner, MONDAY - timedelta(days=20), now)
    chase(now)
    row = db[REMINDERS].find_one({"person": head.id})
    assert row is not None
    earlier = [{**row, "_id": f"{at}", "due": row["due"] - timedelta(days=1 + at)} for at in range(service.MOST)]
    db[REMINDERS].insert_many(earlier)
    title = left_behind(db, head, owner, now)
    assert titles(head, now) == [(Step.LEFT, title)], "those before it stand no longer"


def test_what_was_done_since_is_gone_at_once_and_closed(db: Base, owner: Person, now: datetime) -> None:
    record = revisit(owner, MONDAY, now)
    chase(now)
    change(record, "revisit", now, state="reached")
    assert open_steps(db, owner) == [Step.TODAY]
    assert titles(owner, now) == []
    assert (open_steps(db, owner), service.unread_count(owner)) == ([], 0)


def test_what_was_handed_over_since_is_gone_at_once(owner: Person, now: datetime) -> None:
    record = revisit(owner, MONDAY, now)
    chase(now)
    change(record, "revisit", now, owner=person(Role.SPECIALIST).id)
    assert titles(owner, now) == []


def test_a_record_that_was_raised_out_of_reach_shows_nothing(owner: Person, now: datetime) -> None:
    reviewer = person(Role.FINANCE_REVIEWER, department="finance")
    record = submitted(owner, MONDAY, now)
    chase(now)
    assert len(titles(reviewer, now)) == 1
    change(record, "credit_report", now, level="top_secret")
    assert titles(reviewer, now) == []


def test_a_head_keeps_what_climbed_until_it_is_done(owner: Person, head: Person, now: datetime) -> None:
    record = revisit(owner, MONDAY - timedelta(days=20), now)
    chase(now)
    assert [step for step, _ in titles(head, now)] == [Step.CLIMBED]
    change(record, "revisit", now, state="reached")
    assert titles(head, now) == []


def test_read_reminders_leave_the_inbox_and_do_not_come_back(owner: Person, now: datetime) -> None:
    for _ in range(3):
        revisit(owner, MONDAY, now)
    chase(now)
    first = service.inbox(owner, now, "zh")[0]
    service.mark_read(owner, first.reminder.id, now)
    assert (len(service.inbox(owner, now, "zh")), service.unread_count(owner)) == (2, 2)
    chase(now + timedelta(hours=1))
    assert service.unread_count(owner) == 2
    service.mark_all_read(owner, now)
    assert service.unread_count(owner) == 0


def test_nobody_reads_or_marks_the_reminders_of_another(db: Base, owner: Person, now: datetime) -> None:
    revisit(owner, MONDAY, now)
    chase(now)
    other, row = person(Role.SPECIALIST), db[REMINDERS].find_one({})
    assert row is not None
    service.mark_read(other, row["_id"], now)
    service.mark_all_read(other, now)
    assert (service.unread_count(owner), service.inbox(other, now, "zh")) == (1, [])
