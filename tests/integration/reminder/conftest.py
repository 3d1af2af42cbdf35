"""People and records that can be late, on the shipped types."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest
from pymongo.database import Database

from models import catalogue, schema, store
from models.office import office_calendar
from models.person.roles import SYSTEM, Person, Role
from models.reminder.chasing import Chased, chase_deadlines
from models.reminder.document import REMINDERS
from tests.factories.customers import customer
from tests.factories.people import person

Base = Database[dict[str, Any]]
Chase = Callable[[datetime], Chased]


@pytest.fixture(autouse=True)
def shipped(db: Base) -> None:
    catalogue.load()
    schema.migrate()


@pytest.fixture
def owner() -> Person:
    return person(Role.SPECIALIST, name="王一")


@pytest.fixture
def head() -> Person:
    return person(Role.HEAD, name="李二")


def revisit(owner: Person, due: date, now: datetime, **values: Any) -> dict[str, Any]:
    """A revisit that `owner` has to make until the close of a day."""
    return store.create("revisit", {"due_on": due, "owner": owner.id, **values}, actor=owner, now=now)


def submitted(owner: Person, due: date, now: datetime, level: str = "internal") -> dict[str, Any]:
    """A credit report that waits for the role of finance reviewer."""
    file = customer(owner, now, level=level)
    values = {"customer": file["_id"], "state": "submitted", "report_due": due}
    return store.create("credit_report", values, actor=owner, now=now)


def chase(now: datetime) -> Chased:
    return chase_deadlines(now, office_calendar())


def change(record: dict[str, Any], slug: str, now: datetime, **values: Any) -> None:
    store.change(slug, record["_id"], values, actor=SYSTEM, now=now)


def open_steps(db: Base, who: Person) -> list[str]:
    """The steps of a person's open reminders, what is due first first."""
    return [row["step"] for row in db[REMINDERS].find({"person": who.id, "closed_at": None}).sort([("due", 1)])]
