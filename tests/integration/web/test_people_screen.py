"""The administrator's screen, and the page where a second person confirms."""

from __future__ import annotations

import re
from typing import Any

import pytest
from bson import ObjectId
from flask import Flask
from pymongo.database import Database
from werkzeug.test import TestResponse

from models.person import proposals, rights
from models.person.proposals import Place
from models.person.roles import SYSTEM, Role
from tests.factories.filled import filled
from tests.factories.web import Browser, Clock
from tests.integration.web.conftest import Add

Base = Database[dict[str, Any]]
PASSWORD = re.compile(r"<code>([^<]+)</code>")


@pytest.fixture
def admin(demo_browser: Browser, add: Add) -> Browser:
    """An administrator, signed in without a second factor as in a demonstration."""
    add(Role.ADMINISTRATOR, email="admin@example.com", name="管理员")
    demo_browser.headers["Accept-Language"] = "en"
    demo_browser.sign_in("admin@example.com")
    return demo_browser


@pytest.fixture
def head(demo_app: Flask, add: Add) -> Browser:
    """A department head, signed in."""
    add(Role.HEAD, email="head@example.com", name="经理")
    made = Browser(demo_app.test_client(), headers={"Accept-Language": "en"})
    made.sign_in("head@example.com")
    return made


def profile(**changes: Any) -> dict[str, Any]:
    """What the form of an account sends."""
    return {"name": "李雷", "email": "lilei@example.com", "department": "service", "manager": "", "roles": []} | changes


def save(browser: Browser, at: str, **changes: Any) -> TestResponse:
    """Open the form of an account and send it as it stands, with some changes."""
    return browser.post(at, filled(browser.get(at).text, "") | changes)


def test_an_account_is_added_and_its_first_password_shown_once(admin: Browser, demo_app: Flask, db: Base) -> None:
    answer = admin.post("/people/new", profile(roles=["specialist", "sales"]))
    found = PASSWORD.search(answer.text)
    assert found is not None
    assert answer.headers["Cache-Control"] == "no-store"
    stored = db["user"].find_one({"email": "lilei@example.com"})
    assert stored is not None
    assert stored["roles"] == ["sales", "specialist"]
    assert found.group(1) not in str(stored)
    assert found.group(1) not in admin.get(f"/people/{stored['_id']}").text
    new = Browser(demo_app.test_client())
    assert new.sign_in("lilei@example.com", found.group(1)).location == "/"
    assert new.get("/").location == "/change"


def test_the_list_shows_who_is_there_and_finds_them(admin: Browser, add: Add) -> None:
    add(Role.SALES, email="lilei@example.com", name="李雷")
    add(Role.SALES, email="other@example.com", name="<script>alert(1)</script>")
    page = admin.get("/people/").text
    assert "李雷" in page
    assert "<script>alert" not in page
    found = admin.get("/people/?q=LILEI").text
    assert "李雷" in found
    assert "other@example.com" not in found
    assert "Nobody matches" in admin.get("/people/?q=zzz").text


@pytest.mark.parametrize("query", ["?q=%5B(", "?q=" + "x" * 10_000, "?q[$ne]=1"])
def test_an_odd_search_is_a_search(admin: Browser, query: str) -> None:
    assert admin.get("/people/" + query).status_code == 200


@pytest.mark.parametrize("path", ["/people/x", "/people/5f0000000000000000000001", "/people/?after=x"])
def test_an_account_that_is_none_is_not_found(admin: Browser, path: str) -> None:
    assert admin.get(path).status_code == 404


def test_a_wrong_value_is_said_at_its_field_and_nothing_typed_is_lost(admin: Browser, db: Base) -> None:
    answer = admin.post("/people/new", profile(email="not an email", name="王芳"))
    assert answer.status_code == 422
    assert "Give a valid email address." in answer.text
    assert 'value="王芳"' in answer.text
    assert db["user"].count_documents({"name": "王芳"}) == 0


@pytest.mark.parametrize(
    "wrong",
    [
        *({"email": text} for text in ("a@b.test,c@d.test", "a@b.test;c@d.test", "<a@b.test>", "a@b@c", "a@")),
        *({"name": text} for text in ("王\x00芳", "王\u202e芳", "王\x1b芳")),
    ],
)
def test_an_account_has_one_address_and_a_name_that_can_be_printed(
    admin: Browser, db: Base, wrong: dict[str, str]
) -> None:
    before = db["user"].count_documents({})
    assert admin.post("/people/new", profile(**wrong)).status_code == 422
    assert db["user"].count_documents({}) == before


@pytest.mark.parametrize("roles", [["emperor"], ["head", "$ne"]])
def test_a_role_that_does_not_exist_is_refused(admin: Browser, db: Base, roles: list[str]) -> None:
    assert admin.post("/people/new", profile(roles=roles)).status_code == 403
    assert db["user"].find_one({"email": "lilei@example.com"}) is None


def test_a_privileged_role_goes_by_way_of_a_second_person(admin: Browser, head: Browser, add: Add, db: Base) -> None:
    person = add(Role.SPECIALIST, email="lilei@example.com", name="李雷")
    save(admin, f"/people/{person}", roles=["specialist", "supervisor"])
    assert db["user"].find_one({"_id": person})["roles"] == ["specialist"]  # type: ignore[index]
    assert "waits for a second person" in admin.get(f"/people/{person}").text
    (waiting,) = proposals.waiting()
    assert "Somebody else confirms this." in admin.get("/people/confirmations").text
    assert admin.post(f"/people/confirmations/{waiting.id}/confirm").status_code == 409
    page = head.get("/people/confirmations").text
    assert "李雷" in page
    assert f"/people/confirmations/{waiting.id}/confirm" in page
    assert head.post(f"/people/confirmations/{waiting.id}/confirm").status_code == 303
    assert db["user"].find_one({"_id": person})["roles"] == ["specialist", "supervisor"]  # type: ignore[index]


def test_another_department_of_a_privileged_person_goes_by_way_of_a_second_person(
    admin: Browser, head: Browser, add: Add, db: Base
) -> None:
    chief = add(Role.GENERAL_MANAGER, email="lilei@example.com", name="李雷", department="sales")
    manager = str(add(Role.SALES_MANAGER, email="m@example.com", name="王芳"))
    assert "A second person confirms another department or manager." in admin.get(f"/people/{chief}").text
    sent = profile(roles=["general_manager"], manager=manager, name="李雷雷")
    assert save(admin, f"/people/{chief}", **sent).status_code == 303
    assert "Waiting for a second privileged person: department and manager." in admin.get("/people/").text
    stored = db["user"].find_one({"_id": chief})
    assert stored is not None
    assert (stored["name"], stored["department"], stored.get("manager")) == ("李雷雷", "sales", None)
    page = admin.get(f"/people/{chief}").text
    assert "Department and manager wait for a second person. Until then: department Sales, manager —." in page
    assert '<option selected value="service">' in page
    [waiting] = proposals.waiting()
    assert save(admin, f"/people/{chief}", **sent).status_code == 303
    assert proposals.waiting() == [waiting]
    assert admin.post(f"/people/confirmations/{waiting.id}/confirm").status_code == 409
    page = head.get("/people/confirmations").text
    assert "李雷雷 is to get: department Customer service, manager 王芳" in page
    assert "At present: department Sales, manager — · General manager" in page
    done = head.post(f"/people/confirmations/{waiting.id}/confirm")
    assert (done.status_code, PASSWORD.search(done.text)) == (303, None)
    stored = db["user"].find_one({"_id": chief})
    assert stored is not None
    assert (stored["department"], str(stored["manager"])) == ("service", manager)


def test_a_form_that_was_opened_before_leaves_what_was_proposed_meanwhile(
    admin: Browser, demo_app: Flask, add: Add, db: Base
) -> None:
    chief = add(Role.GENERAL_MANAGER, email="lilei@example.com", name="李雷", department="sales")
    at = f"/people/{chief}"
    before = filled(admin.get(at).text, "")
    add(Role.ADMINISTRATOR, email="second@example.com", name="同事")
    other = Browser(demo_app.test_client(), headers={"Accept-Language": "en"})
    other.sign_in("second@example.com")
    save(other, at, roles=["general_manager", "head"], department="service")
    place, role = proposals.waiting()
    assert admin.post(at, before | {"name": "李雷雷"}).status_code == 303
    assert proposals.waiting() == [place, role]
    assert db["user"].find_one({"_id": chief})["name"] == "李雷雷"  # type: ignore[index]
    answer = admin.post(at, before | {"name": "李雷", "department": "finance"})
    assert answer.status_code == 409
    assert lines(answer.text) == [
        ["Name", "李雷", "李雷雷", "not changed by you"],
        ["Department", "Sales", "Customer service", "Finance"],
        ["Roles", "General manager", "Department head, General manager", "not changed by you"],
    ]
    assert proposals.waiting() == [place, role]
    assert db["user"].find_one({"_id": chief})["name"] == "李雷雷"  # type: ignore[index]
    shown = filled(admin.get(at).text, "")
    wrong = admin.post(at, shown | {"name": "", "department": "finance", "roles": ["general_manager"]})
    assert wrong.status_code == 422
    assert admin.post(at, filled(wrong.text, "") | {"name": "李雷"}).status_code == 303
    [now_waiting] = proposals.waiting()
    assert now_waiting.place == Place("finance", None)
    gone = db["audit"].find({"action": "right_withdrawn", "record": chief}).sort("_id")
    told = {entry["detail"]["what"]: entry for entry in gone}
    assert told["place"]["detail"] == {"what": "place", "department": "service"}
    assert told["head"]["detail"] == {"what": "head"}
    me = db["user"].find_one({"email": "admin@example.com"}) or {}
    assert {entry["actor"] for entry in told.values()} == {me["_id"]}


def test_whoever_confirms_a_role_sees_for_which_department(admin: Browser, head: Browser, add: Add) -> None:
    person = add(Role.SPECIALIST, email="lilei@example.com", name="李雷", department="sales")
    save(admin, f"/people/{person}", roles=["specialist", "supervisor"], department="finance")
    assert "At present: department Finance, manager — · Specialist" in head.get("/people/confirmations").text


def test_nobody_gives_themselves_another_department_a_role_or_more_for_their_programs(admin: Browser, db: Base) -> None:
    me = db["user"].find_one({"email": "admin@example.com"})
    assert me is not None
    at = f"/people/{me['_id']}"
    page = admin.get(at).text
    assert "Another administrator changes your department and your manager." in page
    for name in ("department", "manager", "api_level"):
        assert re.search(rf'<select[^>]* disabled[^>]* name="{name}"', page), name
    assert re.search(r'<input[^>]* disabled[^>]* value="auditor"', page)
    assert not re.search(r'<input[^>]* disabled[^>]* value="administrator"', page)
    other = "sales" if me["department"] != "sales" else "service"
    for field, value in (("department", other), ("api_level", "top_secret"), ("roles", ["administrator", "auditor"])):
        answer = save(admin, at, **{field: value})
        assert answer.status_code == 409
        place = f'id="{field}-help"' if field != "roles" else 'id="roles"'
        assert "This cannot be done to" in answer.text.partition(place)[2].partition("</div>")[0]
        assert 'name="was_roles"' in answer.text, "it is the form, not a page of its own"
    sent = filled(page, "")
    del sent["department"], sent["manager"], sent["api_level"]  # as a browser sends it
    assert admin.post(at, sent | {"name": "新名"}).status_code == 303
    stored = db["user"].find_one({"_id": me["_id"]})
    assert stored is not None
    assert (stored["name"], stored["department"], stored["roles"]) == ("新名", me["department"], ["administrator"])
    assert proposals.waiting() == []
    last = save(admin, at, roles=[])
    assert last.status_code == 409
    assert "This is the last active administrator." in last.text
    assert '<fieldset class="field wide has-error" id="roles">' in last.text


def test_what_others_propose_for_an_administrator_stays_when_they_save_their_own_account(
    admin: Browser, demo_app: Flask, add: Add, db: Base
) -> None:
    me = db["user"].find_one({"email": "admin@example.com"}) or {}
    add(Role.ADMINISTRATOR, email="second@example.com", name="同事")
    other = Browser(demo_app.test_client(), headers={"Accept-Language": "en"})
    other.sign_in("second@example.com")
    save(other, f"/people/{me['_id']}", roles=["administrator", "auditor"], department="finance")
    waiting = proposals.waiting()
    assert len(waiting) == 2
    assert save(admin, f"/people/{me['_id']}", name="新名").status_code == 303
    assert proposals.waiting() == waiting


def lines(page: str) -> list[list[str]]:
    """What a page says that somebody else changed: field, before, theirs, yours."""
    table = page.partition("conflict-lines")[2].partition("</table>")[0]
    rows = re.findall(r"<tr><th scope=\"row\">(.*?)</tr>", table)
    return [[re.sub(r"<[^>]+>", "", cell) for cell in re.split(r"</t[hd]><td[^>]*>", row)] for row in rows]


def test_a_form_that_was_opened_before_takes_away_no_role_that_was_given_meanwhile(
    admin: Browser, add: Add, clock: Clock, db: Base
) -> None:
    person = add(Role.SPECIALIST, email="lilei@example.com", name="李雷")
    at = f"/people/{person}"
    before = filled(admin.get(at).text, "")
    rights.set_roles(SYSTEM, person, [Role.SPECIALIST, Role.CREDIT_GROUP], clock.now)
    answer = admin.post(at, before | {"name": "李雷雷", "roles": ["specialist", "sales"]})
    assert answer.status_code == 409
    assert "This account was changed while you had it open." in answer.text
    assert lines(answer.text) == [["Roles", "Specialist", "Specialist, Credit group", "Specialist, Sales"]]
    stored = db["user"].find_one({"_id": person}) or {}
    assert (stored["name"], stored["roles"]) == ("李雷", ["credit_group", "specialist"])
    again = filled(answer.text, "")
    assert (again["name"], again["roles"]) == (["李雷雷"], ["specialist", "sales", "credit_group"])
    assert admin.post(at, again).status_code == 303
    stored = db["user"].find_one({"_id": person}) or {}
    assert (stored["name"], stored["roles"]) == ("李雷雷", ["credit_group", "sales", "specialist"])


def test_a_form_that_does_not_say_what_it_was_shown_with_changes_nothing(admin: Browser, add: Add, db: Base) -> None:
    person = add(Role.SPECIALIST, email="lilei@example.com", name="李雷")
    before = db["user"].find_one({"_id": person})
    for sent in (profile(name="x"), profile(was_manager="x", was_roles=["emperor"], was_name="李雷")):
        assert admin.post(f"/people/{person}", sent).status_code == 409
    assert db["user"].find_one({"_id": person}) == before


def test_a_proposal_that_was_refused_meanwhile_is_not_made_again(admin: Browser, head: Browser, add: Add) -> None:
    person = add(Role.SPECIALIST, email="lilei@example.com", name="李雷")
    at = f"/people/{person}"
    save(admin, at, roles=["specialist", "supervisor"])
    shown = filled(admin.get(at).text, "")
    [waiting] = proposals.waiting()
    head.post(f"/people/confirmations/{waiting.id}/refuse")
    answer = admin.post(at, shown | {"name": "李雷雷"})
    assert answer.status_code == 409
    assert lines(answer.text) == [["Roles", "Specialist, Information supervisor", "Specialist", "not changed by you"]]
    assert admin.post(at, filled(answer.text, "")).status_code == 303
    assert proposals.waiting() == []


def test_a_proposal_that_was_confirmed_meanwhile_is_no_conflict(admin: Browser, head: Browser, add: Add) -> None:
    person = add(Role.SPECIALIST, email="lilei@example.com", name="李雷")
    at = f"/people/{person}"
    save(admin, at, roles=["specialist", "supervisor"])
    shown = filled(admin.get(at).text, "")
    [waiting] = proposals.waiting()
    assert head.post(f"/people/confirmations/{waiting.id}/confirm").status_code == 303
    assert admin.post(at, shown | {"name": "李雷雷"}).status_code == 303


def test_a_manager_who_left_stays_in_the_form(admin: Browser, add: Add, db: Base) -> None:
    manager = add(Role.SALES_MANAGER, email="m@example.com", name="王芳")
    person = add(Role.SALES, email="lilei@example.com", name="李雷")
    save(admin, f"/people/{person}", manager=str(manager))
    admin.post(f"/people/{manager}/active", {"active": "0"})
    assert f'<option selected value="{manager}">王芳</option>' in admin.get(f"/people/{person}").text
    assert save(admin, f"/people/{person}", name="李雷雷").status_code == 303
    assert db["user"].find_one({"_id": person})["manager"] == manager  # type: ignore[index]


def test_the_trail_says_in_words_what_was_proposed(admin: Browser, demo_app: Flask, add: Add) -> None:
    person = add(Role.SUPERVISOR, email="lilei@example.com", name="李雷", department="sales")
    save(admin, f"/people/{person}", roles=["supervisor", "head"], department="service")
    add(Role.AUDITOR, email="audit@example.com")
    auditor = Browser(demo_app.test_client(), headers={"Accept-Language": "en"})
    auditor.sign_in("audit@example.com")
    page = auditor.get("/audit/").text
    assert "what: department and manager; department: Customer service" in page
    assert "what: Department head" in page


def test_a_reset_of_a_privileged_person_shows_the_password_to_the_second_person(
    admin: Browser, head: Browser, add: Add
) -> None:
    chief = add(Role.GENERAL_MANAGER, email="gm@example.com", name="总经理")
    asked = admin.post(f"/people/{chief}/reset")
    assert asked.status_code == 303
    assert PASSWORD.search(asked.text) is None
    (waiting,) = proposals.waiting()
    done = head.post(f"/people/confirmations/{waiting.id}/confirm")
    found = PASSWORD.search(done.text)
    assert found is not None
    assert head.sign_in("gm@example.com", found.group(1)).status_code == 302


def test_disabling_ends_the_session_and_enabling_allows_a_new_one(admin: Browser, demo_app: Flask, add: Add) -> None:
    person = add(Role.SALES)
    other = Browser(demo_app.test_client())
    other.sign_in("sales@example.com")
    admin.post(f"/people/{person}/active", {"active": "0"})
    assert not other.inside()
    assert other.sign_in("sales@example.com").status_code == 200
    admin.post(f"/people/{person}/active", {"active": "1"})
    assert other.sign_in("sales@example.com").status_code == 302


def test_changes_of_rights_need_a_fresh_sign_in(admin: Browser, add: Add, clock: Clock, db: Base) -> None:
    person = add(Role.SALES, email="lilei@example.com")
    clock.forward(minutes=6)
    for path, data in (
        (f"/people/{person}", profile(roles=["specialist"])),
        (f"/people/{person}/active", {"active": "0"}),
        (f"/people/{person}/reset", {}),
        ("/people/confirmations/5f0000000000000000000001/confirm", {}),
    ):
        answer = admin.post(path, data)
        assert answer.location.startswith("/verify"), path
        admin.page = "/people/"
    stored = db["user"].find_one({"_id": person})
    assert stored is not None
    assert (stored["roles"], stored["active"]) == (["sales"], True)


def test_the_head_confirms_but_does_not_manage(head: Browser) -> None:
    assert head.get("/people/confirmations").status_code == 200
    page = head.get("/").text
    assert "/people/confirmations" in page
    assert 'href="/people/"' not in page
    for path in ("/people/", "/people/new", f"/people/{ObjectId()}"):
        assert head.get(path).status_code == 403


def test_the_menu_offers_only_what_the_person_may_use(demo_browser: Browser, add: Add) -> None:
    add(Role.AUDITOR, email="audit@example.com", department="audit")
    demo_browser.sign_in("audit@example.com")
    page = demo_browser.get("/").text
    assert "/people/" not in page
    assert "/records/customer/" not in page
    add(Role.SPECIALIST, email="s@example.com", department="service")
    demo_browser.post("/logout")
    demo_browser.page = "/login"
    demo_browser.sign_in("s@example.com")
    page = demo_browser.get("/").text
    assert "/records/customer/" in page
    assert "/people/" not in page


def test_one_entry_of_the_rail_is_marked_as_here(admin: Browser) -> None:
    for path, label in (("/people/", "People"), ("/people/confirmations", "Confirmations"), ("/", "My work")):
        marked = re.findall(r'<a href="[^"]*" title="([^"]*)"[^>]*aria-current="page"', admin.get(path).text)
        assert marked == [label], path
