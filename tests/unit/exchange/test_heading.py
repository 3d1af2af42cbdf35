"""The heading is found below titles and blank rows, and every column gets a name."""

from __future__ import annotations

import pytest

from models.exchange.refusals import NoSuchRow
from tests.unit.exchange.files import refused, table, text_row, xlsx


@pytest.mark.parametrize(
    "above",
    [
        "",
        "\n\n",
        "客户名单\n",
        "客户名单,,,\n制表：客服部,,,\n\n",
        "客户名单（2025年）,,2025-01-17,\n",
        "基本信息,,联系方式,\n",
    ],
)
def test_titles_and_blank_rows_above_the_heading_are_passed_over(above: str) -> None:
    opened = table(f"{above}编号,公司名称,电话,邮箱\n1,甲,010-1234567,a@example.com\n2,乙,,\n3,丙,,\n")
    assert opened.header == ["编号", "公司名称", "电话", "邮箱"]
    assert opened.header_row == above.count("\n") + 1
    assert [r.cells[1] for r in opened.rows()] == ["甲", "乙", "丙"]


def test_the_rows_above_the_heading_can_be_shown() -> None:
    opened = table("客户名单,,\n\n编号,名称,电话\n1,甲,2\n")
    assert [(r.number, r.cells[0]) for r in opened.preamble] == [(1, "客户名单")]


def test_a_title_in_a_sheet_is_passed_over() -> None:
    sheet = text_row(2, "客户名单") + text_row(4, "编号", "名称", "电话") + text_row(5, "1", "甲", "2")
    opened = table(xlsx(sheet))
    assert (opened.header_row, opened.header) == (4, ["编号", "名称", "电话"])
    assert [r.number for r in opened.rows()] == [5]


def test_a_file_without_a_heading_loses_no_row() -> None:
    opened = table("1,2025-01-17,a@example.com,13800000000\n2,2025-01-18,b@example.com,13800000001\n")
    assert opened.header_row == 0
    assert opened.header == ["[A]", "[B]", "[C]", "[D]"]
    assert len(list(opened.rows())) == 2


def test_years_are_a_heading() -> None:
    assert table("公司,2021,2022,2023\n甲,1.5,2,3\n").header == ["公司", "2021", "2022", "2023"]


def test_blanks_and_line_ends_around_names_are_dropped() -> None:
    assert table('编号 ,"公司\n名称", 发票状态  \n1,2,3\n').header == ["编号", "公司 名称", "发票状态"]


def test_names_are_made_unique_and_never_empty() -> None:
    opened = table("电话,,电话,,电话 (2)\n1,2,3,4,5\n")
    assert opened.header == ["电话", "[B]", "电话 (2)", "[D]", "电话 (2) (2)"]
    assert opened.heading == ["电话", "", "电话", "", "电话 (2)"]


def test_the_heading_can_be_chosen_by_hand() -> None:
    data = "a,b\nc,d\n1,2\n"
    assert table(data, header_row=2).header == ["c", "d"]
    without = table(data, header_row=0)
    assert without.header == ["[A]", "[B]"]
    assert len(list(without.rows())) == 3
    with pytest.raises(NoSuchRow):
        table(data, header_row=9)


def test_a_heading_alone_is_a_table_without_rows() -> None:
    opened = table("编号,名称\n")
    assert opened.header == ["编号", "名称"]
    assert list(opened.rows()) == []


@pytest.mark.parametrize("data", [b"", b"\n\n  \n", b"\xef\xbb\xbf", b",,,\n,,\n"])
def test_a_file_without_content_is_refused(data: bytes) -> None:
    assert refused(data, "a.csv") == "empty_file"
