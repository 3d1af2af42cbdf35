"""Without a session only the sign-in is open: every route of the application is tried."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask

from backoffice.auth import API, OPEN
from backoffice.sign_in import CLOSED
from models.declarations import PAGES
from models.person.roles import Role
from tests.factories.web import Browser, said
from tests.factories.web_fixtures import Add

PARAMETERS = re.compile(r"<(?:[^:<>]+:)?[^<>]+>")
ID = "5f0000000000000000000001"


def routes(app: Flask) -> list[tuple[str, str, str]]:
    """Endpoint, method and an address of each."""
    found = []
    for rule in app.url_map.iter_rules():
        if rule.endpoint.startswith(f"{API}."):
            continue  # no session leads there: tests/contract/test_api.py
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            found.append((rule.endpoint, method, PARAMETERS.sub(ID, rule.rule)))
    return found


def test_each_page_on_which_a_declared_move_is_made_is_there(app: Flask) -> None:
    known = {rule.endpoint for rule in app.url_map.iter_rules()}
    assert {f"records.{page}" for page in PAGES} <= known


def test_a_stranger_is_sent_to_the_sign_in_from_everywhere(app: Flask) -> None:
    closed = [route for route in routes(app) if route[0] not in OPEN | CLOSED]
    assert len(closed) > 10
    for endpoint, method, path in closed:
        answer = app.test_client().open(path, method=method)
        assert answer.status_code == 302, (endpoint, method, path, answer.status_code)
        assert answer.location.startswith("/login?next="), endpoint


def test_a_script_without_a_session_is_told_so(app: Flask) -> None:
    for endpoint, method, path in routes(app):
        if endpoint in OPEN | CLOSED:
            continue
        answer = app.test_client().open(path, method=method, headers={"Accept": "application/json"})
        assert (answer.status_code, said(answer)["error"]) == (401, "not_signed_in"), (endpoint, method, path)


def test_what_is_open_is_a_short_list(app: Flask) -> None:
    known = {rule.endpoint for rule in app.url_map.iter_rules()}
    assert known & OPEN == {
        "static",
        "bootstrap.static",
        "admin.static",
        "health.healthz",
        "health.readyz",
        "language.switch",
        "calendar_feed.show",
        "security.login",
        "security.two_factor_setup",
        "security.two_factor_token_validation",
        "security.mf_recovery",
    }


def test_an_auth_token_is_not_taken(app: Flask, add: Add) -> None:
    add(Role.SALES)
    with app.test_request_context():
        account = app.extensions["security"].datastore.find_user(email="sales@example.com")
        token = account.get_auth_token()
    client = app.test_client()
    assert client.get("/", headers={"Authentication-Token": token}).status_code == 302
    assert client.get("/", query_string={"auth_token": token}).status_code == 302
    assert client.get("/", headers={"Authorization": "Basic c2FsZXM6eA=="}).status_code == 302


def test_after_a_lost_session_a_form_leads_back_to_its_page(app: Flask) -> None:
    answer = app.test_client().post("/people/new", headers={"Referer": "http://localhost/people/new?x=1"})
    assert answer.location == "/login?next=/people/new?x%3D1"
    answer = app.test_client().post("/people/new", headers={"Referer": "http://evil.example/people/new"})
    assert answer.location == "/login?next=/"


@pytest.mark.parametrize(
    "path", ["/register", "/reset", "/confirm", "/us-signin", "/wan-signin", "/api/file/", "/fs-static/x"]
)
def test_what_the_libraries_would_open_is_not_there(browser: Browser, add: Add, path: str) -> None:
    add(Role.SALES)
    browser.sign_in("sales@example.com")
    assert browser.get(path).status_code == 404


def test_a_person_without_the_right_is_refused_on_every_administration_page(
    app: Flask, browser: Browser, add: Add
) -> None:
    add(Role.SALES)
    browser.sign_in("sales@example.com")
    token = browser.token()
    tried: list[Any] = []
    for endpoint, method, path in routes(app):
        if endpoint.startswith("people.") and endpoint != "people.static":
            answer = browser._send(method, path, {"data": {"csrf_token": token}} if method == "POST" else {})
            assert answer.status_code == 403, (endpoint, method)
            tried.append(endpoint)
    assert len(tried) >= 9
