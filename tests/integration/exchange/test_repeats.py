"""Rows that repeat another row of their file, or a record that is here: handed back, or named to be looked at (F7)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from pymongo.database import Database

from models import records, store
from models.customer import service as customers
from models.exchange import export, running, service
from models.exchange.document import Batch, Kind
from models.listing import ListQuery
from models.person.roles import Person
from tests.factories.commands import commands
from tests.factories.customers import customer
from tests.factories.imports import checked, imported, reasons, worked

Base = Database[dict[str, Any]]
LICENCE = "91310115MA1K3ABCDE"
ALIKE = (
    "公司名称,统一社会信用代码,地区\n"
    f"远山机械有限公司,{LICENCE},上海\n"
    "近水电子有限公司,,江苏\n"
    f"远山机器,{LICENCE},浙江\n"
    "近水电子,,安徽\n"
)


def looked_at(batch: Batch) -> list[tuple[int, list[str]]]:
    return [(line.row, [en for _, _, en in line.reasons]) for line in service.lines(batch, Kind.WARNED)]


def pairs(reader: Person) -> list[tuple[str, list[str]]]:
    return [(one.values["name"], [other.values["name"] for other in others]) for one, others in noted(reader)]


def noted(reader: Person) -> Any:
    return customers.noted_duplicates(reader)


# --- rows of one file


@pytest.mark.parametrize("chunk", [200, 1])
def test_rows_of_one_file_that_are_one_customer_are_named(
    custodian: Person, now: datetime, monkeypatch: pytest.MonkeyPatch, chunk: int
) -> None:
    monkeypatch.setattr(running, "CHUNK", chunk)
    batch = checked(custodian, ALIKE, now)
    assert (batch.count("taken"), batch.count("refused"), batch.count("warned")) == (4, 0, 2)
    assert looked_at(batch) == [(4, ["This may repeat “row 2”."]), (5, ["This may repeat “row 3”."])]
    assert reasons(batch, "warned") == {"This may repeat “…”.": 2}


def test_a_row_may_repeat_a_row_and_a_record(custodian: Person, now: datetime) -> None:
    here = customer(custodian, now, name="近水电子")
    batch = checked(custodian, ALIKE, now)
    also = f"This may repeat the record “{here['number']}”."
    assert looked_at(batch) == [
        (3, [also]),
        (4, ["This may repeat “row 2”."]),
        (5, [also, "This may repeat “row 3”."]),
    ]


def test_a_refused_row_is_no_other_rows_likeness(custodian: Person, now: datetime) -> None:
    batch = checked(custodian, "公司名称,成立日期\n远山机械,昨天\n远山机械有限公司,2001-02-03\n", now)
    assert (batch.count("refused"), batch.count("warned")) == (1, 0)


def test_checking_again_names_the_same(custodian: Person, now: datetime) -> None:
    batch = checked(custodian, ALIKE, now)
    again = worked(service.check(custodian, batch.id, batch.mapping, batch.options, now), now)
    assert looked_at(again) == looked_at(batch)


@pytest.mark.usefixtures("specialists")
def test_the_rows_of_a_chunk_are_compared_in_one_question(custodian: Person, now: datetime) -> None:
    text = "公司名称\n" + "".join(f"第{n}号公司\n" for n in range(40))
    with commands.heard() as few:
        checked(custodian, text, now)
    with commands.heard() as many:
        checked(custodian, text + "".join(f"另{n}号公司\n" for n in range(100)), now)
    assert len(many) <= len(few)


# --- what is noted of those that are stored


@pytest.mark.parametrize("chunk", [200, 1])
def test_likely_duplicates_that_are_stored_are_noted(
    custodian: Person, head: Person, now: datetime, monkeypatch: pytest.MonkeyPatch, chunk: int
) -> None:
    monkeypatch.setattr(running, "CHUNK", chunk)
    imported(custodian, ALIKE, now)
    assert sorted(pairs(head)) == [("近水电子", ["近水电子有限公司"]), ("远山机器", ["远山机械有限公司"])]


def test_a_stored_row_that_repeats_a_record_is_noted(custodian: Person, head: Person, now: datetime) -> None:
    customer(custodian, now, name="近水电子股份公司")
    imported(custodian, "公司名称\n近水电子有限公司\n", now)
    assert pairs(head) == [("近水电子有限公司", ["近水电子股份公司"])]


def test_what_repeats_an_archived_record_of_ones_own_is_not_noted(
    custodian: Person, head: Person, now: datetime
) -> None:
    here = customer(custodian, now, name="近水电子股份公司")
    store.change("customer", here["_id"], {"archived_at": now}, actor=custodian, now=now, action="archive")
    imported(custodian, "公司名称\n近水电子有限公司\n", now)
    assert pairs(head) == []


def test_everybodys_phone_is_noted_file_by_file(
    custodian: Person, head: Person, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(customers, "MOST_DUPLICATES", 2)
    phone = "021-55501234"
    for name in ("甲公司", "乙公司", "丙公司", "丁公司"):
        customer(custodian, now, name=name, phone=phone)
    imported(custodian, f"公司名称,电话\n戊公司,{phone}\n己公司,{phone}\n", now)
    assert sorted(pairs(head)) == [("己公司", ["甲公司", "乙公司"]), ("戊公司", ["甲公司", "乙公司"])]


def test_an_undone_import_leaves_no_note(custodian: Person, head: Person, now: datetime, db: Base) -> None:
    batch = imported(custodian, ALIKE, now)
    found = {son["name"]: son for son in db["record_customer"].find()}
    records.change(custodian, "customer", found["近水电子"]["number"], {"city": "合肥"}, rev=1, now=now)
    worked(service.undo(custodian, batch.id, now), now)
    assert db[customers.NOTES].count_documents({}) == 0


# --- a file that was exported here


def taken_out(reader: Person, now: datetime, language: str = "zh") -> str:
    made = export.export(reader, "customer", ListQuery(), "csv", now=now, language=language)
    return b"".join(made.pieces).decode()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_an_exported_file_comes_back_as_recorded_already(
    custodian: Person, head: Person, now: datetime, language: str
) -> None:
    numbers = [customer(custodian, now, name=name)["number"] for name in ("远山机械有限公司", "近水电子有限公司")]
    batch = checked(head, taken_out(head, now, language), now)
    assert (batch.count("taken"), batch.count("refused")) == (0, 2)
    said = {line.reasons[0][2] for line in service.lines(batch, Kind.REFUSED)}
    assert said == {f"This number is recorded already, as “{number}”." for number in numbers}


def test_an_exported_file_is_stored_again_where_the_person_says_so(
    custodian: Person, head: Person, now: datetime
) -> None:
    customer(custodian, now, name="远山机械有限公司")
    batch = imported(head, taken_out(head, now), now, keep_repeats=True)
    assert (batch.count("taken"), batch.count("refused")) == (1, 0)


def test_new_rows_of_an_exported_file_are_stored(custodian: Person, now: datetime) -> None:
    here = customer(custodian, now, name="远山机械有限公司")
    batch = imported(custodian, f"编号,公司名称\n{here['number']},远山机械有限公司\n,近水电子有限公司\n", now)
    assert (batch.count("taken"), batch.count("refused")) == (1, 1)


def test_the_number_of_a_hidden_record_says_nothing(custodian: Person, head: Person, now: datetime) -> None:
    hidden = customer(head, now, name="远山机械有限公司", level="top_secret", owner=head.id)
    batch = checked(custodian, f"编号,公司名称\n{hidden['number']},近水电子有限公司\nKH-0-0,远海渔业公司\n", now)
    assert (batch.count("taken"), batch.count("warned")) == (2, 0)


def test_a_number_that_the_import_itself_gives_is_not_recorded_already(
    custodian: Person, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows of another installation's export bear numbers that this one gives to its own records."""
    monkeypatch.setattr(running, "CHUNK", 1)
    first = int(customer(custodian, now, name="远山机械有限公司")["number"].rpartition("-")[2])
    year = f"KH-{now.year}-"
    rows = "".join(f"{year}{first + n:06},第{n}号公司\n" for n in (2, 1, 3))
    assert imported(custodian, f"编号,公司名称\n{rows}", now).count("taken") == 3
