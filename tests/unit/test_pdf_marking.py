"""X1: every page of a PDF out of a classified record bears level, reader and time."""

from __future__ import annotations

from io import BytesIO

import pytest
from pypdf import PdfReader, PdfWriter
from pypdf.generic import RectangleObject

from models.attachment import marking
from models.attachment.marking import marked_pdf
from models.attachment.rules import NotMarkable

MARK = "机密 · 林知夏 · 2026-11-22 18:30"


A4 = (0, 0, 595, 842)


def pdf(pages: int = 1, turned: int = 0, password: str = "", box: tuple[float, ...] = A4) -> bytes:
    writer = PdfWriter()
    for _ in range(pages):
        page = writer.add_blank_page(595, 842)
        page.mediabox = RectangleObject(box)
        page.rotate(turned)
    if password:
        writer.encrypt(password, algorithm="RC4-128")
    made = BytesIO()
    writer.write(made)
    return made.getvalue()


@pytest.mark.parametrize("turned", [0, 90, 180])
def test_every_page_bears_the_mark_whatever_way_it_is_turned(turned: int) -> None:
    pages = PdfReader(BytesIO(marked_pdf(pdf(3, turned), MARK, "a.pdf"))).pages
    assert len(pages) == 3
    assert all(MARK in page.extract_text() for page in pages)


def test_what_was_on_the_page_stays() -> None:
    once = marked_pdf(pdf(), "first", "a.pdf")
    text = PdfReader(BytesIO(marked_pdf(once, MARK, "a.pdf"))).pages[0].extract_text()
    assert "first" in text
    assert MARK in text


@pytest.mark.parametrize("content", [b"", b"%PDF-1.7 the content", pdf()[:200], pdf(password="secret")])
def test_a_file_that_cannot_be_marked_is_refused_by_its_name(content: bytes) -> None:
    with pytest.raises(NotMarkable) as refused:
        marked_pdf(content, MARK, "合同.pdf")
    assert "合同.pdf" in refused.value.text("en")


def test_a_file_with_too_many_pages_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(marking, "MOST_PAGES", 2)
    with pytest.raises(NotMarkable):
        marked_pdf(pdf(3), MARK, "a.pdf")


@pytest.mark.parametrize(
    "box",
    [
        (0, 0, 10_000_000, 10_000_000),
        (0, 0, 14_401, 842),
        (0, 0, 595, 14_401),
        (0, 0, 0, 842),
        (595, 842, 0, 0),
        (1e18, 1e18, 1e18 + 4096, 1e18 + 4096),
    ],
)
@pytest.mark.parametrize("turned", [0, 90])
def test_a_page_of_no_possible_size_is_refused(box: tuple[float, ...], turned: int) -> None:
    with pytest.raises(NotMarkable):
        marked_pdf(pdf(turned=turned, box=box), MARK, "a.pdf")


@pytest.mark.parametrize("box", [(0, 0, 2384, 3370), (-300, -400, 295, 442), (0, 0, 14_400, 14_400)])
def test_large_pages_and_pages_off_the_origin_are_marked(box: tuple[float, ...]) -> None:
    [page] = PdfReader(BytesIO(marked_pdf(pdf(box=box), MARK, "a.pdf"))).pages
    assert MARK in page.extract_text()


def test_many_pages_that_are_all_huge_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(marking, "MOST_MARKS", 20)
    assert marked_pdf(pdf(), MARK, "a.pdf")
    with pytest.raises(NotMarkable):
        marked_pdf(pdf(2), MARK, "a.pdf")
