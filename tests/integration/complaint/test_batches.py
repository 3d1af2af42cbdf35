"""The same cause again and again: a warning for the head, of what the head reads (T6)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from pymongo.database import Database

from models import store
from models.calendar import local
from models.complaint import batches
from models.complaint.batches import Batch
from models.person.roles import SYSTEM, Person
from models.reminder import service
from models.reminder.document import REMINDERS
from tests.integration.complaint.test_complaints import act, judged, record

DB = Database[dict[str, Any]]


def caused(owner: Person, now: datetime, days_ago: int, cause: str = "包装破损", **values: Any) -> dict[str, Any]:
    complaint = record(owner, now - timedelta(days=days_ago))
    return store.change("complaint", complaint["_id"], {"cause": cause, **values}, actor=SYSTEM, now=now)


def test_a_cause_is_named_when_a_complaint_is_judged(owner: Person, now: datetime) -> None:
    complaint = judged(owner, now)
    again = act(owner, complaint, "assign", now, owner=str(owner.id))
    assert again["cause"] is None
    told = act(owner, complaint, "judge_again", now, founded="yes", severity="low", problem="quality", cause="包装破损")
    assert told["cause"] == "包装破损"


def test_often_enough_within_the_window_is_a_batch(owner: Person, head: Person, now: datetime) -> None:
    for day in (0, 1, 2, 6):
        caused(owner, now, day)
    caused(owner, now, 7)
    caused(owner, now, 1, cause="缺货")
    assert batches.batches(head, now) == []
    caused(owner, now, 3)
    today = local(now).date()
    since = today - timedelta(days=1)  # with the one of a week ago it was one yesterday
    assert batches.batches(head, now) == [Batch("包装破损", 5, today - timedelta(days=6), since)]
    assert batches.batches(head, now + timedelta(days=1)) == []


def test_what_the_head_does_not_read_and_what_is_archived_does_not_count(
    owner: Person, head: Person, now: datetime
) -> None:
    for day in range(4):
        caused(owner, now, day)
    caused(owner, now, 0, department="sales")
    gone = caused(owner, now, 0)
    assert len(batches.batches(head, now)) == 1
    store.change("complaint", gone["_id"], {"archived_at": now}, actor=SYSTEM, now=now, action="archive")
    assert batches.batches(head, now) == []


def test_the_head_is_reminded_once_of_each_batch_until_it_is_over(
    owner: Person, head: Person, now: datetime, db: DB
) -> None:
    for day in range(5):
        caused(owner, now, day)
    assert [batches.tell(now) for _ in range(2)] == [1, 0]
    [told] = service.inbox(head, now, "zh")
    assert (told.kind.en, told.leads_to, told.reminder.step.value) == ("Complaint", "team/", "batch")
    for _ in range(5):
        caused(owner, now + timedelta(days=1), 0, cause="缺货")
    assert batches.tell(now + timedelta(days=1)) == 1, "another cause is told"
    assert batches.tell(now + timedelta(days=30)) == 0
    assert db[REMINDERS].count_documents({"person": head.id, "closed_at": None}) == 0
