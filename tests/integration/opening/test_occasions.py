"""What is opened, for which files, when it is due, and for whom (F5, V1, C3)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from pymongo.database import Database

from models import store
from models.calendar import SHANGHAI, local
from models.credit_report import service as credit_report
from models.kinds import loaded
from models.office import office_calendar
from models.opening import open_set
from models.person.roles import SYSTEM, Person
from models.review import service as review
from models.revisit import service as revisit
from models.revisit.document import REVISIT
from tests.factories.customers import customer
from tests.integration.opening.conftest import LONG_AGO, File

Base = Database[dict[str, Any]]
OPENS = datetime(2026, 10, 8, 6, tzinfo=SHANGHAI)  # the first working day of the fourth quarter, after the holiday
DUE = datetime(2026, 10, 28, 18, tzinfo=SHANGHAI)  # 15 working days later; Saturday 10 October is worked


def at(*moment: int) -> datetime:
    return datetime(*moment, tzinfo=SHANGHAI).astimezone(UTC)  # type: ignore[arg-type,misc]


# --- quarterly reviews, F5


def reviews(db: Base) -> list[dict[str, Any]]:
    return list(db["record_review"].find().sort("number"))


def open_quarter(moment: datetime) -> int:
    return review.open_quarter(moment.astimezone(UTC), office_calendar())


def test_nothing_opens_while_the_quarter_begins_with_a_holiday(file: File) -> None:
    file()
    assert open_quarter(OPENS - timedelta(days=1)) == 0
    assert open_quarter(OPENS) == 1


def test_each_active_file_gets_its_review_and_no_other(db: Base, file: File, owner: Person) -> None:
    active = file()
    for state in ("prospect", "dormant", "suspended"):
        file(state=state)
    gone = file(name="已归档")
    store.change("customer", gone["_id"], {"archived_at": OPENS}, actor=SYSTEM, now=OPENS, action="archive")
    assert open_quarter(OPENS) == 1
    (row,) = reviews(db)
    assert (row["customer"], row["owner"], row["quarter"]) == (active["_id"], owner.id, "2026Q4")
    assert (row["state"], row["waiting"], row["due_at"]) == ("open", [f"user:{owner.id}"], DUE)


def test_a_missed_first_day_is_caught_up_with_the_deadline_of_that_day(db: Base, file: File) -> None:
    file()
    assert open_quarter(OPENS + timedelta(days=30)) == 1
    assert [row["due_at"] for row in reviews(db)] == [DUE]


def test_a_file_that_came_into_use_later_gets_its_full_time(db: Base, owner: Person) -> None:
    customer(owner, OPENS + timedelta(days=20), state="active")
    assert open_quarter(OPENS + timedelta(days=21)) == 1
    (row,) = reviews(db)
    assert row["due_at"] == office_calendar().add_working_days(OPENS + timedelta(days=21), 15).at
    assert open_quarter(OPENS + timedelta(days=22)) == 0


def test_the_next_quarter_opens_its_own(db: Base, file: File) -> None:
    file()
    open_quarter(OPENS)
    assert open_quarter(at(2027, 1, 3, 6)) == 0
    assert open_quarter(at(2027, 1, 4, 6)) == 1
    assert [row["quarter"] for row in reviews(db)] == ["2026Q4", "2027Q1"]


# --- regular revisits, V1


def revisits(db: Base) -> list[dict[str, Any]]:
    return list(db["record_revisit"].find().sort("number"))


def test_a_revisit_opens_a_week_before_it_is_due(db: Base, file: File, now: datetime) -> None:
    soon = file(delivered=date(2026, 10, 30))
    file(delivered=date(2026, 11, 1))
    file(delivered=None)
    assert soon["next_revisit_due"] == local(now).date() + timedelta(days=7)
    assert revisit.open_regular(now) == 1
    (row,) = revisits(db)
    assert (row["customer"], loaded(REVISIT.by_name["due_on"], row["due_on"])) == (soon["_id"], date(2026, 11, 30))


def test_a_revisit_that_is_planned_is_the_only_one(db: Base, file: File, now: datetime) -> None:
    made = file(delivered=date(2026, 10, 23))
    revisit.open_regular(now)
    store.change("customer", made["_id"], {"delivered": date(2026, 10, 15)}, actor=SYSTEM, now=now)
    assert revisit.open_regular(now) == 0
    assert len(revisits(db)) == 1


def test_after_a_revisit_the_next_one_follows(db: Base, file: File, owner: Person, now: datetime) -> None:
    file(delivered=LONG_AGO)
    revisit.open_regular(now)
    (row,) = revisits(db)
    values = {"state": "reached", "answers": "一切正常"}
    store.change("revisit", row["_id"], values, actor=owner, now=now, action="record")
    assert revisit.open_regular(now + timedelta(days=1)) == 0
    assert revisit.open_regular(now + timedelta(days=90)) == 1


# --- credit reports, C3


def reports(db: Base) -> list[dict[str, Any]]:
    return list(db["record_credit_report"].find().sort("number"))


def test_a_draft_opens_two_weeks_before_the_report_is_due(db: Base, file: File, owner: Person, now: datetime) -> None:
    today = local(now).date()
    soon = file(next_report_due=today + timedelta(days=14), credit_limit=Decimal(40000))
    file(next_report_due=today + timedelta(days=15))
    file(next_report_due=None)
    assert open_set(credit_report.due_opening(now), now) == 1
    report = store.fetch("credit_report", reports(db)[0]["_id"])
    wanted = {
        "customer": soon["_id"],
        "customer_name": "远山机械有限公司",
        "present_grade": "B",
        "present_limit": Decimal(40000),
        "report_due": today + timedelta(days=14),
        "state": "draft",
        "owner": owner.id,
        "created_by": owner.id,
    }
    assert {name: report[name] for name in wanted} == wanted


def test_a_report_under_way_is_enough(db: Base, file: File, owner: Person, now: datetime) -> None:
    made = file(next_report_due=local(now).date())
    store.create("credit_report", {"customer": made["_id"]}, actor=owner, now=now)
    assert open_set(credit_report.due_opening(now), now) == 0
    assert len(reports(db)) == 1


def test_a_refused_report_calls_for_another_one(db: Base, file: File, owner: Person, now: datetime) -> None:
    file(next_report_due=local(now).date())
    for count in range(1, 4):
        assert open_set(credit_report.due_opening(now), now) == 1
        assert open_set(credit_report.due_opening(now), now) == 0
        (draft,) = [row for row in reports(db) if row["state"] == "draft"]
        assert draft["number"].endswith({1: "-KH-2025-000001"}.get(count, f"-{count}"))
        db["record_credit_report"].update_one({"_id": draft["_id"]}, {"$set": {"state": "refused"}})


@pytest.mark.parametrize("state", ["dormant", "suspended", "prospect"])
def test_no_report_is_asked_for_where_there_is_no_trade(file: File, state: str, now: datetime) -> None:
    file(state=state, next_report_due=local(now).date())
    assert open_set(credit_report.due_opening(now), now) == 0
