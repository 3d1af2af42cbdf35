"""Attached files through the browser: sent, kept, looked at, taken away, refused."""

from __future__ import annotations

import io
import re
import zipfile
from base64 import b64decode
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from PIL import Image

from backoffice.demonstration.scans import one_page
from config.database import database
from models import store
from models.attachment import service as attachment
from models.person.roles import Role
from tests.factories.desks import Desk
from tests.integration.web.records.conftest import Make, Sit

AT = "/records/sample/"
PDF = one_page("scan")


def drawn() -> bytes:
    made = io.BytesIO()
    Image.new("RGB", (640, 480), "white").save(made, "PNG")
    return made.getvalue()


PNG = drawn()


def sent(desk: Desk, path: str, status: int = 303, *files: tuple[bytes, str], **data: Any) -> str:
    """A form with files."""
    desk.post("/records/sample/lookup")  # fetches the token
    form = {"csrf_token": desk.token, **data, "scans": [(io.BytesIO(content), name) for content, name in files]}
    answer = desk.client.post(path, data=form, content_type="multipart/form-data")
    page = answer.get_data(as_text=True)
    assert answer.status_code == status, page[:4000]
    return page


def with_file(desk: Desk, content: bytes = PDF, name: str = "合同.pdf", **data: Any) -> dict[str, Any]:
    sent(desk, f"{AT}new", 303, (content, name), name="Lamp", **data)
    record = database()["record_sample"].find_one(sort=[("number", -1)])
    assert record is not None
    return store.fetch("sample", record["_id"])


def test_a_file_comes_with_the_form_and_is_downloaded(sit: Sit) -> None:
    desk = sit(Role.SPECIALIST)
    made = with_file(desk)
    at = f"{AT}{made['number']}/files/{made['scans'][0]['file']}"
    assert at in desk.text(f"{AT}{made['number']}")
    answer = desk.get(at)
    assert answer.data == PDF
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.mimetype == "application/pdf"


def test_a_refused_form_keeps_the_files_that_came_with_it(sit: Sit) -> None:
    desk = sit(Role.SPECIALIST)
    page = sent(desk, f"{AT}new", 422, (PDF, "kept.pdf"), name="")
    assert "kept.pdf" in page
    file_id = page.split('name="scans-kept" value="')[1].split('"')[0]
    desk.send(f"{AT}new", 303, **{"name": "Lamp", "scans": "", "scans-kept": file_id})
    assert "kept.pdf" in desk.text(f"{AT}YP-2026-000001")


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "Up to 20 MB at a time; any kind of file but programs and empty ones."),
        ("zh", "一次提交合计最大 20 MB；程序和空文件除外，各类文件均可。"),
    ],
)
def test_the_form_says_beforehand_how_large_files_may_be_and_of_which_kinds(sit: Sit, language: str, said: str) -> None:
    page = sit(Role.SPECIALIST, language=language).text(f"{AT}new")
    help_text = page.split('id="in-scans-help"')[1].split("</div>")[0]
    assert said in help_text
    assert re.search(r'<input type="file"[^>]*aria-describedby="in-scans-help"', page)


def test_the_limit_that_is_said_is_the_one_that_is_set(sit: Sit, demo_app: Flask) -> None:
    demo_app.config["SETTINGS"] = replace(demo_app.config["SETTINGS"], max_upload_bytes=3 * 1024 * 1024)
    assert "Up to 3 MB at a time" in sit(Role.SPECIALIST).text(f"{AT}new")


def test_files_are_added_and_taken_off(sit: Sit) -> None:
    desk = sit(Role.SPECIALIST)
    made = with_file(desk)
    first = str(made["scans"][0]["file"])
    at = f"{AT}{made['number']}"
    sent(desk, f"{at}/edit", 303, (PNG, "more.png"), rev="1", **{"scans-kept": first})
    assert [row["name"] for row in store.fetch("sample", made["_id"])["scans"]] == ["合同.pdf", "more.png"]
    desk.send(f"{at}/edit", rev="2", scans="")
    assert desk.get(f"{at}/files/{first}").data == PDF, "a former file stays as it was, in the history"
    assert store.fetch("sample", made["_id"])["scans"] is None
    assert first not in desk.text(at).split("record-side")[0]


def test_a_file_that_was_replaced_stays_in_the_history_for_those_who_read_it(sit: Sit) -> None:
    desk, other = sit(Role.SPECIALIST), sit(Role.SPECIALIST)
    made = with_file(desk, level="secret")
    first, at = str(made["scans"][0]["file"]), f"{AT}{made['number']}"
    sent(desk, f"{at}/edit", 303, (PDF, "second.pdf"), rev="1", scans="")
    assert f"{at}/files/{first}" in desk.text(f"{at}/history")
    assert desk.get(f"{at}/files/{first}/view").status_code == desk.get(f"{at}/files/{_last(made)}/view").status_code
    desk.text(f"{at}/files/{'0' * 24}", status=404)
    other.text(f"{at}/files/{first}", status=403)


def test_the_timeline_tells_the_files_that_differ_one_by_one(sit: Sit) -> None:
    desk = sit(Role.SPECIALIST)
    made = with_file(desk)
    kept, at = str(made["scans"][0]["file"]), f"{AT}{made['number']}"
    sent(desk, f"{at}/edit", 303, (PDF, "second.pdf"), (PNG, "third.png"), rev="1", **{"scans-kept": kept})
    told = _told(desk, at)
    assert "合同.pdf" not in told
    assert re.findall(r"<(ins|del)>.*?([a-z]+\.[a-z]+)</a>", told) == [("ins", "second.pdf"), ("ins", "third.png")]
    sent(desk, f"{at}/edit", 303, (PDF + b" 2", "second.pdf"), rev="2", **{"scans-kept": kept})
    assert [re.findall(r"<(ins|del)>.*?([a-z]+\.[a-z]+)</a>", line) for line in _told(desk, at).split("<br>")] == [
        [("del", "second.pdf"), ("ins", "second.pdf")],
        [("del", "third.png")],
    ]


def _told(desk: Desk, at: str) -> str:
    """What the latest version changed of the files, as the history page has it."""
    found = re.search(r"<dt>Scans</dt><dd>(.*?)</dd>", desk.text(f"{at}/history"), re.DOTALL)
    assert found is not None
    return found[1]


def _last(made: dict[str, Any]) -> Any:
    return store.fetch("sample", made["_id"])["scans"][0]["file"]


def test_a_stale_save_does_not_lose_the_new_file_nor_hurt_the_old(sit: Sit, make: Make) -> None:
    desk, head = sit(Role.SPECIALIST), sit(Role.HEAD)
    made = with_file(desk)
    at = f"{AT}{made['number']}"
    head.send(f"{at}/edit", rev="1", name="Their lamp")
    first = str(made["scans"][0]["file"])
    page = sent(desk, f"{at}/edit", 409, (PNG, "more.png"), rev="1", name="Lamp", **{"scans-kept": first})
    assert "more.png" in page
    assert desk.get(f"{at}/files/{first}").data == PDF


def test_bad_files_are_refused_beside_their_field(sit: Sit) -> None:
    desk = sit(Role.SPECIALIST)
    for content, name, words in ((b"", "a.pdf", "is empty"), (b"MZ\x90", "a.pdf", "is a program")):
        assert words in sent(desk, f"{AT}new", 422, (content, name), name="Lamp")
    page = sent(desk, f"{AT}new", 422, *[(PDF, f"{i}.pdf") for i in range(21)], name="Lamp")
    assert "20 at most" in page
    assert database()["record_sample"].count_documents({}) == 0


def test_a_file_in_a_field_that_takes_none_is_refused(sit: Sit) -> None:
    desk = sit(Role.SPECIALIST)
    desk.post("/")
    form = {"csrf_token": desk.token, "name": "Lamp", "notes": (io.BytesIO(PDF), "a.pdf")}
    assert desk.client.post(f"{AT}new", data=form, content_type="multipart/form-data").status_code == 400
    assert database()[attachment.FILES].count_documents({}) == 0


def test_only_a_record_that_points_to_a_file_serves_it(sit: Sit, make: Make) -> None:
    desk, other = sit(Role.SPECIALIST), sit(Role.SPECIALIST)
    secret = with_file(desk, level="secret")
    mine = make(other.person)
    file_id = secret["scans"][0]["file"]
    other.text(f"{AT}{mine['number']}/files/{file_id}", status=404)
    other.text(f"{AT}{secret['number']}/files/{file_id}", status=403)
    for bad in ("x", "0" * 24, "%00", "..%2f..", "5f00000000000000000000012345"):
        assert other.get(f"{AT}{mine['number']}/files/{bad}").status_code == 404, bad
    other.send(f"{AT}{mine['number']}/edit", 422, **{"rev": "1", "scans": "", "scans-kept": str(file_id)})


def test_a_scan_of_a_classified_record_is_looked_at_but_not_taken_away(sit: Sit, db: Any) -> None:
    owner, head = sit(Role.SPECIALIST, name="Wang Min"), sit(Role.HEAD)
    made = with_file(owner, PNG, "scan.png", level="confidential")
    at = f"{AT}{made['number']}/files/{made['scans'][0]['file']}"
    page = owner.text(f"{at}/view")
    shown = re.search(r'src="data:image/png;base64,([^"]+)"', page)
    assert shown is not None
    assert "Confidential · Wang Min" in page
    assert "borrow it (department head, sales manager, general manager)" in owner.text(at, status=403)
    for marked in (b64decode(shown[1]), head.get(at).data):
        assert marked.startswith(PNG[:8])
        picture = Image.open(io.BytesIO(marked)).convert("L")
        assert len(picture.crop((0, 0, 640, 480)).getcolors() or ()) > 1  # the white is not white any more
    actions = [(e["action"], e["actor"]) for e in db["audit"].find({"record": made["_id"]}).sort("_id", 1)]
    assert actions == [
        ("create", owner.person.id),
        ("view", owner.person.id),
        ("refused", owner.person.id),
        ("export", head.person.id),
    ]
    paper = head.text(f"{AT}{made['number']}/print")
    assert '<th scope="col" class="no-print">On screen</th>' in paper
    assert '<td class="no-print"><a href=' in paper


def test_what_bears_no_mark_leaves_a_classified_record_in_a_zip_with_one(sit: Sit) -> None:
    owner, head = sit(Role.SPECIALIST), sit(Role.HEAD, name="Li Hua")
    made = with_file(owner, b"PK\x03\x04 word/ and so on", "方案.docx", level="secret")
    at = f"{AT}{made['number']}/files/{made['scans'][0]['file']}"
    owner.text(f"{at}/view", status=404)
    answer = head.get(at)
    assert answer.mimetype == "application/zip"
    assert int(answer.headers["Content-Length"]) == len(answer.data)
    with zipfile.ZipFile(io.BytesIO(answer.data)) as opened:
        assert opened.read("方案.docx") == b"PK\x03\x04 word/ and so on"
        assert "Secret · Li Hua · 2026-11-23 10:00" in opened.comment.decode()


def test_a_broken_picture_is_not_looked_at_without_its_mark(sit: Sit) -> None:
    owner, head = sit(Role.SPECIALIST), sit(Role.HEAD)
    made = with_file(owner, PNG[:60] + b"0" * 500, "scan.png", level="secret")
    at = f"{AT}{made['number']}/files/{made['scans'][0]['file']}"
    assert "cannot bear the watermark" in owner.text(f"{at}/view", status=422)
    with head.get(at) as answer:
        assert answer.mimetype == "application/zip"


def test_a_page_sent_as_a_file_is_never_run(sit: Sit) -> None:
    desk = sit(Role.SPECIALIST)
    made = with_file(desk, b"<html><script>alert(1)</script></html>", "page.html")
    at = f"{AT}{made['number']}/files/{made['scans'][0]['file']}"
    desk.text(f"{at}/view", status=404)
    answer = desk.get(at)
    assert (answer.mimetype, answer.headers["Content-Disposition"].split(";")[0]) == ("text/plain", "attachment")
