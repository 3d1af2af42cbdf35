"""X1: a PDF out of a classified record bears level, reader and time, kept or looked at; a picture too."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from pypdf import PdfReader, PdfWriter

from backoffice.screens import files
from models.person.roles import Role
from tests.integration.web.records.conftest import Sit
from tests.integration.web.records.test_files import AT, PNG, with_file


def pdf() -> bytes:
    writer, made = PdfWriter(), BytesIO()
    writer.add_blank_page(595, 842)
    writer.write(made)
    return made.getvalue()


def text(content: bytes) -> str:
    return PdfReader(BytesIO(content)).pages[0].extract_text()


@pytest.mark.parametrize("way", ["", "/view"])
def test_a_pdf_of_a_secret_record_is_marked_however_it_is_fetched(sit: Sit, way: str) -> None:
    desk = sit(Role.SPECIALIST)
    made = with_file(desk, pdf(), level="secret")
    given = desk.get(f"{AT}{made['number']}/files/{made['scans'][0]['file']}{way}")
    assert given.status_code == 200
    for part in ("Secret", desk.person.name, "2026-11-23"):
        assert part in text(given.data)


def test_a_pdf_that_cannot_be_marked_stays_here(sit: Sit) -> None:
    desk = sit(Role.SPECIALIST)
    made = with_file(desk, b"%PDF-1.7 broken", level="secret")
    at = f"{AT}{made['number']}/files/{made['scans'][0]['file']}"
    for way in ("", "/view"):
        assert "cannot bear the watermark" in desk.text(at + way, status=422)


def test_a_pdf_without_class_leaves_as_it_is(sit: Sit) -> None:
    desk = sit(Role.SPECIALIST)
    content = pdf()
    made = with_file(desk, content)
    assert desk.get(f"{AT}{made['number']}/files/{made['scans'][0]['file']}").data == content


def shown(desk: Any, content: bytes, level: str) -> Any:
    made = with_file(desk, content, "scan.png", level=level)
    return desk.get(f"{AT}{made['number']}/files/{made['scans'][0]['file']}/view")


def test_a_large_image_comes_by_itself_and_marked_all_the_same(sit: Sit, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = sit(Role.SPECIALIST)
    page = shown(desk, PNG, "secret")
    assert (page.status_code, page.mimetype) == (200, "text/html")
    assert "Secret · " in page.text
    monkeypatch.setattr(files, "LARGEST_IMAGE", 10)
    assert shown(desk, PNG, "internal").data == PNG
    marked = shown(desk, PNG, "secret")
    assert (marked.status_code, marked.mimetype) == (200, "image/png")
    assert marked.data != PNG


def test_a_file_that_bears_no_mark_is_not_looked_at(sit: Sit) -> None:
    refused = shown(sit(Role.SPECIALIST), b"GIF89a and so on", "secret")
    assert refused.status_code == 422
    assert "cannot bear the watermark" in refused.text
