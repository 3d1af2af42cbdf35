"""Form bodies are read as Werkzeug reads them."""

from __future__ import annotations

from io import BytesIO
from random import Random
from urllib.parse import urlencode

import pytest
from werkzeug.formparser import FormDataParser

from backoffice.form_body import Parser

FORM = "application/x-www-form-urlencoded"
ODD = (
    "",
    "&",
    "=",
    "a",
    "a=",
    "=b",
    "a=1&a=2&&b",
    "a=b=c",
    "a+b=c+d",
    "%",
    "a=%",
    "a=%4",
    "a=%zz",
    "a=%%41",
    "a=%4%41",
)
BROKEN = (
    "a=%E4%BA",
    "a=%E4%BA%",
    "a=%ff%fe",
    "%E5%9C%B0=%e5%8c%ba",
    "a=%00%0d%0a",
    "a=%C3%28",
    "a=%ED%A0%80",
    "a=%2526",
)


def read(parser: type[FormDataParser], body: bytes) -> list[tuple[str, str]]:
    form = parser().parse(BytesIO(body), FORM, len(body))[1]
    return list(form.items(multi=True))


@pytest.mark.parametrize("body", [*ODD, *BROKEN, "a=地区&b=%E5%9C%B0区+%", "区%E4=1"])
def test_any_body_is_read_as_by_the_library(body: str) -> None:
    assert read(Parser, body.encode()) == read(FormDataParser, body.encode())


def test_what_is_no_text_has_no_fields() -> None:
    assert read(Parser, b"a=\xff") == read(FormDataParser, b"a=\xff") == []


def test_bodies_by_chance_are_read_as_by_the_library() -> None:
    random = Random(7)
    for _ in range(2_000):
        body = "".join(random.choices("%%%ABCDEFabcdef0189&=+ xyz", k=random.randrange(40)))
        assert read(Parser, body.encode()) == read(FormDataParser, body.encode()), body


def test_chinese_texts_come_as_they_were_sent() -> None:
    sent = [("name", "云溪机械有限公司 & Söhne=100%+"), ("notes", "一行\r\n两行"), ("notes", "")]
    assert read(Parser, urlencode(sent).encode()) == sent
