"""Import on screen: the whole way, broken files, other people's imports, and requests out of turn."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from html import unescape
from typing import Any

import pytest
from pymongo.database import Database
from werkzeug.test import TestResponse

from backoffice.app import create_app
from config.settings import Settings
from models import registry
from models.exchange import running, service
from models.exchange.document import AT_WORK, State
from models.exchange.mapping import targets
from models.exchange.reading import open_table
from models.person.roles import Role
from tests.factories.desks import Desk, seat
from tests.unit.exchange.files import text_row, xlsx

Base = Database[dict[str, Any]]
AT = "/records/customer/import"
GOOD = "公司名称,电话,成立日期\n远山机械有限公司,021-55501234,2001-02-03\n近水电子有限公司,0571-8880001,1998/7/1\n"
Sit = Callable[..., Desk]


@pytest.fixture
def desk(sit: Sit) -> Desk:
    return sit(Role.CUSTODIAN, name="custodian")


def send_file(desk: Desk, data: str | bytes, name: str = "a.csv", at: str = AT, **form: Any) -> TestResponse:
    content = data.encode() if isinstance(data, str) else data
    return desk.post(at, {"file": (io.BytesIO(content), name), **form})


def send(desk: Desk, path: str, data: dict[str, str], status: int = 303) -> TestResponse:
    answer = desk.post(path, data)
    assert answer.status_code == status, answer.get_data(as_text=True)
    return answer


def uploaded(desk: Desk, data: str | bytes, name: str = "a.csv", at: str = AT) -> str:
    """The address of the new import."""
    answer = send_file(desk, data, name, at)
    assert answer.status_code == 303, answer.get_data(as_text=True)
    return str(answer.location)


def choices(page: str) -> dict[str, str]:
    """What the columns form would send as it stands."""
    sent = {}
    form = re.search(r'<form[^>]* action="[^"]+/check".*?</form>', page, re.DOTALL)
    assert form is not None
    for name, body in re.findall(r'<select[^>]* name="([^"]+)"[^>]*>(.*?)</select>', form[0], re.DOTALL):
        chosen = re.search(r'<option value="([^"]*)" selected', body)
        sent[name] = chosen[1] if chosen else ""
    return sent


def work(now: datetime) -> None:
    """What the scheduler would do."""
    for batch_id in service.at_work():
        running.advance(batch_id, holder="test", now=now)


def checked(desk: Desk, data: str | bytes, now: datetime, **form: str) -> tuple[str, str]:
    """The address and the page of an import that is checked."""
    at = uploaded(desk, data)
    send(desk, f"{at}/check", {**choices(desk.text(at)), **form})
    work(now)
    return at, desk.text(at)


def stamp(page: str) -> str:
    found = re.search(r'name="stamp" value="([^"]+)"', page)
    assert found is not None
    return found[1]


def stored(desk: Desk, data: str | bytes, now: datetime, **form: str) -> str:
    at, page = checked(desk, data, now, **form)
    desk.send(f"{at}/confirm", stamp=stamp(page))
    work(now)
    return at


# --- the whole way


def test_from_the_file_to_the_records_and_back(desk: Desk, now: datetime, db: Base) -> None:
    at = uploaded(desk, GOOD + "坏公司,,昨天\n")
    page = desk.text(at)
    assert "远山机械有限公司" in page
    assert choices(page)["field-0"] == "name"
    assert choices(page)["field-2"] == "founded"
    answer = send(desk, f"{at}/check", choices(page))
    assert answer.location == at
    assert "data-progress" in desk.text(at)
    assert desk.get(f"{at}/state").get_json() == {
        "state": "checking",
        "percent": 0,
        "text": "It waits: no scheduler is at work at the moment. Tell an administrator if it stays like this.",
        "working": True,
    }
    work(now)
    page = desk.text(at)
    assert "Store 2 rows" in page
    assert "is not a date" in page
    assert "坏公司 · 昨天" in page
    assert db["record_customer"].count_documents({}) == 0
    desk.send(f"{at}/confirm", stamp=stamp(page))
    work(now)
    assert desk.get(f"{at}/state").get_json()["working"] is False
    assert {s["name"] for s in db["record_customer"].find()} == {"远山机械有限公司", "近水电子有限公司"}
    page = desk.text(at)
    assert "Undo this import" in page
    back = desk.get(f"{at}/rows?format=csv")
    assert back.headers["Content-Disposition"].startswith("attachment; filename")
    with open_table(io.BytesIO(back.data)) as table:
        assert [row.cells[2] for row in table.rows()] == ["坏公司"]
    desk.send(f"{at}/undo")
    work(now)
    assert db["record_customer"].count_documents({}) == 0
    assert "taken back" in desk.text(at)
    assert "a.csv" in desk.text(AT)


def test_the_first_page_names_the_columns_of_an_export_that_no_import_takes(desk: Desk, now: datetime) -> None:
    page = desk.text(AT)
    rt = registry.get("customer").rt
    taken = {target.path.partition(".")[0] for target in targets(service.fields_of(desk.person, rt))}
    passed_over = [f.label.en for f in rt.fields if f.computed or f.kind == "files"]
    assert passed_over
    told = unescape(re.findall("Of its columns these are passed over: (.*?)\\.<", page)[0])
    assert set(passed_over) <= set(told.split(", "))
    assert "Number" in told.split(", ")
    assert not {f.label.en for f in rt.fields if f.name in taken} & set(told.split(", "))


def test_every_page_of_an_import_is_in_the_readers_language(sit: Sit, now: datetime) -> None:
    desk = sit(Role.CUSTODIAN, language="zh")
    at, page = checked(desk, GOOD + "坏公司,,昨天\n", now)
    assert "不是日期" in page
    assert "Store" not in desk.text(f"{at}?step=columns")


@pytest.mark.parametrize(("language", "day"), [("en", "3 Feb 2001"), ("zh", "2001-02-03")])
def test_days_are_shown_before_they_are_stored_as_every_page_writes_them(
    sit: Sit, now: datetime, language: str, day: str
) -> None:
    _, page = checked(sit(Role.CUSTODIAN, language=language), GOOD, now)
    assert f">{day}<" in page


def test_columns_can_be_chosen_again_after_the_check(desk: Desk, now: datetime) -> None:
    at, _ = checked(desk, GOOD, now)
    page = desk.text(f"{at}?step=columns")
    send(desk, f"{at}/check", {**choices(page), "field-2": "", "keep_repeats": "1", "empty_bad": "1"})
    work(now)
    assert "Columns that are not imported: 成立日期" in desk.text(at)
    again = desk.text(f"{at}?step=columns")
    assert 'name="empty_bad" value="1" checked' in again
    assert 'name="keep_repeats" value="1" checked' in again


def test_a_file_is_read_again_as_the_person_says(desk: Desk) -> None:
    at = uploaded(desk, "甲;乙\n1;2\n")
    answer = desk.send(f"{at}/read", delimiter="comma", encoding="utf-8", header_row="0")
    assert "甲;乙" in desk.text(answer.location)
    page = desk.send(f"{at}/read", status=422, encoding="utf-8", header_row="99").get_data(as_text=True)
    assert "Row 99 cannot be the heading" in page


def test_columns_that_cannot_go_so_are_refused_and_what_was_chosen_stays(desk: Desk) -> None:
    at = uploaded(desk, GOOD)
    sent = {**choices(desk.text(at)), "field-1": "name"}
    page = send(desk, f"{at}/check", sent, 422).get_data(as_text=True)
    assert "is chosen twice" in page
    assert choices(page)["field-1"] == "name"


def test_a_header_that_is_markup_is_shown_as_text(desk: Desk, now: datetime) -> None:
    evil = "<script>alert(1)</script>"
    at = uploaded(desk, f"公司名称,{evil}\n{evil},{evil}\n")
    page = desk.text(at)
    assert evil not in page
    assert "&lt;script&gt;" in page
    _, page = checked(desk, f"公司名称,电话\n{evil},{evil}\n", now)
    assert evil not in page


# --- broken files


def other_zip() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("readme.txt", "not a table")
    return made.getvalue()


BOOK = xlsx(text_row(1, "公司名称", "电话") + text_row(2, "远山机械有限公司", "021-55501234"))
BROKEN = {
    "empty": (b"", "a.csv", 422, "There is nothing in this file."),
    "truncated": (BOOK[: len(BOOK) // 2], "a.xlsx", 422, "incomplete or damaged"),
    "another zip": (other_zip(), "a.xlsx", 422, "This is not a table but an archive"),
    "pdf": (b"%PDF-1.7\n" + b"x" * 100, "a.pdf", 422, "a PDF file"),
    "picture named csv": (b"\x89PNG\r\n\x1a\n" + b"\0" * 100, "a.csv", 422, "a picture"),
    "old excel": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "Workbook".encode("utf-16-le"), "a.xls", 422, "old Excel file"),
    "web page": (b"<html><table></table></html>", "a.xls", 422, "a web page"),
    "binary": (bytes(range(256)) * 20, "a.csv", 422, ""),
    "no known encoding": ("公司,電話\n遠山工業,1\n".encode("big5") * 5, "a.csv", 422, "encoding is unclear"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_file_gets_a_clear_answer_and_nothing_is_stored(desk: Desk, db: Base, case: str) -> None:
    data, name, status, words = BROKEN[case]
    answer = send_file(desk, data, name)
    page = answer.get_data(as_text=True)
    assert answer.status_code == status, page[:500]
    assert 'role="alert"' in page
    assert words in page
    assert "Traceback" not in page
    for collection in ("import_batch", "import_file.files", "import_file.chunks", "record_customer"):
        assert db[collection].count_documents({}) == 0, collection


def test_no_file_and_a_file_that_is_only_text_are_told_so(desk: Desk) -> None:
    assert desk.post(AT).status_code == 422
    assert desk.post(AT, {"file": "just text"}).status_code == 422


def test_blank_rows_by_the_ten_thousand_are_no_rows(desk: Desk, now: datetime) -> None:
    ghosts = "".join(f'<row r="{n}"><c r="A{n}" s="0"/><c r="B{n}" s="0"/></row>' for n in range(3, 64_003))
    book = xlsx(text_row(1, "公司名称", "电话") + text_row(2, "远山机械有限公司", "021-55501234") + ghosts)
    at = uploaded(desk, book, "ghosts.xlsx")
    send(desk, f"{at}/check", choices(desk.text(at)))
    work(now)
    assert "Store 1 row" in desk.text(at)


def test_rows_in_another_encoding_are_refused_one_by_one(desk: Desk, now: datetime) -> None:
    mixed = GOOD.encode() * 3 + "乱码工业有限公司,021-55501234,2001-02-03\n".encode("gb18030")
    _, page = checked(desk, mixed, now, keep_repeats="1")
    assert "encoded differently" in page


def test_a_file_that_breaks_off_in_the_middle_ends_as_failed(desk: Desk, now: datetime, db: Base) -> None:
    at = uploaded(desk, GOOD)
    db["import_file.chunks"].delete_many({})
    db["import_file.files"].delete_many({})
    assert desk.get(at).status_code == 410
    assert desk.post(f"{at}/check", {"field-0": "name"}).status_code == 303
    work(now)
    assert "no longer kept" in desk.text(at)


def test_a_file_over_the_limit_is_too_large(prepared: Settings, db: Base, now: datetime) -> None:
    app = create_app(replace(prepared, demo=True, max_upload_bytes=2000), clock=lambda: now, connect=False)
    desk = seat(app, Role.CUSTODIAN, now=now)
    answer = send_file(desk, GOOD + "x" * 3000)
    assert answer.status_code == 413
    assert "Split it into several files" in answer.get_data(as_text=True)
    claimed = {"CONTENT_LENGTH": str(3 * 2**20)}
    answer = desk.client.post(AT, data={"csrf_token": desk.token}, environ_overrides=claimed)
    assert answer.status_code == 413
    assert "nothing was stored" in answer.get_data(as_text=True)
    assert db["import_file.files"].count_documents({}) == 0


@pytest.mark.parametrize("name", ["../../etc/passwd", "a\x00b.csv", "<b>x</b>.csv", "名" * 300 + ".csv", "."])
def test_any_file_name_is_harmless(desk: Desk, db: Base, name: str) -> None:
    at = uploaded(desk, GOOD, name)
    page = desk.text(at)
    assert "<b>x</b>" not in page
    [batch] = db["import_batch"].find()
    assert "/" not in batch["name"]
    assert len(batch["name"]) <= 120


# --- others' imports, and requests out of turn

ACTS = ("read", "check", "confirm", "undo", "drop")


@pytest.mark.parametrize("who", [Role.SPECIALIST, Role.ADMINISTRATOR, Role.AUDITOR, Role.SALES])
def test_who_may_not_import_sees_no_import_page(desk: Desk, sit: Sit, now: datetime, who: Role) -> None:
    at, _ = checked(desk, GOOD, now)
    stranger = sit(who)
    for path in (AT, at, f"{at}/state", f"{at}/rows"):
        assert stranger.get(path).status_code in (403, 404), path
    for act in ACTS:
        assert stranger.post(f"{at}/{act}").status_code in (403, 404), act


def test_a_colleagues_import_shows_counts_and_no_content(desk: Desk, sit: Sit, now: datetime) -> None:
    at = stored(desk, GOOD + "坏公司,,昨天\n", now)
    head = sit(Role.HEAD)
    page = head.text(at)
    assert "is not a date" in page
    for secret in ("坏公司", "昨天", "远山"):
        assert secret not in page
    for act in ("read", "check", "confirm", "drop"):
        assert head.post(f"{at}/{act}").status_code == 404, act
    assert head.get(f"{at}/rows").status_code == 404
    waiting, _ = checked(desk, GOOD, now, keep_repeats="1")
    assert "远山" not in head.text(waiting)
    assert "远山" not in head.text(f"{waiting}?step=columns")


def test_an_import_of_another_department_does_not_exist(desk: Desk, sit: Sit, now: datetime) -> None:
    at, _ = checked(desk, GOOD, now)
    stranger = sit(Role.HEAD, department="sales")
    answers = {stranger.get(path).status_code for path in (at, f"{AT}/{'0' * 24}", f"{AT}/nonsense")}
    assert answers == {404}


def test_an_import_is_found_under_its_own_type_only(desk: Desk, now: datetime) -> None:
    at, _ = checked(desk, GOOD, now)
    wrong = at.replace("/customer/", "/complaint/")
    assert desk.get(wrong).status_code == 404
    for act in ACTS:
        assert desk.post(f"{wrong}/{act}").status_code == 404


def test_confirming_and_undoing_twice_is_answered_with_a_conflict(desk: Desk, now: datetime, db: Base) -> None:
    at, page = checked(desk, GOOD, now)
    desk.send(f"{at}/confirm", stamp=stamp(page))
    assert desk.post(f"{at}/confirm", {"stamp": stamp(page)}).status_code == 409
    work(now)
    assert desk.post(f"{at}/confirm", {"stamp": stamp(page)}).status_code == 409
    assert db["record_customer"].count_documents({}) == 2
    desk.send(f"{at}/undo")
    assert desk.post(f"{at}/undo").status_code == 409
    work(now)
    assert desk.post(f"{at}/undo").status_code == 409


def test_steps_out_of_turn_are_answered_with_a_conflict(desk: Desk, now: datetime) -> None:
    at = uploaded(desk, GOOD)
    for act, sent in (("confirm", {"stamp": "x"}), ("undo", {})):
        assert desk.post(f"{at}/{act}", sent).status_code == 409, act
    assert desk.get(f"{at}/rows").status_code == 409
    send(desk, f"{at}/check", choices(desk.text(at)))
    for act, sent in (("read", {}), ("check", {"field-0": "name"}), ("drop", {})):
        assert desk.post(f"{at}/{act}", sent).status_code == 409, act


@pytest.mark.parametrize(
    "form",
    [
        {"field-0": "$where"},
        {"field-0": "name", "level": "cosmic"},
        {"field-0": "name", "order-0": "$gt"},
        {"field-0": "name" * 5000},
        {"field-0[$ne]": "x"},
        {},
    ],
)
def test_forms_that_no_page_sends_are_refused(desk: Desk, db: Base, form: dict[str, str]) -> None:
    at = uploaded(desk, GOOD)
    answer = desk.post(f"{at}/check", form)
    assert 400 <= answer.status_code < 500
    assert "Traceback" not in answer.get_data(as_text=True)
    assert service.at_work() == []


def test_without_its_token_nothing_happens(desk: Desk, now: datetime, db: Base) -> None:
    at, page = checked(desk, GOOD, now)
    assert desk.client.post(f"{at}/confirm", data={"stamp": stamp(page)}).status_code == 400
    assert not set(AT_WORK) & {State(b["state"]) for b in db["import_batch"].find()}


# --- export


def test_the_list_of_an_address_leaves_as_a_file(desk: Desk, now: datetime, db: Base) -> None:
    stored(desk, GOOD, now)
    answer = desk.post("/records/customer/export?name=contains:远山", {"format": "csv"})
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="customer-20261123-1000.csv"'
    with open_table(io.BytesIO(answer.data)) as table:
        assert [row.cells[1] for row in table.rows()] == ["远山机械有限公司"]
    answer = desk.post("/records/customer/export", {"format": "xlsx"})
    with open_table(io.BytesIO(answer.data)) as table:
        assert len(list(table.rows())) == 2
    assert db["audit"].count_documents({"action": "export_done", "detail.complete": True}) == 2


@pytest.mark.parametrize(
    ("query", "form"),
    [("", {}), ("", {"format": "pdf"}), ("?acl=x", {"format": "csv"}), ("?sort=$where", {"format": "csv"})],
)
def test_exports_that_are_not_understood_are_refused(desk: Desk, db: Base, query: str, form: dict[str, str]) -> None:
    assert desk.post(f"/records/customer/export{query}", form).status_code == 400
    assert db["audit"].count_documents({"action": "export"}) == 0


def test_an_export_is_never_a_mere_link(desk: Desk) -> None:
    assert desk.get("/records/customer/export?format=csv").status_code in (404, 405)
