"""Declared deadlines: what a declaration makes of a record's values and the calendar (F3, F5, T5, V1)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from config.policy import load
from models import catalogue
from models.calendar import SHANGHAI, Deadline, WorkingCalendar, local
from models.calendar_steps import Agreed, Counted, Unit
from models.complaint.document import COMPLAINT
from models.customer.document import CUSTOMER
from models.deadline import rules
from models.declarations import Due, RecordType, When
from models.review.document import REVIEW
from models.revisit.document import REVISIT
from tests.factories.types import SAMPLE

CALENDAR = WorkingCalendar()
POLICY = load()


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI).astimezone(UTC)


def made(rt: RecordType, name: str, **values: Any) -> Deadline | None:
    due = rules.standing(rt, rules.by_field(rt)[name], values)
    return rules.reckon(due, values, CALENDAR, POLICY) if due else None


def shown(deadline: Deadline | None) -> str:
    assert deadline is not None
    return f"{local(deadline.at):%Y-%m-%d %H:%M}"


@pytest.mark.parametrize(
    ("received", "channel", "due"),
    [
        ("2026-11-23T10:00", "chat", "2026-11-23 10:05"),
        ("2026-11-23T17:58", "chat", "2026-11-24 09:03"),
        ("2026-10-01T12:00", "chat", "2026-10-08 09:05"),
        ("2026-11-23T10:00", "phone", "2026-11-25 16:00"),
        ("2026-11-20T17:00", "email", "2026-11-25 14:00"),
        ("2026-12-31T17:00", "web", "2027-01-06 14:00"),
    ],
)
def test_the_first_answer_to_a_complaint_is_due_by_channel(received: str, channel: str, due: str) -> None:
    assert shown(made(COMPLAINT, "answer_due", received_at=at(received), channel=channel)) == due


def test_a_deadline_beyond_the_announced_years_warns() -> None:
    deadline = made(COMPLAINT, "answer_due", received_at=at("2026-12-31T17:00"), channel="web")
    assert deadline is not None
    assert deadline.warning is not None


def test_a_complaint_is_resolved_in_48_working_hours_unless_later_was_agreed() -> None:
    received = at("2026-11-23T10:00")
    assert shown(made(COMPLAINT, "resolution_due", received_at=received)) == "2026-11-30 13:00"
    agreed = made(COMPLAINT, "resolution_due", received_at=received, agreed_until=at("2026-12-10T12:00"))
    assert shown(agreed) == "2026-12-10 12:00"
    assert agreed is not None
    assert agreed.steps == (Agreed(),)


def test_a_signing_starts_the_first_fill_and_the_personal_details() -> None:
    signed = date(2026, 9, 29)
    assert shown(made(CUSTOMER, "first_fill_due", contract_signed=signed)) == "2026-10-08 18:00"
    assert shown(made(CUSTOMER, "personal_due", contract_signed=signed)) == "2026-10-29 18:00"
    assert made(CUSTOMER, "first_fill_due", contract_signed=None) is None


def test_a_new_file_is_completed_in_a_week_and_what_was_received_filed_in_24_working_hours() -> None:
    received = at("2026-09-29T15:00")
    assert shown(made(CUSTOMER, "completion_due", assigned_at=received)) == "2026-10-08 18:00"
    assert shown(made(CUSTOMER, "filing_due", information_received_at=received)) == "2026-10-09 12:00"
    assert made(CUSTOMER, "filing_due", information_received_at=None) is None


def test_a_review_runs_fifteen_working_days_and_a_revisit_after_a_complaint_three() -> None:
    assert shown(made(REVIEW, "due_on", opened_on=date(2026, 10, 8))) == "2026-10-28 18:00"
    closed = at("2026-09-29T16:00")
    assert shown(made(REVISIT, "due_on", complaint_closed=closed)) == "2026-10-09 18:00"


BY_COLOUR = Due(field="answer_by", after="made_on", unit="months", by="colour", amounts=(("red", 1), ("blue", 6)))


@pytest.mark.parametrize(("colour", "due"), [("red", "2026-12-23"), ("blue", "2027-05-24"), (None, ""), ("x", "")])
def test_the_amount_may_go_by_a_choice(colour: str | None, due: str) -> None:
    values = {"made_on": date(2026, 11, 23), "colour": colour}
    deadline = rules.reckon(BY_COLOUR, values, CALENDAR, POLICY)
    assert (deadline.day.isoformat() if deadline else "") == due


@pytest.mark.parametrize(("grade", "months"), [("A", 6), ("B", 3), ("C", 1), ("D", 1)])
def test_the_amount_may_stand_in_a_table_of_the_policy(grade: str, months: int) -> None:
    due = Due(field="x", after="made_on", unit="months", by="grade", amount="credit.report_months")
    deadline = rules.reckon(due, {"made_on": date(2026, 3, 10), "grade": grade}, CALENDAR, POLICY)
    assert deadline is not None
    assert deadline.steps[0] == Counted(months, Unit.MONTHS, date(2026, 3, 10))


def test_of_several_deadlines_for_a_field_the_first_that_holds_counts() -> None:
    soon = Due(field="answer_by", after="made_on", unit="working_days", amount=1, when=When("colour", ("red",)))
    later = Due(field="answer_by", after="made_on", unit="working_days", amount=5)
    rt = replace(SAMPLE, deadlines=(soon, later))
    friday = date(2026, 11, 20)
    assert shown(made(rt, "answer_by", made_on=friday, colour="red")) == "2026-11-23 18:00"
    assert shown(made(rt, "answer_by", made_on=friday, colour="blue")) == "2026-11-27 18:00"


def test_every_shipped_deadline_names_a_value_that_the_policy_has() -> None:
    catalogue.load()
    dues = [due for rt, _ in catalogue.SHIPPED for due in rt.deadlines]
    assert len(dues) >= 7
    for due in dues:
        assert not isinstance(due.amount, str) or rules.policy_value(due.amount, POLICY)
