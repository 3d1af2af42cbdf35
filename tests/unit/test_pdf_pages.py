"""X4: a page of a PDF is drawn by a program of its own; what it holds takes nobody else's time or memory."""

from __future__ import annotations

import sys
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from models.attachment import pdf as pdfs
from models.attachment import pdf_drawing
from models.attachment.pdf import ACROSS, check_markable, marked_pdf, page_picture
from models.attachment.rules import NotMarkable, PdfsBusy
from models.errors import NotFound
from tests.unit.test_pdf_marking import pdf


def nested(levels: int) -> bytes:
    """A page whose forms draw the next form ten times each: each level takes ten times as long."""
    box = b"/MediaBox [0 0 595 842]"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R %s /Contents 4 0 R /Resources << /XObject << /F 5 0 R >> >> >>" % box,
        b"<< /Length 60 >>\nstream\n%s\nendstream" % (b"/F Do\n" * 10),
    ]
    for level in range(levels):
        last = level == levels - 1
        drawn = (b"0 0 m 595 842 l S\n" if last else b"/F Do\n") * 10
        uses = b"" if last else b"/XObject << /F %d 0 R >>" % (6 + level)
        form = b"<< /Type /XObject /Subtype /Form /BBox [0 0 595 842] /Resources << %s >> /Length %d >>"
        objects.append(form % (uses, len(drawn)) + b"\nstream\n%s\nendstream" % drawn)
    made, places = b"%PDF-1.4\n", []
    for number, one in enumerate(objects, 1):
        places.append(len(made))
        made += b"%d 0 obj\n%s\nendobj\n" % (number, one)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    head = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    end = b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, len(made))
    return made + head + table + end


def test_a_page_comes_as_a_picture_with_how_many_there_are() -> None:
    picture, count = page_picture(pdf(3), 2, "a.pdf")
    assert (Image.open(BytesIO(picture)).width, count) == (ACROSS, 3)
    assert page_picture(nested(1), 1, "a.pdf")[1] == 1
    for gone in (0, 4):
        with pytest.raises(NotFound):
            page_picture(pdf(3), gone, "a.pdf")


def test_a_page_that_takes_too_long_is_refused_and_the_next_one_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as low:
        low.setattr(pdfs, "CPU_SECONDS", 1)
        for _ in range(3):
            with pytest.raises(NotMarkable):
                page_picture(nested(9), 1, "a.pdf")
    assert page_picture(pdf(), 1, "a.pdf")[1] == 1


@pytest.mark.parametrize(
    "program",
    ["import os; os.abort()", "import sys; sys.exit(1)", "pass", "print('x')", "import time; time.sleep(600)"],
)
def test_a_program_that_dies_says_nothing_or_hangs_draws_no_page(
    program: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawing = tmp_path / "drawing.py"
    drawing.write_text(program)
    monkeypatch.setattr(pdfs, "_DRAWING", drawing)
    monkeypatch.setattr(pdfs, "SECONDS", 1)
    with pytest.raises(NotMarkable):
        page_picture(pdf(), 1, "a.pdf")


def test_it_waits_for_others_no_longer_than_it_may_and_says_nothing_of_the_file(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pdfs, "WAIT_SECONDS", 0)
    with pdfs._two_at_a_time, pdfs._two_at_a_time:
        with pytest.raises(PdfsBusy):
            page_picture(pdf(), 1, "a.pdf")
        with pytest.raises(PdfsBusy):
            check_markable(pdf(), "a.pdf")
        with pytest.raises(PdfsBusy) as refused:
            marked_pdf(pdf(), "Secret", "合同.pdf")
    assert "合同.pdf" in refused.value.text("zh")
    assert page_picture(pdf(), 1, "a.pdf")[1] == 1


def test_where_no_program_can_be_begun_nothing_is_said_of_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere")
    with pytest.raises(PdfsBusy):
        page_picture(pdf(), 1, "a.pdf")


def test_a_marking_program_that_dies_or_says_nothing_marks_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for program in ("import os; os.abort()", "pass"):
        marking = tmp_path / "marking.py"
        marking.write_text(program)
        monkeypatch.setattr(pdfs, "_MARKING", marking)
        with pytest.raises(NotMarkable):
            marked_pdf(pdf(), "Secret", "a.pdf")


def test_neither_memory_nor_a_broken_file_draws_one(monkeypatch: pytest.MonkeyPatch) -> None:
    assert pdf_drawing.NO_SUCH_PAGE == pdfs._NO_SUCH_PAGE
    for content in (b"", b"%PDF-1.7 broken", pdf(password="secret")):
        with pytest.raises(NotMarkable):
            page_picture(content, 1, "a.pdf")
    monkeypatch.setattr(pdfs, "MEMORY", 1 << 20)
    with pytest.raises(NotMarkable):
        page_picture(pdf(), 1, "a.pdf")
    with pytest.raises(NotMarkable):
        check_markable(pdf(), "a.pdf")
    with pytest.raises(NotMarkable):
        marked_pdf(pdf(), "Secret", "a.pdf")
