"""X7: what a preview shows of classified records beyond what lists show is read: told in the trail, and counted."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from models import audit
from models.bulk_change import told
from models.bulk_change.document import Plan
from models.person.roles import Person
from models.reading import service as reading
from tests.factories.bulk_changes import previewed
from tests.integration.bulk_change.conftest import Make


def views(who: Person) -> list[str]:
    return sorted(row["number"] for row in audit.entries({"actor": who.id, "action": "view"}))


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many records were counted as read."""
    found: list[int] = []

    def note(*_of: object, records: int = 1) -> None:
        found.append(records)

    monkeypatch.setattr(reading, "count", note)
    return found


def plan_of(who: Person, values: dict[str, Any], numbers: list[str], now: datetime) -> Plan:
    return previewed(who, "change", values, slug="sample", numbers=numbers, now=now)


def test_who_sees_what_a_classified_record_holds_has_read_it(
    ann: Person, made: Make, now: datetime, counted: list[int]
) -> None:
    plain, secret = made(ann), made(ann, count=2, level="confidential")
    plan = plan_of(ann, {"notes": "Other words"}, [*plain, *secret], now)
    before = views(ann)
    assert len(told.sample(ann, plan, now)) == 3
    assert views(ann) == sorted([*before, *secret])
    assert counted == [2]


def test_who_sees_what_lists_show_too_has_not(ann: Person, made: Make, now: datetime, counted: list[int]) -> None:
    secret = made(ann, level="confidential")
    plan = plan_of(ann, {"colour": "red"}, secret, now)
    before = views(ann)
    assert len(told.sample(ann, plan, now)) == 1
    assert (views(ann), counted) == (before, [])
