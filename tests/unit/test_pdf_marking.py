"""X1: every page of a PDF out of a classified record bears level, reader and time."""

from __future__ import annotations

import struct
import zlib
from contextlib import closing
from io import BytesIO
from typing import Any

import pytest
from pypdf import PdfReader, PdfWriter
from pypdf.generic import ArrayObject, DecodedStreamObject, NameObject, NumberObject, RectangleObject
from pypdfium2 import PdfDocument

from models.attachment import pdf as pdfs
from models.attachment.pdf import check_markable, marked_pdf
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
    monkeypatch.setattr(pdfs, "MOST_PAGES", 2)
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
    monkeypatch.setattr(pdfs, "MOST_MARKS", 20)
    assert marked_pdf(pdf(), MARK, "a.pdf")
    with pytest.raises(NotMarkable):
        marked_pdf(pdf(2), MARK, "a.pdf")


def packed(pages: int, blanks: int) -> bytes:
    """Pages that lie in one stream behind so many blanks, which is unpacked anew for each of them."""
    bodies = [b"<</Type/Catalog/Pages 2 0 R>>"]
    kids = b" ".join(b"%d 0 R" % number for number in range(3, pages + 3))
    bodies.append(b"<</Type/Pages/MediaBox[0 0 595 842]/Count %d/Kids[%s]>>" % (pages, kids))
    bodies += [b"<</Type/Page/Parent 2 0 R>>"] * pages
    starts = [sum(len(body) + 1 for body in bodies[:at]) for at in range(len(bodies))]
    head = b" ".join(b"%d %d" % one for one in enumerate(starts, 1)) + b"\n" + b" " * blanks
    inner, number, made = zlib.compress(head + b"\n".join(bodies), 9), pages + 3, b"%PDF-1.5\n"
    rows = struct.pack(">BIH", 0, 0, 65535)
    rows += b"".join(struct.pack(">BIH", 2, number, at) for at in range(len(bodies)))
    rows += struct.pack(">BIH", 1, len(made), 0)
    form = b"%d 0 obj\n<</Type/ObjStm/N %d/First %d/Filter/FlateDecode/Length %d>>stream\n%s\nendstream\nendobj\n"
    made += form % (number, len(bodies), len(head), len(inner), inner)
    start, table = len(made), zlib.compress(rows + struct.pack(">BIH", 1, len(made), 0), 9)
    form = b"%d 0 obj\n<</Type/XRef/Size %d/W[1 4 2]/Root 1 0 R/Filter/FlateDecode/Length %d>>stream\n%s\nendstream\n"
    made += form % (number + 1, number + 2, len(table), table)
    return made + b"endobj\nstartxref\n%d\n%%%%EOF\n" % start


def test_what_takes_too_long_is_refused_by_the_check_and_the_mark(monkeypatch: pytest.MonkeyPatch) -> None:
    check_markable(packed(9, 0), "a.pdf")
    assert len(PdfReader(BytesIO(marked_pdf(packed(9, 0), MARK, "a.pdf"))).pages) == 9
    monkeypatch.setattr(pdfs, "CPU_SECONDS", 1)
    long = packed(900, 60_000_000)
    assert len(long) < 100_000
    with pytest.raises(NotMarkable):
        check_markable(long, "a.pdf")
    with pytest.raises(NotMarkable):
        marked_pdf(long, MARK, "a.pdf")


def inked(content: bytes) -> bool:
    with closing(PdfDocument(content)) as document:
        return any(low < 230 for low, _ in [document[0].render().to_pil().convert("L").getextrema()])


@pytest.mark.parametrize(
    "drawn", [b"Q 1 0 0 1 5000 5000 cm", b"q 0.001 0 0 0.001 0 0 cm", b"0 0 1 1 re W n (", b"BT 3 Tr", b""]
)
@pytest.mark.parametrize("parts", [1, 2])
def test_what_a_page_draws_reaches_no_mark(drawn: bytes, parts: int) -> None:
    writer, made = PdfWriter(), BytesIO()
    page = writer.add_blank_page(595, 842)
    streams = []
    for _ in range(parts):
        stream = DecodedStreamObject()
        stream.set_data(drawn)
        streams.append(writer._add_object(stream))
    page[NameObject("/Contents")] = ArrayObject(streams) if parts > 1 else streams[0]
    writer.write(made)
    assert not inked(made.getvalue())
    assert inked(marked_pdf(made.getvalue(), MARK, "a.pdf"))


def test_what_a_page_has_from_the_nodes_above_it_stays() -> None:
    """Its resources, how it is turned and its size; pages that share what they draw."""
    writer, made = PdfWriter(clone_from=BytesIO(marked_pdf(pdf(2), "first", "a.pdf"))), BytesIO()
    above: Any = writer.pages[0]["/Parent"].get_object()
    for name in ("/Resources", "/MediaBox"):
        above[NameObject(name)] = writer.pages[0][name]
        for page in writer.pages:
            del page[name]
    above[NameObject("/Rotate")] = NumberObject(90)
    for page in writer.pages:
        page.pop("/Rotate", None)
        page[NameObject("/Contents")] = writer.pages[0].raw_get("/Contents")
    writer.write(made)
    marked = marked_pdf(made.getvalue(), MARK, "a.pdf")
    for page in PdfReader(BytesIO(marked)).pages:
        text = page.extract_text()
        assert ("first" in text, MARK in text, page.rotation) == (True, True, 90)
    with closing(PdfDocument(marked)) as document:
        assert document[0].get_size() == (842, 595)
