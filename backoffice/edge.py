"""The edge of a request: its time, its id, its line in the log, the headers of its answer, and which addresses are
our own. Needs no database."""

from __future__ import annotations

import logging
import re
import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from time import perf_counter
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, g, request, session

from backoffice import giving_way

Clock = Callable[[], datetime]
log = logging.getLogger(__name__)
requests = logging.getLogger("backoffice.request")

LOCAL = re.compile(r"/(?![/\\])[^\\\x00-\x1f\x7f]*")
GIVEN_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")
QUIET = frozenset({"static", "bootstrap.static", "admin.static", "health.healthz", "health.readyz"})
STATIC_ENDPOINTS = frozenset({"static", "bootstrap.static", "admin.static"})
POLICY = (
    "default-src 'self'; script-src 'self' 'nonce-{nonce}'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; "
    "form-action 'self'"
)
A_YEAR = 365 * 24 * 3600
TOO_LARGE = "413"


def utc_now() -> datetime:
    """The time of this moment, aware, in UTC."""
    return datetime.now(UTC)


def init_app(app: Flask, clock: Clock) -> None:
    """Give every request its `g.now` and `g.request_id` (a proxy's own is kept), and every answer its headers.

    To be called before other hooks are set.
    """
    app.extensions["clock"] = clock
    giving_way.init_app(app)
    app.wsgi_app = _closing(app.wsgi_app)  # type: ignore[method-assign]
    app.before_request(_begin)
    app.after_request(_finish)
    app.jinja_env.globals["csp_nonce"] = csp_nonce


def now() -> datetime:
    """The time of the request, aware, in UTC: the same from its beginning to its end."""
    if "now" not in g:
        g.now = current_app.extensions["clock"]()
    moment: datetime = g.now
    return moment


def csp_nonce() -> str:
    """The number that this answer's own scripts carry."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(16)
    nonce: str = g.csp_nonce
    return nonce


def is_local(target: str | None) -> bool:
    """Whether an address leads into this site whatever a browser makes of it: one slash, no backslash, no control
    character."""
    return bool(target) and LOCAL.fullmatch(target or "") is not None


def here() -> str:
    """Where the person is: this page for a GET, the page that sent the form for anything else; else the home."""
    if request.method in ("GET", "HEAD"):
        target = request.full_path if request.query_string else request.path
    else:
        parts = urlsplit(request.referrer or "")
        own = parts.netloc == request.host
        target = (parts.path + ("?" + parts.query if parts.query else "")) if own else "/"
    return target if is_local(target) else "/"


def wants_json() -> bool:
    """Whether the answer is read by a script."""
    if request.headers.get("X-Requested-With", "").lower() in ("fetch", "xmlhttprequest"):
        return True
    accepted = request.accept_mimetypes
    return accepted["application/json"] > accepted["text/html"]


def _closing(application: Callable[..., Any]) -> Callable[..., Any]:
    """The same application; what is too large for it is read no further, and whoever sends it is told so by
    `Connection: close`. That is a matter between the server and who asks: gunicorn takes the header from no
    application, and the wish on its own answer."""

    def answered(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        def begun(status: str, *rest: Any) -> Any:
            close = getattr(getattr(start_response, "__self__", None), "force_close", None)
            if close is not None and status.startswith(TOO_LARGE):
                close()
            return start_response(status, *rest)

        return application(environ, begun)

    return answered


def _begin() -> None:
    now()
    given = request.headers.get("X-Request-Id", "")
    g.request_id = given if GIVEN_ID.fullmatch(given) else secrets.token_hex(8)
    g.began = perf_counter()


def _finish(response: Response) -> Response:
    _keep_home(response)
    headers = response.headers
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Referrer-Policy"] = "same-origin"
    headers["X-Frame-Options"] = "DENY"
    headers["Cross-Origin-Opener-Policy"] = "same-origin"
    headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=()"
    headers["Content-Security-Policy"] = POLICY.format(nonce=csp_nonce())
    if current_app.config["SESSION_COOKIE_SECURE"]:
        headers["Strict-Transport-Security"] = f"max-age={A_YEAR}; includeSubDomains"
    if request.endpoint not in STATIC_ENDPOINTS and (g.get("person") or session.get("sid")):
        headers["Cache-Control"] = "no-store"
    headers["X-Request-Id"] = g.get("request_id", "")
    _log(response)
    return response


def _keep_home(response: Response) -> None:
    """No answer of ours sends anybody to another site, whatever a library took from the address."""
    target = response.headers.get("Location")
    if target is None:
        return
    own = request.host_url.rstrip("/")
    local = target.removeprefix(own) or "/"
    if not is_local(local):
        log.warning("redirect to another site refused", extra={"fields": {"endpoint": request.endpoint}})
        local = "/"
    response.headers["Location"] = local


def _log(response: Response) -> None:
    """One line a request. It names the route, not the address: addresses can hold numbers and search words."""
    if request.endpoint in QUIET:
        return
    person = g.get("person")
    fields = {
        "event": "request",
        "method": request.method,
        "route": request.url_rule.rule if request.url_rule else None,
        "status": response.status_code,
        "milliseconds": round((perf_counter() - g.began) * 1000, 1) if "began" in g else None,
        "person": str(person.id) if person else None,
    }
    requests.info("request", extra={"fields": fields})
