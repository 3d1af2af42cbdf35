"""X1: a PDF out of a classified record bears level, reader and time, kept or looked at; a picture too."""

from __future__ import annotations

import re
import subprocess
from base64 import b64decode
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from PIL import Image
from pypdf import PdfReader, PdfWriter

from backoffice.screens import files
from config.database import database
from models import store
from models.attachment import pdf as pdfs
from models.attachment import service as attachment
from models.attachment.pdf import ACROSS
from models.person.roles import Role
from tests.factories.web import Clock
from tests.integration.web.records.conftest import Sit
from tests.integration.web.records.test_files import AT, PNG, sent, with_file


def pdf(pages: int = 1) -> bytes:
    writer, made = PdfWriter(), BytesIO()
    for _ in range(pages):
        writer.add_blank_page(595, 842)
    writer.write(made)
    return made.getvalue()


def text(content: bytes) -> str:
    return PdfReader(BytesIO(content)).pages[0].extract_text()


def test_a_pdf_that_leaves_a_secret_record_is_marked(sit: Sit) -> None:
    desk = sit(Role.SPECIALIST)
    made = with_file(desk, pdf(), level="secret")
    given = desk.get(f"{AT}{made['number']}/files/{made['scans'][0]['file']}")
    assert given.status_code == 200
    for part in ("Secret", desk.person.name, "2026-11-23"):
        assert part in text(given.data)


def drawn(page: str) -> Image.Image:
    found = re.search(r'src="data:image/png;base64,([^"]+)"', page)
    assert found is not None
    return Image.open(BytesIO(b64decode(found[1])))


def test_a_pdf_of_a_secret_record_is_looked_at_page_by_page_and_not_given_away(sit: Sit) -> None:
    """Pictures of its pages, marked, within a page of ours: no file that a browser keeps or prints (X1, X4)."""
    desk = sit(Role.SPECIALIST)
    made = with_file(desk, pdf(pages=2), level="secret")
    at = f"{AT}{made['number']}/files/{made['scans'][0]['file']}/view"
    first = desk.get(at)
    assert (first.status_code, first.mimetype) == (200, "text/html")
    assert "Page 1 of 2" in first.text
    assert f'href="{at}?page=2"' in first.text
    assert b"%PDF" not in first.data
    picture = drawn(first.text)
    assert picture.width == ACROSS
    assert len(picture.convert("L").crop((0, 0, 700, 700)).getcolors() or ()) > 1, "the white is not white any more"
    last = desk.text(f"{at}?page=2")
    assert f'href="{at}?page=1"' in last
    assert "?page=3" not in last
    for gone in ("0", "3", "9999"):
        desk.text(f"{at}?page={gone}", status=404)
    for wrong in ("x", "-1", "", "1.0", "２", "99999"):
        assert "“page”" in desk.text(f"{at}?page={wrong}", status=400)


@pytest.mark.parametrize(("use", "leaves"), [("view", False), ("print", False), ("export", True)])
@pytest.mark.parametrize("name", ["合同.pdf", "scan.png", "list.txt"])
def test_a_file_under_a_card_counts_down_and_is_offered_to_be_kept_only_where_it_may_be(
    sit: Sit, use: str, leaves: bool, name: str
) -> None:
    """Beside it and in its record (X4)."""
    content = {"合同.pdf": pdf(), "scan.png": PNG, "list.txt": b"a list"}[name]
    head = sit(Role.HEAD)
    made = with_file(sit(Role.SPECIALIST), content, name, level="secret")
    at = f"{AT}{made['number']}"
    reader = sit(Role.SALES_MANAGER, manager=head.person.id)
    reader.send(f"{at}/ask", 302, use=use, reason="Audit at the site", **{"from": "", "until": "2026-11-25"})
    head.send("/records/access_request/CY-2026-000001/do/approve", 303, rev="1", valid_until="2026-11-25")
    file = f"{at}/files/{made['scans'][0]['file']}"
    pages = [at, *([f"{file}/view"] if name != "list.txt" else [])]
    for page in pages:
        text = reader.text(page)
        assert "data-countdown-ends" in text, page
        assert (f'href="{file}"' in text) is leaves, page
    given = reader.get(file)
    assert given.status_code == (200 if leaves else 403)
    given.close()


def test_a_pdf_without_class_is_looked_at_as_it_is(sit: Sit) -> None:
    desk = sit(Role.SPECIALIST)
    made = with_file(desk, pdf())
    answer = desk.get(f"{AT}{made['number']}/files/{made['scans'][0]['file']}/view")
    assert (answer.mimetype, answer.data) == ("application/pdf", pdf())


def locked() -> bytes:
    """A PDF with a password."""
    writer, made = PdfWriter(), BytesIO()
    writer.add_blank_page(595, 842)
    writer.encrypt("secret", algorithm="RC4-128")
    writer.write(made)
    return made.getvalue()


LOCKED = locked()


@pytest.mark.parametrize("content", [b"%PDF-1.7 broken", LOCKED], ids=["broken", "password"])
def test_a_classified_record_takes_no_pdf_that_cannot_be_marked(sit: Sit, content: bytes) -> None:
    """Nobody could look at it there, or take it out: said at once, at the field."""
    desk = sit(Role.SPECIALIST)
    page = sent(desk, f"{AT}new", 422, (content, "scan.pdf"), name="Lamp", level="secret")
    assert "“scan.pdf” is protected by a password, broken or too large and cannot bear the watermark" in page
    assert "scan.pdf" not in str(database()["record_sample"].find_one())
    assert "scans-kept" not in page, "another one is chosen in its place"
    made = with_file(desk, pdf(), level="secret")
    kept = str(made["scans"][0]["file"])
    at = f"{AT}{made['number']}/edit"
    page = sent(desk, at, 422, (content, "later.pdf"), rev="1", **{"scans-kept": kept})
    assert "a classified record does not take it" in page
    assert re.findall(r'name="scans-kept" value="(\w+)" checked', page) == [kept], "what is there stays ticked"
    assert [row["name"] for row in store.fetch("sample", made["_id"])["scans"]] == ["合同.pdf"]


def test_it_is_taken_where_no_mark_is_needed_and_not_with_the_change_that_raises_the_level(sit: Sit) -> None:
    desk = sit(Role.SPECIALIST)
    made = with_file(desk, LOCKED)
    assert desk.get(f"{AT}{made['number']}/files/{made['scans'][0]['file']}").data == LOCKED
    at, kept = f"{AT}{made['number']}/edit", str(made["scans"][0]["file"])
    raised = {"level": "secret", "level_basis": "x", "scans-kept": kept}
    sent(desk, at, 422, (LOCKED, "later.pdf"), rev="1", **raised)
    desk.send(at, 303, rev="1", scans="", **raised)
    desk.send(at, 303, rev="2", name="Lamp again")
    assert [row["name"] for row in store.fetch("sample", made["_id"])["scans"]] == ["合同.pdf"], "what is there stays"


def test_a_pdf_that_cannot_be_marked_stays_here(sit: Sit) -> None:
    """It was there before the record was classified."""
    desk = sit(Role.SPECIALIST)
    made = with_file(desk, b"%PDF-1.7 broken")
    desk.send(f"{AT}{made['number']}/edit", 303, rev="1", level="secret", level_basis="x")
    at = f"{AT}{made['number']}/files/{made['scans'][0]['file']}"
    for way in ("", "/view"):
        page = desk.text(at + way, status=422)
        assert "cannot bear the watermark" in page
        assert "Cannot be shown or taken out</h1>" in page


def test_what_failed_is_said_at_once_for_a_while(sit: Sit, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    """Page by page, and of the mark apart: whoever asks again holds up nobody else."""
    desk = sit(Role.SPECIALIST)
    made = with_file(desk, pdf(pages=2))
    desk.send(f"{AT}{made['number']}/edit", 303, rev="1", level="secret", level_basis="x")
    at = f"{AT}{made['number']}/files/{made['scans'][0]['file']}"
    begun: list[Any] = []

    def fails(command: Any, **_told: Any) -> Any:
        begun.append(command)
        raise subprocess.TimeoutExpired(command, 1)

    with monkeypatch.context() as slow:
        slow.setattr(subprocess, "run", fails)
        for way, known in (("/view", 0), ("/view", 1), ("", 1), ("", 2), ("/view?page=2", 2), ("/view", 3)):
            assert len(begun) == known
            assert "cannot bear the watermark" in desk.text(at + way, status=422), way
        assert len(begun) == 3
        assert desk.get(f"{at}/view?page=1001").status_code == 404, "no PDF has it; nothing is noted for each number"
        assert len(begun) == 3
    assert desk.get(f"{at}/view").status_code == 422
    monkeypatch.setattr(attachment, "TRIED_AGAIN", timedelta(minutes=5))
    clock.forward(minutes=5)
    assert desk.get(f"{at}/view").status_code == 200
    assert desk.get(at).status_code == 200


def test_where_others_are_busy_it_is_to_be_tried_again(sit: Sit, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is said of the file, and nothing noted."""
    desk = sit(Role.SPECIALIST)
    made = with_file(desk, pdf(), level="secret")
    at = f"{AT}{made['number']}/files/{made['scans'][0]['file']}"
    before = database()["attachment.files"].count_documents({})
    with monkeypatch.context() as busy, pdfs._two_at_a_time, pdfs._two_at_a_time:
        busy.setattr(pdfs, "WAIT_SECONDS", 0)
        for way in ("", "/view"):
            answer = desk.get(at + way)
            assert (answer.status_code, answer.headers["Retry-After"]) == (503, "10")
            assert "Please try again in a moment" in answer.text
        page = sent(desk, f"{AT}new", 422, (pdf(), "scan.pdf"), name="Lamp 2", level="secret")
        assert "“scan.pdf” has to wait. Please try again in a moment" in page
        assert 'value="Lamp 2"' in page, "what was typed is kept"
    assert database()["attachment.files"].count_documents({}) == before
    for way in ("", "/view"):
        assert desk.get(at + way).status_code == 200


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
