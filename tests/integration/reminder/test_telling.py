"""One digest a day, urgents at once, nothing in quiet hours, and only a count for a group (J, X6)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest

from jobs.cadence import next_after
from jobs.schedule import JOBS
from models import records
from models.calendar import local
from models.channel_choice import service as choices
from models.channel_choice.rules import Choice
from models.channel_choice.sending import send
from models.job.rules import LeaseLost
from models.office import office_calendar
from models.outbox import service as outbox
from models.outbox.document import EMAILS
from models.person import deputies
from models.person.roles import Person, Role
from models.reminder.document import REMINDERS
from models.reminder.telling import tell
from tests.factories.customers import customer
from tests.factories.people import person
from tests.integration.reminder.conftest import Base, chase, revisit, submitted

MONDAY, TUESDAY = date(2026, 11, 23), date(2026, 11, 24)
URL = "https://service.example.test"
GROUPS = ("group", "relay")


def remind(moment: datetime) -> int:
    chase(moment)
    return tell(moment, URL, GROUPS)


def messages(db: Base) -> list[dict[str, Any]]:
    return list(db[EMAILS].find().sort([("created", 1), ("channel", 1)]))


@pytest.fixture
def nine(now: datetime) -> datetime:
    """Monday, nine o'clock in Shanghai."""
    return now - timedelta(hours=1)


def test_after_the_digest_only_what_is_due_the_same_day_is_told_before_the_next(
    db: Base, owner: Person, nine: datetime
) -> None:
    revisit(owner, MONDAY, nine)
    assert remind(nine) == 1
    soon, today = revisit(owner, TUESDAY, nine), revisit(owner, MONDAY, nine)
    assert remind(nine + timedelta(hours=2)) == 1
    urgent = messages(db)[-1]["text"]
    assert (today["number"] in urgent, soon["number"] in urgent) == (True, False)
    assert remind(nine + timedelta(hours=3)) == 0
    assert remind(nine + timedelta(days=1)) == 1
    assert soon["number"] in messages(db)[-1]["text"]


def test_an_answer_that_is_due_within_minutes_is_told_by_the_next_run(db: Base, owner: Person, nine: datetime) -> None:
    at = nine + timedelta(hours=1, minutes=1)
    raw = {"subject": "灯具到货破损", "channel": "chat", "facts": "三箱破损", "complainant": "李女士"}
    record = records.create(owner, "complaint", raw, now=at)
    assert record["due_at"] == at + timedelta(minutes=5)
    run = next_after(JOBS.get("deadline_reminders").cadence, at, office_calendar())
    assert run < record["due_at"]
    assert remind(run) == 1
    assert record["number"] in messages(db)[-1]["text"]


def test_the_digest_waits_for_the_time_that_the_person_chose(db: Base, owner: Person, nine: datetime) -> None:
    choices.store(owner, Choice(digest_at=time(16)), nine)
    revisit(owner, TUESDAY, nine)
    told = [remind(nine + timedelta(hours=hours)) for hours in (0, 3, 7, 8)]
    assert told == [0, 0, 1, 0]


def test_in_quiet_hours_nothing_is_sent_and_it_follows_afterwards(db: Base, owner: Person, nine: datetime) -> None:
    choices.store(owner, Choice(quiet_from=time(8), quiet_to=time(11)), nine)
    revisit(owner, MONDAY, nine)
    told = [remind(nine + timedelta(hours=hours)) for hours in (0, 1, 2, 3)]
    assert told == [0, 0, 1, 0]


def test_what_is_no_reminder_keeps_to_a_persons_choice_too(db: Base, owner: Person, nine: datetime) -> None:
    assert owner.id is not None
    said: dict[str, Any] = {"to": "wang@example.test", "subject": "Decided", "text": "Decided in your stead."}
    choices.store(owner, Choice(quiet_from=time(8), quiet_to=time(11)), nine)
    assert send(owner.id, "first", **said, now=nine)
    assert outbox.take_due(nine) is None
    assert outbox.take_due(nine + timedelta(hours=2)) is not None
    choices.store(owner, Choice(email=False), nine)
    assert not send(owner.id, "second", **said, now=nine)
    assert len(messages(db)) == 1


def test_each_chosen_channel_gets_its_own_message_and_a_group_no_number(
    db: Base, owner: Person, nine: datetime
) -> None:
    choices.store(owner, Choice(channels=("group", "relay", "gone")), nine)
    file = customer(owner, nine, level="top_secret")
    record = revisit(owner, MONDAY, nine, customer=file["_id"])
    assert remind(nine) == 3
    email, *groups = messages(db)
    assert [one["channel"] for one in (email, *groups)] == ["email", "group", "relay"]
    assert record["number"] in email["text"]
    for one in groups:
        told = one["subject"] + one["text"]
        assert owner.name in told
        assert URL in told
        assert record["number"] not in told
        assert "/records/" not in told
        assert "远山" not in told


def test_whoever_wants_nothing_reads_the_product_and_is_not_told_later(db: Base, owner: Person, nine: datetime) -> None:
    choices.store(owner, Choice(email=False), nine)
    revisit(owner, MONDAY, nine)
    assert remind(nine) == 0
    choices.store(owner, Choice(), nine)
    assert remind(nine + timedelta(hours=1)) == 0
    assert db["reminder"].count_documents({"person": owner.id, "closed_at": None}) == 1


def test_a_run_that_breaks_off_between_two_channels_tells_each_once(
    db: Base, owner: Person, nine: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    choices.store(owner, Choice(channels=("group",)), nine)
    revisit(owner, MONDAY, nine)
    with monkeypatch.context() as patch:

        def die(*_: object, **__: object) -> bool:
            raise KeyboardInterrupt

        patch.setattr(outbox, "post_to", die)
        with pytest.raises(KeyboardInterrupt):
            remind(nine)
    assert messages(db) == []
    assert remind(nine) == 2
    assert remind(nine) == 0


def test_who_is_overtaken_meanwhile_tells_nobody(db: Base, owner: Person, nine: datetime) -> None:
    revisit(owner, MONDAY, nine)
    chase(nine)

    def overtaken() -> None:
        raise LeaseLost("first no longer holds the lease")

    with pytest.raises(LeaseLost):
        tell(nine, URL, fence=overtaken)
    assert messages(db) == []
    assert tell(nine, URL) == 1


def test_a_moved_deadline_is_told_anew(db: Base, owner: Person, nine: datetime) -> None:
    record = revisit(owner, MONDAY, nine)
    remind(nine)
    moved = record["due_at"] + timedelta(days=1)
    db["record_revisit"].update_one({"_id": record["_id"]}, {"$set": {"due_at": moved}})
    assert remind(nine + timedelta(days=1)) == 1


def test_a_choice_is_kept_through_the_digests(db: Base, owner: Person, nine: datetime) -> None:
    made = Choice(email=True, channels=("group",), quiet_from=time(20), quiet_to=time(8), digest_at=time(9))
    choices.store(owner, made, nine)
    revisit(owner, MONDAY, nine)
    remind(nine)
    assert owner.id is not None
    assert choices.of(owner.id) == replace(made, digest_on=MONDAY)


def test_a_deputy_is_told_too_and_what_cannot_be_told_now_is_not_marked_as_told(db: Base, nine: datetime) -> None:
    finance = person(Role.FINANCE_REVIEWER, name="Finance", department="finance")
    deputy = person(Role.LEGAL_REVIEWER, name="Deputy", department="legal")
    assert finance.id is not None
    day = local(nine).date()
    deputies.name_deputy(finance, finance.id, deputy.id, begins=day, ends=day, now=nine)
    report = submitted(person(Role.SPECIALIST), MONDAY, nine)
    assert remind(nine) == 2
    told = {one["to"]: one["text"] for one in messages(db)}
    assert report["number"] in told[f"{deputy.id}@example.test"]
    db[REMINDERS].update_many({}, {"$set": {"mailed_at": None}})
    db["user"].update_one({"_id": deputy.id}, {"$set": {"roles": []}})
    tell(nine, URL)
    marked = {row["person"]: row["mailed_at"] for row in db[REMINDERS].find()}
    assert (marked[deputy.id], marked[finance.id]) == (None, nine)
