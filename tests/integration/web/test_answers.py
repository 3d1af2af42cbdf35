"""What every answer carries, and what a refusal or a failure looks like."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from gunicorn.config import Config  # type: ignore[import-untyped]
from gunicorn.http.wsgi import Response as Sent  # type: ignore[import-untyped]
from pymongo.errors import AutoReconnect, ServerSelectionTimeoutError
from werkzeug.test import create_environ
from werkzeug.wsgi import ClosingIterator

from backoffice import assets, edge
from backoffice.app import create_app
from backoffice.errors import UNKNOWN_COMMIT
from config.settings import Settings
from models.errors import FieldProblem, Invalid, Refusal, Sentence
from models.key_vault.refusals import KeysUnusable
from models.person import session as sessions
from models.person.roles import Role
from models.records import NeedsFreshSignIn
from tests.factories.web import Browser, Clock, said
from tests.integration.web.conftest import Add

NONCE = re.compile(r"'nonce-([A-Za-z0-9_-]{20,})'")


@pytest.fixture
def shop(app: Flask, browser: Browser, add: Add) -> Browser:
    """A signed-in browser on an application with pages that fail on purpose."""

    def fail(name: str) -> str:
        raise {
            "refusal": Refusal(),
            "outage": KeysUnusable("local:0123456789ab does not open record:1"),
            "invalid": Invalid({"name": Sentence("必填。", "This is required.")}),
            "problem": FieldProblem("email", zh="不对。", en="This is wrong."),
            "fresh": NeedsFreshSignIn(),
            "bug": ZeroDivisionError("secret value 13800138000"),
            "gone": AutoReconnect("mongodb://user:pass@host"),
        }[name]

    app.add_url_rule("/fail/<name>", "fail", fail, methods=["GET", "POST"])
    app.config["PROPAGATE_EXCEPTIONS"] = False
    add(Role.SALES)
    browser.sign_in("sales@example.com")
    browser.headers["Accept-Language"] = "en"
    return browser


PAGES = (
    "/",
    "/login",
    "/nowhere",
    "/static/app.css",
    "/healthz",
    "/people/",
    "/bootstrap/static/css/bootstrap.min.css",
)


@pytest.mark.parametrize("path", PAGES)
def test_every_answer_carries_the_security_headers(shop: Browser, path: str) -> None:
    for answer in (shop.get(path), Browser(shop.client.application.test_client()).get(path)):
        policy = answer.headers["Content-Security-Policy"]
        assert "unsafe" not in policy
        for part in ("object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'", "form-action 'self'"):
            assert part in policy
        assert NONCE.search(policy)
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "same-origin"
        assert "Strict-Transport-Security" not in answer.headers
        assert answer.headers["X-Request-Id"]


@pytest.mark.parametrize("path", ["/", "/login", "/nowhere", "/people/", "/change", "/tf-setup"])
def test_every_script_and_style_stands_the_policy(shop: Browser, path: str) -> None:
    answer = shop.get(path, follow_redirects=True)
    found = NONCE.search(answer.headers["Content-Security-Policy"])
    assert found is not None
    text = answer.get_data(as_text=True)
    for tag in re.findall(r"<script\b[^>]*>", text):
        assert f'nonce="{found.group(1)}"' in tag or 'src="/' in tag or 'type="application/json"' in tag, tag
    assert not re.findall(r"\son[a-z]+=\"", text)
    assert not re.findall(r"\sstyle=\"", text)
    assert "<style" not in text
    assert not re.findall(r"(?:src|href)=\"(?:https?:)?//", text)


def test_no_nonce_is_given_twice(shop: Browser) -> None:
    nonces = {NONCE.search(shop.get("/").headers["Content-Security-Policy"]).group(1) for _ in range(3)}  # type: ignore[union-attr]
    assert len(nonces) == 3


def test_pages_of_signed_in_people_are_not_kept_and_static_files_are(shop: Browser) -> None:
    assert shop.get("/").headers["Cache-Control"] == "no-store"
    assert "no-store" not in shop.get("/static/app.css").headers.get("Cache-Control", "")


def test_stamped_files_are_kept_for_long_and_others_are_asked_for_again(browser: Browser, tmp_path: Path) -> None:
    page = browser.get("/login").text
    stamped = re.search(r'href="(/static/app\.css\?v=[0-9a-f]{12})"', page)
    assert stamped is not None
    assert "immutable" in browser.get(stamped.group(1)).headers["Cache-Control"]
    for path in ("/static/app.css", "/static/app.css?v=old"):
        assert browser.get(path).headers["Cache-Control"] == "no-cache"
    (tmp_path / "a.css").write_text("a")
    before = assets.version_of(tmp_path)
    (tmp_path / "a.css").write_text("b")
    assert assets.version_of(tmp_path) != before


def test_https_gets_strict_transport_and_secure_cookies(prepared: Settings, db: Any, clock: Clock) -> None:
    app = create_app(replace(prepared, base_url="https://office.example"), clock=clock, connect=False)
    answer = app.test_client().get("/login", base_url="https://localhost")
    assert answer.headers["Strict-Transport-Security"].startswith("max-age=31536000")
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-session=")
    assert "Secure" in cookie
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_a_foreign_host_name_is_refused(browser: Browser) -> None:
    answer = browser.client.get("/login", base_url="http://evil.example")
    assert answer.status_code == 400
    assert "evil.example" not in answer.get_data(as_text=True)


def test_a_form_without_its_token_is_refused(shop: Browser) -> None:
    answer = shop.client.post("/language", data={"lang": "en"}, headers={"Accept-Language": "en"})
    assert answer.status_code == 400
    assert "This form has expired" in answer.get_data(as_text=True)
    answer = shop.client.post("/fail/refusal", data={"csrf_token": "made-up"})
    assert answer.status_code == 400


@pytest.mark.parametrize(
    ("path", "method", "status"),
    [
        ("/nowhere", "GET", 404),
        ("/fail/refusal", "GET", 422),
        ("/fail/bug", "GET", 500),
        ("/fail/gone", "GET", 503),
        ("/logout", "GET", 405),
        ("/people/", "GET", 403),
    ],
)
def test_a_refusal_is_a_page_or_json_and_never_a_trace(shop: Browser, path: str, method: str, status: int) -> None:
    page = shop.get(path)
    assert page.status_code == status
    assert page.mimetype == "text/html"
    for answer in (page, shop.get(path, headers={"Accept": "application/json"})):
        text = answer.get_data(as_text=True)
        for secret in ("Traceback", "ZeroDivisionError", "13800138000", "mongodb://", "site-packages", "File "):
            assert secret not in text
    script = shop.get(path, headers={"X-Requested-With": "fetch"})
    assert script.status_code == status
    assert set(said(script)) >= {"error", "message"}
    assert said(script)["message"]


def test_a_refusal_speaks_the_readers_language(shop: Browser) -> None:
    assert "This is not allowed." in shop.get("/fail/refusal").get_data(as_text=True)
    chinese = shop.get("/fail/refusal", headers={"Accept-Language": "zh-CN,zh;q=0.9"})
    assert "操作被拒绝" in chinese.get_data(as_text=True)


def test_an_outage_is_said_in_words_of_its_own_and_may_be_tried_again(shop: Browser) -> None:
    for headers in ({}, {"Accept": "application/json"}):
        answer = shop.get("/fail/outage", headers=headers)
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "10")
        text = answer.get_data(as_text=True)
        assert "encryption keys cannot be used" in text
        assert "0123456789ab" not in text


def test_json_says_field_by_field_what_is_wrong(shop: Browser) -> None:
    answer = shop.get("/fail/invalid", headers={"Accept": "application/json"})
    assert said(answer)["problems"] == {"name": "This is required."}


def test_an_unforeseen_error_names_the_request_for_the_administrator(shop: Browser) -> None:
    answer = shop.get("/fail/bug")
    assert answer.headers["X-Request-Id"] in answer.get_data(as_text=True)


def test_a_stale_sign_in_is_asked_for_the_password_and_returns(shop: Browser) -> None:
    answer = shop.get("/fail/fresh?a=1")
    assert (answer.status_code, answer.location) == (303, "/verify?next=/fail/fresh?a%3D1")
    sent = shop.post("/fail/fresh", headers={"Referer": "http://localhost/records/contract/HT-1"})
    assert sent.location == "/verify?next=/records/contract/HT-1"
    sent = shop.post("/fail/fresh", headers={"Referer": "http://evil.example/x"})
    assert sent.location == "/verify?next=/"
    script = shop.get("/fail/fresh", headers={"Accept": "application/json"})
    assert said(script)["verify_url"].startswith("/verify?next=")


def test_too_large_a_form_is_refused(prepared: Settings, db: Any, clock: Clock) -> None:
    app = create_app(replace(prepared, max_upload_bytes=1024), clock=clock, connect=False)
    sent = b"--x\r\nContent-Disposition: form-data; name=a\r\n\r\n" + b"y" * (3 * 1024 * 1024) + b"\r\n--x--"
    answer = app.test_client().post("/login", data=sent, content_type="multipart/form-data; boundary=x")
    assert answer.status_code == 413
    assert answer.mimetype == "text/html"


@pytest.mark.parametrize(("address", "size", "closed"), [("/login", 10**9, True), ("/login", 0, False)])
def test_who_sends_more_than_is_taken_is_told_that_the_connection_ends(
    app: Flask, db: Any, address: str, size: int, closed: bool
) -> None:
    asked = SimpleNamespace(version=(1, 1), method="POST", should_close=lambda: False)
    answer = Sent(asked, None, Config())
    environ = create_environ(address, method="POST", content_type="multipart/form-data; boundary=x")
    environ["CONTENT_LENGTH"] = str(size)
    ClosingIterator(app(environ, answer.start_response)).close()
    assert (answer.status_code == 413, answer.should_close()) == (closed, closed)
    assert (f"Connection: {'close' if closed else 'keep-alive'}\r\n" in answer.default_headers()) is True


@pytest.mark.parametrize("error", [AutoReconnect("x"), ServerSelectionTimeoutError("x")])
def test_without_its_database_every_page_says_so_plainly(
    shop: Browser, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def lost(*_: Any, **_more: Any) -> None:
        raise error

    monkeypatch.setattr(sessions, "find", lost)
    for path in ("/", "/people/", "/nowhere"):
        answer = shop.get(path)
        text = answer.get_data(as_text=True)
        assert answer.status_code in (503, 404), path
        assert "<h1>" in text
        assert "Traceback" not in text
    assert shop.get("/").headers["Retry-After"]
    assert said(shop.get("/", headers={"Accept": "application/json"}))["error"] == "database_away"
    assert shop.get("/healthz").status_code == 200
    assert shop.get("/static/app.css").status_code == 200


def test_a_change_of_which_nobody_knows_whether_it_is_stored_is_not_called_undone(
    shop: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    error = AutoReconnect("x", {"errorLabels": [UNKNOWN_COMMIT]})

    def lost(*_: Any, **_more: Any) -> None:
        raise error

    monkeypatch.setattr(sessions, "find", lost)
    answer = shop.get("/")
    assert answer.status_code == 503
    assert "Retry-After" not in answer.headers, "nobody is asked to send again what may be stored"
    assert "may be there or not" in answer.get_data(as_text=True)
    assert "nothing was stored" not in answer.get_data(as_text=True)
    assert said(shop.get("/", headers={"Accept": "application/json"}))["error"] == "outcome_unknown"


def test_ready_means_that_the_database_answers(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    assert browser.get("/readyz").json == {"status": "ready"}

    def lost() -> None:
        raise AutoReconnect("x")

    monkeypatch.setattr("backoffice.health.database", lost)
    assert browser.get("/readyz").status_code == 503
    assert browser.get("/healthz").json == {"status": "ok"}


def test_no_answer_leads_to_another_site(app: Flask) -> None:
    app.add_url_rule("/away", "security.login2", lambda: ("", 302, {"Location": "https://evil.example/"}))
    app.before_request_funcs[None] = [f for f in app.before_request_funcs[None] if f.__name__ != "gate"]
    assert app.test_client().get("/away").location == "/"


@pytest.mark.parametrize(
    ("target", "local"),
    [
        ("/", True),
        ("/records/customer/KH-2026-000001?tab=history", True),
        ("/a//b", True),
        ("//evil.example", False),
        ("/\\evil.example", False),
        ("/a\\b", False),
        ("\\\\evil.example", False),
        ("http:evil.example", False),
        ("https://evil.example", False),
        ("javascript:alert(1)", False),
        ("/\t/evil.example", False),
        ("/\n/evil.example", False),
        ("", False),
        (None, False),
        ("records", False),
    ],
)
def test_which_addresses_are_our_own(target: str | None, local: bool) -> None:
    assert edge.is_local(target) is local
