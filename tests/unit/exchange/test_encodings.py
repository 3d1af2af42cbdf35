"""The encoding is found over the whole file, and rows that do not follow it are refused one by one."""

from __future__ import annotations

import codecs

import pytest

from models.exchange.refusals import FileRefused
from tests.unit.exchange.files import refused, rows, table

TEXT = "编号,公司名称,地区\r\n1,上海某某科技股份有限公司,上海\r\n2,龙岩某某集团公司,福建\r\n"


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (TEXT.encode(), "utf-8"),
        (codecs.BOM_UTF8 + TEXT.encode(), "utf-8-sig"),
        (TEXT.encode("gbk"), "gb18030"),
        ((TEXT + "3,\U00020000㐀公司,北京\r\n").encode("gb18030"), "gb18030"),
        (codecs.BOM_UTF16_LE + TEXT.encode("utf-16-le"), "utf-16"),
        (codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"), "utf-16"),
        (TEXT.encode("utf-16-le"), "utf-16"),
        (TEXT.encode("utf-16-be"), "utf-16"),
    ],
)
def test_the_encodings_of_office_files_are_found(data: bytes, name: str) -> None:
    opened = table(data)
    assert opened.encoding == name
    assert opened.header == ["编号", "公司名称", "地区"]
    found = list(opened.rows())
    assert found[0].cells == ("1", "上海某某科技股份有限公司", "上海")
    assert all(r.problem is None for r in found)


def test_spreadsheet_programs_unicode_text_is_read() -> None:
    data = codecs.BOM_UTF16_LE + '编号\t备注\r\n1\t"两行\n文字"\r\n'.encode("utf-16-le")
    opened = table(data)
    assert opened.delimiter == "\t"
    assert [r.cells for r in opened.rows()] == [("1", "两行\n文字")]


def test_a_file_whose_first_chinese_row_is_its_last_is_still_read_rightly() -> None:
    plain = b"id,name\r\n" + b"".join(b"%d,Company %d\r\n" % (n, n) for n in range(60_000))
    opened = table(plain + "60000,最后一行的公司\r\n".encode("gbk"))
    assert opened.encoding == "gb18030"
    *_, last = opened.rows()
    assert last.cells == ("60000", "最后一行的公司")


def test_a_gbk_row_in_a_utf8_file_is_refused_with_its_number_and_readable_text() -> None:
    lines = [f"{n},某某公司第{n}号,上海\n".encode() for n in range(1, 30)]
    lines[9] = "10,混入的另一家公司,北京\n".encode("gbk")
    found = rows("编号,名称,地区\n".encode() + b"".join(lines))
    bad = [r for r in found if r.problem]
    assert len(found) == 29
    assert [(r.number, r.problem.code if r.problem else "") for r in bad] == [(11, "encoding")]
    assert bad[0].cells == ("10", "混入的另一家公司", "北京")
    assert bad[0].problem is not None
    assert "UTF-8" in bad[0].problem.zh


def test_a_utf8_row_in_a_gbk_file_is_refused_with_its_number_and_readable_text() -> None:
    lines = [f"{n},某某公司第{n}号,上海\n".encode("gbk") for n in range(1, 30)]
    lines[4] = '5,"混入的另一家公司",北京\n'.encode()
    found = rows("编号,名称,地区\n".encode("gbk") + b"".join(lines))
    bad = [r for r in found if r.problem]
    assert [(r.number, r.problem.code if r.problem else "") for r in bad] == [(6, "encoding")]
    assert bad[0].cells == ("5", "混入的另一家公司", "北京")


def test_a_damaged_byte_refuses_its_row_and_shows_where() -> None:
    lines = [f"{n},某某公司\n".encode() for n in range(1, 9)]
    lines[2] = b"3,\xe6\x9f\xff\xe5\x85\xac\n"
    bad = [r for r in rows("编号,名称\n".encode() + b"".join(lines)) if r.problem]
    assert [r.number for r in bad] == [4]
    assert "\ufffd" in str(bad[0].cells[1])


def test_short_gbk_words_that_are_valid_utf8_by_accident_do_not_mislead() -> None:
    # GBK for "联通" is also a valid UTF-8 sequence.
    data = ("编号,名称,说明\n1,联通,\n2,中国移动通信公司,好\n3,联通,一般的说明文字\n" * 3).encode("gbk")
    opened = table(data)
    assert opened.encoding == "gb18030"
    assert next(opened.rows()).cells == ("1", "联通", "")
    assert [r.problem for r in opened.rows()] == [None] * 11


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("id,name,city\n1,Böhm & Söhne,Köln\n2,Café Güell,Málaga\n", "cp1252"),
        (TEXT, "utf-32"),
        ("編號,電話\n1,無\n2,有嗎\n", "big5"),
    ],
)
def test_an_encoding_that_cannot_be_told_is_asked_for(text: str, encoding: str) -> None:
    assert refused(text.encode(encoding), "a.csv") == "unknown_encoding"


def test_the_encoding_can_be_chosen_by_hand() -> None:
    data = "id,name\n1,Böhm & Söhne\n".encode("cp1252")
    opened = table(data, encoding="cp1252")
    assert next(opened.rows()).cells == ("1", "Böhm & Söhne")
    assert table(codecs.BOM_UTF8 + TEXT.encode(), encoding="utf-8").header[0] == "编号"
    assert refused(data, "a.csv", encoding="rot13") == "wrong_encoding"


def test_an_unreadable_heading_refuses_the_file_with_the_reason() -> None:
    data = "编号,名".encode() + b"\xff\xff\n" + "1,某某公司\n2,另一家\n".encode()
    with pytest.raises(FileRefused) as caught:
        table(data)
    assert caught.value.code == "bad_heading"
    assert "第 1 行" in caught.value.text("zh")
    assert "编码" in caught.value.text("zh")
    assert "encoded differently" in caught.value.text("en")
