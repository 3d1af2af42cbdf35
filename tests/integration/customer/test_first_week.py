"""A specialist's first week with a file, and the filing of what was received (F3, F6)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from bson import ObjectId

from models import bulk, records, store
from models.errors import Invalid
from models.person.roles import Person, Role
from tests.factories.customers import FIRST_FILL, customer
from tests.factories.people import person

WHOLE: dict[str, Any] = {
    **FIRST_FILL,
    "licence_no": "91310000MA1K00001X",
    "region": "华东",
    "industry": "机械",
    "key_people": [{"name": "孙三", "part": "decider"}],
}
IN_A_WEEK = date(2026, 11, 30)


@pytest.fixture
def specialist() -> Person:
    return person(Role.SPECIALIST)


@pytest.fixture
def custodian() -> Person:
    return person(Role.CUSTODIAN)


def assigned(custodian: Person, now: datetime, **values: Any) -> dict[str, Any]:
    """A new file that the product gave to the specialist with most room."""
    return records.create(custodian, "customer", {"name": "远山机械有限公司", **values}, now=now)


def changed(who: Person, file: dict[str, Any], now: datetime, **values: Any) -> dict[str, Any]:
    return records.change(who, "customer", file["number"], values, rev=file["rev"], now=now)


def test_whoever_gets_a_new_file_has_a_week_to_talk_to_the_salesperson_and_complete_it(
    specialist: Person, custodian: Person, now: datetime
) -> None:
    sales = person(Role.SALES)
    file = assigned(custodian, now, salesperson=str(sales.id))
    assert file["owner"] == specialist.id
    assert (file["assigned_at"], file["completion_due"], file["next_due"]) == (now, IN_A_WEEK, IN_A_WEEK)
    talked = changed(specialist, file, now, talked_on="2026-11-23")
    assert (talked["completed_on"], talked["next_due"]) == (None, IN_A_WEEK)
    whole = changed(specialist, talked, now + timedelta(days=2), **WHOLE)
    assert (whole["completed_on"], whole["next_due"]) == (date(2026, 11, 25), None)


def test_a_complete_file_still_wants_the_talk_unless_nobody_sells_to_the_customer(
    specialist: Person, custodian: Person, now: datetime
) -> None:
    sales = person(Role.SALES)
    file = assigned(custodian, now, salesperson=str(sales.id), **WHOLE)
    assert file["next_due"] == IN_A_WEEK
    assert changed(specialist, file, now, talked_on="2026-11-23")["next_due"] is None
    assert assigned(custodian, now, **WHOLE | {"licence_no": "91310000MA1K00002X"})["next_due"] is None


def test_who_files_a_customer_for_themselves_has_no_week(specialist: Person, now: datetime) -> None:
    file = records.create(specialist, "customer", {"name": "远山机械有限公司"}, now=now)
    assert (file["assigned_at"], file["completion_due"], file["next_due"]) == (None, None, None)


def test_the_next_specialist_has_a_week_of_their_own_until_the_file_is_completed(
    specialist: Person, custodian: Person, now: datetime
) -> None:
    file = changed(specialist, assigned(custodian, now), now, talked_on="2026-11-23")
    other, later = person(Role.SPECIALIST), now + timedelta(days=7)
    head = person(Role.HEAD)
    given = changed(head, file, later, owner=str(other.id))
    assert (given["assigned_at"], given["talked_on"], given["next_due"]) == (later, None, date(2026, 12, 7))
    whole = changed(other, given, later, talked_on="2026-11-30", **WHOLE)
    assert whole["completed_on"] == date(2026, 11, 30)
    back = changed(head, whole, later + timedelta(days=1), owner=str(specialist.id))
    assert (back["assigned_at"], back["next_due"]) == (later, None)


def test_a_set_of_new_files_is_given_the_same_week(specialist: Person, custodian: Person, now: datetime) -> None:
    made = bulk.create_many(
        "customer", [bulk.Wanted(1, {"name": "甲公司"})], actor=custodian, now=now, batch=ObjectId()
    )
    [one] = made
    assert one.draft is not None
    stored = store.fetch("customer", one.draft.values["_id"])
    assert (stored["owner"], stored["assigned_at"], stored["next_due"]) == (specialist.id, now, IN_A_WEEK)


# --- what was received


def test_what_was_received_is_filed_in_24_working_hours_by_the_write_that_brings_it(
    specialist: Person, now: datetime
) -> None:
    file = customer(specialist, now)
    noted = changed(specialist, file, now, information_received_at="2026-11-23T10:00")
    assert noted["filing_due"] == datetime(2026, 11, 25, 8, tzinfo=UTC)
    assert (noted["information_filed_at"], noted["next_due"]) == (None, date(2026, 11, 25))
    other = changed(specialist, noted, now, service_plan="按月拜访")
    assert other["information_filed_at"] is None
    late = now + timedelta(days=3)
    filed = changed(specialist, other, late, address="临江市滨河路 8 号")
    assert (filed["information_filed_at"], filed["filing_late"], filed["next_due"]) == (late, 1, None)
    again = changed(specialist, filed, late, region="华东")
    assert again["information_filed_at"] == late


def test_information_that_comes_later_is_filed_anew(specialist: Person, now: datetime) -> None:
    both = changed(
        specialist, customer(specialist, now), now, information_received_at="2026-11-23T09:30", region="华东"
    )
    assert (both["information_filed_at"], both["filing_late"]) == (now, 0)
    later = now + timedelta(days=1)
    more = changed(specialist, both, later, information_received_at="2026-11-24T09:30")
    assert (more["information_filed_at"], more["filing_late"]) == (None, None)
    assert more["next_due"] == date(2026, 11, 26)
    taken_back = changed(specialist, more, later, information_received_at="")
    assert (taken_back["filing_due"], taken_back["next_due"]) == (None, None)


def test_nothing_is_received_or_talked_about_in_the_future(specialist: Person, now: datetime) -> None:
    file = customer(specialist, now)
    with pytest.raises(Invalid) as refused:
        changed(specialist, file, now, information_received_at="2026-11-23T18:00", talked_on="2026-11-24")
    assert set(refused.value.problems) == {"information_received_at", "talked_on"}
