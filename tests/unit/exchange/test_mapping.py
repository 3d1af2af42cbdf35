"""Columns find their fields by heading, then by content; what a person chooses is checked and kept."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest

from models.declarations import Field, Label
from models.exchange import refusals
from models.exchange.mapping import Guess, bind, guess, proposed, targets
from models.exchange.names import likeness
from models.exchange.refusals import MappingRefused
from models.exchange.table import Cell, Row
from tests.unit.exchange.files import table


def field(name: str, kind: str, zh: str, en: str, *aliases: str, **more: Any) -> Field:
    return Field(name=name, kind=kind, label=Label(zh, en), aliases=aliases, **more)


PEOPLE = field(
    "people",
    "embedded_list",
    "关键人物",
    "Key people",
    "联系人",
    "contact",
    fields=(field("name", "text", "姓名", "Name"), field("position", "text", "职务", "Position")),
)
FIELDS = (
    field("name", "text", "客户名称", "Customer", "公司名称", "companyName", "Company"),
    field("code", "text", "客户编号", "Customer number"),
    field("phone", "phone", "电话", "Phone"),
    field("fax", "phone", "传真", "Fax"),
    field("email", "email", "邮箱", "Email"),
    field("address", "text", "地址", "Address"),
    field("founded", "date", "成立日期", "Founded"),
    field("amount", "money", "注册资本", "Capital"),
    field("level", "choice", "等级", "Level", editable=False),
    field("scans", "files", "附件", "Attachments"),
    PEOPLE,
)


def mapped(header: list[str], *lines: list[Cell], fields: tuple[Field, ...] = FIELDS) -> dict[str, str]:
    found = guess(header, [Row(n, tuple(line)) for n, line in enumerate(lines, 2)], fields)
    return {g.header: g.field for g in found if g.field}


def test_a_field_called_as_the_number_is_gets_its_own_column_of_an_export() -> None:
    fields = (field("name", "text", "名称", "Name"), field("mark", "text", "编号", "Mark"))
    rows = [Row(2, ("BT-2026-001", "甲", "M-1"))]
    found = guess(["编号", "名称", "编号 (2)"], rows, fields, Label("编号", "Number"))
    assert [one.field for one in found] == ["", "name", "mark"]
    alone = guess(["编号", "名称"], rows, fields, Label("编号", "Number"))
    assert [one.field for one in alone] == ["mark", "name"]
    other = guess(["编号", "名称", "编号 (2)"], rows, FIELDS, Label("编号", "Number"))
    assert next(one.field for one in other) == "code"


@pytest.mark.parametrize(
    ("heading", "path"),
    [
        ("公司名称", "name"),
        ("客户名称（必填）", "name"),
        ("企业名称", "name"),
        ("公司名稱", "name"),
        ("companyName", "name"),
        ("Company", "name"),
        ("COMPANY NAME", "name"),
        ("company_name", "name"),
        ("customerID", "code"),
        ("客户代码", "code"),
        ("電話", "phone"),
        ("联系电话", "phone"),
        ("Office phone", "phone"),
        ("Telephone No.", ""),
        ("传真号码", "fax"),
        ("电子邮箱", "email"),
        ("開業日期", "founded"),
        ("成立时间", "founded"),
        ("注册资本(万元)", "amount"),
        ("联系人姓名", "people.name"),
        ("contactName", "people.name"),
        ("职务", "people.position"),
        ("contactTitle", "people.position"),
        ("Company response", ""),
        ("电话归属地", ""),
        ("附件", ""),
        ("等级", ""),
        ("未导入原因", ""),
        ("Row in file", ""),
        ("[C]", ""),
    ],
)
def test_headings_in_both_languages_find_their_field(heading: str, path: str) -> None:
    assert mapped([heading]) == ({heading: path} if path else {})


def test_no_field_is_given_to_two_columns_and_the_better_heading_wins() -> None:
    assert mapped(["企业名称", "电话2", "客户名称", "电话"]) == {"客户名称": "name", "电话": "phone"}


def test_a_heading_whose_values_cannot_be_the_field_is_less_sure() -> None:
    lines: list[list[Cell]] = [["见附件"], ["无法联系"], ["总机转接"]]
    sure = guess(["电话"], [Row(2, ("0571-88886666",))], FIELDS)[0]
    doubtful = guess(["电话"], [Row(n, tuple(line)) for n, line in enumerate(lines)], FIELDS)[0]
    assert sure.confidence == 1.0
    assert doubtful.confidence == 0.5


def test_contents_find_the_field_when_headings_do_not() -> None:
    lines: list[list[Cell]] = [
        ["甲", "a@example.com", "2011/12/2", "0571-88886666"],
        ["乙", "b@example.org", "2012/1/3", "13800000000"],
        ["丙", "c@example.net", "2013/4/5", "+86 21 5555 6666"],
    ]
    fields = tuple(f for f in FIELDS if f.name != "fax")
    assert mapped(["甲栏", "乙栏", "丙栏", "丁栏"], *lines, fields=fields) == {
        "乙栏": "email",
        "丙栏": "founded",
        "丁栏": "phone",
    }
    # With two free phone fields nothing is assumed.
    assert "丁栏" not in mapped(["甲栏", "乙栏", "丙栏", "丁栏"], *lines)


def test_numbers_and_codes_do_not_pass_for_phones_or_dates() -> None:
    lines: list[list[Cell]] = [["1114245", "2014.5"], ["1114488", "2015.5"], ["1114255", "99.5"]]
    assert mapped(["甲栏", "乙栏"], *lines, fields=tuple(f for f in FIELDS if f.name != "fax")) == {}


def test_postcodes_do_not_pass_for_the_day_numbers_of_a_spreadsheet() -> None:
    found = guess(["甲栏"], [Row(n, (str(32000 + n),)) for n in range(5)], FIELDS)
    assert (found[0].field, found[0].order) == ("", None)
    named = guess(["成立日期"], [Row(n, (str(32000 + n),)) for n in range(5)], FIELDS)[0]
    assert named.order is not None
    assert (named.field, named.order.order, named.order.sure) == ("founded", "serial", False)


def test_dates_bring_their_order_and_ambiguous_ones_say_so() -> None:
    header = ["成立日期", "其他", "更新", "备注"]
    lines = [("03/04/2025", "25/01/2025", "100/12/02", "x"), ("01/02/2025", "03/04/2025", "101/05/16", "y")]
    found = guess(header, [Row(n, line) for n, line in enumerate(lines, 2)], FIELDS)
    orders = [(g.order.order, g.order.sure) if g.order else None for g in found]
    assert orders == [("", False), ("dmy", True), ("roc", False), None]
    assert found[0].order is not None
    assert found[0].order.options == ("dmy", "mdy")


def test_rows_with_problems_do_not_mislead() -> None:
    opened = table("名称,邮箱\n甲,a@example.com\n乙,丙,b@example.com\n")
    assert proposed(guess(opened.header, opened.rows(), FIELDS))["columns"] == [
        {"header": "名称", "field": "name", "order": ""},
        {"header": "邮箱", "field": "email", "order": ""},
    ]


def test_a_whole_row_is_taken_to_raw_values() -> None:
    header = ["公司名称", "成立日期", "联系人姓名", "职务", "忽略"]
    mapping = {
        "columns": [
            {"header": "公司名称", "field": "name"},
            {"header": "成立日期", "field": "founded", "order": "roc"},
            {"header": "联系人姓名", "field": "people.name"},
            {"header": "职务", "field": "people.position"},
            {"header": "忽略", "field": ""},
        ]
    }
    plan = bind(mapping, header, FIELDS)
    assert plan.take(Row(2, ("甲公司", "100/12/02", "王", None, "x"))) == (
        {"name": "甲公司", "founded": date(2011, 12, 2), "people": [{"name": "王"}]},
        {},
    )
    assert plan.take(Row(3, ("乙", "NULL", "N/A", "", "x")))[0] == {"name": "乙", "founded": None, "people": None}
    values, wrong = plan.take(Row(4, ("丙", "soon", "", "", "")))
    assert values == {"name": "丙", "people": None}
    assert {path: problem.code for path, problem in wrong.items()} == {"founded": "not_a_date"}
    assert (plan.header_of("founded"), plan.header_of("people.0.name"), plan.header_of("email")) == (
        "成立日期",
        "联系人姓名",
        "",
    )


def test_a_mapping_is_plain_data_and_fits_a_file_with_other_column_order() -> None:
    guesses = guess(["公司名称", "电话"], [], FIELDS)
    kept = json.loads(json.dumps(proposed(guesses)))
    plan = bind(kept, ["电话", "备注", "公司名称"], FIELDS)
    assert plan.take(Row(2, ("123456", "x", "甲")))[0] == {"phone": "123456", "name": "甲"}


@pytest.mark.parametrize(
    ("mapping", "kind"),
    [
        ({}, refusals.MappingRefused),
        ({"columns": "x"}, refusals.MappingRefused),
        ({"columns": ["x"]}, refusals.MappingRefused),
        ({"columns": []}, refusals.NothingMapped),
        ({"columns": [{"header": "a", "field": ""}]}, refusals.NothingMapped),
        ({"columns": [{"header": "z", "field": "name"}]}, refusals.NoSuchColumn),
        ({"columns": [{"header": {"$ne": ""}, "field": "name"}]}, refusals.NoSuchColumn),
        ({"columns": [{"header": "a", "field": "level"}]}, refusals.NoSuchField),
        ({"columns": [{"header": "a", "field": "people.nobody"}]}, refusals.NoSuchField),
        (
            {"columns": [{"header": "a", "field": "people"}, {"header": "b", "field": "people.name"}]},
            refusals.MappedTwice,
        ),
        ({"columns": [{"header": "a", "field": ["name"]}]}, refusals.NoSuchField),
        ({"columns": [{"header": "a", "field": "founded", "order": "ydm"}]}, refusals.NoSuchOrder),
        ({"columns": [{"header": "a", "field": "founded", "order": {"$gt": ""}}]}, refusals.NoSuchOrder),
        (
            {"columns": [{"header": "a", "field": "name"}, {"header": "b", "field": "name"}]},
            refusals.MappedTwice,
        ),
        (
            {"columns": [{"header": "a", "field": "name"}, {"header": "a", "field": "code"}]},
            refusals.MappedTwice,
        ),
    ],
)
def test_a_mapping_that_does_not_fit_is_refused(mapping: dict[str, Any], kind: type[MappingRefused]) -> None:
    with pytest.raises(kind) as caught:
        bind(mapping, ["a", "b"], FIELDS)
    assert type(caught.value) is kind


def test_a_field_chosen_twice_is_named_in_the_readers_language() -> None:
    twice = {"columns": [{"header": "a", "field": "name"}, {"header": "b", "field": "name"}]}
    with pytest.raises(refusals.MappedTwice) as caught:
        bind(twice, ["a", "b"], FIELDS)
    assert caught.value.text("zh") == "“客户名称”被选择了两次。"
    assert caught.value.text("en") == "“Customer” is chosen twice."


def test_inner_fields_are_named_with_their_outer_one() -> None:
    found = {t.path: t.label.zh for t in targets(FIELDS)}
    assert found["people.name"] == "关键人物·姓名"
    assert found["people"] == "关键人物"
    assert "scans" not in found
    assert "level" not in found


def test_likeness_is_nothing_for_signs_alone() -> None:
    assert likeness("***", "电话") == 0.0
    assert likeness("电话", "") == 0.0


def test_every_column_gets_a_guess_in_order() -> None:
    found = guess(["x", "公司名称"], [], FIELDS)
    assert found[0] == Guess(0, "x")
    assert (found[1].column, found[1].field, found[1].why) == (1, "name", "name")


CLAIMING = (
    field("principal", "text", "企业负责人", "Principal", "负责人", "Owner"),
    field("visited", "date", "走访日期", "Visited", "更新时间"),
    field("owner", "person", "负责人", "Owner"),
    field("hotline", "text", "热线", "Hotline", "电话"),
    field("phone", "phone", "电话", "Phone"),
)


@pytest.mark.parametrize("heading", ["负责人", "Owner", "OWNER", "負責人"])
def test_a_column_that_is_called_as_a_field_goes_to_it_before_any_alias(heading: str) -> None:
    assert mapped([heading], fields=CLAIMING)[heading] == "owner"
    assert mapped(["企业负责人", heading], fields=CLAIMING) == {"企业负责人": "principal", heading: "owner"}


def test_two_columns_called_as_one_field_leave_the_second_to_nobody() -> None:
    assert mapped(["负责人", "Owner"], fields=CLAIMING) == {"负责人": "owner"}


def test_a_label_decides_even_where_the_values_fit_another_field_better() -> None:
    assert mapped(["电话"], ["见附件"], ["无"], ["总机"], fields=CLAIMING) == {"电话": "phone"}


def test_a_column_called_as_a_field_that_may_not_be_filled_is_nobody_elses() -> None:
    fields = tuple(one for one in CLAIMING if one.name != "owner")
    rows = [Row(n, ("王", "2026-03-01")) for n in range(2, 7)]
    others = (Label("负责人", "Owner"), Label("修改时间", "Changed"))
    assert [g.field for g in guess(["负责人", "修改时间"], rows, fields, others=others)] == ["", ""]
    assert [g.field for g in guess(["负责人", "修改时间"], rows, fields)] == ["principal", "visited"]
