"""Exports: the rows and masks of the list, nothing more, and a trail of what left."""

from __future__ import annotations

import hashlib
from datetime import datetime
from io import BytesIO
from typing import Any

import pytest
from bson import Binary
from pymongo.database import Database

from models import access, audit, listing, records, registry, store
from models.access import Purpose
from models.errors import Forbidden
from models.exchange import export as exports
from models.exchange.export import UnknownFormat, export
from models.exchange.reading import open_table
from models.key_vault import service as keys
from models.kinds import stored
from models.listing import BadQuery, Filter, ListQuery
from models.person.roles import Person, Role
from tests.factories.customers import customer
from tests.factories.imports import imported
from tests.factories.people import person

Base = Database[dict[str, Any]]


def taken(reader: Person, now: datetime, query: ListQuery | None = None, form: str = "csv") -> bytes:
    made = export(reader, "customer", query or ListQuery(), form, now=now, language="zh")
    return b"".join(made.pieces)


def rows(data: bytes) -> list[dict[str, Any]]:
    with open_table(BytesIO(data)) as table:
        return [dict(zip(table.header, row.cells, strict=True)) for row in table.rows()]


@pytest.fixture
def four(head: Person, custodian: Person, now: datetime) -> list[dict[str, Any]]:
    """A record of each level, owned by the head."""
    levels = ("internal", "secret", "confidential", "top_secret")
    return [customer(head, now, name=f"{level}公司", level=level, phone="021-55501234") for level in levels]


@pytest.mark.parametrize("form", ["csv", "xlsx"])
@pytest.mark.parametrize("role", [Role.HEAD, Role.CUSTODIAN, Role.SPECIALIST, Role.GENERAL_MANAGER])
def test_it_holds_the_rows_of_the_list_in_its_order(
    four: list[dict[str, Any]], now: datetime, role: Role, form: str
) -> None:
    reader = person(role)
    rt = registry.get("customer").rt
    reach = access.reach(reader, rt, Purpose.VIEW)
    listed = listing.page(rt, reach, ListQuery(), access.visible_fields(reader, rt)).rows
    if not access.may_export(reader, rt):
        with pytest.raises(Forbidden):
            taken(reader, now, form=form)
        return
    assert [row["编号"] for row in rows(taken(reader, now, form=form))] == [row["number"] for row in listed]


def test_what_may_not_leave_leaves_as_its_card(four: list[dict[str, Any]], now: datetime) -> None:
    clerk = person(Role.CUSTODIAN)
    found = {row["密级"]: row for row in rows(taken(clerk, now))}
    assert set(found) == {"内部", "秘密", "机密"}
    assert (found["内部"]["公司名称"], found["内部"]["电话"]) == ("internal公司", "021-55501234")
    for level in ("秘密", "机密"):
        assert "***" in found[level]["公司名称"]
        assert found[level]["电话"] == found[level]["状态"] == ""
    assert "top_secret" not in str(found)


def test_every_row_bears_the_level_the_reader_and_the_time(
    four: list[dict[str, Any]], head: Person, now: datetime
) -> None:
    found = rows(taken(head, now))
    assert {row["密级"] for row in found} == {"内部", "秘密", "机密", "绝密"}
    assert {(row["导出人"], row["导出时间"]) for row in found} == {("head", "2026-11-23 10:00:00")}


def test_the_trail_says_who_takes_what_before_and_how_much_after(
    four: list[dict[str, Any]], head: Person, now: datetime, db: Base
) -> None:
    field = registry.get("customer").rt.by_name["name"]
    query = ListQuery(filters=(Filter(field, "contains", "公司"),))
    made = export(head, "customer", query, "csv", now=now)
    [before] = db["audit"].find({"action": "export"})
    assert before["detail"]["filters"] == ["name:contains"]
    assert "公司" not in str(before["detail"])
    assert db["audit"].count_documents({"action": "export_done"}) == 0
    data = b"".join(made.pieces)
    [after] = db["audit"].find({"action": "export_done"})
    assert after["detail"]["rows"] == 4
    assert after["detail"]["levels"] == {"secret": 1, "confidential": 1, "top_secret": 1}
    assert after["detail"]["sha256"] == hashlib.sha256(data).hexdigest()
    assert after["detail"]["complete"] is True


def test_each_classified_record_that_leaves_has_its_own_entry(
    four: list[dict[str, Any]], head: Person, now: datetime, db: Base
) -> None:
    taken(head, now)
    entries = list(db["audit"].find({"action": "export", "record": {"$ne": None}}))
    assert {e["number"] for e in entries} == {one["number"] for one in four[1:]}
    taken(person(Role.CUSTODIAN), now)
    assert db["audit"].count_documents({"action": "export", "record": {"$ne": None}}) == 3


def test_an_export_that_is_broken_off_says_so(
    four: list[dict[str, Any]], head: Person, now: datetime, db: Base
) -> None:
    made = export(head, "customer", ListQuery(), "csv", now=now)
    next(made.pieces)
    made.pieces.close()
    [after] = db["audit"].find({"action": "export_done"})
    assert after["detail"]["complete"] is False


def test_formulas_leave_as_text(head: Person, now: datetime) -> None:
    customer(head, now, name="=cmd|'/c calc'!A0")
    line = taken(head, now).decode("utf-8-sig").splitlines()[1]
    assert "'=cmd|'/c calc'!A0" in line
    [row] = rows(taken(head, now, form="xlsx"))
    assert row["公司名称"] == "=cmd|'/c calc'!A0"


def test_what_was_exported_can_be_imported(head: Person, now: datetime, db: Base) -> None:
    seller = person(Role.SALES, name="王小明")
    values = {
        "name": "远山机械有限公司",
        "phone": "021-55501234",
        "founded": "2001-02-03",
        "assets": "1234567.89",
        "key_customer": "是",
        "ownership": "民营",
        "qualifications": "一\n二",
        "salesperson": seller.id,
        "level": "secret",
        "person_in_charge": "赵一",
    }
    made = records.create(head, "customer", values, now=now)
    data = taken(head, now)
    db["record_customer"].delete_one({"_id": made["_id"]})
    assert imported(head, data, now).count("taken") == 1
    again = db["record_customer"].find_one({})
    assert again is not None
    for name in ("phone", "founded", "assets", "key_customer", "ownership", "qualifications", "salesperson", "level"):
        assert again[name] == as_stored(made, name), name
    assert (again["person_in_charge"], again["owner"]) == ("赵一", made["owner"])


def as_stored(record: dict[str, Any], name: str) -> Any:
    """A value of a record as it is stored."""
    known = {f.name: f for f in registry.get("customer").rt.fields}
    return stored(known[name], record[name]) if name in known else record[name]


def test_queries_that_the_list_refuses_are_refused_before_anything_is_audited(
    head: Person, now: datetime, db: Base
) -> None:
    with pytest.raises(BadQuery):
        export(head, "customer", ListQuery(sort="acl"), "csv", now=now)
    with pytest.raises(UnknownFormat):
        export(head, "customer", ListQuery(), "pdf", now=now)
    assert db["audit"].count_documents({}) == 0


def test_who_may_take_nothing_out_is_refused(head: Person, now: datetime) -> None:
    with pytest.raises(Forbidden):
        export(head, "access_request", ListQuery(), "csv", now=now)


def test_names_are_asked_for_some_hundreds_at_a_time(
    head: Person, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "AT_ONCE", 2)
    for n in range(5):
        customer(head, now, name=f"第{n}公司")
    assert len(rows(taken(head, now))) == 5


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_a_value_that_cannot_be_opened_holds_up_nobody_elses_row(
    four: list[dict[str, Any]], head: Person, now: datetime, db: Base, form: str, caplog: pytest.LogCaptureFixture
) -> None:
    for one in four:
        store.change("customer", one["_id"], {"contact_phone": "13900000001"}, actor=head, now=now)
    gone = next(one for one in four if one["level"] == "secret")
    keys.destroy([gone["_id"]])
    *found, last = rows(taken(head, now, form=form))
    assert len(found) == 4
    phones = {row["编号"]: row["联系人电话"] for row in found}
    assert phones.pop(gone["number"]) == "（无法读取）"
    assert set(phones.values()) == {"13900000001"}
    assert last["编号"].startswith("共有 1 处内容")
    [done] = db["audit"].find({"action": "export_done"})
    assert (done["detail"]["rows"], done["detail"]["unreadable"], done["detail"]["complete"]) == (4, 1, True)
    assert gone["number"] in caplog.text


def test_of_rows_within_a_record_the_unreadable_part_alone_is_marked(head: Person, now: datetime, db: Base) -> None:
    people = [{"name": "李", "phone": "13800001111"}, {"name": "王", "phone": "13900002222"}]
    made = customer(head, now, name="灯具厂", key_people=people)
    son = db["record_customer"].find_one({"_id": made["_id"]})
    assert son is not None
    harmed = bytearray(son["key_people"][0]["phone"])
    harmed[-1] ^= 1
    db["record_customer"].update_one({"_id": made["_id"]}, {"$set": {"key_people.0.phone": Binary(bytes(harmed), 6)}})
    [row, _] = rows(taken(head, now))
    assert "（无法读取）" in row["关键人物"]
    assert "139" in row["关键人物"]
    assert "李" in row["关键人物"]


def test_a_record_that_comes_twice_shifts_no_other_row(four: list[dict[str, Any]], now: datetime, db: Base) -> None:
    """Its rights changed while the list was walked: once its card comes, and once all of it."""
    clerk, rt = person(Role.CUSTODIAN), registry.get("customer").rt
    stored_ones = {son["level"]: son for son in db["record_customer"].find()}
    full, other = stored_ones["internal"], stored_ones["secret"]
    walked = [{**full, "acl": other["acl"]}, full, {**full, "number": "KH-2026-009999"}]
    sheet = exports._Sheet(clerk, rt, "zh", now, "")
    found = list(sheet.rows(iter(walked), access.reach(clerk, rt, Purpose.EXPORT)))
    assert [row[0] for row in found] == [full["number"], full["number"], "KH-2026-009999"]
    names = [row[1] for row in found]
    assert names[1:] == ["internal公司"] * 2
    assert "***" in names[0]


def test_what_the_rows_name_of_other_classified_records_is_told_by_the_trail_once(
    head: Person, custodian: Person, db: Base, now: datetime
) -> None:
    secret, plain = (
        customer(head, now, name=name, level=level) for name, level in (("暗", "secret"), ("明", "internal"))
    )
    for file in (secret, secret, plain):
        store.create("revisit", {"customer": file["_id"], "owner": head.id}, actor=head, now=now)
    made = export(head, "revisit", ListQuery(), "csv", now=now, language="zh")
    assert db["audit"].count_documents({"action": "listed"}) == 0
    content = b"".join(made.pieces).decode("utf-8-sig")
    assert content.count("暗") == 4, "in the reference and in the title derived from it"
    assert str(secret["_id"]) not in content
    [entry] = db["audit"].find({"action": "listed"})
    assert (entry["number"], entry["actor"], entry["detail"]["via"]) == ([secret["number"]], head.id, "export")


def test_without_that_entry_no_row_leaves(head: Person, custodian: Person, db: Base, now: datetime) -> None:
    secret = customer(head, now, name="暗", level="secret")
    store.create("revisit", {"customer": secret["_id"], "owner": head.id}, actor=head, now=now)
    made = export(head, "revisit", ListQuery(), "csv", now=now, language="zh")
    db.command("collMod", "audit", validator={"action": {"$ne": "listed"}})
    with pytest.raises(audit.NotAudited):
        b"".join(made.pieces)
    db.command("collMod", "audit", validator={})
