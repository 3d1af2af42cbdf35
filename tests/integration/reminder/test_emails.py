"""Reminders by email: once, in the person's language, without content (J, X6)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from models.outbox import service as outbox
from models.outbox.document import EMAILS
from models.person.roles import Person, Role
from models.reminder.mailing import MOST_LINES
from models.reminder.telling import tell
from tests.factories.customers import customer
from tests.factories.people import person
from tests.integration.reminder.conftest import Base, change, chase, revisit

MONDAY = date(2026, 11, 23)
URL = "https://service.example.test"
Remind = Callable[[datetime], int]


def remind(moment: datetime) -> int:
    chase(moment)
    return tell(moment, URL)


def emails(db: Base) -> list[dict[str, Any]]:
    return list(db[EMAILS].find().sort("created"))


def speak(db: Base, who: Person, language: str) -> None:
    db["user"].update_one({"_id": who.id}, {"$set": {"language": language}})


@pytest.mark.parametrize(
    ("language", "subject", "due"),
    [
        ("zh", "今日到期：客户回访 {number}", "期限 2026-11-23（周一）18:00"),
        ("en", "Due today: Revisit {number}", "due Mon 23 Nov 2026 18:00"),
    ],
)
def test_an_email_names_step_type_number_deadline_and_address_and_nothing_else(
    db: Base, owner: Person, now: datetime, language: str, subject: str, due: str
) -> None:
    speak(db, owner, language)
    file = customer(owner, now, level="confidential")
    record = revisit(owner, MONDAY, now, customer=file["_id"])
    assert remind(now) == 1
    (email,) = emails(db)
    assert (email["to"], email["subject"]) == (f"{owner.id}@example.test", subject.format(number=record["number"]))
    assert due in email["text"]
    assert f"{URL}/records/revisit/{record['number']}\n" in email["text"]
    assert "远山" not in str(email)


def test_each_step_is_told_once_and_several_share_an_email(db: Base, owner: Person, now: datetime) -> None:
    speak(db, owner, "zh")
    first, second = revisit(owner, MONDAY, now), revisit(owner, MONDAY, now)
    posted = [remind(now + timedelta(hours=hours)) for hours in (0, 1, 24, 25)]
    assert posted == [1, 0, 1, 0]
    assert [email["subject"] for email in emails(db)] == ["您有 2 项工作提醒"] * 2
    assert all(r["number"] in email["text"] for email in emails(db) for r in (first, second))


def test_each_person_gets_their_own(db: Base, owner: Person, now: datetime) -> None:
    other = person(Role.SPECIALIST)
    mine, theirs = revisit(owner, MONDAY, now), revisit(other, MONDAY, now)
    assert remind(now) == 2
    texts = {email["to"]: email["text"] for email in emails(db)}
    assert mine["number"] in texts[f"{owner.id}@example.test"]
    assert theirs["number"] not in texts[f"{owner.id}@example.test"]


def test_what_is_done_before_the_email_goes_is_not_told(db: Base, owner: Person, now: datetime) -> None:
    record = revisit(owner, MONDAY, now)
    chase(now)
    change(record, "revisit", now, state="reached")
    assert tell(now, URL) == 0
    assert emails(db) == []


def test_a_run_broken_off_while_posting_tells_everybody_once_in_the_end(
    db: Base, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        revisit(person(Role.SPECIALIST), MONDAY, now)
    chase(now)
    post, calls = outbox.post, iter(range(1000))

    def die_later(*args: Any, **kwargs: Any) -> bool:
        if next(calls) == 1:
            raise KeyboardInterrupt
        return post(*args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(outbox, "post", die_later)
        with pytest.raises(KeyboardInterrupt):
            tell(now, URL)
    assert len(emails(db)) == 1
    assert tell(now, URL) == 2
    assert len({email["to"] for email in emails(db)}) == 3


def test_a_long_list_is_cut_and_says_so(db: Base, owner: Person, now: datetime) -> None:
    speak(db, owner, "en")
    for _ in range(MOST_LINES + 2):
        revisit(owner, MONDAY, now)
    remind(now)
    (email,) = emails(db)
    assert email["subject"] == f"{MOST_LINES + 2} reminders for you"
    assert email["text"].count("/records/") == MOST_LINES
    assert "2 more are in My work" in email["text"]


def test_an_account_without_a_usable_address_holds_up_nobody(db: Base, owner: Person, now: datetime) -> None:
    speak(db, owner, "zh")
    db["user"].update_one({"_id": owner.id}, {"$set": {"email": "nowhere"}})
    revisit(owner, MONDAY, now)
    revisit(person(Role.SPECIALIST), MONDAY, now)
    assert remind(now) == 1
    assert remind(now + timedelta(hours=1)) == 0
