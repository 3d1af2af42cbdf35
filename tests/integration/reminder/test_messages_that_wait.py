"""X6, J: what waits in the outbox goes out as it stands then, to who may know of it then, or not at all."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from config.database import database
from models import schema, store
from models.channel_choice import service as choices
from models.channel_choice.rules import Choice
from models.channel_choice.sending import send
from models.outbox import service as outbox
from models.outbox.document import EMAILS, Message
from models.person.roles import SYSTEM, Person, Role
from models.reminder.telling import tell
from tests.factories.customers import customer
from tests.factories.people import person
from tests.integration.reminder.conftest import Base, chase, revisit

MONDAY = date(2026, 11, 23)
URL = "https://service.example.test"
CHANNELS = ("email", "group")


@pytest.fixture
def nine(now: datetime) -> datetime:
    """Monday, nine o'clock in Shanghai."""
    return now - timedelta(hours=1)


@pytest.fixture
def file(owner: Person, nine: datetime) -> dict[str, Any]:
    return customer(owner, nine, level="top_secret")


@pytest.fixture
def two(owner: Person, file: dict[str, Any], nine: datetime) -> list[dict[str, Any]]:
    """Two visits of the owner's of which a message in each channel waits."""
    choices.store(owner, Choice(channels=("group",)), nine)
    made = [revisit(owner, MONDAY, nine, customer=file["_id"]) for _ in range(2)]
    chase(nine)
    assert tell(nine, URL, ("group",)) == 2
    return made


def give_away(record: dict[str, Any], now: datetime) -> None:
    other = person(Role.SPECIALIST, name="Other")
    assert record["owner"] != other.id
    store.change("revisit", record["_id"], {"owner": other.id}, actor=SYSTEM, now=now)


def delivered(now: datetime) -> list[Message | None]:
    return [outbox.take_due(now, channel) for channel in CHANNELS]


def test_what_stands_goes_out_as_it_was_put_in(two: list[dict[str, Any]], nine: datetime, db: Base) -> None:
    stored = {row["channel"]: row["text"] for row in db[EMAILS].find()}
    assert [one and one.text for one in delivered(nine)] == [stored[channel] for channel in CHANNELS]


def test_of_what_was_given_away_meanwhile_nothing_is_told(two: list[dict[str, Any]], nine: datetime) -> None:
    gone, stays = two
    give_away(gone, nine)
    email, group = delivered(nine)
    assert email is not None
    assert group is not None
    assert (gone["number"] in email.text, stays["number"] in email.text) == (False, True)
    assert stays["number"] in email.subject
    assert "1 reminders" in group.subject


def test_a_message_about_nothing_any_more_is_taken_out(two: list[dict[str, Any]], nine: datetime, db: Base) -> None:
    for one in two:
        give_away(one, nine)
    assert delivered(nine) == [None, None]
    assert db[EMAILS].count_documents({}) == 0


def test_a_disabled_account_is_sent_nothing(owner: Person, two: list[dict[str, Any]], nine: datetime, db: Base) -> None:
    db["user"].update_one({"_id": owner.id}, {"$set": {"active": False}})
    assert delivered(nine) == [None, None]
    assert db[EMAILS].count_documents({}) == 0


def test_it_goes_to_the_address_of_now(owner: Person, two: list[dict[str, Any]], nine: datetime, db: Base) -> None:
    db["user"].update_one({"_id": owner.id}, {"$set": {"email": "new@example.test"}})
    email = outbox.take_due(nine)
    assert email is not None
    assert (email.to, two[0]["number"] in email.text) == ("new@example.test", True)
    assert {row["to"] for row in db[EMAILS].find({"channel": "email"})} == {"new@example.test"}


def test_the_next_one_goes_out_behind_one_that_is_taken_out(two: list[dict[str, Any]], nine: datetime) -> None:
    for one in two:
        give_away(one, nine)
    outbox.post("plain", to="li@example.test", subject="x", text="x", now=nine + timedelta(minutes=1))
    found = outbox.take_due(nine + timedelta(minutes=1))
    assert found is not None
    assert found.key == "plain"


def test_messages_of_a_former_version_are_asked_about_too(two: list[dict[str, Any]], nine: datetime, db: Base) -> None:
    before = {row["_id"]: row["about"] for row in db[EMAILS].find()}
    db[EMAILS].update_many({}, {"$unset": {"about": ""}})
    assert "noted what 2 messages that wait are about" in schema.migrate()
    assert {row["_id"]: row["about"] for row in db[EMAILS].find()} == before
    assert not [line for line in schema.migrate() if "messages that wait" in line]


Change = Callable[[Person, dict[str, Any], datetime], None]


def disabled(told: Person, _file: dict[str, Any], _now: datetime) -> None:
    database()["user"].update_one({"_id": told.id}, {"$set": {"active": False}})


def of_another_role(told: Person, _file: dict[str, Any], _now: datetime) -> None:
    database()["user"].update_one({"_id": told.id}, {"$set": {"roles": [Role.SALES.value]}})


def raised(_told: Person, file: dict[str, Any], now: datetime) -> None:
    store.change("customer", file["_id"], {"level": "top_secret"}, actor=SYSTEM, now=now)


def nothing(_told: Person, _file: dict[str, Any], _now: datetime) -> None:
    """All is as it was."""


@pytest.mark.parametrize(
    ("change", "goes"), [(nothing, True), (disabled, False), (of_another_role, False), (raised, False)]
)
def test_what_is_no_reminder_waits_for_who_may_know_of_it_too(
    owner: Person, nine: datetime, change: Change, goes: bool
) -> None:
    told, record = person(Role.SALES_MANAGER, name="Told", department="sales"), customer(owner, nine)
    assert told.id is not None
    said = {"to": "told@example.test", "subject": "Late", "text": record["number"]}
    assert send(told.id, "late", **said, now=nine, roles=[Role.SALES_MANAGER], record=("customer", record))
    change(told, record, nine)
    assert (outbox.take_due(nine) is not None) is goes


def lowered(_told: Person, file: dict[str, Any], now: datetime) -> None:
    store.change("customer", file["_id"], {"level": "secret"}, actor=SYSTEM, now=now)


def head_here(told: Person, _file: dict[str, Any], _now: datetime) -> None:
    database()["user"].update_one({"_id": told.id}, {"$set": {"roles": [Role.HEAD.value], "department": "service"}})


def left(told: Person, _file: dict[str, Any], _now: datetime) -> None:
    database()["user"].update_one({"_id": told.id}, {"$set": {"department": "sales"}})


@pytest.mark.parametrize(
    ("role", "department", "named", "change", "goes"),
    [
        (Role.SALES_MANAGER, "sales", "", nothing, False),
        (Role.SALES_MANAGER, "sales", "", lowered, False),
        (Role.SALES_MANAGER, "sales", "", head_here, True),
        (Role.SPECIALIST, "service", "", nothing, True),
        (Role.SPECIALIST, "service", "", left, False),
        (Role.SALES_MANAGER, "sales", "salesperson", nothing, True),
        (Role.SALES_MANAGER, "sales", "salesperson", raised, False),
    ],
)
def test_of_what_is_above_internal_only_who_sees_it_or_is_named_in_it_is_told(
    owner: Person, nine: datetime, role: Role, department: str, named: str, change: Change, goes: bool
) -> None:
    told = person(role, name="Told", department=department)
    record = customer(owner, nine, level="confidential")
    assert told.id is not None
    database()["record_customer"].update_one({"_id": record["_id"]}, {"$set": {"salesperson": told.id}})
    said = {"to": "told@example.test", "subject": "Late", "text": record["number"]} | (
        {"named": named} if named else {}
    )
    assert send(told.id, "late", **said, now=nine, record=("customer", record))
    change(told, record, nine)
    assert (outbox.take_due(nine) is not None) is goes
