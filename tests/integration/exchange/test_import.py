"""Imports from upload to result: what is stored, what is refused and why, and who may."""

from __future__ import annotations

from datetime import date, datetime
from io import BytesIO
from typing import Any

import pytest
from pymongo.database import Database

from models import audit, history, records, store
from models.errors import Forbidden, NotFound
from models.exchange import service
from models.exchange.document import Kind, Options, State
from models.exchange.reading import open_table
from models.exchange.refusals import (
    BrokenFile,
    EmptyFile,
    FileTooBig,
    MappedTwice,
    NothingToImport,
    RequiredNotMapped,
    UnknownEncoding,
    WrongStep,
)
from models.person.roles import Person, Role
from tests.factories.customers import customer
from tests.factories.imports import checked, imported, reasons, uploaded, worked
from tests.factories.people import person

Base = Database[dict[str, Any]]
TWO = "公司名称,电话,成立日期\n远山机械有限公司,021-55501234,2001-02-03\n近水电子有限公司,0571-8880001,1998/7/1\n"


def stored(db: Base, slug: str = "customer") -> list[dict[str, Any]]:
    return list(db[f"record_{slug}"].find().sort("batch_row", 1))


def test_nothing_is_stored_before_the_person_confirms(custodian: Person, now: datetime, db: Base) -> None:
    batch = checked(custodian, TWO, now)
    assert batch.state is State.CHECKED
    assert (batch.count("rows"), batch.count("taken"), batch.count("refused")) == (2, 2, 0)
    assert stored(db) == []
    assert db["audit"].count_documents({"action": "create"}) == 0
    assert db["counter"].count_documents({}) == 0


def test_confirmed_rows_become_records_like_typed_ones(custodian: Person, now: datetime, db: Base) -> None:
    batch = imported(custodian, TWO, now)
    assert batch.state is State.DONE
    one, two = stored(db)
    typed = records.create(
        custodian, "customer", {"name": "远山机械有限公司", "phone": "021-55501234", "founded": "2001-02-03"}, now=now
    )
    wanted = db["record_customer"].find_one({"_id": typed["_id"]})
    assert wanted is not None
    own = {"_id", "number", "batch", "batch_row", "grams", "haystack"}
    assert {k: v for k, v in one.items() if k not in own} == {k: v for k, v in wanted.items() if k not in own}
    assert [one["number"], two["number"]] == ["KH-2026-000001", "KH-2026-000002"]
    assert store.fetch("customer", two["_id"])["founded"] == date(1998, 7, 1)


def test_each_record_has_its_version_and_its_audit_entry(custodian: Person, now: datetime, db: Base) -> None:
    batch = imported(custodian, TWO, now)
    for son in stored(db):
        versions = history.history("customer", son["_id"])
        assert [(v["rev"], v["by_name"], v["action"]) for v in versions] == [(1, "custodian", "create")]
        entry = db["audit"].find_one({"record": son["_id"]})
        assert entry is not None
        assert (entry["action"], entry["number"], entry["detail"]) == (
            "create",
            son["number"],
            {"batch": str(batch.id)},
        )
    about = db["audit"].find({"record": batch.id}).sort("_id", 1)
    assert [(e["action"], e["detail"].get("stored")) for e in about] == [("import_confirmed", None), ("import", 2)]
    audit.seal(now)
    assert audit.verify().findings == ()


def test_bad_rows_are_refused_with_the_reason_and_the_good_ones_kept(
    custodian: Person, now: datetime, db: Base
) -> None:
    text = TWO + "坏日期公司,,2001-13-40\n,010-1,\n多一格公司,1,2,3\n明日公司,,2090-01-01\n"
    batch = imported(custodian, text, now)
    assert len(stored(db)) == batch.count("taken") == 2
    assert batch.count("rows") == batch.count("taken") + batch.count("refused")
    assert reasons(batch) == {
        "成立日期: “成立日期” is not a date. A date looks like 2026-11-22.": 1,
        "公司名称: This is required.": 1,
        "电话: A phone number has 5 to 20 digits; blanks, brackets and hyphens are fine.": 1,
        "4 cells where the heading has 3. A cell may hold an unquoted separator.": 1,
        "成立日期: This day cannot lie in the future.": 1,
    }
    lines = service.lines(batch, Kind.REFUSED)
    assert [(line.row, line.start) for line in lines] == [
        (4, "坏日期公司 · 2001-13-40"),
        (5, "010-1"),
        (6, "多一格公司 · 1 · 2"),
        (7, "明日公司 · 2090-01-01"),
    ]


def test_the_check_and_the_run_come_to_the_same(custodian: Person, now: datetime) -> None:
    text = TWO + ",010-1,\n远山机械有限公司,021-55501234,2001-02-03\n"
    before = checked(custodian, text, now)
    after = worked(service.confirm(custodian, before.id, before.stamp, now), now)
    assert before.counts == after.counts
    assert reasons(before) == reasons(after)


def test_refused_rows_come_back_as_a_file_that_can_be_corrected_and_imported(
    custodian: Person, now: datetime, db: Base
) -> None:
    batch = imported(custodian, TWO + "坏日期公司,,明天\n", now)
    back = b"".join(service.bad_rows(custodian, batch.id, "zh"))
    with open_table(BytesIO(back)) as table:
        assert table.header == ["导入行号", "未导入原因", "公司名称", "电话", "成立日期"]
        assert [row.cells[2:] for row in table.rows()] == [("坏日期公司", "", "明天")]
    again = imported(custodian, back.decode("utf-8-sig").replace("明天", "2001-01-01"), now)
    assert (again.count("taken"), again.count("refused")) == (1, 0)
    assert len(stored(db)) == 3


def test_a_bad_optional_value_can_be_left_empty_and_is_named(custodian: Person, now: datetime, db: Base) -> None:
    text = "公司名称,网址,成立日期\n甲公司,#A.HTM#,2001-01-01\n乙公司,https://b.example,2090-01-01\n,,\n"
    batch = imported(custodian, text + "丙公司,x,2090-01-01\n", now, empty_bad=True)
    assert batch.count("taken") == 3
    assert reasons(batch, "emptied") == {
        "网址: A link starts with http:// or https://.": 2,
        "成立日期: This day cannot lie in the future.": 2,
    }
    assert [("website" in son, "founded" in son) for son in stored(db)] == [
        (False, True),
        (True, False),
        (False, False),
    ]


def test_a_required_value_is_never_left_empty(custodian: Person, now: datetime) -> None:
    batch = checked(custodian, f"公司名称,电话\n{'长' * 300},021-55501234\n", now, empty_bad=True)
    assert (batch.count("taken"), batch.count("refused")) == (0, 1)
    with pytest.raises(NothingToImport):
        service.confirm(custodian, batch.id, batch.stamp, now)


def test_an_empty_cell_takes_the_default_of_its_field(custodian: Person, now: datetime, db: Base) -> None:
    imported(custodian, "事由,渠道,性质\n到货晚了,,\n屏幕坏了,邮件,抱怨\n", now, slug="complaint")
    assert [(s["channel"], s["sort"]) for s in stored(db, "complaint")] == [
        ("phone", "complaint"),
        ("email", "grumble"),
    ]


def test_new_files_go_to_specialists_evenly(
    custodian: Person, specialists: list[Person], now: datetime, db: Base
) -> None:
    imported(custodian, "公司名称\n" + "".join(f"第{n}公司\n" for n in range(10)), now)
    owners = [son["owner"] for son in stored(db)]
    assert sorted(owners.count(one.id) for one in specialists) == [5, 5]


def test_a_level_for_all_rows_is_kept_with_its_period(custodian: Person, now: datetime, db: Base) -> None:
    imported(custodian, "公司名称,密级\n甲公司,\n乙公司,机密\n", now, level="secret")
    one, two = stored(db)
    assert (one["level"], two["level"]) == ("secret", "confidential")
    assert one["secret_until"].date() == date(2027, 11, 23)
    assert one["level_set_by"] == custodian.id


def test_rows_with_different_wrong_values_share_a_reason_that_names_the_field(
    custodian: Person, now: datetime, db: Base
) -> None:
    batch = checked(custodian, "公司名称,成立日期\n甲公司,昨天\n乙公司,前天\n丙公司,98-1-2\n", now)
    told = {reason.zh: reason.count for reason in batch.reasons}
    assert told == {
        "“成立日期”不是日期。日期格式应如 2026-11-22。": 2,
        "“成立日期”的年份不是四位数字。若为民国纪年，请为此列选择“民国”。": 1,
    }


# --- people and records by name


def test_records_are_found_by_number_by_number_elsewhere_and_by_only_name(
    custodian: Person, now: datetime, db: Base
) -> None:
    known = customer(custodian, now, name="远山机械有限公司", foreign_code="C-7")
    customer(custodian, now, name="同名公司")
    customer(custodian, now, name="同名公司")
    text = f"事由,客户\n一,{known['number']}\n二,远山机械有限公司\n三,C-7\n四,同名公司\n五,没有的公司\n"
    batch = imported(custodian, text, now, slug="complaint")
    assert {son["customer"] for son in stored(db, "complaint")} == {known["_id"]}
    assert batch.count("taken") == 3
    assert reasons(batch) == {
        "客户: More than one “Customer file” bears this name. Give its number.": 1,
        "客户: No “Customer file” of this number or name is within your reach.": 1,
    }


def test_a_hidden_record_and_a_missing_one_are_refused_alike(custodian: Person, head: Person, now: datetime) -> None:
    hidden = customer(head, now, name="绝密公司", level="top_secret")
    text = f"事由,客户\n一,{hidden['number']}\n二,绝密公司\n三,KH-2026-999999\n四,{hidden['_id']}\n"
    batch = checked(custodian, text, now, slug="complaint")
    assert batch.count("taken") == 0
    assert reasons(batch) == {"客户: No “Customer file” of this number or name is within your reach.": 4}


def test_a_locked_record_is_not_found_by_its_name(now: datetime, head: Person) -> None:
    outsider = person(Role.CUSTODIAN, name="custodian")
    customer(head, now, name="机密公司", level="confidential")
    batch = checked(outsider, "事由,客户\n一,机密公司\n", now, slug="complaint")
    assert reasons(batch) == {"客户: No “Customer file” of this number or name is within your reach.": 1}


def test_people_are_found_by_email_and_by_only_name_among_those_of_the_role(
    head: Person, now: datetime, db: Base
) -> None:
    seller = person(Role.SALES, name="王小明", department="sales")
    person(Role.SPECIALIST, name="王小明")
    person(Role.SALES, name="李雷")
    person(Role.SALES, name="李雷")
    text = f"公司名称,业务员\n甲公司,王小明\n乙公司,{seller.id}@example.test\n丙公司,李雷\n"
    batch = imported(head, text, now)
    assert [son["salesperson"] for son in stored(db)] == [seller.id, seller.id]
    assert reasons(batch) == {"业务员: No active person is called so, or more than one is. Give the email address.": 1}


# --- repeats and duplicates


def test_a_file_imported_twice_stores_nothing_twice(custodian: Person, now: datetime, db: Base) -> None:
    text = "原系统编号,公司名称\nC-1,甲公司\nC-2,乙公司\n"
    imported(custodian, text, now)
    again = checked(custodian, text, now)
    assert (again.count("taken"), again.count("refused")) == (0, 2)
    assert reasons(again) == {"This number is recorded already, as “…”.": 2}
    assert len(stored(db)) == 2


def test_repeated_rows_are_handed_back_and_upper_and_lower_case_are_two_numbers(
    custodian: Person, now: datetime
) -> None:
    text = "原系统编号,公司名称\nC-1a,甲公司\nC-1A,乙公司\nC-1a,甲公司\nC-1a,丙公司\n"
    batch = imported(custodian, text, now)
    assert batch.count("taken") == 2
    assert [line.row for line in service.lines(batch, Kind.REFUSED)] == [4, 5]
    assert reasons(batch) == {"This row is the same as “…”.": 1, "The number is that of “…”.": 1}


def test_repeated_rows_are_stored_when_the_person_says_so(custodian: Person, now: datetime, db: Base) -> None:
    batch = imported(custodian, "公司名称\n甲公司\n甲公司\n", now, keep_repeats=True)
    assert (batch.count("taken"), batch.count("warned")) == (2, 1)
    assert len(stored(db)) == 2


def test_likely_duplicates_are_named_unless_they_are_hidden(custodian: Person, head: Person, now: datetime) -> None:
    seen = customer(custodian, now, name="远山机械有限公司")
    customer(head, now, name="近水电子有限公司", level="top_secret")
    batch = checked(custodian, TWO, now)
    assert batch.count("taken") == 2
    lines = service.lines(batch, Kind.WARNED)
    assert [(line.row, line.reasons[0][2]) for line in lines] == [
        (2, f"This may repeat the record “{seen['number']}”.")
    ]


def test_a_row_may_be_worth_a_look_for_two_reasons(custodian: Person, now: datetime) -> None:
    customer(custodian, now, name="远山机械公司")
    batch = checked(custodian, "公司名称\n远山机械公司\n远山机械公司\n", now, keep_repeats=True)
    assert batch.count("warned") == 2
    assert [len(line.reasons) for line in service.lines(batch, Kind.WARNED)] == [1, 2]


# --- columns


def test_a_mapping_by_hand_is_taken(custodian: Person, now: datetime, db: Base) -> None:
    batch = uploaded(custodian, "甲,乙\n远山公司,03/04/2001\n", now)
    mapping = {
        "columns": [{"header": "甲", "field": "name"}, {"header": "乙", "field": "founded", "order": "dmy"}],
        "other": {"$where": "1"},
    }
    batch = worked(service.check(custodian, batch.id, mapping, Options(), now), now)
    worked(service.confirm(custodian, batch.id, batch.stamp, now), now)
    assert [(s["name"], s["founded"].date()) for s in stored(db)] == [("远山公司", date(2001, 4, 3))]


@pytest.mark.parametrize(
    ("columns", "refusal"),
    [
        ([("甲", "phone")], RequiredNotMapped),
        ([("甲", "name"), ("乙", "name")], MappedTwice),
        ([("甲", "name"), ("甲", "phone")], MappedTwice),
    ],
)
def test_a_mapping_that_cannot_work_is_refused_before_any_row_is_read(
    custodian: Person, now: datetime, columns: list[tuple[str, str]], refusal: type[Exception]
) -> None:
    batch = uploaded(custodian, "甲,乙\na,b\n", now)
    mapping = {"columns": [{"header": header, "field": field} for header, field in columns]}
    with pytest.raises(refusal):
        service.check(custodian, batch.id, mapping, Options(), now)
    assert service.get(batch.id).state is State.UPLOADED


@pytest.mark.parametrize("field", ["grade", "completeness", "number", "acl", "_id", "$where", "state", "credit_limit"])
def test_fields_that_a_person_may_not_fill_cannot_be_imported(custodian: Person, now: datetime, field: str) -> None:
    batch = uploaded(custodian, "甲,乙\na,b\n", now)
    mapping = {"columns": [{"header": "甲", "field": "name"}, {"header": "乙", "field": field}]}
    with pytest.raises(Exception, match="no field"):
        service.check(custodian, batch.id, mapping, Options(), now)


def test_a_file_whose_encoding_is_not_found_is_read_as_the_person_says(custodian: Person, now: datetime) -> None:
    data = "公司,電話\n遠山工業,021-55501234\n".encode("big5") * 3
    with pytest.raises(UnknownEncoding):
        uploaded(custodian, data, now)
    batch = service.start(custodian, "customer", BytesIO(data), "a.csv", now=now, chosen={"encoding": "big5"})
    assert batch.found["header"] == ["公司", "電話"]
    again = service.read_again(custodian, batch.id, {"encoding": "big5", "header_row": 0})
    assert again.found["header"] == ["[A]", "[B]"]


# --- files that are none


@pytest.mark.parametrize(
    ("data", "name", "refusal"),
    [
        (b"", "a.csv", EmptyFile),
        (b"PK\x03\x04 not really", "a.xlsx", BrokenFile),
        (b"a,b\n" + b"x" * 2000, "a.csv", FileTooBig),
    ],
)
def test_a_file_that_cannot_be_read_leaves_nothing_behind(
    custodian: Person, now: datetime, db: Base, data: bytes, name: str, refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        service.start(custodian, "customer", BytesIO(data), name, now=now, limit=1000)
    assert db["import_batch"].count_documents({}) == 0
    assert db["import_file.files"].count_documents({}) == 0
    assert db["import_file.chunks"].count_documents({}) == 0


# --- rights and order


def test_only_who_may_import_a_type_starts_an_import(now: datetime) -> None:
    for role in (Role.SPECIALIST, Role.SALES, Role.ADMINISTRATOR, Role.AUDITOR, Role.GENERAL_MANAGER):
        with pytest.raises(Forbidden):
            uploaded(person(role), TWO, now)


def test_an_import_is_its_owners_and_seen_by_who_looks_after_imports(
    custodian: Person, head: Person, now: datetime
) -> None:
    batch = checked(custodian, TWO, now)
    assert service.see(head, batch.id).id == batch.id
    assert service.recent(head, "customer") == [service.get(batch.id)]
    elsewhere = person(Role.HEAD, department="sales")
    for stranger in (elsewhere, person(Role.SPECIALIST), person(Role.ADMINISTRATOR)):
        with pytest.raises(NotFound):
            service.see(stranger, batch.id)
        assert service.recent(stranger, "customer") == []
    for act in (service.own, service.drop):
        with pytest.raises(NotFound):
            act(head, batch.id)
    with pytest.raises(NotFound):
        service.confirm(head, batch.id, batch.stamp, now)
    with pytest.raises(NotFound):
        service.bad_rows(head, batch.id, "zh")


def test_an_import_of_top_secret_records_is_seen_by_the_head_only(
    custodian: Person, head: Person, now: datetime
) -> None:
    batch = checked(custodian, TWO, now, level="top_secret")
    assert service.see(head, batch.id)
    with pytest.raises(NotFound):
        service.see(person(Role.CUSTODIAN), batch.id)


def test_confirming_twice_or_unseen_is_refused(custodian: Person, now: datetime, db: Base) -> None:
    batch = checked(custodian, TWO, now)
    for stamp in ("", "something else"):
        with pytest.raises(WrongStep):
            service.confirm(custodian, batch.id, stamp, now)
    service.confirm(custodian, batch.id, batch.stamp, now)
    with pytest.raises(WrongStep):
        service.confirm(custodian, batch.id, batch.stamp, now)
    worked(service.get(batch.id), now)
    with pytest.raises(WrongStep):
        service.confirm(custodian, batch.id, batch.stamp, now)
    assert len(stored(db)) == 2


def test_a_check_after_the_one_that_was_seen_is_not_confirmed_by_it(custodian: Person, now: datetime) -> None:
    seen = checked(custodian, TWO, now)
    worked(service.check(custodian, seen.id, seen.mapping, Options(level="secret"), now), now)
    with pytest.raises(WrongStep):
        service.confirm(custodian, seen.id, seen.stamp, now)


def test_an_import_that_is_given_up_leaves_no_file(custodian: Person, now: datetime, db: Base) -> None:
    batch = checked(custodian, TWO, now)
    service.drop(custodian, batch.id)
    assert db["import_file.files"].count_documents({}) == 0
    with pytest.raises(NotFound):
        service.see(custodian, batch.id)


OWNED = "公司名称,负责人\n远山机械有限公司,{owner}\n"


def test_the_column_of_the_owner_is_not_taken_for_the_companys_person_in_charge(
    custodian: Person, specialists: list[Person], now: datetime
) -> None:
    assert uploaded(custodian, OWNED.format(owner=specialists[0].name), now).mapping["columns"][1]["field"] == "owner"
