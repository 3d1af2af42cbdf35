"""Files that are no table, damaged or dangerous are refused as a whole, in words, before anything is taken."""

from __future__ import annotations

import io
import random
import struct
import zipfile
from pathlib import Path

import pytest

from models.errors import Refusal
from models.exchange import refusals
from models.exchange.reading import open_table
from models.exchange.table import MB, Limits
from tests.unit.exchange.files import cells, refusal, refused, table, text_row, xlsx

GOOD = xlsx(text_row(1, "代码", "名称") + "".join(text_row(n, str(n), f"公司{n * 7919}") for n in range(2, 400)))
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)


def archive(**parts: bytes) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as file:
        for name, content in parts.items():
            file.writestr(name, content)
    return made.getvalue()


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (OLE + "Workbook".encode("utf-16-le"), "save_as_xlsx"),
        (OLE + bytes(MB) + "EncryptedPackage".encode("utf-16-le"), "password_protected"),
        (OLE + "WordDocument".encode("utf-16-le"), "not_a_table"),
        (b"%PDF-1.7\n%\xe2\xe3", "not_a_table"),
        (b"\x89PNG\r\n\x1a\n" + bytes(50), "not_a_table"),
        (b"\x1f\x8b\x08" + bytes(50), "not_a_table"),
        (b"<html><table><tr><td>1</td></tr></table></html>", "save_as_xlsx"),
        (b'\xef\xbb\xbf\r\n<?xml version="1.0"?><Workbook/>', "save_as_xlsx"),
        (archive(**{"a.txt": b"x"}), "not_a_table"),
        (archive(**{"[Content_Types].xml": b"<Types/>", "word/document.xml": b"<x/>"}), "not_a_table"),
        (archive(**{"content.xml": b"<x/>", "mimetype": b"ods"}), "save_as_xlsx"),
        (archive(**{"[Content_Types].xml": b"<Types/>", "xl/workbook.bin": b"x"}), "save_as_xlsx"),
        (xlsx(text_row(1, "a"), extra={"xl/vbaProject.bin": b"x"}), "has_macros"),
        (xlsx(), "broken_file"),
        (archive(**{"[Content_Types].xml": b"<Types/>", "xl/styles.xml": b"<x/>"}), "broken_file"),
        (b"MZ" + GOOD, "broken_file"),
        (bytes([0, 1, 2, 3]) + bytes(200), "broken_file"),
    ],
)
def test_what_is_no_table_is_named(data: bytes, code: str) -> None:
    assert refused(data, "客户.xlsx") == code


def test_bytes_that_are_no_text_are_no_table() -> None:
    assert refused(b"ab\x00\x00\x01" * 500, "客户.csv") == "not_a_table"
    assert refused(random.Random(1).randbytes(5000), "客户.csv") in ("not_a_table", "unknown_encoding")


def test_content_decides_and_not_the_name() -> None:
    assert cells(GOOD)[0] == ("2", "公司15838")
    opened = table("a,b\n1,2\n", "客户.xlsx")
    assert opened.delimiter == ","
    assert table(GOOD, "客户.csv").sheet == "S1"


@pytest.mark.parametrize("part", [1, 2, 5, 9])
def test_a_truncated_file_is_refused(part: int) -> None:
    assert refused(GOOD[: len(GOOD) * part // 10]) == "broken_file"


def test_an_archive_protected_by_a_password_is_refused() -> None:
    data = bytearray(GOOD)
    entry = data.index(b"PK\x01\x02")
    data[entry + 8] |= 1
    assert refused(bytes(data)) == "password_protected"


def test_a_file_that_unpacks_to_more_than_the_limit_is_refused_before_it_is_unpacked() -> None:
    bomb = xlsx(text_row(1, "a", "b") + "<row/>" * 600_000)
    assert len(bomb) < MB // 10
    assert refused(bomb, limits=Limits(unpacked=2 * MB)) == "unpacks_too_big"
    shared = xlsx(text_row(1, "a"), shared="<si><t>" + "x" * 3 * MB + "</t></si>")
    assert refused(shared, limits=Limits(unpacked=2 * MB)) == "unpacks_too_big"


def test_an_archive_that_states_too_small_a_size_gives_no_more_than_it_states() -> None:
    bomb = bytearray(xlsx(text_row(1, "a", "b") + "<row/>" * 600_000))
    entry = bomb.rindex(b"PK\x01\x02", 0, bomb.rindex(b"xl/worksheets/sheet1.xml"))
    bomb[entry + 24 : entry + 28] = struct.pack("<I", 1000)
    assert refused(bytes(bomb), limits=Limits(unpacked=2 * MB)) == "broken_file"


def test_a_short_file_that_repeats_a_long_text_is_refused() -> None:
    sheet = text_row(1, "a", "b") + '<row><c t="s"><v>0</v></c><c t="s"><v>0</v></c></row>' * 200
    data = xlsx(sheet, shared="<si><t>" + "x" * 90_000 + "</t></si>")
    assert refused(data, limits=Limits(unpacked=4 * MB)) == "unpacks_too_big"


def test_entities_are_not_expanded() -> None:
    evil = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]><sst><si><t>&b;</t></si></sst>'
    made = xlsx(text_row(1, "a") + '<row><c t="s"><v>0</v></c></row>', extra={"xl/sharedStrings.xml": evil.encode()})
    assert refused(made) == "broken_file"


def test_a_tag_of_many_megabytes_is_refused_instead_of_held() -> None:
    assert refused(xlsx(text_row(1, "a") + f'<row><c r="{"A" * 9 * MB}"><v>1</v></c></row>')) == "broken_file"


def test_an_archive_with_thousands_of_parts_is_refused() -> None:
    assert refused(xlsx(text_row(1, "a"), extra={f"xl/x{n}": b"" for n in range(5_001)})) == "unpacks_too_big"


def test_a_file_over_the_limit_is_refused_with_both_sizes() -> None:
    with pytest.raises(refusals.FileTooBig) as caught:
        table(b"a,b\n" * MB, limits=Limits(file=2 * MB))
    assert caught.value.status == 413
    assert caught.value.text("zh") == "文件有 4 MB，最多 2 MB。请分成几个文件导入。"


def test_damage_anywhere_ends_in_a_refusal_or_a_table() -> None:
    chance = random.Random(7)
    for _ in range(150):
        data = bytearray(GOOD)
        for _ in range(chance.choice([1, 4, 30])):
            data[chance.randrange(len(data))] = chance.randrange(256)
        found = refusal(lambda data=bytes(data): list(table(data, "a.xlsx").rows()))  # type: ignore[misc]
        assert found is None or isinstance(found, refusals.FileRefused)


def test_damaged_parts_end_in_a_refusal_or_a_table() -> None:
    chance = random.Random(11)
    with zipfile.ZipFile(io.BytesIO(GOOD)) as file:
        parts = {name: file.read(name) for name in file.namelist()}
    for _ in range(150):
        name = chance.choice([n for n in parts if n != "[Content_Types].xml"])
        content = bytearray(parts[name])
        for _ in range(3):
            content[chance.randrange(len(content))] = chance.choice(b'09aU<>"-. &')
        found = refused(archive(**(parts | {name: bytes(content)})))
        assert found in ("", "broken_file", "not_a_table", "bad_heading", "empty_file", "unpacks_too_big")


def test_random_text_ends_in_a_refusal_or_a_table() -> None:
    chance = random.Random(3)
    for _ in range(300):
        data = bytes(chance.choice(b'ab,;"\n\r\t| 19/-\xe4\xbd\xa0') for _ in range(chance.randrange(1, 300)))
        found = refusal(lambda data=data: list(table(data).rows()))  # type: ignore[misc]
        assert found is None or isinstance(found, refusals.FileRefused)


def test_a_path_is_opened_and_closed_again(tmp_path: Path) -> None:
    path = tmp_path / "客户.csv"
    path.write_text("a,b\n1,2\n")
    with open_table(path) as opened:
        assert [r.cells for r in opened.rows()] == [("1", "2")]
    assert opened._owned is not None
    assert opened._owned.closed


def test_the_callers_file_stays_open() -> None:
    file = io.BytesIO(b"a,b\n1,2\n")
    open_table(file).close()
    assert not file.closed


def every_refusal(kind: type[Refusal] = refusals.FileRefused) -> list[type[Refusal]]:
    return [kind, *(inner for sub in kind.__subclasses__() for inner in every_refusal(sub))]


def test_every_refusal_has_its_own_code_and_words_in_both_languages() -> None:
    kinds = every_refusal()
    assert len({kind.code for kind in kinds}) == len(kinds)
    for kind in kinds:
        assert kind.zh != kind.en
        assert 400 <= kind.status < 500
