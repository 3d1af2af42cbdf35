"""What is exported opens as it was: typed, exact, with nothing in it that runs; and it streams."""

from __future__ import annotations

import csv
import io
import tracemalloc
import zipfile
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import openpyxl
import pytest

from models.errors import Sentence
from models.exchange.formulas import defuse, is_formula, restore
from models.exchange.problem import Problem
from models.exchange.table import Row
from models.exchange.writing import Column, Reason, rejects, stream, stream_csv, stream_xlsx, told
from models.exchange.xlsx_writing import XlsxWriter
from tests.unit.exchange.files import cells, rows, table

COLUMNS = [
    Column("编号"),
    Column("金额", "money"),
    Column("日期", "date"),
    Column("时间", "datetime"),
    Column("备注", "long_text"),
]
DANGEROUS = [
    "=1+1",
    "+86 571",
    "-5",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    "＝1",
    "＋1",
    "－1",
    "＠x",
    "  =1",
    "\u3000=1",
]


def as_csv(*lines: Sequence[Any], columns: Sequence[Column] = COLUMNS) -> bytes:
    return b"".join(stream_csv(columns, lines))


def as_xlsx(*lines: Sequence[Any], columns: Sequence[Column] = COLUMNS) -> bytes:
    return b"".join(stream_xlsx(columns, lines, "客户"))


def sheet_of(data: bytes) -> Any:
    return openpyxl.load_workbook(io.BytesIO(data)).active


def test_csv_opens_in_spreadsheet_programs() -> None:
    data = as_csv(["甲", None, None, None, 'x,"y"\r\nz'])
    assert data.startswith(b"\xef\xbb\xbf")
    assert data.decode("utf-8-sig") == '编号,金额,日期,时间,备注\r\n甲,,,,"x,""y""\r\nz"\r\n'


@pytest.mark.parametrize("text", DANGEROUS)
def test_text_that_could_run_is_defused_in_csv_and_comes_back_on_import(text: str) -> None:
    data = as_csv([text], columns=[Column("x")])
    written = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))[1][0]
    assert written == "'" + text
    assert cells(data, delimiter=",") == [(text.replace("\r", "\n") if text[0] == "\r" else text,)]


@pytest.mark.parametrize("text", [*DANGEROUS, "'=1", "''=1", "'hello", "it's", "", "'", "a=b", "5-3"])
def test_defusing_can_always_be_undone(text: str) -> None:
    assert restore(defuse(text)) == text
    assert not is_formula(defuse(text))


def test_harmless_text_is_left_alone() -> None:
    for text in ("某某公司", "a=b", "5-3", "'hello", "user@example.com", ""):
        assert defuse(text) == text


def test_headings_are_defused_too() -> None:
    assert as_csv(columns=[Column("=cmd")]).decode("utf-8-sig") == "'=cmd\r\n"


def test_numbers_stay_numbers_in_csv() -> None:
    data = as_csv([7, Decimal("-1234.50"), None, None, Decimal("1E+3")])
    assert data.decode("utf-8-sig").splitlines()[1] == "7,-1234.50,,,1000"


def test_dates_and_moments_are_written_in_shanghai_time() -> None:
    moment = datetime(2025, 1, 17, 17, 2, 3, tzinfo=UTC)
    data = as_csv(["x", None, date(2025, 1, 17), moment, time(9, 30)])
    assert data.decode("utf-8-sig").splitlines()[1] == "x,,2025-01-17,2025-01-18 01:02:03,09:30:00"
    found = sheet_of(as_xlsx(["x", None, date(2025, 1, 17), moment, time(9, 30)]))
    assert [c.value for c in found[2]] == [
        "x",
        None,
        datetime(2025, 1, 17),  # noqa: DTZ001
        datetime(2025, 1, 18, 1, 2, 3),  # noqa: DTZ001
        time(9, 30),
    ]
    assert found["C2"].number_format == "yyyy\\-mm\\-dd"


@pytest.mark.parametrize("text", DANGEROUS[:4])
def test_text_that_could_run_is_a_marked_text_cell_in_xlsx(text: str) -> None:
    cell = sheet_of(as_xlsx([text]))["A2"]
    assert (cell.value, cell.data_type, cell.quotePrefix, cell.number_format) == (text, "s", True, "@")


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        ("007", "text", "007"),
        ("110101199003071234", "text", "110101199003071234"),
        (110101199003071234, "text", "110101199003071234"),
        (7, "text", "7"),
        (Decimal("1234567890123456.78"), "money", "1234567890123456.78"),
        (10**15, "integer", str(10**15)),
        (Decimal("NaN"), "decimal", "NaN"),
        (date(1850, 1, 1), "date", "1850-01-01"),
        ("592E2", "choice", "592E2"),
    ],
)
def test_codes_and_what_a_spreadsheet_would_round_are_text_in_xlsx(value: Any, kind: str, expected: str) -> None:
    cell = sheet_of(as_xlsx([value], columns=[Column("x", kind)]))["A2"]
    assert (cell.value, cell.data_type) == (expected, "s")


@pytest.mark.parametrize(
    ("value", "kind", "expected", "form"),
    [
        (Decimal("-1234.50"), "money", -1234.5, "#,##0.00"),
        (-7, "integer", -7, "General"),
        (0.5, "decimal", 0.5, "General"),
        (Decimal("1E+3"), "decimal", 1000, "General"),
    ],
)
def test_amounts_are_numbers_in_xlsx(value: Any, kind: str, expected: float, form: str) -> None:
    cell = sheet_of(as_xlsx([value], columns=[Column("x", kind)]))["A2"]
    assert (cell.value, cell.data_type, cell.number_format) == (expected, "n", form)


def test_what_xml_cannot_hold_survives_a_round_trip() -> None:
    odd = "a\x0bb<&>\"' _x0041_ \ufffe c\td\ne"
    assert cells(as_xlsx([odd, None, None, None, "x\r\ny"]))[0][0] == odd
    assert cells(as_xlsx(["1", None, None, None, "x\r\ny"]))[0][4] == "x\ny"
    assert cells(as_xlsx(["a\ud800b", None, None, None, "x"]))[0][0] == "a\ufffdb"


def test_a_text_beyond_the_formats_limit_is_cut_and_shows_it() -> None:
    for text in ("长" * 40_000, "\U00020000" * 20_000):
        written = cells(as_xlsx([text, None, None, None, "x"]))[0][0]
        assert len(written.encode("utf-16-le")) // 2 <= 32_767
        assert written[:-1] == text[: len(written) - 1]
        assert written.endswith("…")


def test_all_kinds_of_values_come_back_from_xlsx() -> None:
    line = ("=x", Decimal("-5.25"), date(2025, 1, 17), datetime(2025, 1, 17, 13, 30), "多行\n文字")  # noqa: DTZ001
    assert cells(as_xlsx(line)) == [line]


def test_a_full_sheet_is_followed_by_another_with_the_heading() -> None:
    writer = XlsxWriter(["编号"], ["text"], "客户[2025]/1", sheet_rows=3)
    data = b"".join(stream(writer, [[str(n)] for n in range(5)]))
    book = openpyxl.load_workbook(io.BytesIO(data))
    assert book.sheetnames == ["客户 2025  1", "客户 2025  1 (2)", "客户 2025  1 (3)"]
    assert [[c.value for c in row] for sheet in book for row in sheet.rows] == [
        ["编号"],
        ["0"],
        ["1"],
        ["编号"],
        ["2"],
        ["3"],
        ["编号"],
        ["4"],
    ]


def test_an_export_without_rows_has_its_heading() -> None:
    assert table(as_xlsx()).header == ["编号", "金额", "日期", "时间", "备注"]
    assert table(as_csv()).header == ["编号", "金额", "日期", "时间", "备注"]


def test_every_part_of_the_archive_is_sound_and_the_same_rows_make_the_same_file() -> None:
    data = as_xlsx(["1"])
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
    assert data == as_xlsx(["1"])


def counted(count: int, asked: list[int]) -> Iterator[list[Any]]:
    for number in range(count):
        asked.append(number)
        yield [f"KH-{number:06}", Decimal(number), date(2025, 1, 17), None, f"说明 {number * 7919 % 1000003}"]


@pytest.mark.parametrize("make", [stream_csv, stream_xlsx])
def test_the_first_piece_leaves_before_the_last_row_is_asked_for(make: Any) -> None:
    asked: list[int] = []
    pieces = make(COLUMNS, counted(8_000, asked))
    assert next(pieces)
    assert len(asked) < 4_000
    assert all(pieces)
    assert len(asked) == 8_000


@pytest.mark.parametrize("make", [stream_csv, stream_xlsx])
def test_memory_does_not_grow_with_the_export(make: Any) -> None:
    class Nothing(list[int]):
        def append(self, _: int) -> None:
            return

    def peak(count: int) -> int:
        tracemalloc.start()
        for _ in make(COLUMNS, counted(count, Nothing())):
            pass
        top = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return top

    small, large = (5_000, 15_000) if make is stream_csv else (2_000, 6_000)
    assert peak(large) < peak(small) * 1.3


@pytest.mark.parametrize("xlsx", [False, True])
def test_refused_rows_come_back_with_number_and_reason_and_can_be_imported_again(xlsx: bool) -> None:
    source = "编号,地址,电话\n1,京,5\n2,沪, 3楼,6\n3,=1+1,x\n"
    bad = [
        (row, [("", row.problem)] if row.problem else [("电话", Sentence("电话太短。", "Too short."))])
        for row in rows(source)
        if row.problem or row.cells[2] == "x"
    ]
    data = b"".join(rejects(["编号", "地址", "电话"], bad, "zh", xlsx=xlsx))
    again = table(data)
    assert again.header == ["导入行号", "未导入原因", "编号", "地址", "电话"]
    found = list(again.rows())
    assert [str(r.cells[0]) for r in found] == ["3", "4"]
    assert str(found[0].cells[1]).startswith("应有 3 列，实有 4 列")
    assert found[1].cells[1] == "电话：电话太短。"
    assert [str(c) for c in found[0].cells[2:]] == ["2", "沪", " 3楼", "6"]
    assert found[1].cells[2:] == ("3", "=1+1", "x")
    # What was not corrected is refused for the same reason.
    assert found[0].problem is not None


def test_reasons_are_told_in_the_readers_language() -> None:
    reasons: list[tuple[str, Reason]] = [("Phone", Sentence("太短。", "Too short.")), ("", Problem("nul"))]
    assert told(reasons, "en").startswith("Phone: Too short. This row holds NUL")
    assert told(reasons, "zh_CN").startswith("Phone：太短。此行含有空字符")


def test_rows_read_from_a_sheet_are_handed_back_typed() -> None:
    bad = [(Row(2, (Decimal("1.5"), date(2025, 1, 17), True, None)), [("", Problem("nul"))])]
    found = sheet_of(b"".join(rejects(["a", "b", "c", "d"], bad, "en", xlsx=True)))
    assert [c.value for c in found[2]][2:5] == ["1.5", datetime(2025, 1, 17), True]  # noqa: DTZ001
