"""F7 at the form: a new file that looks like one already there is asked about, within what the person may see (X6)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from pymongo.database import Database

from models.person.roles import Role
from tests.factories.customers import customer
from tests.factories.desks import Desk

Base = Database[dict[str, Any]]
Sit = Callable[..., Desk]
NEW = "/records/customer/new"
NAME = "远山机械有限公司"


def test_a_likely_duplicate_is_asked_about_before_anything_is_stored(sit: Sit, now: datetime, db: Base) -> None:
    desk = sit(Role.SPECIALIST)
    there = customer(desk.person, now, name=NAME)
    page = desk.send(NEW, 409, name="远山机械 有限责任公司").get_data(as_text=True)
    assert there["number"] in page
    assert 'name="sure" value="1"' in page
    assert db["record_customer"].count_documents({}) == 1


def test_saving_again_makes_it_all_the_same(sit: Sit, now: datetime, db: Base) -> None:
    desk = sit(Role.SPECIALIST)
    customer(desk.person, now, name=NAME)
    desk.send(NEW, 303, name=NAME, sure="1")
    assert db["record_customer"].count_documents({}) == 2


def test_a_hidden_file_asks_nothing(sit: Sit, now: datetime, db: Base) -> None:
    customer(sit(Role.SPECIALIST).person, now, name=NAME, level="top_secret")
    sit(Role.SPECIALIST).send(NEW, 303, name=NAME)
    assert db["record_customer"].count_documents({}) == 2


def test_a_locked_file_is_named_by_its_card_only(sit: Sit, now: datetime) -> None:
    there = customer(sit(Role.SPECIALIST).person, now, name=NAME, level="secret", phone="021-55501234")
    page = sit(Role.SPECIALIST).send(NEW, 409, name="远方仪表有限公司").get_data(as_text=True)
    assert there["number"] in page
    assert NAME not in page


def test_what_looks_wrong_on_a_file_is_said_on_its_page(sit: Sit, now: datetime) -> None:
    desk = sit(Role.SPECIALIST)
    file = customer(desk.person, now, name=NAME, key_customer=True)
    assert "service plan" in desk.text(f"/records/customer/{file['number']}")
