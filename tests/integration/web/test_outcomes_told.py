"""What came of one's own request is said in words, near the top, and read with its card; signatures come first."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from pymongo.database import Database

from models import records, store
from models.access_request import service as cards
from models.office import office_calendar
from models.person.roles import Person, Role
from models.reminder import chasing, mailing
from models.reminder.rules import Step
from models.reminder.service import inbox, unread_count
from tests.factories.customers import customer
from tests.factories.people import person
from tests.factories.web_fixtures import Sit

DB = Database[dict[str, Any]]


def asked(asker: Person, number: str, use: str, now: datetime) -> dict[str, Any]:
    wish = {"uses": [use], "reason": "核对", "valid_from": "", "valid_until": now.date().isoformat()}
    return cards.ask(asker, "customer", number, wish, now=now)


def moved(who: Person, card: dict[str, Any], name: str, now: datetime, note: str = "") -> None:
    rev = store.fetch("access_request", card["_id"])["rev"]
    records.move(who, "access_request", card["number"], name, {}, rev=rev, now=now, note=note, fresh=True)


@pytest.mark.parametrize(
    ("use", "move", "zh", "en"),
    [
        ("view", "refuse", ("查阅申请", "已有结果：已拒绝"), ("Access request", "Settled: refused")),
        ("print", "approve", ("借阅申请", "已有结果：已批准"), ("Borrowing request", "Settled: granted")),
    ],
)
def test_an_outcome_says_what_came_of_what_and_is_read_with_its_card(
    sit: Sit, now: datetime, use: str, move: str, zh: tuple[str, str], en: tuple[str, str]
) -> None:
    owner, head = sit(Role.SPECIALIST).person, sit(Role.HEAD).person
    asker = sit(Role.SALES_MANAGER, name="Asker", manager=head.id)
    number = customer(owner, now, level="confidential", level_basis="x")["number"]
    card = asked(asker.person, number, use, now)
    moved(head, card, move, now, "理由")
    for language, (kind, said) in (("zh", zh), ("en", en)):
        [told] = [one for one in inbox(asker.person, now, language) if one.reminder.step is Step.OUTCOME]
        assert told.kind.text(language) == kind
        subject = mailing.compose(asker.person, [told], "http://x", now)[0]
        if asker.person.language == language:
            assert subject == f"{said}{'：' if language == 'zh' else ': '}{kind} {card['number']}"
    assert (en[1] in asker.text("/")) is (move == "refuse"), "what is in force stands among what ends today"
    before = unread_count(asker.person)
    asker.text(f"/records/access_request/{card['number']}")
    assert unread_count(asker.person) == before - 1
    assert en[1] not in asker.text("/")


def test_outcomes_come_before_what_is_late_and_signatures_before_both(sit: Sit, now: datetime, db: DB) -> None:
    owner, head = sit(Role.SPECIALIST).person, sit(Role.HEAD).person
    asker = person(Role.CUSTODIAN, name="Asker", manager=head.id)
    secret = [customer(owner, now, level="confidential", level_basis="x")["number"] for _ in range(2)]
    waits, done = (asked(asker, number, "view", now) for number in secret)
    late = now - timedelta(days=3)
    db["record_customer"].update_many({}, {"$set": {"due_at": late, "owner": head.id}})
    chasing.chase_deadlines(now, office_calendar())
    told = inbox(head, now, "en")
    assert [one.signing for one in told] == sorted((one.signing for one in told), reverse=True)
    assert any(one.signing for one in told)
    text = mailing.compose(head, list(reversed(told)), "http://x", now)[1]
    assert text.index(waits["number"]) < text.index(secret[0])
    moved(head, done, "refuse", now, "No")
    assert next(one.reminder.step for one in inbox(asker, now, "en")) is Step.OUTCOME
