"""What attached files are called and what they are."""

from __future__ import annotations

import pytest

from models.attachment import rules


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("合同 扫描.pdf", "合同 扫描.pdf"),
        ("C:\\Users\\me\\a.png", "a.png"),
        ("../../etc/passwd", "passwd"),
        ('x"\r\nSet-Cookie: a=b.pdf', "x_Set-Cookie_ a=b.pdf"),
        ("photo\u202egpj.exe", "photogpj.exe"),
        ("...", "file"),
        ("", "file"),
        ("长" * 300 + ".pdf", "长" * 116 + ".pdf"),
    ],
)
def test_a_name_is_made_safe(given: str, kept: str) -> None:
    assert rules.safe_name(given) == kept


@pytest.mark.parametrize(
    ("head", "found"),
    [
        (b"%PDF-1.7 ...", "application/pdf"),
        (b"\x89PNG\r\n\x1a\n....", "image/png"),
        (b"RIFF....WEBP", "image/webp"),
        (b"PK\x03\x04....[Content_Types].xml....xl/workbook.xml", rules.OFFICE[1][1]),
        (b"PK\x03\x04....notes.txt", "application/zip"),
        ("客户名称,电话\n".encode("gbk"), "text/plain"),
        ("客户名称,电话\n".encode()[:-9], "text/plain"),
        (b"<html><script>alert(1)</script>", "text/plain"),
        (b"\x00\x01\x02\x03", rules.UNKNOWN),
    ],
)
def test_the_content_says_what_a_file_is(head: bytes, found: str) -> None:
    assert rules.content_type(head) == found


def test_what_a_browser_would_run_is_never_shown_in_it() -> None:
    assert "text/html" not in rules.SHOWN
    assert "image/svg+xml" not in rules.SHOWN
    assert rules.content_type(b"<svg onload=alert(1)>") not in rules.SHOWN


@pytest.mark.parametrize("head", [b"MZ\x90\x00", b"\x7fELF\x02", b"#!/bin/sh\n"])
def test_programs_are_refused(head: bytes) -> None:
    with pytest.raises(rules.ProgramFile):
        rules.check("a.pdf", head)


def test_an_empty_file_is_refused() -> None:
    with pytest.raises(rules.EmptyFile):
        rules.check("a.pdf", b"")
