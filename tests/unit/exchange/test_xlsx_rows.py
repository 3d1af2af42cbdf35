"""Rows of XLSX sheets: what a person sees in the sheet is what is read."""

from __future__ import annotations

import io
import tracemalloc
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

import openpyxl
import pytest

from models.exchange.refusals import NoSuchSheet
from models.exchange.table import Limits
from tests.unit.exchange.files import cells, formats, problems, rows, table, text_row, xlsx

HEAD = text_row(1, "代码", "名称")


def one(cell: str, **parts: Any) -> Any:
    """The value of one cell under a heading."""
    return rows(xlsx(HEAD + f'<row r="2">{cell}<c t="str"><v>x</v></c></row>', **parts))[0].cells[0]


def test_a_file_made_by_another_library_is_read() -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "客户"
    for line in (
        ["代码", "名称", "开业", "金额"],
        ["592E", "某某证券", date(2011, 12, 2), 1730.63],
        ["0012", None, None, -5],
    ):
        sheet.append(line)
    made = io.BytesIO()
    book.save(made)
    opened = table(made.getvalue())
    assert (opened.sheet, opened.sheets, opened.encoding, opened.delimiter) == ("客户", ("客户",), "", "")
    assert [r.cells for r in opened.rows()] == [
        ("592E", "某某证券", date(2011, 12, 2), Decimal("1730.63")),
        ("0012", None, None, Decimal(-5)),
    ]


@pytest.mark.parametrize("code", ["592E", "592E2", "0012", "1E5", "110101199003071234"])
def test_codes_stored_as_text_stay_text(code: str) -> None:
    assert one(f'<c t="inlineStr"><is><t>{code}</t></is></c>') == code
    assert one('<c t="s"><v>0</v></c>', shared=f"<si><t>{code}</t></si>") == code


def test_a_number_shown_with_leading_zeros_is_the_code_that_is_shown() -> None:
    assert one('<c s="1"><v>12</v></c>', formats=formats("000000")) == "000012"


@pytest.mark.parametrize(
    ("stored", "value"),
    [
        ("1730.6299999999999", Decimal("1730.63")),
        ("0.30000000000000004", Decimal("0.3")),
        ("1.1010119900307E+17", Decimal("1.1010119900307E+17")),
        ("-12", Decimal(-12)),
    ],
)
def test_numbers_are_as_exact_as_the_sheet_shows_them(stored: str, value: Decimal) -> None:
    assert one(f"<c><v>{stored}</v></c>") == value


@pytest.mark.parametrize(
    ("code", "stored", "value"),
    [
        ("yyyy/m/d", "45674", date(2025, 1, 17)),
        ("yyyy&quot;年&quot;m&quot;月&quot;d&quot;日&quot;", "45674", date(2025, 1, 17)),
        ("[$-804]yyyy\\-mm\\-dd;@", "45674", date(2025, 1, 17)),
        ("yyyy/m/d h:mm", "45674.5625", datetime(2025, 1, 17, 13, 30)),  # noqa: DTZ001 - sheets know no zones
        ("yyyy/m/d h:mm", "45674", date(2025, 1, 17)),
        ("h:mm:ss", "0.5625", time(13, 30)),
        ("[h]:mm", "1.5", "36:00:00"),
        ("yyyy/m/d", "1", date(1900, 1, 1)),
        ("yyyy/m/d", "61", date(1900, 3, 1)),
        ("0.00%", "0.125", "12.5%"),
        ("#,##0.00", "45674", Decimal(45674)),
        ("[Red]0.00", "45674", Decimal(45674)),
        ("&quot;USD &quot;#,##0", "45674", Decimal(45674)),
        ("0.00E+00", "45674", Decimal(45674)),
        ("yyyy/m/d", "9999999", Decimal(9999999)),
    ],
)
def test_formats_make_dates_of_numbers(code: str, stored: str, value: object) -> None:
    assert one(f'<c s="1"><v>{stored}</v></c>', formats=formats(code)) == value


def test_the_29th_of_february_1900_is_left_as_a_number() -> None:
    assert one('<c s="1"><v>60</v></c>', formats=formats("yyyy/m/d")) == Decimal(60)


def test_the_calendar_that_begins_in_1904_is_known() -> None:
    assert one('<c s="1"><v>44212</v></c>', formats=formats("yyyy/m/d"), book='<workbookPr date1904="1"/>') == date(
        2025, 1, 17
    )


def test_booleans_errors_and_stated_dates_are_read() -> None:
    assert one('<c t="b"><v>1</v></c>') is True
    assert one('<c t="e"><v>#REF!</v></c>') == "#REF!"
    assert one('<c t="d"><v>2025-01-17</v></c>') == date(2025, 1, 17)


def test_rich_text_is_joined_and_reading_aids_are_left_out() -> None:
    shared = "<si><r><t>上海</t></r><r><t xml:space='preserve" + "'> 公司</t></r><rPh><t>しゃんはい</t></rPh></si>"
    assert one('<c t="s"><v>0</v></c>', shared=shared) == "上海 公司"


def test_escaped_characters_and_line_ends_are_restored() -> None:
    assert one('<c t="inlineStr"><is><t>a_x000D_\nb_x0009_c</t></is></c>') == "a\nb\tc"


def test_a_formula_gives_its_stored_result_and_one_without_refuses_the_row() -> None:
    sheet = HEAD + '<row r="2"><c t="str"><f>A1</f><v>甲</v></c></row><row r="3"><c r="B3"><f>1+1</f></c></row>'
    assert cells(xlsx(sheet)) == [("甲", None)]
    bad = rows(xlsx(sheet))[1]
    assert bad.problem is not None
    assert (bad.number, bad.problem.code, bad.problem.params["column"]) == (3, "no_result", "B")


def test_a_damaged_cell_refuses_its_row_only() -> None:
    sheet = HEAD + '<row r="2"><c t="s"><v>99</v></c></row><row r="3"><c><v>abc</v></c></row>' + text_row(4, "1", "甲")
    assert problems(xlsx(sheet)) == {2: "broken_cell", 3: "broken_cell"}
    assert cells(xlsx(sheet)) == [("1", "甲")]


def test_cells_stand_in_their_columns_and_rows_keep_their_numbers() -> None:
    sheet = HEAD + '<row r="7"><c r="B7" t="inlineStr"><is><t>只有名称</t></is></c></row>' + text_row(9, "9")
    assert [(r.number, r.cells) for r in rows(xlsx(sheet))] == [(7, (None, "只有名称")), (9, ("9", None))]


def test_rows_and_cells_without_references_are_counted() -> None:
    sheet = "".join(f"<row><c><v>{n}</v></c><c t='str'><v>n{n}</v></c></row>" for n in range(3))
    assert cells(xlsx(HEAD.replace(' r="1"', "") + sheet)) == [(Decimal(n), f"n{n}") for n in range(3)]


def test_content_beyond_the_heading_refuses_the_row_and_names_the_column() -> None:
    found = rows(xlsx(HEAD + text_row(2, "1", "甲", "", "批注") + text_row(3, "2", "乙", " ")))
    assert [r.problem.code if r.problem else "" for r in found] == ["beyond_heading", ""]
    assert found[0].problem is not None
    assert found[0].problem.en.startswith("Column D has content but the headings end at B")


def test_the_stated_size_of_a_sheet_is_not_believed() -> None:
    # `xlsx` states A1:B2 for every sheet.
    sheet = text_row(1, "a", "b", "c") + "".join(text_row(n, "1", "2", "3") for n in range(2, 50))
    assert len(rows(xlsx(sheet))) == 48


def test_64000_blank_rows_hide_no_later_row() -> None:
    ghosts = "".join(f'<row r="{n}"><c r="A{n}" s="0"/></row>' for n in range(3, 64_003))
    sheet = HEAD + text_row(2, "1", "甲") + ghosts + text_row(64_010, "2", "乙")
    assert [(r.number, r.cells) for r in rows(xlsx(sheet))] == [(2, ("1", "甲")), (64_010, ("2", "乙"))]


def test_blank_rows_after_the_last_value_are_not_parsed() -> None:
    # They are not even well formed, so that parsing them would fail.
    ghosts = "<row></row>" * 10_000 + "<row><c></row>" * 64_000
    assert cells(xlsx(HEAD + text_row(2, "1", "甲") + ghosts)) == [("1", "甲")]


def test_the_first_visible_sheet_with_content_is_read() -> None:
    data = xlsx(text_row(1, "藏", "x"), "", HEAD + text_row(2, "1", "甲"), HEAD, states=("hidden",))
    opened = table(data)
    assert (opened.sheets, opened.sheet) == (("S2", "S3", "S4"), "S3")
    assert table(data, sheet="S4").sheet == "S4"
    with pytest.raises(NoSuchSheet):
        table(data, sheet="S1")


def test_files_of_the_strict_standard_with_prefixes_are_read() -> None:
    sheet = '<x:row r="1"><x:c t="str"><x:v>a</x:v></x:c></x:row><x:row r="2"><x:c><x:v>5</x:v></x:c></x:row>'
    data = xlsx(f"</sheetData><x:sheetData xmlns:x='http://purl.oclc.org/ooxml/main'>{sheet}</x:sheetData><sheetData>")
    assert cells(data) == [(Decimal(5),)]


def test_long_cells_and_rows_are_refused_row_by_row() -> None:
    limits = Limits(cell=1000, row=2500)
    long = "x" * 1001
    sheet = (
        HEAD
        + text_row(2, "1", long)
        + '<row r="3"><c t="s"><v>0</v></c></row>'
        + text_row(4, *["y" * 900] * 3)
        + text_row(5, "2", "甲")
    )
    data = xlsx(sheet, shared=f"<si><t>{long}</t></si>")
    assert problems(data, limits=limits) == {2: "cell_too_long", 3: "cell_too_long", 4: "row_too_long"}
    assert cells(data, limits=limits) == [("2", "甲")]


def test_progress_reaches_the_size_of_the_file() -> None:
    data = xlsx(HEAD + "".join(text_row(n, "1", "甲" * 20) for n in range(2, 3000)))
    seen: list[tuple[int, int]] = []
    assert len(list(table(data).rows(lambda done, total: seen.append((done, total))))) == 2998
    assert seen[-1] == (len(data), len(data))
    assert [d for d, _ in seen] == sorted(d for d, _ in seen)


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_memory_does_not_grow_with_the_file(kind: str) -> None:
    def peak(count: int) -> int:
        if kind == "csv":
            data = ("a,b\n" + "某某公司,说明\n" * count).encode()
        else:
            data = xlsx(HEAD + "".join(text_row(n, "某某公司", "说明") for n in range(2, count)))
        opened = table(data)
        tracemalloc.start()
        for _ in opened.rows():
            pass
        top = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return top

    small, large = (12_000, 36_000) if kind == "csv" else (2_000, 6_000)
    assert peak(large) < peak(small) * 1.3
