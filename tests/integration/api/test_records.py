"""Records over the API: made, read, changed, moved, found again."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from config.database import database
from models import records, sights
from models.attachment import pdf
from models.person.roles import Role
from models.record import collection_name
from tests.conftest import NOW
from tests.integration.api.conftest import Program, Start


def problem(answer: Any, status: int, code: str) -> dict[str, Any]:
    """The problem that an answer has to be."""
    body = answer.get_json()
    assert (answer.status_code, body and body["code"]) == (status, code), answer.get_data(as_text=True)[:2000]
    assert answer.content_type == "application/problem+json"
    assert body["status"] == status
    return dict(body)


def test_what_is_sent_is_what_is_read(head: Program) -> None:
    sent = {
        "name": "Lamp", "amount": "12.50", "pieces": 3, "made_on": "2026-03-04", "fragile": False, "colours": ["red"],
        "seen_at": "2026-03-04T05:06:00+00:00", "people": [{"name": "Li", "born": "1990-01-02"}], "colour": "blue",
    }  # fmt: skip
    number = head.make(**sent, seller=head.person.email)
    found = head.get(f"/sample/{number}")
    values = found["values"]
    assert {name: values[name] for name in sent if name != "people"} == {k: v for k, v in sent.items() if k != "people"}
    assert values["people"][0]["born"] == "1990-01-02"
    assert values["seller"] == {"id": str(head.person.id), "name": head.person.name}
    assert (found["number"], found["rev"], found["state"], found["locked"]) == (number, 1, "draft", False)


def test_a_change_touches_what_it_names_and_nothing_else(head: Program) -> None:
    number = head.make(amount="5.00", notes="kept")
    done = head.ask("PATCH", f"/sample/{number}", json={"rev": 1, "values": {"amount": None, "name": "Torch"}})
    assert done.get_json() == {"type": "sample", "number": number, "rev": 2, "state": "draft"}
    values = head.get(f"/sample/{number}")["values"]
    assert (values["name"], values["amount"], values["notes"]) == ("Torch", None, "kept")


def test_a_stale_change_is_refused_and_names_what_changed(head: Program) -> None:
    number = head.make(amount="5.00")
    head.ask("PATCH", f"/sample/{number}", json={"rev": 1, "values": {"amount": "6.00", "pieces": 2}})
    wanted = {"rev": 1, "values": {"amount": "7.00", "name": "Torch"}}
    said = problem(head.ask("PATCH", f"/sample/{number}", json=wanted), 409, "stale")
    assert [one["field"] for one in said["errors"]] == ["amount"]
    assert {"amount", "pieces"} <= set(said["changed"])
    assert said["current"]["values"]["amount"] == "6.00"
    assert head.get(f"/sample/{number}")["rev"] == 2


def test_the_version_comes_in_the_body_or_in_the_header(head: Program) -> None:
    number = head.make()
    at, values = f"/sample/{number}", {"values": {"name": "Torch"}}
    problem(head.ask("PATCH", at, json=values), 428, "version_missing")
    problem(head.ask("PATCH", at, json=values, headers={"If-Match": '"other"'}), 412, "no_such_version")
    problem(head.ask("PATCH", at, json={"rev": 2, **values}, headers={"If-Match": '"1"'}), 412, "no_such_version")
    etag = head.ask("GET", at).headers["ETag"]
    assert head.ask("PATCH", at, json=values, headers={"If-Match": etag}).status_code == 200
    problem(head.ask("PATCH", at, json=values, headers={"If-Match": etag}), 409, "stale")


def test_a_version_that_never_was_is_no_conflict(head: Program) -> None:
    number = head.make()
    at, values = f"/sample/{number}", {"values": {"name": "Torch"}}
    unknown = problem(head.ask("PATCH", at, json={"rev": 9, **values}), 412, "no_such_version")
    assert [one["field"] for one in unknown["errors"]] == ["rev"]
    unknown = problem(
        head.ask("PATCH", at, json=values, headers={"If-Match": '"9-0123456789abcdef"'}), 412, "no_such_version"
    )
    assert [one["field"] for one in unknown["errors"]] == ["If-Match"]
    problem(head.ask("POST", f"{at}/archive", json={"rev": 9, "note": "over"}), 412, "no_such_version")
    with_rev = {"rev": 1, "with": head.make(), "with_rev": 9}
    unknown = problem(head.ask("POST", f"{at}/merge", json=with_rev), 412, "no_such_version")
    assert [one["field"] for one in unknown["errors"]] == ["with_rev"]
    assert head.get(at)["rev"] == 1


def test_a_write_that_asks_that_nothing_be_there_is_not_carried_out(head: Program) -> None:
    number = head.make()
    at, values = f"/sample/{number}", {"values": {"name": "Torch"}}
    for mark in ("*", head.ask("GET", at).headers["ETag"]):
        none = {"If-None-Match": mark}
        problem(head.ask("PATCH", at, json={"rev": 1, **values}, headers=none), 412, "only_readings")
        problem(head.ask("POST", "/sample", json=values, headers=none), 412, "only_readings")
        problem(head.ask("POST", f"{at}/archive", json={"rev": 1, "note": "over"}, headers=none), 412, "only_readings")
    assert head.get(at)["rev"] == 1
    assert len(head.get("/sample")["items"]) == 1


def test_what_is_too_short_or_too_long_is_told_in_words(head: Program) -> None:
    number = head.make()
    wrong = problem(
        head.ask("PATCH", f"/sample/{number}", json={"rev": 1, "values": {"people": [{"name": ""}]}}),
        400,
        "bad_request",
    )
    assert wrong["errors"] == [{"field": "people.0.name", "message": "This is required."}]
    note = {"rev": 1, "note": "x" * 5000, "values": {}}
    wrong = problem(head.ask("PATCH", f"/sample/{number}", json=note), 400, "bad_request")
    assert wrong["errors"][0]["field"] == "note"
    assert wrong["errors"][0]["message"].endswith("characters.")


@pytest.mark.usefixtures("named_once")
def test_a_value_that_is_taken_is_refused_by_its_field(head: Program) -> None:
    head.make(name="Torch")
    for answer in (
        head.ask("POST", "/sample", json={"values": {"name": "Torch"}}),
        head.ask("PATCH", f"/sample/{head.make()}", json={"rev": 1, "values": {"name": "Torch"}}),
    ):
        taken = problem(answer, 422, "already_used")
        assert [one["field"] for one in taken["errors"]] == ["name"]


def test_what_has_not_changed_is_not_sent_again(head: Program) -> None:
    number = head.make()
    first = head.ask("GET", f"/sample/{number}")
    again = head.ask("GET", f"/sample/{number}", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.get_data()) == (304, b"")
    head.ask("PATCH", f"/sample/{number}", json={"rev": 1, "values": {"name": "Torch"}})
    changed = head.ask("GET", f"/sample/{number}", headers={"If-None-Match": first.headers["ETag"]})
    assert changed.status_code == 200


def test_archived_records_leave_the_list_and_come_back(head: Program) -> None:
    number = head.make()
    gone = head.ask("POST", f"/sample/{number}/archive", json={"rev": 1, "note": "Entered twice"})
    assert gone.get_json()["rev"] == 2
    assert head.get(f"/sample/{number}/history")["items"][0]["note"] == "Entered twice"
    assert head.get("/sample")["items"] == []
    assert [row["number"] for row in head.get("/sample?archived=1")["items"]] == [number]
    problem(head.ask("POST", f"/sample/{number}/restore", json={"rev": 1}), 409, "stale")
    assert head.ask("POST", f"/sample/{number}/restore", json={"rev": 2}).status_code == 200
    assert len(head.get("/sample")["items"]) == 1


def test_who_or_what_is_not_there_is_said_alike_for_what_is_out_of_reach(head: Program, start: Start) -> None:
    hidden, clerk = head.make(level="top_secret"), start(Role.SPECIALIST)
    for number in (hidden, "YP-1999-00001"):
        values = {"name": "x", "parent": number, "seller": "nobody@example.com"}
        body = problem(clerk.ask("POST", "/sample", json={"values": values}), 422, "invalid")
        said = {one["field"]: one["message"] for one in body["errors"]}
        assert said["seller"] == "There is no such person, or they may not be chosen here."
        assert said["parent"] == "There is no such record, or you may not choose it."


def test_what_nobody_may_change_now_says_so(head: Program) -> None:
    number = head.make()
    head.ask("POST", f"/sample/{number}/archive", json={"rev": 1, "note": "double"})
    change = {"values": {"name": "Torch"}}
    body = problem(head.ask("PATCH", f"/sample/{number}", json={**change, "rev": 2}), 403, "unchangeable")
    assert "archived" in body["detail"]
    head.ask("POST", f"/sample/{number}/restore", json={"rev": 2})
    database()[collection_name("sample")].update_one({"number": number}, {"$set": {"state": "approved"}})
    problem(head.ask("PATCH", f"/sample/{number}", json={**change, "rev": 3}), 403, "unchangeable")
    assert head.get(f"/sample/{number}")["values"]["name"] == "Lamp"


def test_what_is_archived_already_stays_as_it_is(head: Program) -> None:
    """Archived again it gets no second version, nor another time at which it was archived."""
    number = head.ask("POST", "/sample", json={"values": {"name": "Lamp"}}).get_json()["number"]
    first = head.ask("POST", f"/sample/{number}/archive", json={"rev": 1, "note": "over"}).get_json()
    since = head.get(f"/sample/{number}")["archived_at"]
    again = head.ask("POST", f"/sample/{number}/archive", json={"rev": 2, "note": "once more"})
    assert (again.status_code, again.get_json()["rev"], first["rev"]) == (200, 2, 2)
    assert head.get(f"/sample/{number}")["archived_at"] == since
    problem(head.ask("POST", f"/sample/{number}/archive", json={"rev": 1, "note": "once more"}), 409, "stale")
    head.ask("POST", f"/sample/{number}/restore", json={"rev": 2})
    assert head.ask("POST", f"/sample/{number}/restore", json={"rev": 3}).get_json()["rev"] == 3


def test_nothing_is_archived_without_a_reason(head: Program) -> None:
    number = head.make()
    problem(head.ask("POST", f"/sample/{number}/archive", json={"rev": 1}), 400, "bad_request")
    problem(head.ask("POST", f"/sample/{number}/archive", json={"rev": 1, "note": " "}), 422, "invalid")
    assert head.get(f"/sample/{number}")["archived_at"] is None


def test_pages_follow_one_another_by_token_and_by_link(head: Program) -> None:
    numbers = [head.make(name=f"Lamp {i}") for i in range(45)]
    seen, path, pages = [], "/sample?sort=number&show=20", 0
    while path:
        answer = head.ask("GET", path)
        page = answer.get_json()
        seen += [row["number"] for row in page["items"]]
        pages += 1
        parts = [part.strip().partition("; ") for part in answer.headers.get("Link", "").split(",") if part]
        links = {rel: at for at, _, rel in parts}
        assert bool(page["next"]) is ('rel="next"' in links)
        path = links.get('rel="next"', "").strip("<>").removeprefix("/api/v1")
    assert (pages, seen) == (3, numbers)


def test_a_list_shows_what_is_asked_for(head: Program) -> None:
    head.make(name="Lamp", amount="1.00")
    head.make(name="Torch", amount="2.00")
    rows = head.get("/sample?columns=name,pieces&amount=at_least:2")["items"]
    assert [row["values"] for row in rows] == [{"name": "Torch", "pieces": None}]
    where = "any(name:is:Lamp,amount:at_least:2)"
    assert len(head.get("/sample", query_string={"where": where})["items"]) == 2


def test_search_finds_over_all_types(head: Program) -> None:
    number = head.make(name="Leuchtturm")
    (group,) = head.get("/search?q=uchttu")["groups"]
    assert (group["type"], [row["number"] for row in group["items"]], group["more"]) == ("sample", [number], None)
    assert head.get("/search?q=nowhere")["groups"] == []


def test_history_says_who_changed_what(head: Program) -> None:
    number = head.make(amount="1.00")
    head.ask("PATCH", f"/sample/{number}", json={"rev": 1, "values": {"amount": "2.00"}, "note": "dearer"})
    latest, first = head.get(f"/sample/{number}/history")["items"]
    assert (latest["rev"], latest["action"], latest["note"], latest["by"]["name"]) == (
        2, "change", "dearer", head.person.name,
    )  # fmt: skip
    assert {"field": "amount", "before": "1.00", "after": "2.00"} in latest["changes"]
    assert first["action"] == "create"


def test_a_long_history_comes_by_pages(head: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sights, "VERSIONS_SHOWN", 3)
    number = head.make(amount="0.00")
    for rev in range(1, 8):
        head.ask("PATCH", f"/sample/{number}", json={"rev": rev, "values": {"amount": f"{rev}.00"}})
    pages, at = [], f"/sample/{number}/history"
    page = head.get(at)
    while page["next"]:
        pages.append([row["rev"] for row in page["items"]])
        page = head.get(f"{at}?before={page['next']}")
    assert [*pages, [row["rev"] for row in page["items"]]] == [[8, 7, 6], [5, 4, 3], [2, 1]]
    for wrong in ("0", "x", "-1", "1" * 12):
        problem(head.ask("GET", f"{at}?before={wrong}"), 400, "bad_query")


def test_a_choice_given_twice_counts_once(head: Program) -> None:
    number = head.make(colours=["red", "blue", "red"])
    assert head.get(f"/sample/{number}")["values"]["colours"] == ["red", "blue"]
    assert "uniqueItems" not in json.dumps(head.get("/openapi.json"))  # the check of it takes the square of a length


def test_the_document_of_a_token_that_only_reads_offers_no_writes(head: Program, start: Start) -> None:
    reads = start(Role.HEAD, Role.SPECIALIST, Role.CUSTODIAN, read_only=True).get("/openapi.json")["paths"]
    writes = head.get("/openapi.json")["paths"]
    assert {method for methods in reads.values() for method in methods} == {"get"}
    assert {path for path, methods in writes.items() if "get" in methods} == reads.keys()
    assert {"/api/v1/sample", "/api/v1/sample/{number}/actions", "/api/v1/search"} <= reads.keys()
    assert "post" in writes["/api/v1/sample"]


def test_moves_are_listed_and_made(head: Program, start: Start) -> None:
    checker = start(Role.CUSTODIAN)
    number = head.make()
    assert [move["name"] for move in head.get(f"/sample/{number}/actions")["items"]] == ["submit"]
    said = problem(head.ask("POST", f"/sample/{number}/actions/submit", json={"rev": 1}), 422, "invalid")
    assert [one["field"] for one in said["errors"]] == ["checker"]
    sent = {"rev": 1, "values": {"checker": checker.person.email}}
    done = head.ask("POST", f"/sample/{number}/actions/submit", json=sent)
    assert (done.status_code, done.get_json()["state"]) == (200, "waiting")
    problem(head.ask("POST", f"/sample/{number}/actions/submit", json={**sent, "rev": 2}), 409, "not_now")
    back = checker.ask("POST", f"/sample/{number}/actions/send_back", json={"rev": 2, "note": "too dark"})
    assert back.get_json()["state"] == "draft"
    problem(head.ask("POST", f"/sample/{number}/actions/nothing", json={"rev": 3}), 404, "not_found")


def test_a_token_signs_nothing(head: Program, start: Start) -> None:
    checker = start(Role.CUSTODIAN)
    number = head.make()
    sent = {"rev": 1, "values": {"checker": checker.person.email}}
    head.ask("POST", f"/sample/{number}/actions/submit", json=sent)
    answer = checker.ask("POST", f"/sample/{number}/actions/approve", json={"rev": 2})
    problem(answer, 403, "signature_needs_person")
    assert head.get(f"/sample/{number}")["state"] == "waiting"


def test_a_file_is_sent_pointed_to_and_fetched(head: Program, start: Start) -> None:
    content = b"%PDF-1.7 a scan"
    sent = head.ask("POST", "/files?name=扫描.pdf", data=content, content_type="application/octet-stream")
    row = sent.get_json()
    assert (sent.status_code, row["name"], row["size"], row["type"]) == (201, "扫描.pdf", 15, "application/pdf")
    other = start(Role.HEAD)
    stolen = other.ask("POST", "/sample", json={"values": {"name": "x", "scans": [row["file"]]}})
    assert [one["field"] for one in problem(stolen, 422, "invalid")["errors"]] == ["scans"]
    number = head.make(scans=[row["file"]])
    assert head.get(f"/sample/{number}")["values"]["scans"] == [row]
    fetched = head.ask("GET", f"/sample/{number}/files/{row['file']}")
    assert (fetched.get_data(), fetched.content_type) == (content, "application/pdf")
    assert "attachment" in fetched.headers["Content-Disposition"]
    problem(head.ask("GET", f"/sample/{number}/files/5f0000000000000000000001"), 404, "not_found")


def test_a_pdf_that_cannot_be_checked_now_is_to_be_sent_again(head: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "WAIT_SECONDS", 0)
    sent = {"data": b"%PDF-1.7 a scan", "content_type": "application/octet-stream"}
    with pdf._two_at_a_time, pdf._two_at_a_time:
        answer = head.ask("POST", "/files?name=scan.pdf", **sent)
    problem(answer, 503, "pdfs_busy")
    assert answer.headers["Retry-After"] == "10"
    assert database()["attachment.files"].count_documents({}) == 0
    assert head.ask("POST", "/files?name=scan.pdf", **sent).status_code == 201


def test_a_file_that_is_not_taken_leaves_nothing(head: Program) -> None:
    kind = "application/octet-stream"
    problem(head.ask("POST", "/files?name=x.exe", data=b"MZ program", content_type=kind), 422, "program_file")
    problem(head.ask("POST", "/files?name=x", data=b"", content_type=kind), 422, "empty_file")
    problem(head.ask("POST", "/files", data=b"x", content_type=kind), 400, "bad_request")
    problem(head.ask("POST", "/files?name=x", data=b"x", content_type="text/plain"), 415, "wrong_content_type")
    form = {"data": {"file": (io.BytesIO(b"x"), "x.txt")}, "content_type": "multipart/form-data"}
    problem(head.ask("POST", "/files?name=x", **form), 415, "wrong_content_type")
    assert database()["attachment.files"].count_documents({}) == 0


@pytest.mark.parametrize(("asked", "detail"), [("zh-CN,en;q=0.5", "请提供"), ("en", "There is no such")])
def test_messages_are_in_the_language_that_is_asked_for(head: Program, asked: str, detail: str) -> None:
    answer = head.ask("GET", "/sample/YP-2026-999999", headers={"Accept-Language": asked})
    said = problem(answer, 404, "not_found")
    assert said["detail"].startswith(detail) or "找不到" in said["detail"]
    assert answer.headers["Content-Language"] == ("zh" if asked.startswith("zh") else "en")


def test_a_locked_record_shows_its_card(head: Program, start: Start) -> None:
    other = start(Role.SPECIALIST)
    made = records.create(head.person, "sample", {"name": "Leuchtturm", "level": "secret"}, now=NOW)
    card = other.get(f"/sample/{made['number']}")
    assert (card["locked"], card["level"], card["values"]) == (True, "secret", {"name": "L***m"})
    problem(other.ask("GET", f"/sample/{made['number']}/history"), 403, "locked")
    problem(other.ask("PATCH", f"/sample/{made['number']}", json={"rev": 1, "values": {}}), 403, "locked")


def test_the_level_of_what_nobody_changes_any_more_is_raised_and_nothing_beside_it(head: Program) -> None:
    number = head.make()
    database()["record_sample"].update_one({"number": number}, {"$set": {"state": "approved"}})
    raised = {"level": "secret", "level_basis": "Prices"}
    for values, status, code in (
        ({**raised, "pieces": 2}, 403, "unchangeable"),
        ({"level": "secret"}, 422, "invalid"),
        ({"level": "internal", "level_basis": "x"}, 403, "unchangeable"),
    ):
        problem(head.ask("PATCH", f"/sample/{number}", json={"rev": 1, "values": values}), status, code)
    done = head.ask("PATCH", f"/sample/{number}", json={"rev": 1, "values": raised})
    assert (done.status_code, done.get_json()["rev"]) == (200, 2)
    row = database()["record_sample"].find_one({"number": number}) or {}
    assert (row["level"], row["level_basis"], row["state"]) == ("secret", "Prices", "approved")
