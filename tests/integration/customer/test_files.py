"""Customer files: numbering, completeness, first fill, rights, placing (F1-F3, F6-F8)."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from pymongo.database import Database

from models import records, store
from models.access import Purpose
from models.customer import service
from models.customer.document import CUSTOMER
from models.errors import Forbidden, Invalid, NotFound, StaleRecord
from models.person.roles import Role
from tests.factories.customers import FIRST_FILL, customer
from tests.factories.people import person

DB = Database[dict[str, Any]]


def test_the_first_fill_completes_a_file_step_by_step(now: datetime) -> None:
    owner = person(Role.SPECIALIST)
    made = records.create(owner, "customer", {"name": "远山机械有限公司"}, now=now)
    assert Decimal(0) < made["completeness"] < Decimal(20)
    assert made["first_filled"] is None

    filled = records.change(owner, "customer", made["number"], FIRST_FILL, rev=1, now=now)

    assert filled["first_filled"] == date(2026, 11, 23)
    assert Decimal(60) < filled["completeness"] < Decimal(100)
    rest = {
        "licence_no": "91310000MA1K00001X",
        "region": "华东",
        "industry": "机械",
        "key_people": [{"name": "孙三", "part": "decider"}],
    }
    whole = records.change(owner, "customer", made["number"], rest, rev=2, now=now)
    assert whole["completeness"] == Decimal(100)


def test_completeness_cannot_be_typed_in(now: datetime) -> None:
    owner = person(Role.SPECIALIST)
    with pytest.raises(Invalid) as refused:
        records.create(owner, "customer", {"name": "甲", "completeness": "100", "grade": "A"}, now=now)
    assert set(refused.value.problems) == {"completeness", "grade"}


def test_signing_starts_the_clock_of_the_first_fill(now: datetime) -> None:
    owner = person(Role.SPECIALIST)
    made = records.create(owner, "customer", {"name": "远山机械有限公司", "contract_signed": "2026-11-20"}, now=now)
    assert made["state"] == "active"
    assert made["first_fill_due"] == date(2026, 11, 23)
    assert made["personal_due"] == date(2026, 12, 21)  # 20 December is a Sunday
    assert made["next_due"] == date(2026, 11, 23)
    assert made["due_at"].isoformat() == "2026-11-23T10:00:00+00:00"

    late = now + timedelta(days=3)
    filled = records.change(owner, "customer", made["number"], FIRST_FILL, rev=1, now=late)

    assert filled["first_fill_late"] == 3
    assert filled["next_due"] == date(2026, 12, 21)


def test_a_day_in_the_future_is_refused_in_words(now: datetime) -> None:
    owner = person(Role.SPECIALIST)
    raw = {
        "name": "远山机械有限公司",
        "founded": "2027-01-01",
        "key_people": [{"name": "孙三", "birthday": "2030-01-01"}],
    }
    with pytest.raises(Invalid) as refused:
        records.create(owner, "customer", raw, now=now)
    assert set(refused.value.problems) == {"founded", "key_people.0.birthday"}


def test_twenty_clerks_at_once_leave_no_gap_in_the_numbers(now: datetime, db: DB) -> None:
    owner = person(Role.SPECIALIST)
    together = threading.Barrier(20)

    def enter(index: int) -> None:
        together.wait()
        records.create(owner, "customer", {"name": f"客户{index}"}, now=now)

    with ThreadPoolExecutor(20) as clerks:
        list(clerks.map(enter, range(20)))

    numbers = sorted(row["number"] for row in db["record_customer"].find())
    assert numbers == [f"KH-2026-{seq:06d}" for seq in range(1, 21)]


def test_a_stale_save_stores_nothing_and_shows_the_current_file(now: datetime) -> None:
    owner, head = person(Role.SPECIALIST), person(Role.HEAD, name="Head")
    made = customer(owner, now)
    records.change(head, "customer", made["number"], {"region": "华东"}, rev=1, now=now)

    with pytest.raises(StaleRecord) as refused:
        records.change(owner, "customer", made["number"], {"region": "华南"}, rev=1, now=now)

    assert refused.value.current["region"] == "华东"
    assert store.fetch("customer", made["_id"])["region"] == "华东"


def test_a_salesperson_reports_a_customer_and_the_least_loaded_specialist_gets_it(now: datetime) -> None:
    busy, free = person(Role.SPECIALIST, name="Busy"), person(Role.SPECIALIST, name="Free")
    customer(busy, now, name="甲公司")
    seller = person(Role.SALES, department="sales")

    made = records.create(seller, "customer", {"name": "远山机械有限公司"}, now=now)

    assert made["owner"] == free.id
    assert made["salesperson"] == seller.id
    assert made["department"] == "service"
    assert records.read(seller, "customer", made["number"], Purpose.VIEW, now).full
    with pytest.raises(Forbidden):
        records.change(seller, "customer", made["number"], {"region": "华东"}, rev=1, now=now)


def test_new_files_follow_capacity(now: datetime, db: DB) -> None:
    one, two = person(Role.SPECIALIST), person(Role.SPECIALIST)
    db["user"].update_one({"_id": two.id}, {"$set": {"capacity": 200}})
    given = service.assign(9)
    assert Counter(given) == {one.id: 3, two.id: 6}


def test_a_specialist_keeps_the_file_that_they_make(now: datetime) -> None:
    person(Role.SPECIALIST, name="Idle")
    writer = person(Role.SPECIALIST, name="Writer")
    made = records.create(writer, "customer", {"name": "远山机械有限公司"}, now=now)
    assert made["owner"] == writer.id


@pytest.mark.parametrize("role", [Role.CUSTODIAN, Role.HEAD])
def test_custodian_and_head_edit_files_of_the_department(role: Role, now: datetime) -> None:
    made = customer(person(Role.SPECIALIST), now)
    changed = records.change(person(role), "customer", made["number"], {"region": "华东"}, rev=1, now=now)
    assert changed["region"] == "华东"


def test_a_colleague_reads_but_does_not_edit_an_internal_file(now: datetime) -> None:
    made = customer(person(Role.SPECIALIST), now)
    colleague = person(Role.SPECIALIST)
    assert records.read(colleague, "customer", made["number"], Purpose.VIEW, now).full
    with pytest.raises(Forbidden):
        records.change(colleague, "customer", made["number"], {"region": "华东"}, rev=1, now=now)


def test_the_general_manager_reads_top_secret_files_only(now: datetime) -> None:
    owner, chief = person(Role.SPECIALIST), person(Role.GENERAL_MANAGER, department="board")
    open_file, closed = customer(owner, now), customer(owner, now, name="乙公司", level="top_secret")
    with pytest.raises(NotFound):
        records.read(chief, "customer", open_file["number"], Purpose.VIEW, now)
    assert records.read(chief, "customer", closed["number"], Purpose.VIEW, now).full


def test_a_level_gets_its_default_period_and_its_setter(now: datetime) -> None:
    owner = person(Role.SPECIALIST)
    made = customer(owner, now)
    assert made["secret_until"] is None
    raised = records.change(owner, "customer", made["number"], {"level": "confidential"}, rev=1, now=now)
    assert raised["secret_until"] == date(2029, 11, 23)
    assert raised["level_set_by"] == owner.id


def test_supply_is_stopped_by_the_owner_and_resumed_by_the_heads_signature(now: datetime) -> None:
    owner, head = person(Role.SPECIALIST), person(Role.HEAD)
    made = customer(owner, now, state="active")
    stopped = records.move(owner, "customer", made["number"], "suspend", {}, rev=1, now=now, note="货款逾期两个月")
    assert stopped["state"] == "suspended"
    with pytest.raises(Forbidden):
        records.move(owner, "customer", made["number"], "resume", {}, rev=2, now=now, note="已付", fresh=True)
    resumed = records.move(head, "customer", made["number"], "resume", {}, rev=2, now=now, note="已付清", fresh=True)
    assert resumed["state"] == "active"


def test_a_key_customer_without_a_service_plan_is_pointed_out(now: datetime) -> None:
    made = customer(person(Role.SPECIALIST), now, key_customer=True, phone="12", licence_no="123")
    assert {found.field for found in service.findings(made)} >= {"service_plan", "phone", "licence_no"}


def test_personal_fields_are_marked() -> None:
    marked = {f.name for f in CUSTOMER.fields if f.personal}
    assert {"person_in_charge", "contact_name", "contact_birthday", "key_people"} <= marked
