"""The thirty lines of the guide give what the guide says: put into the database as they stand, driven by people."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from flask import Flask

from config.database import database
from models.declarations import RecordType
from models.person.roles import Role
from models.record_type.plain import to_plain
from tests.factories import guide
from tests.factories.definitions import in_force
from tests.factories.desks import Desk, seat
from tests.factories.imports import imported, reasons

LAPTOP = {
    "thing": "ThinkPad 7",
    "category": "laptop",
    "lent-from": "2026-11-23",
    "lent-until": "2026-11-27",
    "used_at-city": "杭州市",
    "used_at-street": "文三路 1 号",
    "value-amount": "6,800",
    "value-currency": "CNY",
    "return_by": "2026-11-27",
}
CAR = {**LAPTOP, "thing": "Van 2", "category": "car", "lent-until": "2026-12-01", "value-amount": "9000"}


@pytest.fixture
def loan(demo_app: Flask, now: datetime) -> Iterator[RecordType]:
    declared: RecordType = guide.defined(guide.blocks()[0])["LOAN"]
    with in_force(to_plain(declared), now) as stored:
        assert stored == declared
        yield declared


@pytest.fixture
def desk(demo_app: Flask, loan: RecordType, now: datetime) -> Desk:
    return seat(demo_app, Role.SPECIALIST, Role.HEAD, now=now)


def lend(desk: Desk, **values: str) -> str:
    """Fill in the form; the number of what it makes."""
    sent = {**LAPTOP, "borrower": desk.person.email or email_of(desk), **values}
    return str(desk.send("/records/loan/new", 303, **sent).location.rpartition("/")[2])


def email_of(desk: Desk) -> str:
    row = database()["user"].find_one({"_id": desk.person.id})
    assert row is not None
    return str(row["email"])


def things(page: str) -> list[str]:
    return [name for name in ("ThinkPad 7", "Van 2") if f">{name}<" in page]


def test_they_are_thirty_lines() -> None:
    assert sum(1 for line in guide.blocks()[0].splitlines() if line.strip()) == 30


def test_the_form_makes_a_record_and_what_follows_is_computed(desk: Desk) -> None:
    number = lend(desk)
    assert number == "JY-2026-0001"
    page = desk.text(f"/records/loan/{number}")
    for text in ("Computing / Laptop", "23 Nov 2026 to 27 Nov 2026", "杭州市文三路 1 号", "¥6,800.00"):
        assert text in page, text
    assert re.search(r"Days</dt><dd[^>]*>\s*<span[^>]*>5<", page)


def test_lists_search_filter_sort_and_their_views(desk: Desk) -> None:
    lend(desk)
    lend(desk, **CAR)
    both = ["ThinkPad 7", "Van 2"]
    for query, found in {
        "": both,
        "q=文三路": both,
        "q=thinkpad": ["ThinkPad 7"],
        "category=is:computing": ["ThinkPad 7"],
        "lent=covers:2026-11-30": ["Van 2"],
        "days=at_least:6": ["Van 2"],
        "value=at_least:CNY 7000": ["Van 2"],
        "value=at_least:USD 1": [],
        "borrower=me&returned_on=empty": both,
        "used_at=starts:杭州市": both,
    }.items():
        assert things(desk.text(f"/records/loan/?{query}")) == found, query
    page = desk.text("/records/loan/?sort=-value")
    assert page.index(">Van 2<") < page.index(">ThinkPad 7<")
    assert "Still out" in page


def test_bringing_it_back_asks_for_its_condition_and_for_the_damage(desk: Desk) -> None:
    number = lend(desk)
    at = f"/records/loan/{number}/edit"
    page = desk.send(at, 422, rev="1", returned_on="2026-11-26").get_data(as_text=True)
    assert "“Condition” is required here." in page
    desk.send(at, 422, rev="1", returned_on="2026-11-26", condition="damaged")
    desk.send(at, rev="1", returned_on="2026-11-26", condition="damaged", damage="屏幕裂了")
    assert "26 Nov 2028" in desk.text(f"/records/loan/{number}"), "kept for 24 months"
    history = desk.text(f"/records/loan/{number}/history")
    assert "屏幕裂了" in history


def test_what_leaves_as_a_file_comes_in_again(desk: Desk, now: datetime) -> None:
    lend(desk)
    data: Any = desk.post("/records/loan/export", {"format": "csv"}).data
    batch = imported(desk.person, io.BytesIO(data).read(), now, slug="loan", keep_repeats=True)
    assert reasons(batch) == {}
    first, second = database()["record_loan"].find().sort("number", 1)
    for name in ("thing", "category", "lent", "days", "used_at", "value", "return_by", "borrower"):
        assert first[name] == second[name], name
