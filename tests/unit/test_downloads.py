"""The header that names a downloaded file."""

from __future__ import annotations

import pytest
from werkzeug.http import parse_options_header

from backoffice.downloads import disposition

NAMES = ("list.csv", "客户 档案-2026.xlsx", 'a"b\\c%d.csv', "a;b=c'd.csv", "é.csv", "x\r\nSet-Cookie: a=b.csv")


@pytest.mark.parametrize("name", NAMES)
def test_the_name_arrives_whole_and_the_header_is_plain(name: str) -> None:
    header = disposition(name)
    assert header.encode("latin-1").isascii()
    assert "\r" not in header
    assert "\n" not in header
    assert parse_options_header(header) == ("attachment", {"filename": name})


def test_what_is_looked_at_is_not_kept() -> None:
    assert disposition("a.pdf", inline=True) == 'inline; filename="a.pdf"'
