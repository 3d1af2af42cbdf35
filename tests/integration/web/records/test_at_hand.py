"""A page about a record asks the database once for who asks and for the record, and decides by the rights of now."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from bson import ObjectId
from flask import Flask, g
from pymongo.database import Database
from pymongo.read_concern import ReadConcern

from backoffice import at_hand
from config import policy
from models import store
from models.access import Reach
from models.frame import Frame
from models.person import directory
from models.person.roles import SYSTEM, Role
from models.reading import service as reading
from tests.factories.commands import commands
from tests.factories.contracts import contract
from tests.factories.customers import customer
from tests.factories.desks import Desk
from tests.factories.people import person

Base = Database[dict[str, Any]]
Sit = Callable[..., Desk]
TOLD = "update reading_rate"
"""The count of readings, which nobody waits for; a few of them go together."""


def asked(desk: Desk, path: str) -> list[str]:
    """What the second opening of a page asks."""
    desk.text(path)
    directory.forget_names()
    with commands.heard() as heard:
        desk.text(path)
    return [one for one in heard if one != TOLD]


def test_a_record_and_its_form_are_shown_with_one_question_and_one_more_for_names(sit: Sit, now: datetime) -> None:
    owner = sit(Role.SPECIALIST)
    address = f"/records/customer/{customer(owner.person, now, name='甲公司')['number']}"
    for page in (address, f"{address}/edit"):
        assert asked(owner, page) == ["aggregate session", "find user"]
        with commands.heard() as heard:
            owner.text(page)
        assert [one for one in heard if one != TOLD] == ["aggregate session"]


def test_what_a_type_warns_of_comes_with_the_record(sit: Sit, now: datetime) -> None:
    owner = sit(Role.SPECIALIST)
    of = customer(owner.person, now, name="甲公司")
    limit = {"grade": "B", "credit_limit": Decimal(100_000), "credit_term": 60}
    store.change("customer", of["_id"], limit, actor=SYSTEM, now=now)
    made = contract(owner.person, of["_id"], now, amount="130000", payment="credit", term_days="30")
    address = f"/records/customer/{of['number']}"
    for level, warned in (("internal", True), ("top_secret", False)):
        other = {"state": "in_custody", "level": level, "owner": ObjectId()}
        store.change("contract", made["_id"], other, actor=SYSTEM, now=now)
        for page in (address, f"{address}/edit"):
            assert asked(owner, page) == ["aggregate session", "find user"]
            assert ("Beyond the credit limit by CNY 30,000" in owner.text(page)) == warned


def test_what_stands_round_a_record_is_found_by_a_question_of_its_own_where_it_was_not_at_hand(
    sit: Sit, app: Flask, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = sit(Role.SPECIALIST, name="Wang Min")
    address = f"/records/customer/{customer(owner.person, now, name='甲公司')['number']}"
    page = owner.text(address)
    monkeypatch.setattr(at_hand, "held", lambda: None)
    asked_for = owner.text(address)
    for text in ("甲公司", "Wang Min", "made it"):
        assert text in page, text
        assert text in asked_for, text


def test_the_newest_versions_come_with_the_record(sit: Sit, now: datetime) -> None:
    owner = sit(Role.SPECIALIST)
    made = customer(owner.person, now, name="甲公司")
    other = customer(owner.person, now, name="乙公司")
    for at in range(at_hand.LATEST + 2):
        for one in (made, other):
            store.change("customer", one["_id"], {"fax": f"{one['number']} {at}"}, actor=owner.person, now=now)
    page = owner.text(f"/records/customer/{made['number']}")
    shown = [f"{made['number']} {at}" in page.partition('class="timeline"')[2] for at in range(at_hand.LATEST + 2)]
    assert shown == [False] + [True] * (at_hand.LATEST + 1)  # that before the first change is in it too
    assert f"{other['number']} 9" not in page


def test_a_role_that_was_taken_away_opens_nothing_in_the_very_next_request(sit: Sit, db: Base, now: datetime) -> None:
    owner, custodian = sit(Role.SPECIALIST), sit(Role.CUSTODIAN)
    number = customer(owner.person, now, name="隐山仪表有限公司", level="secret")["number"]
    address = f"/records/customer/{number}"
    for _ in range(2):
        assert "隐山仪表有限公司" in custodian.text(address)
    db["user"].update_one({"_id": custodian.person.id}, {"$set": {"roles": [Role.SPECIALIST.value]}})
    assert "隐山仪表有限公司" not in custodian.text(address)
    assert custodian.get(f"{address}/edit").status_code == 403


def test_a_hidden_record_and_none_are_asked_for_alike_and_answer_alike(sit: Sit, now: datetime) -> None:
    owner, other = sit(Role.SPECIALIST), sit(Role.SPECIALIST)
    number = customer(owner.person, now, name="甲公司", level="top_secret")["number"]
    pages, heard = [], []
    for one in (number, "KH-1999-000001"):
        other.get(f"/records/customer/{one}")
        with commands.heard() as said:
            answer = other.get(f"/records/customer/{one}")
        pages.append((answer.status_code, answer.get_data(as_text=True).replace(one, "")[:200]))
        heard.append(sorted(said))  # the trail is written beside what else is asked
    assert heard[0] == heard[1]
    assert pages[0] == pages[1]


Rows = list[dict[str, Any]]


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> list[Rows]:
    """What the first question of each request was answered."""
    heard: list[Rows] = []
    take = at_hand.keep

    def keep(answer: Rows) -> None:
        heard.append(answer)
        take(answer)

    monkeypatch.setattr(at_hand, "keep", keep)
    return heard


@pytest.mark.parametrize("page", ["", "/edit"])
def test_what_stands_round_a_record_is_looked_up_only_for_those_who_have_it_in_full(
    sit: Sit, now: datetime, answers: list[Rows], monkeypatch: pytest.MonkeyPatch, page: str
) -> None:
    owner, other = sit(Role.SPECIALIST), sit(Role.SPECIALIST)
    addresses = {}
    for level in ("secret", "top_secret"):
        made = customer(owner.person, now, name=f"{level} Ltd.", level=level)
        addresses[level] = f"/records/customer/{made['number']}{page}"
    for level, address in addresses.items():
        monkeypatch.setattr("models.person.known._known", {})
        for at in range(3):
            answers.clear()
            other.get(address)
            assert not [row for row in answers[0] if {"versions", "on_credit"} & set(row)], (level, at)
        for at in range(3):
            answers.clear()
            owner.text(address)
            assert bool([row for row in answers[0] if {"versions", "on_credit"} & set(row)]) == (at > 0), (level, at)


def test_a_reader_of_whom_nothing_is_known_yet_asks_alike_for_a_hidden_record_and_for_none(
    sit: Sit, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner, other = sit(Role.SPECIALIST), sit(Role.SPECIALIST)
    number = customer(owner.person, now, name="甲公司", level="top_secret")["number"]
    other.get("/")
    for page in ("", "/edit", "/related"):
        heard: list[list[str]] = []
        for one in (number, "KH-1999-000001"):
            monkeypatch.setattr("models.person.known._known", {})
            with commands.heard() as said:
                other.text(f"/records/customer/{one}{page}", status=404)
            heard.append(sorted(said))  # the trail is written beside what else is asked
        assert heard[0] == heard[1], page
        assert not any("version" in one for one in heard[0]), page
    monkeypatch.setattr("models.person.known._known", {})
    with commands.heard() as said:
        owner.text(f"/records/customer/{number}")
    assert said.count("aggregate record_customer") == 1


def test_what_is_unread_is_counted_anew_with_each_page(sit: Sit, db: Base, now: datetime) -> None:
    owner = sit(Role.SPECIALIST)
    address = f"/records/customer/{customer(owner.person, now, name='甲公司')['number']}"
    owner.text(address)
    db["reminder"].delete_many({"person": owner.person.id})
    before = owner.text(address)
    row = {"person": owner.person.id, "closed_at": None, "read_at": None}
    db["reminder"].insert_many({"_id": str(ObjectId()), "key": str(at), **row} for at in range(7))
    assert ">7<" not in before
    assert ">7<" in owner.text(address)


def test_a_frame_that_was_asked_for_with_other_rights_is_not_used(app: Flask) -> None:
    former, present = ({"customer": Reach(frozenset({right}))} for right in ("internal|any|", "secret|any|"))
    with app.test_request_context("/"):
        g.frame_asked, g.frame_found = former, Frame(frozenset({"customer"}), 3)
        assert at_hand.frame_of(former) == Frame(frozenset({"customer"}), 3)
        assert at_hand.frame_of(present) is None


def rate(db: Base, who: ObjectId | None) -> int:
    """How many readings of a person the database knows."""
    row = db[reading.RATES].with_options(read_concern=ReadConcern("local")).find_one({"_id": who})
    return sum(one["count"] for one in row["recent"]) if row else 0


def test_far_from_the_measure_readings_are_told_a_few_at_a_time(db: Base, now: datetime) -> None:
    reader = person(Role.SPECIALIST)
    for _ in range(reading.TOGETHER - 1):
        reading.count(reader, now, {})
    assert rate(db, reader.id) == 0
    reading.count(reader, now, {})
    reading.count(reader, now, {})
    reading.count(reader, now)  # waits for its answer, so that those before it are there too
    assert rate(db, reader.id) == reading.TOGETHER + 2


def test_where_very_many_readings_are_left_more_of_them_wait(
    db: Base, now: datetime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "policy.toml"
    path.write_text("[reading]\nrecords = 3000\n")
    monkeypatch.setenv(policy.VARIABLE, str(path))
    policy.policy.cache_clear()
    reader, wait = person(Role.SPECIALIST), 2_700 // reading.SHARES
    try:
        for _ in range(wait - 1):
            reading.count(reader, now, {})
            reading.tell(reader, now)
        assert rate(db, reader.id) == 0
        reading.count(reader, now, {})
        reading.tell(reader, now)
        reading.count(reader, now)
    finally:
        policy.policy.cache_clear()
    assert rate(db, reader.id) == wait + 1


def test_near_the_measure_each_reading_is_counted_before_it_takes_place(db: Base, now: datetime) -> None:
    reader = person(Role.SPECIALIST)
    minute = int(now.timestamp()) // 60
    lately = {"_id": reader.id, "recent": [{"minute": minute, "count": 450}]}
    db[reading.RATES].insert_one(dict(lately))
    for _ in range(3):
        reading.count(reader, now, lately)
    assert rate(db, reader.id) == 453
