"""Every row of a CSV file is either given as it stands or refused with its reason."""

from __future__ import annotations

import pytest

from models.exchange.refusals import WrongDelimiter
from models.exchange.table import Limits
from models.exchange.text_lines import CHUNK
from tests.unit.exchange.files import cells, problems, refused, rows, table

HEAD = "编号,公司名称,地址,电话\n"


def test_a_plain_file_is_read_cell_by_cell() -> None:
    opened = table("编号,公司名称\n001,上海某某公司\n002,某某\n")
    assert (opened.encoding, opened.delimiter, opened.header, opened.header_row) == (
        "utf-8",
        ",",
        ["编号", "公司名称"],
        1,
    )
    assert [r.cells for r in opened.rows()] == [("001", "上海某某公司"), ("002", "某某")]


def test_a_row_with_one_cell_too_many_is_refused_and_its_neighbours_kept() -> None:
    data = HEAD + "1,甲公司,上海路1号,123\n2,乙公司,和平路 33 号, 3楼,456\n3,丙公司,北京路,789\n"
    found = rows(data)
    assert [r.problem and r.problem.code for r in found] == [None, "too_many", None]
    assert found[1].cells == ("2", "乙公司", "和平路 33 号", " 3楼", "456")
    assert found[1].problem is not None
    assert found[1].problem.zh == "应有 4 列，实有 5 列。多半是某一格内含有分隔符却没有加引号。"
    assert "5 cells where the heading has 4" in found[1].problem.en


def test_a_row_with_too_few_cells_is_refused_even_when_only_the_end_is_missing() -> None:
    assert problems(HEAD + "1,甲公司,上海路1号\n2,乙,京,4\n") == {2: "too_few"}


def test_one_blank_cell_too_many_is_refused_since_it_may_hide_a_shift() -> None:
    assert problems(HEAD + "1,甲公司,路1号, 2楼,\n2,乙,京,4\n") == {2: "too_many"}


def test_a_separator_at_the_end_of_every_row_is_no_column() -> None:
    opened = table("a,b,c\n1,2,3,\n4,5,6,\n")
    assert [r.cells[:3] for r in opened.rows() if r.problem is None] == [("1", "2", "3"), ("4", "5", "6")]
    opened = table("a,b,c,\n1,2,3\n4,5,6\n")
    assert opened.header == ["a", "b", "c"]
    assert [r.problem for r in opened.rows()] == [None, None]


@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
def test_the_separator_is_found(delimiter: str) -> None:
    lines = [["客户", "说明", "电话"], ["甲", "x, y", "1"], ["乙", "第 2 行", "2"]]
    data = "\n".join(delimiter.join(f'"{c}"' if delimiter in c else c for c in line) for line in lines)
    opened = table(data)
    assert opened.delimiter == delimiter
    assert [r.cells for r in opened.rows()] == [tuple(line) for line in lines[1:]]


def test_decimal_commas_do_not_pass_for_separators() -> None:
    assert table("a;b;c;d\n1,5;2,5;3,5;4,5\n1,0;2,0;3,0;4,0\n").delimiter == ";"


def test_a_semicolon_in_every_row_does_not_beat_the_comma() -> None:
    assert table("编号,名称,备注\n1,甲,x;y\n2,乙,x;y\n3,丙,x;y\n").delimiter == ","


def test_runs_of_blanks_separate_when_nothing_else_does() -> None:
    opened = table("代号 名称   评级  违约\nE1 ***电器公司 A 否\nE2\t***公司(中国)   B  是\nE3 *** 公司 A 否\n")
    assert (opened.delimiter, opened.header) == (" ", ["代号", "名称", "评级", "违约"])
    found = list(opened.rows())
    assert found[1].cells == ("E2", "***公司(中国)", "B", "是")
    assert found[2].problem is not None
    assert found[2].problem.code == "too_many"


def test_one_column_stays_one_column_though_its_texts_hold_blanks() -> None:
    opened = table("Contact name\nMaria Lopez\nHans Meyer\n")
    assert opened.header == ["Contact name"]
    assert [r.cells for r in opened.rows()] == [("Maria Lopez",), ("Hans Meyer",)]


def test_a_separator_chosen_by_hand_wins_and_an_odd_one_is_refused() -> None:
    assert table("a;b,c\n1;2,3\n", delimiter=";").header == ["a", "b,c"]
    with pytest.raises(WrongDelimiter):
        table("a,b\n1,2\n", delimiter="x")


def test_the_hint_line_of_spreadsheet_programs_is_obeyed_and_left_out() -> None:
    opened = table("sep=;\na;b\n1,1;2\n")
    assert (opened.delimiter, opened.header) == (";", ["a", "b"])
    assert [(r.number, r.cells) for r in opened.rows()] == [(3, ("1,1", "2"))]


def test_line_ends_and_doubled_quotes_inside_cells_are_kept() -> None:
    data = 'id,text\r\n1,"first\r\nsecond ""quoted"""\r\n2,"a\nb"\r\n'
    found = rows(data)
    assert [r.cells for r in found] == [("1", 'first\nsecond "quoted"'), ("2", "a\nb")]
    assert [(r.number, r.line) for r in found] == [(2, 2), (3, 4)]


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
def test_every_kind_of_line_end_ends_a_row(ends: str) -> None:
    assert cells(ends.join(["a,b", "1,2", "3,4"])) == [("1", "2"), ("3", "4")]


def test_mixed_line_ends_are_read() -> None:
    assert cells("a,b\r\n1,2\n3,4\r5,6") == [("1", "2"), ("3", "4"), ("5", "6")]


def test_line_ends_across_pieces_of_the_file_are_not_doubled() -> None:
    # The CR stands at the end of the first piece that is read, its LF at the start of the next.
    start = "a,b\r\n"
    filler = "x" * (CHUNK - len(start) - 3)
    data = f"{start}{filler},1\r\n2,3\r\n"
    assert data.encode()[CHUNK - 1 : CHUNK + 1] == b"\r\n"
    assert [r.number for r in rows(data)] == [2, 3]


def test_blank_rows_are_left_out_but_counted() -> None:
    found = rows("a,b\n\n1,2\n,,\n , \n3,4\n")
    assert [(r.number, r.cells) for r in found] == [(3, ("1", "2")), (6, ("3", "4"))]


def test_a_quotation_mark_that_is_never_closed_spoils_one_row_only() -> None:
    data = HEAD + '1,甲,京,1\n2,"乙 12,沪,2\n3,丙,粤,3\n4,丁,"渝 ""区""",4\n'
    assert problems(data) == {3: "unclosed_quote"}
    assert [(r.number, r.line) for r in rows(data)] == [(2, 2), (3, 3), (4, 4), (5, 5)]
    assert [c[0] for c in cells(data)] == ["1", "3", "4"]


def test_an_unclosed_mark_does_not_reach_the_next_quoted_cell() -> None:
    data = HEAD + '1,"甲,京,1\n2,乙,沪,2\n3,丙,"粤,港",3\n'
    assert problems(data) == {2: "unclosed_quote"}
    assert cells(data) == [("2", "乙", "沪", "2"), ("3", "丙", "粤,港", "3")]


def test_marks_that_swallow_whole_rows_are_found_out() -> None:
    # The mark of row 2 is closed by the one at the end of row 4, where a quoted cell begins with a line end.
    data = HEAD + '1,甲,京,"1\n2,乙,沪,2\n3,丙,粤,"\nx"\n4,丁,渝,4\n'
    assert problems(data) == {2: "unclosed_quote"}
    assert [c[0] for c in cells(data)] == ["2", "3", "4"]
    assert sum(1 for _ in rows(data)) == 4


def test_a_word_in_quotation_marks_within_a_cell_is_text() -> None:
    assert cells('a,b\n"星"公司,12" 管\n') == [('"星"公司', '12" 管')]


def test_no_line_is_lost_among_many_stray_marks() -> None:
    data = HEAD + "".join(f'{n},"甲{n},京,{n}\n' if n % 3 else f"{n},甲,京,{n}\n" for n in range(1, 200))
    found = rows(data)
    assert len(found) == 199
    assert [r.cells[0] for r in found] == [str(n) for n in range(1, 200)]


def test_nul_characters_refuse_their_row() -> None:
    filler = "正常的一行文字,2\n" * 30
    assert problems(f"a,b\n1,\0x\n{filler}") == {2: "nul"}


def test_a_cell_longer_than_the_limit_is_refused_and_the_next_row_kept() -> None:
    data = "a,b\n1," + "x" * 2_000_000 + '\n2,"' + "y" * 1_500_000 + '"\n3,z\n'
    assert problems(data) == {2: "cell_too_long", 3: "cell_too_long"}
    assert cells(data) == [("3", "z")]


def test_a_row_longer_than_the_limit_is_refused_without_being_held() -> None:
    limits = Limits(row=1000, cell=500)
    data = "a,b\n1," + "x," * 200_000 + "\r\n2,z\n" + "3," + "y" * 5000
    found = rows(data, limits=limits)
    assert [(r.number, r.problem.code if r.problem else "") for r in found] == [
        (2, "row_too_long"),
        (3, ""),
        (4, "row_too_long"),
    ]
    assert len(str(found[0].cells)) < 300


def test_a_quoted_cell_beyond_the_limit_of_a_row_is_taken_as_never_closed() -> None:
    data = 'a,b\n1,"' + "line\n" * 500 + "2,z\n"
    assert problems(data, limits=Limits(row=1000))[2] == "unclosed_quote"
    assert ("2", "z") in cells(data, limits=Limits(row=1000))


def test_an_apostrophe_that_export_put_before_a_formula_is_taken_off() -> None:
    assert cells("a,b\n'=1+1,'hello\n'-5,it's\n") == [("=1+1", "'hello"), ("-5", "it's")]


def test_more_rows_than_the_limit_refuse_the_file() -> None:
    assert refused("a,b\n1,2\n3,4\n", "a.csv", limits=Limits(rows=1)) == "too_many_rows"
    assert refused("a,b\n1,2\n", "a.csv", limits=Limits(rows=1)) == ""


def test_more_columns_than_the_limit_refuse_the_file() -> None:
    assert refused(",".join("abcdef"), "a.csv", limits=Limits(columns=5)) == "too_many_columns"


def test_rows_can_be_read_again_from_the_start() -> None:
    opened = table("a,b\n1,2\n3,4\n")
    first = next(opened.rows())
    assert [r.cells for r in opened.rows()] == [("1", "2"), ("3", "4")]
    assert first.cells == ("1", "2")


def test_progress_counts_up_to_the_size_of_the_file() -> None:
    data = ("编号,名称\n" + "1,某某公司\n" * 40_000).encode()
    seen: list[tuple[int, int]] = []
    for _ in table(data).rows(lambda done, total: seen.append((done, total))):
        pass
    assert [done for done, _ in seen] == sorted({done for done, _ in seen})
    assert len(seen) >= 2
    assert seen[-1] == (len(data), len(data))
